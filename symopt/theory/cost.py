"""What a step costs per parameter: read off the program that the kernels are printed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from symopt.artifacts import build
from symopt.artifacts.cost import BYTES, Cost, cost_of
from symopt.ir import Program, Reduce, Scalars, Update, flops
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact

KIND = "cost"


def cost(optimizer: Optimizer) -> Iterable[Fact]:
    """Bytes, operations and their ratio per parameter and step in float32, and the memory that states take."""
    program = build(optimizer)[1]
    spent = cost_of(program)
    intensity = Fraction(spent.flops, spent.bytes_per_parameter)
    yield Fact(
        KIND,
        "theta",
        "proved",
        f"Per parameter, a step in float32 {_spent(program, spent)}; {_kept(spent)}.",
        steps=tuple(_passes(program)),
        data={
            "bytes": spent.bytes_per_parameter,
            "flops": spent.flops,
            "intensity": str(intensity),
            "memory": BYTES * len(spent.states),
            "states": list(spent.states),
        },
    )


def _spent(program: Program, spent: Cost) -> str:
    """What moves and is computed; where steps differ, at most."""
    moved, done = f"{spent.bytes_per_parameter} bytes", f"{spent.flops} operations"
    if any(isinstance(stage, Update) and len(stage.loops) > 1 for stage in program.stages):
        return f"moves at most {moved} and does at most {done}"
    return f"moves {moved} and does {done}, {spent.flops / spent.bytes_per_parameter:.2f} for each byte"


def _kept(spent: Cost) -> str:
    if not spent.states:
        return "nothing is kept between steps"
    return f"{BYTES * len(spent.states)} bytes are kept between steps ({', '.join(spent.states)})"


def _passes(program: Program) -> Iterator[str]:
    """What each pass over memory reads, writes and computes, one line for each outcome of step-level conditions."""
    for stage in program.stages:
        match stage:
            case Reduce(assigns, partials, reads):
                yield f"a pass that only reads {_listed(reads)}; operations: {flops(assigns) + len(partials)}"
            case Update(loops, conditions):
                for loop in loops:
                    written = _listed(name for name, _ in loop.writes)
                    moved = f"reads {_listed(loop.reads)} and writes {written}; operations: {flops(loop.assigns)}"
                    yield f"the pass that writes{_outcome(conditions, loop.outcome)}: {moved}"
            case Scalars():
                pass


def _outcome(conditions: Iterable[str], outcome: Iterable[bool]) -> str:
    held = [name if holds else f"not {name}" for name, holds in zip(conditions, outcome, strict=True)]
    return f" ({', '.join(held)})" if held else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
