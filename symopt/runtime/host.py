"""Arrays in the memory of the host: what a running optimizer must know of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import SymoptError
from symopt.runtime.mistakes import refuse_shared
from symopt.runtime.structure import Structure, not_an_array


@dataclass(frozen=True)
class Mirror:
    """What an optimizer remembers, as NumPy arrays: the memory itself, or copies of what lies on a device.

    params: the training arrays; numbers, tensor_numbers: the tables of the emitted State
    elements: the arrays of each state of element level
    """

    params: Sequence[NDArray[Any]]
    numbers: NDArray[Any]
    tensor_numbers: NDArray[Any] | None
    elements: dict[str, Sequence[NDArray[Any]]]


class Host:
    """NumPy arrays, stepped by a CPU kernel."""

    def __init__(self, module: ModuleType, masters: bool):
        if masters:
            raise SymoptError("masters are for params in half precision, which are stepped on target cuda")
        self.start_options: dict[str, Any] = {}

    def wrong(self, label: str, leaf: Any) -> str | None:
        """What is wrong with a value that should be an array; None where it is one."""
        return None if isinstance(leaf, np.ndarray) else not_an_array(label, leaf)

    def check(self, arrays: Sequence[Any], structure: Structure) -> None:
        """Refuse parameters that overlap in memory."""
        refuse_shared(arrays, structure)

    def step_options(self) -> dict[str, Any]:
        """What `step` is told besides arrays and numbers."""
        return {}

    def writable(self, array: Any) -> bool:
        """Whether an array may be written."""
        return array.flags.writeable

    def wait(self) -> None:
        """Wait until all that was asked for is done: it is."""

    def kind(self, arrays: Sequence[Any], state: Any) -> str:
        """The dtype of the training arrays."""
        return str(arrays[0].dtype)

    def taken(self, state: Any) -> list[int]:
        """The number of steps taken, per group."""
        return [int(t) for t in state.numbers[:, 0]]

    def mirror(self, params: Sequence[Any], state: Any, elements: Sequence[str]) -> Mirror:
        """What is remembered: the memory itself."""
        table = getattr(state, "tensor_numbers", None)
        return Mirror(params, state.numbers, table, {name: getattr(state, name) for name in elements})

    def push(self, mirror: Mirror, params: Sequence[Any], state: Any) -> None:
        """Make what was written hold: it does."""
