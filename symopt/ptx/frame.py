"""What the threads of one call hold: who they are, their registers and their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symopt.ptx.memory import Arena
from symopt.ptx.rules import TrapError
from symopt.ptx.types import Array

Lanes = Array | slice
ALL = slice(None)
"""All threads of a frame; some of them are given by an array of their numbers."""


@dataclass(frozen=True)
class Threads:
    """Threads that run together. special: the special registers; number, block: of the thread and of its block in the
    launch; slot: of its block among those that run together; epochs: the barriers that each of these blocks has passed
    """

    special: Mapping[str, Array]
    number: Array
    block: Array
    slot: Array
    epochs: Array

    def take(self, lanes: Lanes) -> Threads:
        """Some of the threads."""
        special = {name: values[lanes] for name, values in self.special.items()}
        return replace(self, special=special, number=self.number[lanes], block=self.block[lanes], slot=self.slot[lanes])


def launched(grid: tuple[int, int, int], block: tuple[int, int, int], first: int, count: int) -> Threads:
    """The threads of some blocks of a launch."""
    size = block[0] * block[1] * block[2]
    number = np.arange(first * size, (first + count) * size)
    special = {"%laneid": (number % size) % 32, "WARP_SZ": np.full(len(number), 32)}
    within = {"tid": (number % size, block), "ctaid": (number // size, grid)}
    for name, (at, shape) in within.items():
        for axis, index, length in zip("xyz", np.unravel_index(at, shape[::-1])[::-1], shape, strict=True):
            special[f"%{name}.{axis}"] = index
            special[f"%n{name}.{axis}"] = np.full(len(number), length)
    raw = {name: np.asarray(values).astype(np.uint32) for name, values in special.items()}
    blocks = number // size
    return Threads(raw, number, blocks, blocks - first, np.zeros(count, np.int64))


@dataclass
class Frame:
    """The state of one call. Register arrays are replaced and never changed, so that they may be shared.

    partly: for registers that not all threads have written, which of them have
    params: the bytes of each parameter, a row per thread
    """

    threads: Threads
    local: Arena
    params: dict[str, Array]
    registers: dict[str, Array] = field(default_factory=dict[str, Array])
    partly: dict[str, Array] = field(default_factory=dict[str, Array])

    @property
    def count(self) -> int:
        """The number of threads."""
        return len(self.threads.number)

    def numbers(self, lanes: Lanes) -> Array:
        """The numbers of some threads within the frame."""
        return np.arange(self.count)[lanes]

    def param(self, name: str, end: int) -> Array:
        """The bytes of a parameter, which must have `end` of them."""
        if name not in self.params or self.params[name].shape[1] < end:
            raise TrapError(f"there is no parameter {name} of {end} bytes")
        return self.params[name]

    def read(self, name: str, lanes: Lanes) -> Array:
        """The bits of a register; that each of the threads has written it is checked."""
        values = self.registers.get(name)
        if values is None:
            raise TrapError(f"{name} is read before it is written")
        written = self.partly.get(name)
        if written is not None and not np.all(written[lanes]):
            raise TrapError(f"{name} is read before it is written, by {int(np.sum(~written[lanes]))} threads")
        return values[lanes]

    def write(self, name: str, lanes: Lanes, values: Array) -> None:
        """Set a register of some threads."""
        if isinstance(lanes, slice):
            self.registers[name] = values if values.shape == (self.count,) else np.full(self.count, values)
            self.partly.pop(name, None)
            return
        old = self.registers.get(name)
        fresh = np.zeros(self.count, values.dtype) if old is None else old.copy()
        fresh[lanes] = values
        if old is None:
            self.partly[name] = np.zeros(self.count, np.bool_)
        self.registers[name] = fresh
        self._written(name, lanes)

    def _written(self, name: str, lanes: Lanes) -> None:
        if name in self.partly:
            self.partly[name][lanes] = True
            if self.partly[name].all():
                del self.partly[name]
