"""Special cases of an optimizer, and the ends of domains at which they lie."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symopt.recurrence import Optimizer


@dataclass(frozen=True)
class End:
    """An end of a hyperparameter's domain; value None where it grows without bound."""

    name: str
    value: Fraction | None
    taken: bool

    def __str__(self) -> str:
        value = "oo" if self.value is None else str(self.value)
        return f"{self.name} {'=' if self.taken else '->'} {value}"


@dataclass(frozen=True)
class Special:
    """A special case.

    ends: what was set; assumed: the conditions under which a limit is what stands here
    limits: those of the numbers per step that were used, line by line
    """

    optimizer: Optimizer
    ends: tuple[End, ...] = ()
    assumed: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
