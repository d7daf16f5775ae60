"""What a running optimizer remembers, by name: the user's arrays, the arrays of each state, the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from symopt.errors import SymoptError
from symopt.ir import Buffer, Program
from symopt.runtime.device import Device
from symopt.runtime.host import Host, Mirror
from symopt.runtime.structure import Structure


@dataclass(frozen=True)
class Slot:
    """One array of a checkpoint. label: what to call it in a message; view: it, in a mirror of what is remembered"""

    key: str
    label: str
    view: NDArray[Any]


@dataclass(frozen=True)
class Memory:
    """The memory of one bound optimizer.

    home: where the arrays lie
    arrays: the user's, never replaced; state: the State of the emitted file
    deployed: one number, 1 while the arrays hold theta to deploy; what moves theta there sets it in the same call
    equal: each state that is not stored because it equals another one, with that one
    """

    program: Program
    module: ModuleType
    home: Host | Device
    structure: Structure
    arrays: tuple[Any, ...]
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
        return self.home.taken(self.state)

    def refuse_read_only(self) -> None:
        """Refuse to write into some arrays and not into others."""
        for label, array in zip(self.structure.labels("params"), self.arrays, strict=True):
            if not self.home.writable(array):
                raise SymoptError(f"{label} must be writable")

    def mirror(self, params: Sequence[Any]) -> Mirror:
        """All that is remembered, as NumPy arrays; `params` are the training arrays."""
        names = [buffer.name for buffer in self.states if buffer.level == "element"]
        return self.home.mirror(params, self.state, names)

    def views(self, buffer: Buffer, mirror: Mirror) -> list[NDArray[Any]]:
        """The numbers of one state: an array per tensor, a 0-d array per tensor, or one with a number per group."""
        match buffer.level:
            case "element":
                return list(mirror.elements[buffer.name])
            case "tensor":
                assert mirror.tensor_numbers is not None
                column = self.module.TENSOR.index(buffer.name)
                return [mirror.tensor_numbers[k, column, ...] for k in range(len(self.arrays))]
            case _:
                return [mirror.numbers[:, self.module.GROUP.index(buffer.name)]]

    def shown(self, buffer: Buffer) -> Any:
        """A state as the user sees it: arrays or numbers nested as params is, or a number per group."""
        if buffer.level == "element":
            return self.structure.unflatten(list(getattr(self.state, buffer.name)))
        views = self.views(buffer, self.home.mirror((), self.state, ()))
        if buffer.level == "tensor":
            return self.structure.unflatten([float(view) for view in views])
        return views[0].tolist() if self.structure.grouped else float(views[0][0])

    def slots(self, mirror: Mirror) -> Iterator[Slot]:
        """All that a checkpoint holds besides hyperparameters."""
        keys, labels = self.structure.keys(), self.structure.labels("params")
        yield Slot("t", "t", mirror.numbers[:, 0])
        for key, label, array in zip(keys, labels, mirror.params, strict=True):
            yield Slot(f"param.{key}", label, array)
        for buffer in self.states:
            views = self.views(buffer, mirror)
            if buffer.level in ("step", "global"):
                yield Slot(f"state.{buffer.name}", buffer.name, views[0])
                continue
            for key, label, view in zip(keys, labels, views, strict=True):
                yield Slot(f"state.{buffer.name}.{key}", f"{buffer.name} of {label}", view)
