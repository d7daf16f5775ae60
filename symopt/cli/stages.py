"""The program of an optimizer as text: its buffers, its passes over memory and what each reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symopt.derive.training import Training
from symopt.expr import text
from symopt.ir import Assign, Buffer, Loop, Partial, Program, Reduce, Scalars, Update, flops

BYTES = 4  # of a float32


def program_lines(training: Training, program: Program) -> Iterator[str]:
    """The program, one part below the other."""
    yield f"program {program.name}"
    if training.param != "theta":
        yield f"  the user's array holds {training.param}, where the next gradient is taken"
    yield "  buffers"
    width = max(len(buffer.name) for buffer in program.buffers)
    yield from (f"    {buffer.name:{width}}  {_about(buffer)}" for buffer in program.buffers)
    for stage in program.stages:
        match stage:
            case Scalars(level, assigns):
                yield f"  {level} scalars, float64"
                yield from _assigns(assigns)
            case Reduce(assigns, partials, reads):
                yield f"  pass over memory: read {_names(reads)}; {_bytes(len(reads))}"
                yield from _assigns(assigns)
                yield from (f"    {_partial(partial)}" for partial in partials)
            case Update(loops, conditions):
                for loop in loops:
                    yield from _loop(loop, conditions)
    if program.deploy is not None:
        yield "  to deploy"
        yield f"    theta = {text(program.deploy)}"


def _about(buffer: Buffer) -> str:
    start = "" if buffer.start is None else f", starts at {text(buffer.start)}"
    return f"{buffer.role}, {buffer.level}{start}"


def _loop(loop: Loop, conditions: tuple[str, ...]) -> Iterator[str]:
    cases = [name if holds else f"not {name}" for name, holds in zip(conditions, loop.outcome, strict=True)]
    when = f" where {' and '.join(cases)}" if cases else ""
    moved = len(loop.reads) + len(loop.writes)
    yield (
        f"  pass over memory{when}: read {_names(loop.reads)}; write {_names(name for name, _ in loop.writes)}; "
        f"{_bytes(moved)}, {flops(loop.assigns)} operations"
    )
    yield from _assigns(loop.assigns)
    yield from (f"    {buffer}[i] = {value}" for buffer, value in loop.writes)


def _assigns(assigns: tuple[Assign, ...]) -> Iterator[str]:
    return (f"    {assign.name} = {text(assign.value)}" for assign in assigns)


def _partial(partial: Partial) -> str:
    kind = "sum" if partial.kind == "sum" else "maximum"
    scope = {"all": "all tensors", "tensor": "the tensor", "row": "each row"}[partial.over]
    return f"{partial.name} = {kind} of {text(partial.value)} over {scope}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _bytes(count: int) -> str:
    return f"{BYTES * count} bytes per parameter"
