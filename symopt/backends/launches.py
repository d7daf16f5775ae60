"""The stages of a program as the kernels of a CUDA file: strings that a template lays out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from symopt.backends.device_functions import ELEMENT, TERMS, WORDS, assigned, function, wide
from symopt.backends.device_sums import Summed
from symopt.backends.kernel import SCALE, Function, Sum, carries, scaled, sum_of
from symopt.backends.launch import ElementLoop, Launch, Launches, Lines, Numbers
from symopt.backends.layout import NUMBERS, Columns, Places, has_tensors, terms
from symopt.backends.text import filled, free_names, local
from symopt.backends.unpacking import split
from symopt.ir import Loop, Program, Reduce, Scalars, Update
from symopt.recurrence import LEVELS

ROUNDED = Places("rows[group", "tensor_rows[tensor", "row_rows[row")
KINDS = {"param": "stored", "grad": "passed", "input": "passed", "state": "f"}
"""How the elements of a buffer are stored, by its role, as emitted kernels call it."""


def launches(program: Program, layout: Columns) -> Launches:
    """Turn each stage into functions and launches."""
    return _Maker(program, layout).run()


class _Maker:
    def __init__(self, program: Program, layout: Columns):
        self.program, self.layout = program, layout
        self.functions: list[Function] = []
        self.made: list[Launch] = []
        self.open: list[Numbers] = []  # of the next launch of one block
        self.sums: tuple[Sum, ...] = ()  # over all tensors, for the same
        self.number = {level: count(1) for level in LEVELS}
        self.partials = 0

    def run(self) -> Launches:
        passes = count(1)
        for stage in self.program.stages:
            match stage:
                case Scalars():
                    self.scalars(stage)
                case Reduce():
                    self.close()
                    self.reduce(stage, next(passes))
                case Update():
                    self.close(ends=True)
                    self.update(stage)
        return Launches(tuple(self.functions), tuple(self.made), self.partials)

    def close(self, ends: bool = False) -> None:
        """The launch of one block for the numbers so far, if there are any."""
        begins = not self.made
        ends = ends and (bool(self.open) or self.carries())
        if begins or ends or self.open or any(total.tensor_column is not None for total in self.sums):
            number = sum(launch.kind == "numbers" for launch in self.made) + 1
            takes = ["given"] if begins else []
            takes += ["numbers", "rows", *self.tensors()]
            doc = "The numbers that follow, in one block."
            parts, sums = tuple(self.open), tuple(s for s in self.sums if s.group_column is not None)
            self.made.append(
                Launch("numbers", f"numbers_{number}", doc, tuple(takes), parts, sums, begins=begins, ends=ends)
            )
        self.open, self.sums = [], ()

    def carries(self) -> bool:
        """Whether a state is a number, whose new value takes the place of the old one when all have read it."""
        return bool(carries(self.program, (*self.layout.group, *self.layout.tensor)))

    def tensors(self) -> list[str]:
        """The tables of tensors, where there are any."""
        return ["groups", "tensor_numbers", "tensor_rows"] if has_tensors(self.program, self.layout) else []

    def scalars(self, stage: Scalars) -> None:
        name = f"{stage.level}_scalars_{next(self.number[stage.level])}"
        tables = (*self.layout.group, *self.layout.tensor, *self.layout.row)
        results = [a.name for a in stage.assigns if a.name in tables]
        read = self.layout.sorted(free_names(stage.assigns))
        self.functions.append(function(name, WORDS[stage.level], map(local, read), stage, map(local, results)))
        unpack = [f"{local(x)} = {self.layout.run([x], NUMBERS)}" for x in read]
        places = [self.layout.run([x], NUMBERS) for x in results]
        call = filled(f"{name}(", ["f", *map(local, read)], ")", 12)
        found = Numbers(stage.level, (*unpack, *assigned(places, call)))
        if stage.level != "row":
            self.open.append(found)
            return
        self.close()
        takes = ("numbers", "tensor_numbers", "groups", "row_tensors", "row_numbers", "row_rows")
        self.made.append(Launch("rows", f"rows_{len(self.made)}", "The numbers of each row.", takes, (found,)))

    def reduce(self, stage: Reduce, number: int) -> None:
        buffers, scalars = split(free_names(terms(stage.assigns, stage.partials)), self.program, self.layout)
        partials = tuple(replace(partial, value=scaled(partial, self.program.levels)) for partial in stage.partials)
        squares = [new != old for new, old in zip(partials, stage.partials, strict=True)]
        scale = (SCALE,) if any(squares) else ()
        sums = tuple(sum_of(partial, self.layout) for partial in stage.partials)
        kinds = tuple((name, self.kind(name)) for name in buffers)
        summed = Summed(number, kinds, scale, tuple(map(local, scalars)), sums)
        body = Scalars("element", terms(stage.assigns, partials))
        given = [*scale, *map(local, (*buffers, *scalars))]
        results = [total.name for total in sums]
        self.functions += [function(f"terms_{number}", TERMS, given, body, results, wrap=True), summed.function()]
        found = self.reducing(summed, scalars, squares)
        takes = ["work", "table", "rows", *(["tensor_rows"] if self.reads(scalars, "tensor") else []), "part"]
        if self.layout.row:
            takes += ["row_rows"] if self.reads(scalars, "row") else []
        doc = "The sums over each chunk, and what its numbers were scaled by."
        unpacked = self.unpacked(buffers, scalars)
        self.made.append(Launch("reduce", f"reduce_{number}", doc, tuple(takes), loops=(found,), unpacked=unpacked))
        self.fold(number, sums)
        self.sums, self.partials = sums, max(self.partials, len(sums))

    def reads(self, names: Iterable[str], table: str) -> bool:
        """Whether any of the names is a number of that table."""
        return bool({*getattr(self.layout, table)} & {*names})

    def fold(self, number: int, sums: tuple[Sum, ...]) -> None:
        """The launches that add up the parts of a pass."""
        if any(total.row_column is not None for total in sums):
            takes = ("part", "row_until", "row_numbers", "row_rows")
            doc = "The sums over each row."
            self.made.append(Launch("row_fold", f"fold_rows_{number}", doc, takes, sums=sums, count=len(sums)))
        if any(total.tensor_column is not None for total in sums):
            doc = "The sums over each tensor, a block for each."
            takes = ("part", "until", "tensor_numbers")
            self.made.append(Launch("fold", f"fold_{number}", doc, takes, sums=sums, count=len(sums)))

    def reducing(self, summed: Summed, scalars: list[str], squares: list[bool]) -> ElementLoop:
        """What a block does with a chunk in a reducing pass."""
        results, number = [total.name for total in summed.sums], summed.number
        scale = ["f(1)"] if summed.scale else []
        head = f"{', '.join(results)} = sums_{number}("
        body = filled(head, [*summed.types, *scale, *summed.places], ")", 12)
        body += ["if cuda.threadIdx.x == 0:"]
        line = "at + piece" if self.layout.row else "chunk"
        for k, result in enumerate(results):
            body += [f"    part[{line}, {k}], part[{line}, {len(results) + k}] = {result}, f(1)"]
        for k, result in enumerate(results):
            if squares[k]:
                found = ", ".join(result if j == k else "_" for j in range(len(results)))
                again = filled(f"{found} = sums_{number}(", [*summed.types, SCALE, *summed.places], ")", 16)
                body += [f"{SCALE} = in_range(f, {result})", f"if {SCALE} != 1:", *(f"    {text}" for text in again)]
                body += ["    if cuda.threadIdx.x == 0:"]
                body += [f"        part[{line}, {k}], part[{line}, {len(results) + k}] = {result}, {SCALE}"]
        return ElementLoop("", self.of_row(scalars), self.kinds(name for name, _ in summed.buffers), tuple(body), ())

    def kind(self, name: str) -> str:
        return KINDS[self.program.buffer(name).role]

    def kinds(self, buffers: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple((f"{local(name)}_at", self.kind(name)) for name in buffers)

    def unpacked(self, buffers: Iterable[str], scalars: Iterable[str]) -> Lines:
        """Addresses of buffers and numbers of a chunk, under their names."""
        element = [b.name for b in self.program.buffers if b.level == "element"]
        addresses = [f"{local(name)}_at = table[tensor, {element.index(name)}]" for name in buffers]
        shared = [name for name in scalars if name not in self.layout.row]
        return (*addresses, *(f"{local(name)} = {self.layout.run([name], ROUNDED)}" for name in shared))

    def of_row(self, scalars: Iterable[str]) -> Lines:
        """Numbers of a row, under their names."""
        row = self.layout.row
        return tuple(f"{local(x)} = row_rows[row + piece, {row.index(x)}]" for x in scalars if x in row)

    def update(self, stage: Update) -> None:
        _, scalars = self.read(*stage.loops, conditions=stage.conditions)
        takes = ["work", "table", "rows"]
        takes += ["tensor_rows"] if self.reads(scalars, "tensor") else []
        takes += ["row_rows"] if self.reads(scalars, "row") else []
        # The conditions of loops exclude one another; where the one with the most to do comes last, and is no branch of
        # the others, the compiler keeps what all threads share in fewer registers.
        loops = tuple(self.loop(loop, stage) for loop in stage.loops)[::-1]
        unpacked = self.unpacked(self.touched(*stage.loops), scalars)
        self.made.append(
            Launch("update", "update", "One step of every element.", tuple(takes), loops=loops, unpacked=unpacked)
        )

    def loop(self, loop: Loop, stage: Update) -> ElementLoop:
        results = [value for _, value in loop.writes]
        buffers, scalars = self.read(loop)
        pairs = list(zip(stage.conditions, loop.outcome, strict=True))
        name = "_".join(["body", *(flag if holds else f"not_{flag}" for flag, holds in pairs)])
        arguments, given = [*map(local, (*buffers, *scalars))], [*map(local, scalars)]
        block = Scalars("element", loop.assigns)
        self.functions.append(function(name, ELEMENT, arguments, block, map(local, results), wrap=True))
        if results:
            self.functions.append(wide(name, [*map(local, buffers)], given, len(results)))
        test = " and ".join(f"{local(flag)} {'!=' if holds else '=='} 0" for flag, holds in pairs)
        body, several = (self.stored(name, loop, buffers, given, wide) for wide in ("", "_wide"))
        return ElementLoop(test, self.of_row(scalars), self.kinds(self.touched(loop)), body, several)

    def read(self, *loops: Loop, conditions: Iterable[str] = ()) -> tuple[list[str], list[str]]:
        """The buffers and the numbers that loops read, and numbers that choose between them."""
        names = {name for loop in loops for name in free_names(loop.assigns, [value for _, value in loop.writes])}
        return split([*{*conditions, *names}], self.program, self.layout)

    def touched(self, *loops: Loop) -> list[str]:
        """The buffers that loops read or write."""
        names = {*self.read(*loops)[0], *(name for loop in loops for name, _ in loop.writes)}
        return [b.name for b in self.program.buffers if b.name in names]

    def stored(self, name: str, loop: Loop, buffers: list[str], given: list[str], wide: str) -> tuple[str, ...]:
        """Load one element or several, compute, store."""
        # Where several are taken the addresses move along, but for those of rows: either way takes fewer registers.
        i = "i" if not wide else "i + part" if self.layout.row else "part"
        loads = [f"load{wide}({local(b)}_at, {i}, {self.kind(b)})" for b in buffers]
        made = [f"{local(buffer)}{wide or '_new_'}" for buffer, _ in loop.writes]
        if not made:
            return ()
        head = f"{', '.join(made)} = {name}{wide}("
        result = filled(head, ["f", *(["wide"] if wide else []), *loads, *given], ")", 28 if self.layout.row else 24)
        writes: list[str] = []
        for (buffer, _), value in zip(loop.writes, made, strict=True):
            writes.append(f"store{wide}({local(buffer)}_at, {i}, {self.kind(buffer)}, {value})")
            if self.program.buffer(buffer).role == "param":
                writes.append(f"store{wide}(copy_at, {i}, copied, {value})")
        return (*result, *writes)
