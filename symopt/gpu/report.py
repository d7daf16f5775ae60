"""What became of each kernel of an optimizer, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.artifacts import artifact, build
from symopt.backends.launch import Launch
from symopt.backends.launches import launches
from symopt.backends.layout import columns
from symopt.expr import Call, walk
from symopt.gpu.assemble import assembled, assembler
from symopt.gpu.compile import compiled, require
from symopt.gpu.faults import Declared, Made, faults
from symopt.gpu.hardware import Architecture, architecture
from symopt.gpu.kinds import Kinds, kinds
from symopt.gpu.loops import FOUR, WIDEST, vector_loops
from symopt.ir import Loop, Program, Reduce, element_blocks
from symopt.ptx import counts, parse
from symopt.recurrence import Optimizer


@dataclass(frozen=True)
class Report:
    """One kernel for one dtype and architecture.

    registers: of a thread; spilled, stack: bytes of a thread; shared: bytes of a block
    occupancy: the share of the threads of a multiprocessor that it can hold
    found, declared: bytes per element that its costliest loop moves, and that the program's moves; None: not a loop
    in_flight, needed: bytes of loads that a multiprocessor waits for at a time, and that keep its memory busy
    faults: what is wrong
    """

    kernel: str
    dtype: str
    architecture: str
    registers: int
    spilled: int
    stack: int
    shared: int
    occupancy: float
    found: float | None
    declared: float | None
    in_flight: int
    needed: int
    faults: tuple[str, ...]


def require_tools() -> None:
    """Refuse to go on without a compiler and an assembler."""
    require()
    assembler()


def reports(optimizer: Optimizer, dtype: str, target: str) -> tuple[Report, ...]:
    """Every kernel of an optimizer, compiled for a dtype (a name of KINDS) and an architecture such as sm_90."""
    chosen, place = kinds(dtype), architecture(target)
    built = build(optimizer)
    whole = compiled(artifact(optimizer, "cuda", built=built), chosen, place)
    known = {launch.name: launch for launch in launches(built[1], columns(built[1])).launches}
    return tuple(
        _report(name, dtype, examined(text, whole.threads, known.get(name), built[1], chosen, place))
        for name, text in whole.kernels.items()
    )


def examined(
    text: str, threads: int, launch: Launch | None, program: Program, kinds: Kinds, place: Architecture
) -> Made:
    """A kernel's PTX with all that is known of it.

    threads: of a block; launch: what it is in a step, None where it is no part of one
    """
    kind = launch.kind if launch else ""
    kernel = parse(text).kernel
    return Made(
        kind=kind,
        threads=threads,
        double=kinds.computed == "float64",
        architecture=place,
        calls=_calls(program),
        declared=_declared(launch, program, kinds),
        resources=assembled(text, place),
        counts=counts(kernel),
        loops=vector_loops(kernel, threads * (FOUR if kind == "reduce" else 1)),
    )


def _calls(program: Program) -> frozenset[str]:
    nodes = (node for block in element_blocks(program) for one in block for node in walk(one.value))
    return frozenset(node.op for node in nodes if isinstance(node, Call))


def _declared(launch: Launch | None, program: Program, kinds: Kinds) -> tuple[Declared, ...]:
    if launch and launch.kind == "update":
        return tuple(_moved(loop, program, kinds) for loop in program.update.loops if loop.writes)
    if launch and launch.kind == "reduce":
        passes = [stage for stage in program.stages if isinstance(stage, Reduce)]
        return (_moved(passes[int(launch.name.rpartition("_")[2]) - 1], program, kinds),)
    return ()


def _moved(loop: Loop | Reduce, program: Program, kinds: Kinds) -> Declared:
    loaded, stored = kinds.moved(loop, program)
    return Declared((sum(loaded), sum(stored)), sum(-(-FOUR * size // WIDEST) for size in (*loaded, *stored)))


def _report(name: str, dtype: str, made: Made) -> Report:
    return Report(
        kernel=name,
        dtype=dtype,
        architecture=made.architecture.name,
        registers=made.resources.registers,
        spilled=made.resources.spilled,
        stack=made.resources.stack,
        shared=made.resources.shared,
        occupancy=made.occupancy,
        found=max((sum(loop.moved) for loop in made.loops), default=None) if made.of_elements else None,
        declared=max((sum(loop.moved) for loop in made.declared), default=None),
        in_flight=made.in_flight,
        needed=round(made.needed),
        faults=faults(made),
    )
