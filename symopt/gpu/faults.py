"""What can be wrong with what a compiler made of a kernel: each check gives sentences, none where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symopt.gpu.assemble import Resources
from symopt.gpu.hardware import Architecture
from symopt.gpu.loops import VectorLoop
from symopt.gpu.occupancy import needed, occupancy, resident
from symopt.ptx import Counts

ENOUGH = 0.5
"""The share of a multiprocessor's threads below which their loads must be counted."""

LARGE_ANGLES = frozenset(["cos", "sin", "tan"])
"""Functions whose argument is reduced with a table in local memory, and in float64, where it is large."""

APPROXIMATED = {
    "ex2.approx.ftz.f32": frozenset(["exp", "tanh", "cosh", "sinh", "**"]),
    "rcp.approx.ftz.f32": frozenset(["tanh", "**"]),
}
"""What the library of the device computes its functions of float32 with, and corrects."""


@dataclass(frozen=True)
class Declared:
    """A loop of the program. moved: bytes loaded and stored per element

    accesses: how many loads and stores of at most 16 bytes four elements need
    """

    moved: tuple[float, float]
    accesses: int


@dataclass(frozen=True)
class Made:
    """A kernel with all that is known of it.

    kind: how it is launched (`symopt.backends.launches.Launch.kind`); threads: of a block
    double: whether numbers are float64; calls: the functions of elements in it
    declared: its loops, as the program has them
    """

    kind: str
    threads: int
    double: bool
    architecture: Architecture
    calls: frozenset[str]
    declared: tuple[Declared, ...]
    resources: Resources
    counts: Counts
    loops: tuple[VectorLoop, ...]

    @property
    def of_elements(self) -> bool:
        """Whether it goes over all elements, so that its speed counts."""
        return self.kind in ("update", "reduce")

    @property
    def in_flight(self) -> int:
        """The bytes of loads that the threads of a multiprocessor wait for at a time, in its busiest loop."""
        return max((loop.ahead for loop in self.loops), default=0) * self.resident

    @property
    def needed(self) -> float:
        """The bytes that must be under way to keep memory busy in that loop."""
        busiest = max(self.loops, key=lambda loop: loop.ahead, default=None)
        return needed(*busiest.moved, self.architecture) if busiest and busiest.loads else 0.0

    @property
    def resident(self) -> int:
        """The threads that a multiprocessor holds."""
        return resident(self.resources, self.threads, self.architecture)

    @property
    def occupancy(self) -> float:
        """The share of those that it could hold."""
        return occupancy(self.resources, self.threads, self.architecture)


def faults(made: Made) -> tuple[str, ...]:
    """All that is wrong with a kernel."""
    checks = (spills, local_memory, double_precision, approximations, bytes_moved, narrow_accesses, idle_memory)
    return tuple(fault for check in checks for fault in check(made))


def spills(made: Made) -> Iterator[str]:
    """Registers that do not fit are stored in memory and loaded again."""
    if made.resources.spilled:
        yield f"spills: {made.resources.spilled} bytes of registers are stored in memory and loaded again"


def local_memory(made: Made) -> Iterator[str]:
    """A thread that goes over elements keeps everything in registers."""
    if made.of_elements and (made.counts.local or made.resources.stack) and not made.calls & LARGE_ANGLES:
        yield f"local memory: each thread keeps {made.resources.stack} bytes there"


def double_precision(made: Made) -> Iterator[str]:
    """Most devices compute in float64 at a small part of their speed in float32."""
    if made.of_elements and not made.double and made.counts.float64 and not made.calls & LARGE_ANGLES:
        yield f"float64: {made.counts.float64} instructions compute in float64 in a kernel of float32"


def approximations(made: Made) -> Iterator[str]:
    """Division, square root and functions are those that the emitted text asks for."""
    for opcode, count in made.counts.approximate.items():
        if opcode.endswith("f32") and not APPROXIMATED.get(opcode, frozenset[str]()) & made.calls:
            yield f"approximation: {count} of {opcode}, where the emitted text asks for a correctly rounded result"


def bytes_moved(made: Made) -> Iterator[str]:
    """The compiler's loops move what the program's loops move."""
    found = {loop.moved for loop in made.loops}
    declared = {loop.moved for loop in made.declared}
    if made.of_elements and found != declared:
        yield (
            f"traffic: the loops over four elements at a time load and store {_pairs(found)} bytes per element, "
            f"and those of the program {_pairs(declared)}"
        )


def narrow_accesses(made: Made) -> Iterator[str]:
    """Each load and store of such a loop moves four elements, or 16 bytes where they are more."""
    declared = {loop.moved: loop.accesses for loop in made.declared}
    for loop in made.loops:
        enough = declared.get(loop.moved, loop.accesses)
        if made.of_elements and loop.accesses > enough:
            yield f"narrow accesses: four elements take {loop.accesses:g} loads and stores, where {enough:g} do"


def idle_memory(made: Made) -> Iterator[str]:
    """Few threads suffice where each has much under way."""
    if made.of_elements and made.occupancy < ENOUGH and made.in_flight < made.needed:
        yield (
            f"idle memory: {made.resident} of {made.architecture.threads} threads fit on a multiprocessor, and wait "
            f"for {made.in_flight} bytes at a time, where the {made.architecture.gpu.name} needs {made.needed:.0f}"
        )


def _pairs(pairs: set[tuple[float, float]]) -> str:
    return ", ".join(f"{loaded:g} + {stored:g}" for loaded, stored in sorted(pairs)) or "nothing"
