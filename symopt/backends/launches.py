"""The stages of a program as the kernels of a CUDA file: strings that a template lays out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count, product

from symopt.backends.device_functions import ELEMENT, TERMS, WORDS, added, assigned, function, of_four
from symopt.backends.kernel import SCALE, Function, Sum, carries, scaled, sum_of
from symopt.backends.launch import ElementLoop, Launch, Launches, Lines, Numbers
from symopt.backends.layout import NUMBERS, Columns, Places, has_tensors, terms
from symopt.backends.text import filled, free_names, local, targets
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
        sums = tuple(sum_of(partial, self.layout) for partial in stage.partials)
        results = [total.name for total in sums]
        given = [*map(local, (*buffers, *scalars))]
        squares = [new != old for new, old in zip(partials, stage.partials, strict=True)]
        body = Scalars("element", terms(stage.assigns, partials))
        scale = [SCALE] if any(squares) else []
        self.functions.append(function(f"terms_{number}", TERMS, [*scale, *given], body, results, wrap=True))
        self.functions.append(self.summed(number, scale, buffers, scalars, sums))
        found = self.reducing(number, scale, buffers, scalars, sums, squares)
        takes = ["work", "table", "rows", *(["tensor_rows"] if self.reads(scalars, "tensor") else []), "part"]
        if self.layout.row:
            takes += ["row_rows"] if self.reads(scalars, "row") else []
        doc = "The sums over each chunk, and what its numbers were scaled by."
        self.made.append(Launch("reduce", f"reduce_{number}", doc, tuple(takes), loops=(found,)))
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

    def summed(
        self, number: int, scale: list[str], buffers: list[str], scalars: list[str], sums: tuple[Sum, ...]
    ) -> Function:
        """The function that adds up a piece of a tensor; of one array alone each thread loads eight elements ahead."""
        names = [*map(local, scalars)]
        results = [total.name for total in sums]
        own = [f"{name}_" for name in results]
        places = [f"{local(name)}_at" for name in buffers]
        kinds = [self.kind(name) for name in buffers]
        head = ["f", *(kind for kind in ("stored", "passed") if kind in kinds), "lanes"]
        head += [*scale, "start", "n", "whole", *places, *names]

        def taken(*parts: tuple[str, str]) -> list[str]:
            """Four elements from each place on, all loaded before any is added, in the order of single elements."""
            found: list[str] = []
            for i, end in parts:
                loads = [f"load4({place}, {i}, {kind})" for place, kind in zip(places, kinds, strict=True)]
                found += targets([f"{local(name)}_{end}" for name in buffers], ", ".join(loads), 12)
            for (_, end), k in product(parts, range(4)):
                at = ["f", *scale, *(f"{local(name)}_{end}[{k}]" for name in buffers), *names]
                found += added(own, f"terms_{number}", at, sums)
            return found

        body = [*(f"{name} = f(0)" for name in results), "lane = np.int32(4 * cuda.threadIdx.x)"]
        if len(buffers) == 1:
            body += ["while whole and lane + 4 * THREADS + 4 <= n:", "    i = start + lane"]
            body += [f"    {line}" for line in taken(("i", "4"), ("i + 4 * THREADS", "8"))]
            body += ["    lane = np.int32(lane + 8 * THREADS)"]
        body += ["while lane < n:", "    i = start + lane", "    if whole and lane + 4 <= n:"]
        body += [f"        {line}" for line in taken(("i", "4"))]
        body += ["    else:", "        while i < start + n and i < start + lane + 4:"]
        each = [f"load({place}, i, {kind})" for place, kind in zip(places, kinds, strict=True)]
        body += [f"            {line}" for line in added(own, f"terms_{number}", ["f", *scale, *each, *names], sums)]
        body += ["            i += 1", "    lane = np.int32(lane + 4 * THREADS)"]
        back = [f"{'largest' if total.largest else 'added'}(lanes, {total.name})" for total in sums]
        doc = "The sums over a piece of a tensor; the same in every thread of the block."
        result = f"return {', '.join(back)}"
        return Function(tuple(filled(f"def sums_{number}(", head, "):")), doc, tuple(body), (result,))

    def reducing(
        self,
        number: int,
        scale: list[str],
        buffers: list[str],
        scalars: list[str],
        sums: tuple[Sum, ...],
        squares: list[bool],
    ) -> ElementLoop:
        """What a block does with a chunk in a reducing pass."""
        results = [total.name for total in sums]
        kinds = [self.kind(name) for name in buffers]
        head = ["f", *(kind for kind in ("stored", "passed") if kind in kinds), "lanes"]
        tail = ["start", "n", "whole", *(f"{local(name)}_at" for name in buffers), *map(local, scalars)]
        body = filled(f"{', '.join(results)} = sums_{number}(", [*head, *(["f(1)"] if scale else []), *tail], ")", 12)
        body += ["if cuda.threadIdx.x == 0:"]
        line = "at + piece" if self.layout.row else "chunk"
        for k, result in enumerate(results):
            body += [f"    part[{line}, {k}], part[{line}, {len(sums) + k}] = {result}, f(1)"]
        for k, result in enumerate(results):
            if squares[k]:
                found = ", ".join(result if j == k else "_" for j in range(len(results)))
                again = filled(f"{found} = sums_{number}(", [*head, SCALE, *tail], ")", 16)
                body += [f"{SCALE} = in_range(f, {result})", f"if {SCALE} != 1:", *(f"    {text}" for text in again)]
                body += ["    if cuda.threadIdx.x == 0:"]
                body += [f"        part[{line}, {k}], part[{line}, {len(sums) + k}] = {result}, {SCALE}"]
        return ElementLoop("", *self.unpacking(buffers, scalars), self.kinds(buffers), tuple(body), ())

    def kind(self, name: str) -> str:
        return KINDS[self.program.buffer(name).role]

    def kinds(self, buffers: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple((f"{local(name)}_at", self.kind(name)) for name in buffers)

    def unpacking(self, buffers: list[str], scalars: list[str]) -> tuple[Lines, Lines, Lines]:
        """What a chunk unpacks, addresses and numbers, and what each of its rows unpacks."""
        element = [b.name for b in self.program.buffers if b.level == "element"]
        addresses = [f"{local(name)}_at = table[tensor, {element.index(name)}]" for name in buffers]
        own = [name for name in scalars if name in self.layout.row]
        shared = [name for name in scalars if name not in own]
        numbers = [f"{local(name)} = {self.layout.run([name], ROUNDED)}" for name in shared]
        of_row = [f"{local(name)} = row_rows[row + piece, {self.layout.row.index(name)}]" for name in own]
        return tuple(addresses), tuple(numbers), tuple(of_row)

    def update(self, stage: Update) -> None:
        conditions = self.layout.sorted(stage.conditions)
        loops = tuple(self.loop(loop, stage) for loop in stage.loops)
        flags = tuple(f"{local(name)} = {self.layout.run([name], ROUNDED)}" for name in conditions)
        read = {name for loop in stage.loops for name in free_names(loop.assigns, [v for _, v in loop.writes])}
        takes = ["work", "table", "rows"]
        takes += ["tensor_rows"] if self.reads({*read, *conditions}, "tensor") else []
        takes += ["row_rows"] if self.reads(read, "row") else []
        self.made.append(
            Launch("update", "update", "One step of every element.", tuple(takes), loops=loops, flags=flags)
        )

    def loop(self, loop: Loop, stage: Update) -> ElementLoop:
        results = [value for _, value in loop.writes]
        buffers, scalars = split(free_names(loop.assigns, results), self.program, self.layout)
        pairs = list(zip(stage.conditions, loop.outcome, strict=True))
        name = "_".join(["body", *(flag if holds else f"not_{flag}" for flag, holds in pairs)])
        arguments, given = [*map(local, (*buffers, *scalars))], [*map(local, scalars)]
        block = Scalars("element", loop.assigns)
        self.functions.append(function(name, ELEMENT, arguments, block, map(local, results), wrap=True))
        if results:
            self.functions.append(of_four(name, [*map(local, buffers)], given, len(results)))
        touched = [b.name for b in self.program.buffers if b.name in buffers or b.name in dict(loop.writes)]
        test = " and ".join(f"{local(flag)} {'!=' if holds else '=='} 0" for flag, holds in pairs)
        body, body4 = (self.stored(name, loop, buffers, given, four) for four in ("", "4"))
        return ElementLoop(test, *self.unpacking(touched, scalars), self.kinds(touched), body, body4)

    def stored(self, name: str, loop: Loop, buffers: list[str], given: list[str], four: str) -> tuple[str, ...]:
        """Load one element or four, compute, store."""
        # Four at a time the addresses move along, but for those of rows: either way takes fewer registers there.
        i = "0" if four and not self.layout.row else "i"
        loads = [f"load{four}({local(b)}_at, {i}, {self.kind(b)})" for b in buffers]
        made = [f"{local(buffer)}_{four or 'new_'}" for buffer, _ in loop.writes]
        if not made:
            return ()
        head = f"{', '.join(made)} = {name}{'_4' if four else ''}("
        result = filled(head, ["f", *loads, *given], ")", 28 if self.layout.row else 24)
        writes: list[str] = []
        for (buffer, _), value in zip(loop.writes, made, strict=True):
            writes.append(f"store{four}({local(buffer)}_at, {i}, {self.kind(buffer)}, {value})")
            if self.program.buffer(buffer).role == "param":
                writes.append(f"store{four}(copy_at, {i}, copied, {value})")
        return (*result, *writes)
