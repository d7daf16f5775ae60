"""The new values of the first step from rest, in closed form: equation after equation."""

from __future__ import annotations

from collections.abc import Callable

from symopt.expr import ONE, START, ZERO, Expr, Seq, T, substitute
from symopt.prove.facts import declared
from symopt.recurrence import Optimizer
from symopt.theory.first_step.shorter import Shorter

OLD, GRADIENT = Seq("theta", -1), Seq("g", 0)
"""theta[t-1] stands for theta[0], which it is at t = 1."""

Naming = Callable[[str, Expr], bool]
"""Whether a sequence with this value goes into the later equations by its name."""


def first_values(optimizer: Optimizer, named: Naming = lambda name, value: False) -> dict[str, Expr]:
    """The value of each sequence after the first step."""
    table: dict[Expr, Expr] = {T: ONE}
    table |= {Seq(name, -1): start(optimizer, name) for name in optimizer.states}
    found: dict[str, Expr] = {}
    for equation in optimizer.equations:
        name, own = equation.target, Seq(equation.target, 0)
        found[name] = Shorter(declared(optimizer)).form(substitute(equation.rhs, table))
        table[own] = own if named(name, found[name]) else found[name]
    return found


def start(optimizer: Optimizer, name: str) -> Expr:
    """What a state is before the first step."""
    return substitute(optimizer.start_of(name) or ZERO, {Seq("theta", START): OLD})
