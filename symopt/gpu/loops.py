"""The loops of a kernel in which a thread takes several elements at a time, and what they load and store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from symopt.ptx.access import Shape, shape
from symopt.ptx.flow import successors
from symopt.ptx.model import Function, Immediate, Instruction, Kernel, Register

FOUR = 4
"""Elements that a thread takes at a time."""

WIDEST = 16
"""Bytes that a load or store of emitted kernels moves at most."""

_Moved = tuple[tuple[str, Shape], ...]


@dataclass(frozen=True)
class VectorLoop:
    """One pass through such a loop.

    elements: how many elements a thread takes; loads, stores: what they move of global memory, in order
    ahead: bytes of the loads that come before any store, and thus wait together
    """

    elements: int
    loads: tuple[Shape, ...]
    stores: tuple[Shape, ...]
    ahead: int

    @property
    def moved(self) -> tuple[float, float]:
        """Bytes loaded and stored per element."""
        return size(self.loads) / self.elements, size(self.stores) / self.elements

    @property
    def accesses(self) -> float:
        """How many loads and stores four elements take."""
        return FOUR * (len(self.loads) + len(self.stores)) / self.elements


def size(shapes: Iterable[Shape]) -> int:
    """The bytes that accesses move."""
    return sum(one.width * one.count for one in shapes)


def vector_loops(kernel: Kernel, stride: int) -> tuple[VectorLoop, ...]:
    """The loops of a kernel that access global memory by several numbers at a time, in the order of the text.

    One that branches counts once for each way through it that moves something, and something else.

    stride: what the counter of a loop goes on by while its thread takes four elements
    """
    function = kernel.entry
    found: list[VectorLoop] = []
    bodies = natural_loops(function)
    for head, body in sorted(bodies.items()):
        inner = set[int]().union(*(other for other in bodies.values() if other < body))
        own = [function.code[at] for at in sorted(body - inner)]
        if _vectors(own) and not _vectors(function.code[at] for at in inner):
            elements = FOUR * _rounds(own, stride)
            found += [_vector_loop(elements, way) for way in _ways(function, head, body, inner, bodies) if way]
    return tuple(found)


def _vectors(code: Iterable[Instruction]) -> bool:
    return any(one.count > 1 for _, one in filter(None, map(_access, code)))


def _vector_loop(elements: int, moved: _Moved) -> VectorLoop:
    loads = tuple(one for root, one in moved if root == "ld")
    stores = tuple(one for root, one in moved if root == "st")
    first = next((at for at, (root, _) in enumerate(moved) if root == "st"), len(moved))
    return VectorLoop(elements, loads, stores, size(one for _, one in moved[:first]))


def _access(one: Instruction) -> tuple[str, Shape] | None:
    """Whether an instruction is a load or store of global memory, and what it moves."""
    if one.root not in ("ld", "st"):
        return None
    found = shape(one)
    return (one.root, found) if found.space in ("global", "") else None


def _ways(
    function: Function, head: int, body: frozenset[int], inner: set[int], bodies: Mapping[int, frozenset[int]]
) -> list[_Moved]:
    """What each way through a loop, back to its head, loads and stores, in order; inner loops left out."""
    onward = {at: [to for to in successors(function, at) if to in body and at not in bodies.get(to, ())] for at in body}
    rest: dict[int, dict[_Moved, None]] = {}
    for at in TopologicalSorter(onward).static_order():
        here = _access(function.code[at]) if at not in inner else None
        ends = [()] if head in successors(function, at) else []
        after = [*ends, *(way for to in onward[at] for way in rest[to])]
        rest[at] = dict.fromkeys((here, *way) if here else way for way in after)
    return [*rest[head]]


def _rounds(code: list[Instruction], stride: int) -> int:
    """How many rounds of the source one pass takes, where the compiler unrolled the loop: its counter tells.

    Addresses, in bytes, go further than the counter.
    """
    copies = dict(pair for one in code if (pair := _copied(one)))
    steps = [step for one in code if (step := _step(one, copies)) and step % stride == 0]
    return max(1, min(steps, default=stride) // stride)


def _copied(one: Instruction) -> tuple[str, str] | None:
    """(register, the one that it is a copy of) where an instruction copies."""
    match one.root, one.operands:
        case "mov", (Register(target), Register(source)):
            return target, source
        case _:
            return None


def _step(one: Instruction, copies: Mapping[str, str]) -> int:
    """What an instruction adds to a register that it, or a copy before it, reads; 0 for any other instruction."""
    match one.root, one.operands:
        case "add", (Register(target), Register(source), Immediate(step, 0)) if target == copies.get(source, source):
            return step
        case _:
            return 0


def natural_loops(function: Function) -> dict[int, frozenset[int]]:
    """The first instruction of each loop, and all that it repeats."""
    before: dict[int, set[int]] = defaultdict(set)
    for at in range(len(function.code)):
        for to in successors(function, at):
            before[to].add(at)
    bodies: dict[int, set[int]] = defaultdict(set)
    for tail, head in _back_edges(function):
        bodies[head] |= _reaching(before, tail, head)
    return {head: frozenset(body) for head, body in bodies.items()}


def _reaching(before: dict[int, set[int]], tail: int, head: int) -> set[int]:
    found, waiting = {head}, [tail]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting.extend(before[at])
    return found


def _back_edges(function: Function) -> list[tuple[int, int]]:
    """The jumps back to an instruction on the way to them: (from, to)."""
    found: list[tuple[int, int]] = []
    on_path, done = {0}, set[int]()
    path = [(0, iter(successors(function, 0)))]
    while path:
        at, following = path[-1]
        to = next(following, None)
        if to is None:
            path.pop()
            on_path.discard(at)
            done.add(at)
        elif to in on_path:
            found.append((at, to))
        elif to not in done:
            on_path.add(to)
            path.append((to, iter(successors(function, to))))
    return found
