"""The stages of a program as the strings that a kernel template lays out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from symopt.backends.layout import Columns, tensor_sum, terms
from symopt.backends.text import free_names, lines
from symopt.ir import Loop, Partial, Program, Reduce, Scalars, Update, new
from symopt.recurrence import LEVELS


@dataclass(frozen=True)
class Function:
    """A function of scalars. `results` is the text behind `return`."""

    name: str
    doc: str
    arguments: str
    lines: tuple[str, ...]
    results: str


@dataclass(frozen=True)
class ScalarCall:
    """Numbers of one level: where they go, and the call that makes them."""

    kind: str  # "group" or "tensor"
    targets: str
    call: str


@dataclass(frozen=True)
class ReduceCall:
    """A reducing pass: what it reads, and where its results go."""

    kind: str
    function: str
    arguments: str
    targets: str
    buffers: tuple[tuple[str, int], ...]
    scalars: tuple[tuple[str, str], ...]
    call: str
    partials: tuple[dict[str, str | int], ...]


@dataclass(frozen=True)
class LoopCall:
    """One element loop: the test for it, the scalars it unpacks, targets and call."""

    test: str
    scalars: tuple[tuple[str, str], ...]
    buffers: tuple[tuple[str, int], ...]
    targets: str
    call: str


@dataclass(frozen=True)
class Stages:
    """All functions and calls of a kernel, in order.

    round_group, round_tensor: the numbers that element loops read, as columns
    carry_group, carry_tensor: (column of a state, column of its new value)
    """

    functions: tuple[Function, ...]
    calls: tuple[ScalarCall | ReduceCall, ...]
    loops: tuple[LoopCall, ...]
    per_tensor: bool
    partials: int
    carry_group: tuple[tuple[int, int], ...]
    carry_tensor: tuple[tuple[int, int], ...]


def stage_contexts(program: Program, layout: Columns) -> Stages:
    """Turn each stage into functions and calls."""
    functions: list[Function] = []
    calls: list[ScalarCall | ReduceCall] = []
    number = {level: count(1) for level in LEVELS}
    passes = count(1)
    for stage in program.stages:
        match stage:
            case Scalars(level):
                function, call = _scalars(stage, f"{level}_scalars_{next(number[level])}", layout)
                functions.append(function)
                calls.append(call)
            case Reduce():
                function, call = _reduce(stage, next(passes), program, layout)
                functions.append(function)
                calls.append(call)
            case Update():
                pass
    bodies = [_loop(loop, program, layout) for loop in program.update.loops]
    functions += [function for function, _ in bodies]
    return Stages(
        tuple(functions),
        tuple(calls),
        tuple(call for _, call in bodies),
        per_tensor=len(layout.tensor) > 1 or any(isinstance(call, ReduceCall) for call in calls),
        partials=max((len(call.partials) for call in calls if isinstance(call, ReduceCall)), default=0),
        carry_group=_carried(program, layout.group),
        carry_tensor=_carried(program, layout.tensor),
    )


def _carried(program: Program, names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    stored = [b.name for b in program.buffers if b.role == "state" and b.name in names]
    return tuple((names.index(name), names.index(new(name))) for name in stored)


def _scalars(stage: Scalars, name: str, layout: Columns) -> tuple[Function, ScalarCall]:
    results = [a.name for a in stage.assigns if a.name in layout.group or a.name in layout.tensor]
    read = free_names(stage.assigns)
    words = {"step": "of this step", "global": "that follow from all tensors", "tensor": "of one tensor"}[stage.level]
    function = Function(
        name,
        f"The numbers {words}, in float64.",
        ", ".join(["f", *read]),
        tuple(lines(stage.assigns, wrap=False)),
        _tuple(results),
    )
    call = f"{name}({', '.join(['f', *map(layout.place, read)])})"
    kind = "tensor" if stage.level == "tensor" else "group"
    return function, ScalarCall(kind, ", ".join(map(layout.place, results)), call)


def _tuple(names: list[str]) -> str:
    return ", ".join(names)


def _element_arguments(names: list[str], program: Program) -> tuple[list[str], list[str]]:
    """(buffers, scalars) among the names that an element block reads, buffers in their own order."""
    buffers = [b.name for b in program.buffers if b.level == "element" and b.name in names]
    return buffers, [name for name in names if name not in buffers]


def _places(names: list[str], program: Program) -> tuple[tuple[str, int], ...]:
    element = [b.name for b in program.buffers if b.level == "element"]
    return tuple((name, element.index(name)) for name in names)


def _reduce(stage: Reduce, number: int, program: Program, layout: Columns) -> tuple[Function, ReduceCall]:
    work = terms(stage.assigns, stage.partials)
    buffers, scalars = _element_arguments(free_names(work), program)
    function = Function(
        f"terms_{number}",
        "What one element adds to the sums.",
        ", ".join(["f", *buffers, *scalars]),
        tuple(lines(work, wrap=True)),
        _tuple([partial.name for partial in stage.partials]),
    )
    call = f"terms_{number}({', '.join(['f', *(f'{name}[i]' for name in buffers), *scalars])})"
    return function, ReduceCall(
        "reduce",
        f"sums_{number}",
        ", ".join(["f", "lanes", "n", *buffers, *scalars]),
        ", ".join(partial.name for partial in stage.partials),
        _places(buffers, program),
        tuple((name, layout.place(name)) for name in scalars),
        call,
        tuple(_partial(partial, layout) for partial in stage.partials),
    )


def _partial(partial: Partial, layout: Columns) -> dict[str, str | int]:
    more = "{0} + {1}" if partial.kind == "sum" else "maximum({0}, {1})"
    return {
        "name": partial.name,
        "more": more,
        "tensor_column": layout.tensor.index(tensor_sum(partial)),
        "group_column": layout.group.index(partial.name) if partial.over == "all" else -1,
    }


def _loop(loop: Loop, program: Program, layout: Columns) -> tuple[Function, LoopCall]:
    results = [value for _, value in loop.writes]
    buffers, scalars = _element_arguments(free_names(loop.assigns, results), program)
    conditions = program.update.conditions
    words = [flag if holds else f"not_{flag}" for flag, holds in zip(conditions, loop.outcome, strict=True)]
    name = "_".join(["body", *words])
    function = Function(
        name, "One element of one step.", ", ".join(["f", *buffers, *scalars]), tuple(lines(loop.assigns, wrap=True)), _tuple(results)
    )
    tests = [
        f"{layout.place(flag)} {'!=' if holds else '=='} 0" for flag, holds in zip(conditions, loop.outcome, strict=True)
    ]
    call = f"{name}({', '.join(['f', *(f'{b}[i]' for b in buffers), *scalars])})"
    touched = [b.name for b in program.buffers if b.name in buffers or b.name in dict(loop.writes)]
    return function, LoopCall(
        " and ".join(tests),
        tuple((scalar, layout.place(scalar)) for scalar in scalars),
        _places(touched, program),
        ", ".join(f"{buffer}[i]" for buffer, _ in loop.writes),
        call,
    )
