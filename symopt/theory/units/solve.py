"""Units as vectors of exponents, and the linear equations between them solved over the rationals.

A unit is a product of powers of the units of names: {"theta": 1, "g": -1} is theta/g, {} a plain number. The units of
`theta` and `g` are given; every other name has an unknown one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

Unit = Mapping[str, Fraction]
PLAIN: Unit = {}


def combined(a: Unit, b: Unit, share: Fraction | int = 1) -> Unit:
    """The unit a * b**share."""
    names = [*a, *(name for name in b if name not in a)]
    found = {name: a.get(name, Fraction(0)) + share * b.get(name, Fraction(0)) for name in names}
    return {name: exponent for name, exponent in found.items() if exponent}


def power(a: Unit, exponent: Fraction) -> Unit:
    """The unit a**exponent."""
    return combined(PLAIN, a, exponent)


@dataclass(frozen=True)
class Relation:
    """Two values that must have the same unit, because an equation adds, compares or equates them.

    where: what is written there, as "theta[t]"; does: what it does with them; left, right: their texts
    """

    where: str
    does: str
    left: str
    right: str
    units: tuple[Unit, Unit]

    @property
    def unit(self) -> Unit:
        """What must be a plain number."""
        return combined(self.units[0], self.units[1], -1)


@dataclass(frozen=True)
class Solution:
    """What the relations say: each solved name in terms of the given and the free ones, and the relations that fail."""

    solved: Mapping[str, Unit] = field(default_factory=dict[str, Unit])
    failed: tuple[Relation, ...] = ()

    def of(self, unit: Unit) -> Unit:
        """A unit in terms of names that are given or free."""
        found = PLAIN
        for name, exponent in unit.items():
            found = combined(found, self.solved.get(name, {name: Fraction(1)}), exponent)
        return found

    def knowing(self, relation: Relation, order: Sequence[str]) -> Solution:
        """The solution with one relation more; the name solved for is the first of `order` that it has."""
        unit = self.of(relation.unit)
        if not unit:
            return self
        name = next((name for name in order if name in unit), None)
        if name is None:
            return Solution(self.solved, (*self.failed, relation))
        value = power(combined(unit, {name: unit[name]}, -1), -1 / unit[name])
        solved = {other: _replaced(found, name, value) for other, found in self.solved.items()}
        return Solution({**solved, name: value}, self.failed)


def _replaced(unit: Unit, name: str, value: Unit) -> Unit:
    if name not in unit:
        return unit
    return combined(combined(unit, {name: unit[name]}, -1), value, unit[name])


def solve(relations: Iterable[Relation], order: Sequence[str], start: Solution | None = None) -> Solution:
    """All relations, one after the other; one that contradicts those before it is set aside as failed."""
    found = start or Solution()
    for relation in relations:
        found = found.knowing(relation, order)
    return found
