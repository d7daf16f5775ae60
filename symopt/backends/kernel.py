"""The stages of a program as the strings that a kernel template lays out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from symopt.backends.layout import NUMBERS, ROUNDED, Columns, has_tensors, tensor_sum, terms
from symopt.backends.text import filled, free_names, lines, local
from symopt.backends.unpacking import split, unpacked, unpacking
from symopt.expr import Call, Expr, Sym, multiply
from symopt.ir import Loop, Partial, Program, Reduce, Scalars, Update, new
from symopt.recurrence import LEVELS, level_of

LOOP = 12  # the indentation of what a chunk does
FLAT = 8  # of what a group, a tensor or a row does
SCALE = "scale_"  # no author's name ends in an underscore


@dataclass(frozen=True)
class Function:
    """A function of scalars."""

    head: tuple[str, ...]
    doc: str
    lines: tuple[str, ...]
    result: tuple[str, ...]


@dataclass(frozen=True)
class ScalarCall:
    """Numbers of one level. kind: "group", "tensor" or "row"; lines: unpack what they need, compute, store."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Sum:
    """A number that a reducing pass makes. columns: in the tables of rows, tensors and groups, None where it is not."""

    name: str
    largest: bool
    row_column: int | None
    tensor_column: int | None
    group_column: int | None


@dataclass(frozen=True)
class ReduceCall:
    """A reducing pass: the functions of a chunk, and the lines that read its buffers and numbers and call it.

    piece: those of them that each piece of a chunk repeats, where chunks have pieces
    short: the call in a piece with fewer elements than lanes; reads_rows: whether the pass needs numbers of rows
    again: the function that adds squares up again where they left the range of the dtype; None where there are none
    """

    kind: str
    head: tuple[str, ...]
    call: tuple[str, ...]
    tail: tuple[str, ...]
    results: str
    sums: tuple[Sum, ...]
    lines: tuple[str, ...]
    piece: tuple[str, ...]
    short: tuple[str, ...]
    reads_rows: bool
    again: Function | None


@dataclass(frozen=True)
class LoopCall:
    """One element loop: the flags it depends on, the test for it, what it unpacks, and its body.

    piece: what is unpacked for each piece of a chunk, where chunks have pieces
    """

    flags: tuple[str, ...]
    test: str
    lines: tuple[str, ...]
    piece: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True)
class Stages:
    """All functions and calls of a kernel, in order.

    per_tensor, per_row: whether there are numbers of that kind; a chunk is made of pieces of rows where there are rows
    carry_group, carry_tensor: (column of a state, column of its new value)
    """

    functions: tuple[Function, ...]
    calls: tuple[ScalarCall | ReduceCall, ...]
    loops: tuple[LoopCall, ...]
    per_tensor: bool
    per_row: bool
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
        per_tensor=has_tensors(program, layout),
        per_row=bool(layout.row),
        partials=max((len(call.sums) for call in calls if isinstance(call, ReduceCall)), default=0),
        carry_group=carries(program, layout.group),
        carry_tensor=carries(program, layout.tensor),
    )


