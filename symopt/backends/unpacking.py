"""What a chunk unpacks before its elements: views of the buffers, and numbers under their names."""

from __future__ import annotations

from symopt.backends.layout import ROUNDED, Columns, Places
from symopt.backends.text import WIDTH, local, targets
from symopt.ir import Program


def unpacked(names: list[str], layout: Columns, tables: Places, indent: int) -> list[str]:
    """Lines that give numbers of the tables their names; neighbours come in one slice."""
    singles: list[str] = []
    found: list[str] = []
    for run in layout.runs(names):
        if len(run) == 1:
            singles.append(run[0])
        else:
            found += targets(map(local, run), layout.run(run, tables), indent)
    if singles:
        places = [layout.run([name], tables) for name in singles]
        flat = f"{', '.join(map(local, singles))} = {', '.join(places)}"
        each = [f"{local(name)} = {place}" for name, place in zip(singles, places, strict=True)]
        found += [flat] if indent + len(flat) <= WIDTH else each
    return found


def split(names: list[str], program: Program, layout: Columns) -> tuple[list[str], list[str]]:
    """(buffers, scalars) among the names that an element block reads, each in the order of where they lie."""
    buffers = [b.name for b in program.buffers if b.level == "element" and b.name in names]
    return buffers, layout.sorted(name for name in names if name not in buffers)


def views(names: list[str], program: Program) -> list[str]:
    """Lines that make an array of each buffer's part that a chunk covers."""
    element = [b.name for b in program.buffers if b.level == "element"]
    return [
        f"{local(name)} = carray(pointer(table[tensor, {element.index(name)}] + offset, rows), n)" for name in names
    ]


def unpacking(
    buffers: list[str], scalars: list[str], program: Program, layout: Columns, indent: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(what a chunk unpacks, what each of its pieces unpacks): views of buffers, and numbers."""
    own = [name for name in scalars if name in layout.row]
    shared = unpacked([name for name in scalars if name not in own], layout, ROUNDED, indent)
    buffers_of = views(buffers, program)
    if not layout.row:
        return (*buffers_of, *shared), ()
    return tuple(shared), (*buffers_of, *unpacked(own, layout, ROUNDED, indent + 4))
