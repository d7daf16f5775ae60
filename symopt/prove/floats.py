"""An emitted file run in plain Python on NumPy floats: the same text without its compiler."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from symopt.prove.symbolic import Memory, compiled

_OF_FLOATS = ("sqrt", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "tanh", "isfinite")
# Python's own raise where compiled code gives NaN or an infinity, and make float64 of float32.
_MATH = SimpleNamespace(**{**vars(math), **{name: getattr(np, name) for name in _OF_FLOATS}})


def in_python(text: str, dtype: Any) -> dict[str, Any]:
    """The names that an emitted file defines, for arrays of one dtype; its chunks are small, as in the proof."""
    memory = Memory(dtype)
    names = memory.run(compiled(text, exactly=False), {"math": _MATH})

    def bind(plan: Any, *buffers: Any) -> None:
        for column, arrays in enumerate(buffers):
            for tensor, array in enumerate(arrays):
                plan.table[tensor, column] = memory.address(array)

    names["Plan"].bind = bind
    return names
