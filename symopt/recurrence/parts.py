"""What an optimizer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import Expr, text


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