def carries(program: Program, names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """(column of a state, column of its new value) in a table of these names."""
    stored = [b.name for b in program.buffers if b.role == "state" and b.name in names]
    return tuple((names.index(name), names.index(new(name))) for name in stored)


def _function(name: str, doc: str, arguments: Iterable[str], body: list[str], results: list[str]) -> Function:
    head = filled(f"def {name}(", ["f", *arguments], "):")
    back = f"return {', '.join(results)}"
    result = [back] if len(back) <= 116 else filled("return (", results, ")", 4)
    return Function(tuple(head), doc, tuple(body), tuple(result))


_WORDS = {
    "step": "of this step", "global": "that follow from all tensors", "tensor": "of one tensor", "row": "of one row"
}  # fmt: skip


def _scalars(stage: Scalars, name: str, layout: Columns) -> tuple[Function, ScalarCall]:
    results = [a.name for a in stage.assigns if a.name in (*layout.group, *layout.tensor, *layout.row)]
    read = layout.sorted(free_names(stage.assigns))
    words = _WORDS[stage.level]
    arguments = [*map(local, read)]
    body = lines(stage.assigns, wrap=False)
    function = _function(name, f"The numbers {words}, in float64.", arguments, body, [*map(local, results)])
    kind = stage.level if stage.level in ("tensor", "row") else "group"
    place = layout.run(results, NUMBERS)
    unpack = unpacked(read, layout, NUMBERS, FLAT)
    call = _stored(place, name, ["f", *arguments], len(results), FLAT)
    return function, ScalarCall(kind, (*unpack, *call))


def _stored(place: str, function: str, arguments: list[str], count: int, indent: int) -> list[str]:
    """The line that puts what a function returns into its place in a table."""
    if count == 1:
        return filled(f"{place} = {function}(", arguments, ")", indent)
    return filled(f"store({place}, {function}(", arguments, "))", indent)


def _reduce(stage: Reduce, number: int, program: Program, layout: Columns) -> tuple[Function, ReduceCall]:
    buffers, scalars = split(free_names(terms(stage.assigns, stage.partials)), program, layout)
    partials = tuple(replace(partial, value=scaled(partial, program.levels)) for partial in stage.partials)
    squares = [new != old for new, old in zip(partials, stage.partials, strict=True)]
    work = terms(stage.assigns, partials)
    given = [*map(local, (*buffers, *scalars))]
    scale = [SCALE] if any(squares) else []
    arguments = [*scale, *given]
    sums = tuple(sum_of(partial, layout) for partial in stage.partials)
    results = [total.name for total in sums]
    function = _function(
        f"terms_{number}", "What one element adds to the sums.", arguments, lines(work, wrap=True), results
    )
    at = scale + [f"{local(name)}[{{}}]" for name in buffers] + [*map(local, scalars)]
    call, tail, short = (
        filled(f"{', '.join(results)} = terms_{number}(", ["f", *(text.format(i) for text in at)], ")", indent)
        for i, indent in (("start + lane", 12), ("whole + lane", 8), ("lane", 12))
    )
    head = filled(f"def sums_{number}(", ["f", "n", *arguments], "):")
    line = "at + piece" if layout.row else "chunk"
    place = f"part[{line}, :{len(sums)}]" if len(sums) > 1 else f"part[{line}, 0]"
    chosen = f"sums_{number}_in_range" if scale else f"sums_{number}"
    shares = _stored(place, chosen, ["f", "n", *given], len(sums), LOOP + 4 * bool(layout.row))
    outer, piece = unpacking(buffers, scalars, program, layout, LOOP)
    each, piece = (outer, (*piece, *shares)) if layout.row else ((*outer, *shares), ())
    folded = ", ".join(f"{'largest' if total.largest else 'added'}({total.name}_lanes)" for total in sums)
    again = _in_range(number, given, results, squares) if scale else None
    return function, ReduceCall(
        "reduce", tuple(head), tuple(call), tuple(tail), folded, sums, each, piece, tuple(short),
        any(name in layout.row for name in scalars), again,
    )  # fmt: skip


def scaled(partial: Partial, levels: dict[str, str]) -> Expr:
    """What a sum adds up; where it is a square c*x*x, that of x times SCALE."""
    match partial.value:
        case Call("*", (a, b)) if a == b:
            front, x = (), a
        case Call("*", (Call("*", (c, a)), b)) if a == b and level_of(c, levels) != "element":
            front, x = (c,), a
        case _:
            return partial.value
    scaled_x = multiply(Sym(SCALE), x)
    return multiply(*front, scaled_x, scaled_x) if partial.kind == "sum" else partial.value


def _in_range(number: int, arguments: list[str], results: list[str], squares: list[bool]) -> Function:
    """The sums over a chunk, those of squares again with another scale where they overflowed or underflowed."""
    name = f"sums_{number}"
    body = filled(f"{', '.join(results)} = {name}(", ["f", "n", "f(1)", *arguments], ")", 4)
    for place, result in enumerate(results):
        if squares[place]:
            found = ", ".join("again_" if k == place else "_" for k in range(len(results)))
            body += [f"{SCALE} = in_range(f, {result})", f"if {SCALE} != 1:"]
            again = filled(f"{found} = {name}(", ["f", "n", f"f({SCALE})", *arguments], ")", 8)
            body += [f"    {line}" for line in [*again, f"{result} = again_ / {SCALE}**2"]]
    doc = "The sums over a chunk; squares that overflow or underflow are added up again, scaled by a power of two."
    return _function(f"{name}_in_range", doc, ["n", *arguments], body, results)


def sum_of(partial: Partial, layout: Columns) -> Sum:
    """Where the number that a partial sum becomes lies."""
    row = layout.row.index(partial.name) if partial.over == "row" else None
    tensor = layout.tensor.index(tensor_sum(partial)) if partial.over != "row" else None
    group = layout.group.index(partial.name) if partial.over == "all" else None
    return Sum(local(partial.name), partial.kind == "max", row, tensor, group)


def _loop(loop: Loop, program: Program, layout: Columns) -> tuple[Function, LoopCall]:
    results = [value for _, value in loop.writes]
    buffers, scalars = split(free_names(loop.assigns, results), program, layout)
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
        tuple(unpacked(layout.sorted(conditions), layout, ROUNDED, LOOP)),
        " and ".join(tests),
        *unpacking(touched, scalars, program, layout, indent),
        tuple(filled(f"{', '.join(stored)} = {name}(", at, ")", indent + (8 if layout.row else 4))),
    )
