"""Accesses of different threads to the same memory that no barrier orders.

Threads run in lockstep here, so that a missing barrier would never show in the results. What it would leave undefined
on the device is found by remembering who read and wrote each place last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symopt.ptx.rules import TrapError
from symopt.ptx.types import Array

NOBODY, SEVERAL = -1, -2


@dataclass(frozen=True)
class Access:
    """Who accesses, per place. epoch: how many barriers the block has passed"""

    places: Array
    thread: Array
    block: Array
    epoch: Array


class Last:
    """Who accessed each place last, in one way."""

    def __init__(self, size: int):
        self.thread = np.full(size, NOBODY, np.int64)
        self.block = np.full(size, NOBODY, np.int64)
        self.epoch = np.zeros(size, np.int64)

    def conflicts(self, now: Access) -> Array:
        """Where another thread was last and no barrier lies between."""
        thread, at = self.thread[now.places], now.places
        ordered = (self.block[at] == now.block) & (self.epoch[at] != now.epoch)
        return (thread != NOBODY) & (thread != now.thread) & ~ordered

    def note(self, now: Access) -> None:
        """Remember an access, together with those that no barrier separates from it."""
        at = now.places
        none = self.thread[at] == NOBODY
        earlier = (self.block[at] == now.block) & (self.epoch[at] != now.epoch)
        thread = np.where(none | earlier | (self.thread[at] == now.thread), now.thread, SEVERAL)
        block = np.where(none | (self.block[at] == now.block), now.block, SEVERAL)
        _merge(self.thread, at, thread)
        _merge(self.block, at, block)
        self.epoch[at] = now.epoch


def _merge(table: Array, at: Array, values: Array) -> None:
    table[at] = values
    table[at[table[at] != values]] = SEVERAL


class Races:
    """What was read and written in one memory since the launch. grain: the bytes of one place"""

    def __init__(self, size: int, grain: int):
        self.grain = grain
        self.readers, self.writers = Last(size // grain), Last(size // grain)

    def spread(self, places: Array, size: int, thread: Array, block: Array, epoch: Array) -> Access:
        """The access of `size` bytes at each place, as one of single grains."""
        each = max(size // self.grain, 1)
        at = ((places // self.grain)[:, None] + np.arange(each)).ravel()
        return Access(at, *(np.repeat(who, each) for who in (thread, block, epoch)))

    def read(self, now: Access) -> None:
        """Note a read; a place that another thread wrote without a barrier since stops the kernel."""
        if np.any(self.writers.conflicts(now)):
            raise TrapError("a thread reads what another one wrote, and no barrier lies between")
        self.readers.note(now)

    def write(self, now: Access, changed: Array) -> None:
        """Note a write. One that changes nothing disturbs nobody."""
        hit = now.places[changed], now.thread[changed], now.block[changed], now.epoch[changed]
        changing = Access(*hit)
        if np.any(self.writers.conflicts(changing)) or np.any(self.readers.conflicts(changing)):
            raise TrapError("a thread writes where another one read or wrote, and no barrier lies between")
        self.writers.note(changing)
