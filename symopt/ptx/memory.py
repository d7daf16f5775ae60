"""The memory of the made-up device: arrays at addresses, and accesses that are checked as the device checks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from symopt.errors import SymoptError
from symopt.ptx.rules import TrapError
from symopt.ptx.types import RAW, Array

FIRST = 0x7F00_0000_0000
SHARED, LOCAL = 0x0100_0000, 0x0200_0000
"""Where the shared memory of each block and the local memory of each thread begin."""
_STEP = 256  # cudaMalloc aligns to it; a gap of at least as many bytes lies behind each array


@dataclass(frozen=True)
class Region:
    """A stretch of memory that belongs together. written: whether a kernel may write to it"""

    name: str
    start: int
    size: int
    writable: bool = True


@dataclass
class Memory:
    """Arrays of the host that a kernel reads and writes by address. They change when the kernel has run to its end."""

    regions: list[Region] = field(default_factory=list[Region])
    arrays: list[Array] = field(default_factory=list[Array])

    def place(self, array: Array, name: str = "") -> int:
        """Give an array an address. A kernel that writes to a read-only array is stopped."""
        name = name or f"array {len(self.arrays)}"
        if not array.flags.c_contiguous:
            raise SymoptError(f"{name} is not contiguous; place np.ascontiguousarray of it")
        if any(np.may_share_memory(array, other) for other in self.arrays):
            raise SymoptError(
                f"{name} shares memory with an array that is placed already; add an offset to its address"
            )
        start = following(self.regions, FIRST)
        self.regions.append(Region(name, start, array.nbytes, bool(array.flags.writeable)))
        self.arrays.append(array)
        return start

    def pass_array(self, array: Array, name: str = "") -> tuple[int, ...]:
        """Place an array, and give the arguments that stand for it where Numba passes an array to a kernel."""
        start = self.place(array, name)
        return (0, 0, array.size, array.itemsize, start, *array.shape, *array.strides)


def following(regions: Sequence[Region], first: int, align: int = _STEP) -> int:
    """The first free address behind some regions, with a gap."""
    end = max((region.start + region.size + _STEP for region in regions), default=first)
    return -(-end // align) * align


class Arena:
    """Bytes behind a range of addresses, once for each of several owners (the blocks, or the threads, of a launch)."""

    def __init__(self, regions: Sequence[Region], base: int, owners: int = 1, known: bool = True):
        self.regions = sorted(regions, key=lambda region: region.start)
        self.base = base
        self.stride = following(regions, base) - base + _STEP
        self.data = np.full(self.stride * owners, 0 if known else 0xA5, np.uint8)
        self.known = None if known else np.zeros_like(self.data)
        self.starts = np.array([region.start for region in self.regions], np.int64)
        self.ends = np.array([region.start + region.size for region in self.regions], np.int64)
        self.writable = np.array([region.writable for region in self.regions], np.bool_)

    def part(self, region: Region) -> Array:
        """The bytes of a region, for the first owner."""
        return self.data[region.start - self.base : region.start - self.base + region.size]

    def locate(self, addresses: Array, owners: Array | int, size: int, writes: bool) -> Array:
        """The place in `data` of each access of `size` bytes; one that the device would refuse stops the kernel."""
        addresses = addresses.astype(np.int64)
        if np.any(addresses % size):
            bad = int(addresses[addresses % size != 0][0])
            raise TrapError(f"{size} bytes at {self.describe(bad)} are not aligned to {size}")
        index = np.searchsorted(self.starts, addresses, "right") - 1
        outside = index < 0
        if len(self.ends):
            outside |= addresses + size > self.ends[index]
        if np.any(outside):
            bad = int(addresses[outside][0])
            raise TrapError(f"{size} bytes at {self.describe(bad)} are outside of what is allocated")
        if writes and not np.all(self.writable[index]):
            raise TrapError(f"{self.regions[int(index[~self.writable[index]][0])].name} is read-only")
        return addresses - self.base + owners * self.stride

    def describe(self, address: int) -> str:
        """An address in words, by the region that it is in or behind."""
        before = [region for region in self.regions if region.start <= address]
        where = f", {address - before[-1].start} bytes into {before[-1].name} of {before[-1].size}" if before else ""
        return f"address {address:#x}{where}"

    def load(self, places: Array, width: int, count: int) -> Array:
        """`count` numbers of `width` bytes at each place, as rows of raw bits."""
        index = (places // width)[:, None] + np.arange(count)
        if self.known is not None and not np.all(~self.known.view(RAW[width])[index] == 0):
            raise TrapError("memory is read that nothing was written to")
        return self.data.view(RAW[width])[index]

    def store(self, places: Array, values: Array) -> Array:
        """Write rows of raw bits, and tell which are new; two different values for one place stop the kernel."""
        width = values.itemsize
        index = (places // width)[:, None] + np.arange(values.shape[1])
        view = self.data.view(RAW[width])
        new = view[index] != values
        view[index] = values
        if not np.array_equal(view[index], values):
            raise TrapError("threads write different values to the same address at once")
        if self.known is not None:
            self.known.view(RAW[width])[index] = np.iinfo(RAW[width]).max
        return new
