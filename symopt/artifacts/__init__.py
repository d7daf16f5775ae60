"""The straight line as a driver: from an optimizer to files, and from a file to a loaded module."""

from symopt.artifacts.files import Comparison, compare, write
from symopt.artifacts.load import load_module
from symopt.artifacts.make import Artifact, artifact, build

__all__ = ["Artifact", "Comparison", "artifact", "build", "compare", "load_module", "write"]
