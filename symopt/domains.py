"""Where the values of a spec's names come from: the domain of a hyperparameter, an input, the scope of a reduction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Domain:
    """The values that a hyperparameter may take: an interval of reals, or of integers.

    lower, upper: the ends, None where there is none; open_lower, open_upper: whether the end itself is left out
    """

    name: str
    lower: Fraction | None = None
    upper: Fraction | None = None
    open_lower: bool = False
    open_upper: bool = False
    integer: bool = False

    def __contains__(self, value: Fraction | float) -> bool:
        if value != value or value in (float("inf"), float("-inf")):
            return False
        if self.integer and value != int(value):
            return False
        above = self.lower is None or (value > self.lower if self.open_lower else value >= self.lower)
        below = self.upper is None or (value < self.upper if self.open_upper else value <= self.upper)
        return above and below

    def __str__(self) -> str:
        left = "(-inf" if self.lower is None else f"{'(' if self.open_lower else '['}{self.lower}"
        right = "inf)" if self.upper is None else f"{self.upper}{')' if self.open_upper else ']'}"
        return f"{left}, {right}{' integers' if self.integer else ''}"


_0, _1 = Fraction(0), Fraction(1)
Real = Domain("Real")
Positive = Domain("Positive", lower=_0, open_lower=True)
NonNegative = Domain("NonNegative", lower=_0)
Unit = Domain("Unit", lower=_0, upper=_1, open_upper=True)
OpenUnit = Domain("OpenUnit", lower=_0, upper=_1, open_lower=True, open_upper=True)
Share = Domain("Share", lower=_0, upper=_1, open_lower=True)
PositiveInt = Domain("PositiveInt", lower=_1, integer=True)
NonNegativeInt = Domain("NonNegativeInt", lower=_0, integer=True)


@dataclass(frozen=True)
class Input:
    """The annotation of a sequence that comes from outside at every step, such as a validation metric.

    level: "step" for one number per step, "element" for an array of the parameter's shape
    """

    level: str = "step"


class Output:
    """The annotation of a sequence that is kept to be read in `opt.state`, whether an equation reads it or not."""


@dataclass(frozen=True, eq=False)
class Scope:
    """What a reduction runs over: every tensor of the model (`ALL`), or each row of a tensor (`ROW`)."""

    name: str

    def __repr__(self) -> str:
        return self.name


ALL, ROW = Scope("ALL"), Scope("ROW")
