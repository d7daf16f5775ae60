"""What the equations of an optimizer divide by."""

from __future__ import annotations

from symopt.expr import Call, Expr, Seq, sequences, substitute, symbols, walk
from symopt.recurrence import Optimizer


def inlined(optimizer: Optimizer, rhs: Expr) -> Expr:
    """An equation with the numbers per step that it reads written out."""
    for equation in reversed(optimizer.equations):
        if optimizer.levels[equation.target] == "step" and equation.target not in optimizer.states:
            rhs = substitute(rhs, {Seq(equation.target, 0): equation.rhs})
    return rhs


def is_divided(optimizer: Optimizer, name: str) -> bool:
    """Whether an equation divides what it makes of a state by a number like 1 - b**t."""
    quotients = [node.args for e in optimizer.equations for node in _quotients(inlined(optimizer, e.rhs))]
    return any(
        Seq(name, 0) in sequences(above)
        and any(isinstance(node, Call) and node.op == "**" and "t" in symbols(node.args[1]) for node in walk(below))
        for above, below in quotients
    )


def divides(rhs: Expr, weight: Expr) -> bool:
    """Whether a number per step stands below a line, by itself or in a product."""
    return any(weight in _factors(node.args[1]) for node in _quotients(rhs))


def _quotients(expr: Expr) -> list[Call]:
    return [node for node in walk(expr) if isinstance(node, Call) and node.op == "/"]


def _factors(expr: Expr) -> list[Expr]:
    match expr:
        case Call("*", (a, b)):
            return [*_factors(a), *_factors(b)]
        case _:
            return [expr]
