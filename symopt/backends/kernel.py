"""The stages of a program as the strings that a kernel template lays out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from symopt.backends.layout import Columns, tensor_sum, terms
from symopt.backends.text import filled, free_names, lines, local, targets
from symopt.ir import Loop, Partial, Program, Reduce, Scalars, Update, new
from symopt.recurrence import LEVELS

LOOP = 12  # the indentation of what a chunk does
FLAT = 8  # of what a group or a tensor does


@dataclass(frozen=True)
class Function:
    """A function of scalars."""

    head: tuple[str, ...]
    doc: str
    lines: tuple[str, ...]
    result: tuple[str, ...]


@dataclass(frozen=True)
class ScalarCall:
    """Numbers of one level. kind: "group" or "tensor"; lines: unpack what they need, compute, store."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """A number that a reducing pass makes. columns: in the table of tensors, and of groups or None."""

    name: str
    largest: bool
    tensor_column: int
    group_column: int | None


@dataclass(frozen=True)
class ReduceCall:
    """A reducing pass: the function of a chunk, and the lines that read its buffers and numbers and call it."""

    kind: str
    head: tuple[str, ...]
    call: tuple[str, ...]
    tail: tuple[str, ...]
    results: str
    sums: tuple[Sum, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class LoopCall:
    """One element loop: the flags it depends on, the test for it, what it unpacks, and its body."""

    flags: tuple[str, ...]
    test: str
    lines: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True)
class Stages:
    """All functions and calls of a kernel, in order.

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
            case Reduce():
                function, call = _reduce(stage, next(passes), program, layout)
            case Update():
                continue
        functions.append(function)
        calls.append(call)
    bodies = [_loop(loop, program, layout) for loop in program.update.loops]
    functions += [function for function, _ in bodies]
    return Stages(
        tuple(functions),
        tuple(calls),
        tuple(call for _, call in bodies),
        per_tensor=len(layout.tensor) > 1 or any(isinstance(call, ReduceCall) for call in calls),
        partials=max((len(call.sums) for call in calls if isinstance(call, ReduceCall)), default=0),
        carry_group=_carried(program, layout.group),
        carry_tensor=_carried(program, layout.tensor),
    )


