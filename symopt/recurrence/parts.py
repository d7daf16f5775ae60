"""What an optimizer is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import Expr, Seq, substitute, text


@dataclass(frozen=True)
class Hyperparameter:
    """A number that the user may change between steps. `default` None means that `bind` must be given one."""

    name: str
    domain: Domain
    default: Fraction | None
    meaning: str = ""


@dataclass(frozen=True)
class Equation:
    """`target[t] = rhs`."""

    target: str
    rhs: Expr

    def __str__(self) -> str:
        return f"{self.target}[t] = {text(self.rhs)}"


@dataclass(frozen=True)
class Origin:
    """Where a spec was written: its file and the line of its function."""

    file: str
    line: int


def written_out(expr: Expr, equations: Sequence[Equation]) -> Expr:
    """An expression with the new values in it written out: old values, inputs and the gradient are what remains."""
    for equation in reversed(equations):  # an equation reads only new values that were written before
        expr = substitute(expr, {Seq(equation.target, 0): equation.rhs})
    return expr
