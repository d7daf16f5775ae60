"""What the launches of a CUDA file are, as strings that a template lays out."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.backends.kernel import Function, Sum

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """Numbers of one level. lines: unpack what they need, compute, store"""

    level: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Launch:
    """One launch of a kernel.

    kind: "numbers" (one block), "rows" and "row_fold" (a thread per row), "fold" (a block per tensor), "reduce" and
        "update" (a block per chunk)
    takes: its arguments; parts: what it computes
    sums: what a reducing pass made and this one adds up; count: how many sums that pass made
    unpacked: lines that name the addresses and numbers of a chunk, before any condition: the compiler then knows that a
        number is the same for all threads, and keeps it once for 32 of them
    begins, ends: whether it is the first of a step, and the last before the update
    """

    kind: str
    name: str
    doc: str
    takes: tuple[str, ...]
    parts: tuple[Numbers, ...] = ()
    sums: tuple[Sum, ...] = ()
    loops: tuple[ElementLoop, ...] = ()
    unpacked: Lines = ()
    count: int = 0
    begins: bool = False
    ends: bool = False


@dataclass(frozen=True)
class ElementLoop:
    """What a block does with a chunk.

    test: the condition of this loop
    piece: lines that name the numbers that each row has
    kinds: (name of an address, how its elements are stored) of every buffer
    body, wide: what happens to one element, and to as many as one access takes
    """

    test: str
    piece: Lines
    kinds: tuple[tuple[str, str], ...]
    body: Lines
    wide: Lines


@dataclass(frozen=True)
class Launches:
    """All functions and launches of a step, in order; partials: how many sums a reducing pass makes at most."""

    functions: tuple[Function, ...]
    launches: tuple[Launch, ...]
    partials: int
