"""Running an emitted file so that the places where it rounds to the dtype of the arrays stay visible."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import Call, Num
from symopt.prove.symbolic import OF_ARRAYS, Machine
from symopt.prove.values import Value, ValueArray

ROUNDED = "rounded"


class RoundingMachine(Machine):
    """Values, in tables of the arrays' dtype marked as rounded to it."""

    def numpy(self) -> SimpleNamespace:
        base = super().numpy()
        return SimpleNamespace(**{**vars(base), "zeros": _narrow(base.zeros), "result_type": _wide})


class _Narrow(ValueArray):
    """A table in the dtype of the arrays."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, np.frompyfunc(rounded, 1, 1)(value))


def _narrow(zeros: Callable[..., Any]) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None) -> Any:
        made = zeros(shape, dtype)
        return made if dtype is None or made.dtype != object else made.view(_Narrow)

    return make


def _wide(*dtypes: Any) -> Any:
    """The dtype in which theta is computed from the training point, which must not be that of the arrays."""
    if all(np.dtype(dtype).metadata == OF_ARRAYS.metadata for dtype in dtypes):
        raise SymoptError("the emitted file computes theta in the dtype of the arrays, not in float64")
    return np.dtype(object)


def rounded(value: Any) -> Any:
    """A number rounded to the dtype of the arrays, marked as such."""
    match value:
        case Value(node=Num() | Call(op="rounded")):
            return value
        case Value():
            return Value(Call(ROUNDED, (value.node,)), value.path)
        case _:
            return value
