"""Where each value lives: the least fixed point of the equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symopt.expr import Expr, Reduction, Seq, Sym, children
from symopt.recurrence.parts import Equation

LEVELS = ("step", "global", "tensor", "row", "element")
"""Cheapest first: one number per step, over all tensors, per tensor, per row of a tensor, per element."""

REDUCED = {"all": "global", "tensor": "tensor", "row": "row"}
"""What a reduction runs over -> the level of its value."""


def level_of(expr: Expr, levels: Mapping[str, str]) -> str:
    """The level of an expression, given the levels of the names in it; unknown names count as step-level."""
    match expr:
        case Seq(name) | Sym(name):
            return levels.get(name, "step")
        case Reduction(_, _, over):
            return REDUCED[over]
        case _:
            return highest(level_of(arg, levels) for arg in children(expr))


def highest(levels: Iterable[str]) -> str:
    """The level furthest from the step among several."""
    return max(levels, key=LEVELS.index, default="step")


def infer_levels(
    equations: Sequence[Equation], starts: Mapping[str, Expr], inputs: Mapping[str, str]
) -> dict[str, str]:
    """The level of every sequence."""
    levels = {"theta": "element", "g": "element", **inputs}
    changed = True
    while changed:
        changed = False
        for equation in equations:
            found = [level_of(equation.rhs, levels), levels.get(equation.target, "step")]
            if equation.target in starts:
                found.append(level_of(starts[equation.target], levels))
            level = highest(found)
            if levels.get(equation.target) != level:
                levels[equation.target] = level
                changed = True
    return levels