def _carried(program: Program, names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    stored = [b.name for b in program.buffers if b.role == "state" and b.name in names]
    return tuple((names.index(name), names.index(new(name))) for name in stored)


def _function(name: str, doc: str, arguments: Iterable[str], body: list[str], results: list[str]) -> Function:
    head = filled(f"def {name}(", ["f", *arguments], "):")
    back = f"return {', '.join(results)}"
    result = [back] if len(back) <= 116 else filled("return (", results, ")", 4)
    return Function(tuple(head), doc, tuple(body), tuple(result))


def _scalars(stage: Scalars, name: str, layout: Columns) -> tuple[Function, ScalarCall]:
    results = [a.name for a in stage.assigns if a.name in layout.group or a.name in layout.tensor]
    read = layout.sorted(free_names(stage.assigns))
    words = {"step": "of this step", "global": "that follow from all tensors", "tensor": "of one tensor"}[stage.level]
    arguments = [*map(local, read)]
    body = lines(stage.assigns, wrap=False)
    function = _function(name, f"The numbers {words}, in float64.", arguments, body, [*map(local, results)])
    kind = "tensor" if stage.level == "tensor" else "group"
    place = layout.run(results, "numbers[group", "tensor_numbers[tensor")
    unpack = unpacked(read, layout, "numbers[group", "tensor_numbers[tensor", FLAT)
    call = _stored(place, name, ["f", *arguments], len(results), FLAT)
    return function, ScalarCall(kind, (*unpack, *call))


def _stored(place: str, function: str, arguments: list[str], count: int, indent: int) -> list[str]:
    """The line that puts what a function returns into its place in a table."""
    if count == 1:
        return filled(f"{place} = {function}(", arguments, ")", indent)
    return filled(f"store({place}, {function}(", arguments, "))", indent)


def unpacked(names: list[str], layout: Columns, group: str, tensor: str, indent: int) -> list[str]:
    """Lines that give numbers of the two tables their names; neighbours come in one slice."""
    singles: list[str] = []
    found: list[str] = []
    for run in layout.runs(names):
        if len(run) == 1:
            singles.append(run[0])
        else:
            found += targets(map(local, run), layout.run(run, group, tensor), indent)
    if singles:
        places = [layout.run([name], group, tensor) for name in singles]
        found += filled(f"{', '.join(map(local, singles))} = ", places, "", indent)
    return found


def _split(names: list[str], program: Program, layout: Columns) -> tuple[list[str], list[str]]:
    """(buffers, scalars) among the names that an element block reads, each in the order of where they lie."""
    buffers = [b.name for b in program.buffers if b.level == "element" and b.name in names]
    return buffers, layout.sorted(name for name in names if name not in buffers)


def _views(names: list[str], program: Program) -> list[str]:
    """Lines that make an array of each buffer's part that a chunk covers."""
    element = [b.name for b in program.buffers if b.level == "element"]
    return [
        f"{local(name)} = carray(pointer(table[tensor, {element.index(name)}] + offset, rows), n)" for name in names
    ]


def _reduce(stage: Reduce, number: int, program: Program, layout: Columns) -> tuple[Function, ReduceCall]:
    work = terms(stage.assigns, stage.partials)
    buffers, scalars = _split(free_names(work), program, layout)
    arguments = [*map(local, (*buffers, *scalars))]
    sums = tuple(_sum(partial, layout) for partial in stage.partials)
    results = [total.name for total in sums]
    function = _function(
        f"terms_{number}", "What one element adds to the sums.", arguments, lines(work, wrap=True), results
    )
    at = [f"{local(name)}[{{}}]" for name in buffers] + [*map(local, scalars)]
    call, tail = (
        filled(f"{', '.join(results)} = terms_{number}(", ["f", *(text.format(i) for text in at)], ")", indent)
        for i, indent in (("start + lane", 12), ("whole + lane", 8))
    )
    head = filled(f"def sums_{number}(", ["f", "n", *arguments], "):")
    place = f"part[chunk, :{len(sums)}]" if len(sums) > 1 else "part[chunk, 0]"
    shares = _stored(place, f"sums_{number}", ["f", "n", *arguments], len(sums), LOOP)
    unpack = unpacked(scalars, layout, "rows[group", "tensor_rows[tensor", LOOP)
    each = (*_views(buffers, program), *unpack, *shares)
    folded = ", ".join(f"{'largest' if total.largest else 'added'}({total.name}_lanes)" for total in sums)
    return function, ReduceCall("reduce", tuple(head), tuple(call), tuple(tail), folded, sums, each)


def _sum(partial: Partial, layout: Columns) -> Sum:
    column = layout.group.index(partial.name) if partial.over == "all" else None
    return Sum(local(partial.name), partial.kind == "max", layout.tensor.index(tensor_sum(partial)), column)


def _loop(loop: Loop, program: Program, layout: Columns) -> tuple[Function, LoopCall]:
    results = [value for _, value in loop.writes]
    buffers, scalars = _split(free_names(loop.assigns, results), program, layout)
    conditions = program.update.conditions
    words = [flag if holds else f"not_{flag}" for flag, holds in zip(conditions, loop.outcome, strict=True)]
    name = "_".join(["body", *words])
    arguments = [*map(local, (*buffers, *scalars))]
    body = lines(loop.assigns, wrap=True)
    function = _function(name, "One element of one step.", arguments, body, [*map(local, results)])
    tests = [f"{local(flag)} {'!=' if holds else '=='} 0" for flag, holds in zip(conditions, loop.outcome, strict=True)]
    indent = LOOP + 4 if tests else LOOP
    touched = [b.name for b in program.buffers if b.name in buffers or b.name in dict(loop.writes)]
    stored = [f"{local(buffer)}[i]" for buffer, _ in loop.writes]
    at = ["f", *(f"{local(b)}[i]" for b in buffers), *map(local, scalars)]
    return function, LoopCall(
        tuple(unpacked(layout.sorted(conditions), layout, "rows[group", "tensor_rows[tensor", LOOP)),
        " and ".join(tests),
        (*_views(touched, program), *unpacked(scalars, layout, "rows[group", "tensor_rows[tensor", indent)),
        tuple(filled(f"{', '.join(stored)} = {name}(", at, ")", indent + 4)),
    )
