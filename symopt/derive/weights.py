"""The coefficients of a gradient point, and how it is remembered with which values the last one was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symopt.derive.linear import Linear
from symopt.derive.moments import at_start, shifted
from symopt.expr import Expr, Num, Seq, Sym
from symopt.recurrence import Equation, Optimizer


def unused(name: str, taken: Iterable[str]) -> str:
    """`name`, or one like it that is not taken."""
    used = set(taken)
    while name in used:
        name = f"next_{name}"
    return name


@dataclass(frozen=True)
class Weight:
    """A coefficient. name: of the state that remembers its value; a constant needs none"""

    coefficient: Expr
    name: str

    @property
    def remembered(self) -> bool:
        """Whether its value can change from step to step."""
        return not isinstance(self.coefficient, Num)

    def at(self, shift: int) -> Expr:
        """Its value at step t + shift."""
        return Seq(self.name, shift) if self.remembered else self.coefficient

    def equation(self, optimizer: Optimizer) -> Equation:
        """It is remembered as it goes into the next gradient point."""
        return Equation(self.name, shifted(self.coefficient, optimizer))

    def start(self, optimizer: Optimizer) -> Expr:
        """Its value in the first gradient point."""
        return at_start(self.coefficient, optimizer)


def weights(form: Linear, taken: Iterable[str]) -> dict[str, Weight]:
    """The weight of each state in a gradient point; equal coefficients are remembered once."""
    found: dict[Expr, Weight] = {}
    for state, coefficient in form.coefficients:
        if coefficient not in found:
            name = unused(_name(state, coefficient), [*taken, *(weight.name for weight in found.values())])
            found[coefficient] = Weight(coefficient, name)
    return {state: found[coefficient] for state, coefficient in form.coefficients}


def _name(state: str, coefficient: Expr) -> str:
    stem = coefficient.name.removesuffix("_now") if isinstance(coefficient, Sym | Seq) else f"{state}_weight"
    return f"{stem}_made"
