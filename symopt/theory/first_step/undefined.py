"""Where a gradient of 0 makes the first step divide by 0: by runs, and by folding for all hyperparameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symopt.errors import SymoptError
from symopt.expr import ONE, ZERO, Call, Expr, Num, Reduction, Seq, T, substitute, transform, walk
from symopt.recurrence import Optimizer
from symopt.theory.ends.folding import decided, fold
from symopt.theory.first_step.runs import Point, elsewhere, moved
from symopt.theory.first_step.values import GRADIENT, start

_NOTHING = Call("/", (ZERO, ZERO))
"""What stands for a sequence that has no value."""


@dataclass(frozen=True)
class Nowhere:
    """where: the first step has no value, as a condition; lines: how that follows"""

    where: str
    lines: tuple[str, ...]


def without_value(optimizer: Optimizer) -> Nowhere | None:
    """Where the first step has no value though the gradient is 0 and the hyperparameters are in their domains."""
    still = "g[t] = 0 throughout" if _sees_others(optimizer) else "g[t] = 0"
    if _divides(optimizer):
        return Nowhere(still, (f"where {still} it divides by 0, whatever the hyperparameters are",))
    defaults, *others = elsewhere(optimizer, gradient=0)
    if _breaks_off(optimizer, defaults):
        return Nowhere(f"{still}, at the defaults", ("at theta[0] = 1 and g[1] = 0 it divides by 0",))
    found = {_changed(optimizer, point) for point in others if _breaks_off(optimizer, point)}
    if not found:
        return None
    where = " or ".join(sorted(found))
    return Nowhere(f"{still} and {where}", (f"at theta[0] = 1, g[1] = 0 and {where} it divides by 0",))


def _sees_others(optimizer: Optimizer) -> bool:
    return any(isinstance(node, Reduction) and node.op != "axes" for e in optimizer.equations for node in walk(e.rhs))


def _breaks_off(optimizer: Optimizer, point: Point) -> bool:
    try:
        return not all(math.isfinite(x) for x in moved(optimizer, point))
    except (SymoptError, OverflowError):
        return False


def _changed(optimizer: Optimizer, point: Point) -> str:
    """The hyperparameter that is not at its default."""
    default = {hyper.name: hyper.default for hyper in optimizer.hyperparameters}
    return next(f"{n} = {x}" for n, x in point.hyper.items() if default[n] is not None and x != default[n])


# ---- for all hyperparameters ----


def _divides(optimizer: Optimizer) -> bool:
    """Whether theta[1] divides by what is 0 for every value of the hyperparameters, once the gradient is 0."""
    table: dict[Expr, Expr] = {T: ONE, GRADIENT: ZERO}
    table |= {Seq(name, -1): start(optimizer, name) for name in optimizer.states}
    for equation in optimizer.equations:
        value = substitute(equation.rhs, table)
        table[Seq(equation.target, 0)] = _NOTHING if _has_none(value) else _at_0(value)
    return table[Seq("theta", 0)] == _NOTHING


def _has_none(expr: Expr) -> bool:
    """Whether it divides by 0 in each of its branches."""
    match expr:
        case Call("isfinite"):
            return False
        case Call("where", (condition, a, b)):
            known = decided(_at_0(condition))
            sides = (a, b) if known is None else (a if known else b,)
            return all(map(_has_none, sides))
        case Call("/", (_, below)) if _at_0(below) == ZERO:
            return True
        case Call("**", (below, Num(power))) if power < 0 and _at_0(below) == ZERO:
            return True
        case Call(_, args) | Reduction(_, args):
            return any(map(_has_none, args))
        case _:
            return False


def _at_0(expr: Expr) -> Expr:
    """Folded, with sums and norms over zeros 0."""
    return fold(transform(expr, _sum_of_zeros))


def _sum_of_zeros(node: Expr) -> Expr:
    match node:
        case Reduction(_, (arg,)) if node.op != "axes" and fold(arg) == ZERO:
            return ZERO
        case _:
            return node
