"""Which primitives a program calls, and their source."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from symopt.backends.kernel import scaled
from symopt.backends.text import FUNCTIONS
from symopt.expr import Call, walk
from symopt.ir import Assign, Program, Reduce, Scalars, Update

_BELOW = ("BELOW", "TINY")  # the constants of `below`
_MATH = {"sqrt", "exp", "log", "expm1", "log1p", "sin", "cos", "tan", "tanh", "isfinite", "pi"}


def calls(program: Program) -> set[str]:
    """The operations that any stage uses, start values apart."""
    found: set[str] = set()
    for stage in program.stages:
        match stage:
            case Scalars(_, assigns):
                blocks = [assigns]
            case Reduce(assigns, partials):
                blocks = [assigns, tuple(Assign(p.name, p.value) for p in partials)]
                found |= {word for p in partials for word in (("max", "largest") if p.kind == "max" else ("added",))}
                found |= {"in_range" for p in partials if scaled(p, program.levels) != p.value}
            case Update(loops):
                blocks = [loop.assigns for loop in loops]
        found |= {n.op for block in blocks for a in block for n in walk(a.value) if isinstance(n, Call)}
    return found


def used(program: Program) -> set[str]:
    """The names of the functions that a kernel calls, those of other primitives included."""
    found = {FUNCTIONS.get(op, op) for op in calls(program)}
    if "below" in found:
        found |= {"select", "maximum", "minimum"}
    return found | ({"maximum"} if "largest" in found else set())


def primitive_texts(names: set[str]) -> list[str]:
    """The source of the primitives of these names, in their order, and the constants of `below`."""
    found: list[str] = []
    if "below" in names:
        found.append("\n".join(line for line in source("primitives").splitlines() if line.startswith(_BELOW)))
    return found + [f"\n{chunk.strip()}" for chunk in functions("primitives", names)]


def functions(name: str, wanted: Container[str]) -> list[str]:
    """The functions of these names in a module of this folder, in its order."""
    chunks = source(name).split("\n\n\n")
    return [chunk for chunk in chunks if chunk.partition("def ")[2].partition("(")[0] in wanted]


def carried(name: str) -> str:
    """The part of a module of this folder that emitted files carry."""
    return re.split(r"^# --- .* ---\n", source(name), maxsplit=1, flags=re.MULTILINE)[1].strip()


def math_names(program: Program) -> list[str]:
    """What a file imports from `math`."""
    return sorted((_MATH & used(program)) | {"inf", "isfinite", "prod"})


def source(name: str) -> str:
    """The text of a module of this folder. It is read, not imported: what it needs may be missing."""
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
