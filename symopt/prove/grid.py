"""Blocks of threads that run in turn from barrier to barrier.

What threads do must not depend on their order: where two touch the same number without a barrier between them, one of
them writing, the file is wrong. So is one whose threads do not meet at the same barriers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from symopt.errors import SymoptError

_MOST = 50_000  # numbers that one launch may touch, so that a loop without an end is noticed
_SEVERAL = -1

Moment = tuple[int, int, int]
"""Who touched a number: the block, how many barriers it had met, and the thread."""


class Grid:
    """The blocks of one launch after another; which of their threads runs now, and who touched which number."""

    def __init__(self) -> None:
        self.blocks = self.threads = self.block = self.thread = self.barriers = self.left = 0
        self.running = False
        self.shared: list[Any] = []
        self.taken: dict[int, int] = {}  # how often each thread asked for memory of the block
        self.touched: dict[tuple[int, int], tuple[Moment | None, Moment | None]] = {}

    def launch(self, function: Callable[..., Any], blocks: int, threads: int, arguments: Sequence[Any]) -> None:
        """Run a kernel."""
        if blocks < 1 or any(isinstance(given, np.ndarray) for given in arguments):
            raise SymoptError("the emitted file starts a kernel without blocks, or on memory of the host")
        self.blocks, self.threads, self.left, self.running = blocks, threads, _MOST, True
        self.touched.clear()
        for self.block in range(blocks):
            self.shared, self.taken, self.barriers = [], {}, 0
            self._run([self._thread(function, arguments) for _ in range(threads)])
        self.running = False

    def _thread(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Generator[None, None, None]:
        waits = function(*arguments)
        if waits is not None:
            yield from waits

    def _run(self, threads: list[Generator[None, None, None]]) -> None:
        """Run the threads of a block from barrier to barrier."""
        met: set[tuple[Any, ...]] = {()}
        while met != {_END}:
            met = set()
            for self.thread, thread in enumerate(threads):
                met.add(_place(thread) if next(thread, _END) is not _END else _END)
            if len(met) > 1:
                raise SymoptError("the threads of a block do not meet at the same barriers")
            self.barriers += 1

    def touch(self, cells: object, i: int, writes: bool) -> None:
        """Take down that the thread that runs reads a number or writes it."""
        if not self.running:
            return
        self.left -= 1
        if self.left < 0:
            raise SymoptError("the emitted file has a loop without an end")
        now, key = (self.block, self.barriers, self.thread), (id(cells), i)
        written, read = self.touched.get(key, (None, None))
        if self._apart(written) or (writes and self._apart(read)):
            raise SymoptError("two threads use the same memory at the same time, and one of them writes to it")
        self.touched[key] = (now, read) if writes else (written, self._both(read, now))

    def _apart(self, other: Moment | None) -> bool:
        """Whether nothing says that what another thread did came before what this one does."""
        if other is None:
            return False
        block, barriers, thread = other
        return block != self.block or (barriers == self.barriers and thread != self.thread)

    def _both(self, first: Moment | None, now: Moment) -> Moment:
        """When a number was read last, by one thread or by several."""
        if first is None or (first[0] == now[0] and (first[1] != now[1] or first[2] == now[2])):
            return now
        return (*now[:2], _SEVERAL) if first[0] == now[0] else (_SEVERAL, 0, 0)

    def own(self, make: Callable[[], Any]) -> Any:
        """Memory of the block, made by the first of its threads that asks."""
        number = self.taken.get(self.thread, 0)
        self.taken[self.thread] = number + 1
        if number == len(self.shared):
            self.shared.append(make())
        return self.shared[number]


_END: tuple[Any, ...] = ("end",)


def _place(thread: Generator[None, None, None]) -> tuple[Any, ...]:
    """Where a thread waits: in which line of which function, called from where."""
    found: list[Any] = []
    inside: Any = thread
    while inside is not None:
        found += [inside.gi_code, inside.gi_frame.f_lasti]
        inside = inside.gi_yieldfrom
    return tuple(found)
