"""What an optimizer is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from symopt.domains import Domain
from symopt.errors import SymoptError
from symopt.expr import Expr, Seq, number, substitute, text


@dataclass(frozen=True)
class Hyperparameter:
    """A number that the user may change between steps. `default` None means that `bind` must be given one."""

    name: str
    domain: Domain
    default: Fraction | None
    meaning: str = ""

    def with_default(self, value: float | Fraction, owner: str) -> Hyperparameter:
        """The same with another default; a float means what it prints as."""
        exact = number(value).value
        if exact not in self.domain:
            message = f"{value} is outside its domain {self.domain.name} = {self.domain}; choose another default"
            raise SymoptError(f"{self.name} of {owner}: {message}")
        return replace(self, default=exact)


@dataclass(frozen=True)
class Follows:
    """What is said about the schedule that a hyperparameter follows."""

    hyperparameter: str
    title: str
    reference: str | None = None
    summary: str = ""
    departures: str = ""


@dataclass(frozen=True)
class Equation:
    """`target[t] = rhs`."""

    target: str
    rhs: Expr

    def __str__(self) -> str:
        return f"{self.target}[t] = {text(self.rhs)}"


Kind = Literal[
    "dead store",
    "unbound symbol",
    "self-reference",
    "unused hyperparameter",
    "loop-carried rebinding",
    "unused sequence",
    "wrong domain",
    "no effect",
]
"""What can be wrong with a formula that has a meaning all the same; the first five are how pseudocode goes wrong."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with a published formula.

    symbol: the name or text at fault, as "m[t]"
    message: what is wrong, and what the formula is taken for
    line: where it stands in the file of the spec
    """

    kind: Kind
    symbol: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.symbol}: {self.message}"


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
