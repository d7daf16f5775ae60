"""Run an optimizer on NumPy arrays, through the kernel that was emitted for it."""

from symopt.runtime.bind import bind
from symopt.runtime.bound import Bound

__all__ = ["Bound", "bind"]
