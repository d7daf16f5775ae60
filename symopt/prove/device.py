"""The memory of a device for emitted CUDA files: arrays that hold values, found by their addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from operator import index
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.prove.grid import Grid
from symopt.prove.values import ValueArray

ADDRESS = 1 << 32


@dataclass(frozen=True)
class Form:
    """A type of numbers, which takes so many bytes; called, it rounds to it."""

    name: str
    itemsize: int
    rounding: Callable[[Any], Any] = field(default=lambda value: value, compare=False, repr=False)

    def __call__(self, *values: Any) -> Any:
        return self.rounding(values[0]) if values else self

    def __str__(self) -> str:
        return self.name

    @property
    def isnative(self) -> bool:
        """Its bytes are in the order of the machine."""
        return True

    @property
    def type(self) -> Form:
        """NumPy tells a dtype and its type apart."""
        return self


class Cells:
    """A piece of memory: numbers of one form, from an address on."""

    def __init__(self, values: list[Any], form: Form, address: int):
        self.values, self.form, self.address = values, form, address


class DeviceArray:
    """A C-contiguous array in memory of the device, or a part of one."""

    def __init__(self, memory: Memory, cells: Cells, start: int, shape: tuple[int, ...]):
        self.memory, self.cells, self.start, self.shape = memory, cells, start, shape
        self.ndim, self.size = len(shape), prod(shape)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        address = self.cells.address + self.start * self.cells.form.itemsize
        return {"data": (address, False), "shape": self.shape, "typestr": self.cells.form.name}

    @property
    def flat(self) -> list[Any]:
        """Its numbers."""
        return self.cells.values[self.start : self.start + self.size]

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        raise SymoptError("the emitted file goes through the memory of the device number by number")

    def _at(self, key: Any) -> int:
        place = 0
        keys = key if isinstance(key, tuple) else (key,)
        if len(keys) != self.ndim or not all(0 <= k < n for k, n in zip(keys, self.shape, strict=True)):
            raise SymoptError("the emitted file reads past the end of an array")
        for k, n in zip(keys, self.shape, strict=True):
            place = place * n + index(k)
        return self.start + place

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return type(self)(self.memory, self.cells, self.start + start, (max(0, stop - start),))
        i = self._at(key)
        self.memory.grid.touch(self.cells, i, writes=False)
        return self.cells.values[i]

    def __setitem__(self, key: Any, value: Any) -> None:
        i = self._at(key)
        self.memory.grid.touch(self.cells, i, writes=True)
        self.cells.values[i] = value

    def reshape(self, shape: tuple[int, ...]) -> DeviceArray:
        """The same numbers in another shape."""
        if prod(shape) != self.size:
            raise SymoptError(f"the emitted file gives {self.size} numbers the shape {shape}")
        return type(self)(self.memory, self.cells, self.start, tuple(shape))

    def copy(self) -> DeviceArray:
        """New memory with the same numbers; arrays and their copies are aligned alike."""
        cells = self.memory.cells(self.flat, self.cells.form, self.cells.address % ADDRESS)
        return type(self)(self.memory, cells, 0, self.shape)

    def copy_to_device(self, host: Any, stream: int = 0) -> None:
        """Take over the numbers of an array of the host."""
        if [n for n in host.shape if n != 1] != [n for n in self.shape if n != 1]:
            raise SymoptError(f"the emitted file copies an array of shape {host.shape} into one of {self.shape}")
        self.cells.values[self.start : self.start + self.size] = list(host.flat)

    def copy_to_host(self) -> Any:
        """The same numbers in memory of the host."""
        found = np.empty(self.shape, object).view(ValueArray)
        for i, value in enumerate(self.flat):
            found.reshape(-1)[i] = value
        return found


class Tensor(DeviceArray):
    """The same with the interface of PyTorch's tensors."""

    is_cuda = True

    @property
    def dtype(self) -> str:
        """Which numbers it holds; bfloat16 is stored as its bits."""
        return "torch." + ("bfloat16" if self.cells.form.name == "uint16" else self.cells.form.name)

    def data_ptr(self) -> int:
        """Its address."""
        return self.__cuda_array_interface__["data"][0]

    def is_contiguous(self) -> bool:
        """As all arrays are here."""
        return True


class Memory:
    """All pieces of memory of a device, found by their addresses."""

    def __init__(self, grid: Grid):
        self.grid = grid
        self.pieces: list[Cells] = []

    def array(
        self,
        values: Sequence[Any],
        shape: tuple[int, ...],
        form: Form,
        skew: int = 0,
        kind: type[DeviceArray] = DeviceArray,
    ) -> DeviceArray:
        """A new array, `skew` elements beyond an address from which several can be loaded at a time."""
        return kind(self, self.cells(values, form, skew * form.itemsize), 0, shape)

    def cells(self, values: Sequence[Any], form: Form, behind: int = 0) -> Cells:
        """A new piece, so many bytes behind an aligned address."""
        self.pieces.append(Cells(list(values), form, (len(self.pieces) + 1) * ADDRESS + behind))
        return self.pieces[-1]

    def load(self, address: int, i: int, like: Form) -> Any:
        """Element i of the array at an address."""
        return self._read(*self._at(address, i, like, 1))

    def load_wide(self, address: int, i: int, like: Form) -> tuple[Any, ...]:
        """The elements from element i on that one access takes."""
        count = min(4, 16 // like.itemsize)
        cells, at = self._at(address, i, like, count)
        return tuple(self._read(cells, at + k) for k in range(count))

    def store(self, address: int, i: int, like: Form | None, value: Any) -> None:
        """Put a value in the place of element i; `like` None: nowhere."""
        if like is not None:
            self._write(*self._at(address, i, like, 1), value)

    def store_wide(self, address: int, i: int, like: Form | None, values: Sequence[Any]) -> None:
        """Put values in the place of element i and those after it; `like` None: nowhere."""
        if like is not None:
            cells, at = self._at(address, i, like, len(values))
            for k, value in enumerate(values):
                self._write(cells, at + k, value)

    @staticmethod
    def place(address: int, i: int, like: Form | None) -> int:
        """The address of element i."""
        return address if like is None else address + i * like.itemsize

    @staticmethod
    def skipped(address: int, i: int, like: Form | None) -> int:
        """How many elements from element i on come before the first from which several can be loaded at a time."""
        if like is None:
            return 0
        return -(address + i * like.itemsize) % min(16, 4 * like.itemsize) // like.itemsize

    def _at(self, address: int, i: int, like: Form, count: int) -> tuple[Cells, int]:
        if not 0 < address // ADDRESS <= len(self.pieces):
            raise SymoptError("the emitted file reads where no array is")
        cells = self.pieces[address // ADDRESS - 1]
        if cells.form != like:
            raise SymoptError(f"the emitted file takes {cells.form} for {like}")
        if count > 1 and self.skipped(address, i, like):
            raise SymoptError("the emitted file loads or stores several elements at a time where they are not aligned")
        at = (address - cells.address) // like.itemsize + i
        if not 0 <= at <= len(cells.values) - count:
            raise SymoptError("the emitted file reads past the end of an array")
        return cells, at

    def _read(self, cells: Cells, at: int) -> Any:
        self.grid.touch(cells, at, writes=False)
        return cells.values[at]

    def _write(self, cells: Cells, at: int, value: Any) -> None:
        self.grid.touch(cells, at, writes=True)
        cells.values[at] = value
