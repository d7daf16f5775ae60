"""What a running optimizer remembers, by name: the user's arrays, the arrays of each state, the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from symopt.errors import SymoptError
from symopt.ir import Buffer, Program
from symopt.runtime.structure import Structure


@dataclass(frozen=True)
class Slot:
    """One array of a checkpoint. label: what to call it in a message; view: the memory itself"""

    key: str
    label: str
    view: NDArray[Any]


@dataclass(frozen=True)
class Memory:
    """The memory of one bound optimizer.

    arrays: the user's, never replaced; state: the State of the emitted file
    deployed: one number, 1 while the arrays hold theta to deploy; what moves theta there sets it in the same call
    equal: each state that is not stored because it equals another one, with that one
    """

    program: Program
    module: ModuleType
    structure: Structure
    arrays: tuple[NDArray[Any], ...]
    state: Any
    deployed: NDArray[Any]
    equal: Mapping[str, str]

    @property
    def states(self) -> list[Buffer]:
        """The buffers that are remembered, the user's arrays apart."""
        return [buffer for buffer in self.program.buffers if buffer.role == "state"]

    @property
    def t(self) -> list[int]:
        """The number of steps taken, per group."""
        return [int(t) for t in self.state.numbers[:, 0]]

    def refuse_read_only(self) -> None:
        """Refuse to write into some arrays and not into others."""
        for label, array in zip(self.structure.labels("params"), self.arrays, strict=True):
            if not array.flags.writeable:
                raise SymoptError(f"{label} must be writable")

    def views(self, buffer: Buffer) -> list[NDArray[Any]]:
        """The memory of one state: an array per tensor, a 0-d array per tensor, or one with a number per group."""
        match buffer.level:
            case "element":
                return list(getattr(self.state, buffer.name))
            case "tensor":
                column = self.module.TENSOR.index(buffer.name)
                return [self.state.tensor_numbers[k, column, ...] for k in range(len(self.arrays))]
            case _:
                return [self.state.numbers[:, self.module.GROUP.index(buffer.name)]]

    def shown(self, buffer: Buffer) -> Any:
        """A state as the user sees it: arrays or numbers nested as params is, or a number per group."""
        views = self.views(buffer)
        if buffer.level == "element":
            return self.structure.unflatten(views)
        if buffer.level == "tensor":
            return self.structure.unflatten([float(view) for view in views])
        return views[0].tolist() if self.structure.grouped else float(views[0][0])

    def slots(self, params: Sequence[NDArray[Any]]) -> Iterator[Slot]:
        """All that a checkpoint holds besides hyperparameters; `params` are the training arrays."""
        keys, labels = self.structure.keys(), self.structure.labels("params")
        yield Slot("t", "t", self.state.numbers[:, 0])
        for key, label, array in zip(keys, labels, params, strict=True):
            yield Slot(f"param.{key}", label, array)
        for buffer in self.states:
            views = self.views(buffer)
            if buffer.level in ("step", "global"):
                yield Slot(f"state.{buffer.name}", buffer.name, views[0])
                continue
            for key, label, view in zip(keys, labels, views, strict=True):
                yield Slot(f"state.{buffer.name}.{key}", f"{buffer.name} of {label}", view)
