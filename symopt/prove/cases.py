"""One case of a proof: the facts and what is assumed on top of them."""

from __future__ import annotations

from fractions import Fraction

from symopt.domains import Domain
from symopt.prove.atoms import Table
from symopt.prove.facts import Facts
from symopt.prove.polynomials import ONE, Poly, add, as_constant, atoms_of, constant, scale
from symopt.prove.ranges import (
    NEGATIVE,
    NIL,
    NOT_NIL,
    NOT_POSITIVE,
    POSITIVE,
    flipped,
    is_empty,
    meet,
)
from symopt.prove.signs import Signs
from symopt.recurrence import LEVELS


class Case(Signs):
    """The atoms are shared with all other cases; what is concluded from the assumptions is not."""

    def __init__(self, table: Table, facts: Facts):
        super().__init__(table, facts)
        self.assumptions: tuple[tuple[Poly, int], ...] = ()
        self.values: dict[int, Poly] = {}  # names that are something else in this case
        self.decided: dict[int, bool] = {}  # conditions that are not looked into
        self._level = len(LEVELS)  # every assumption is about values up to this level
        self._inside: dict[int, Case] = {}

    def assume(self, p: Poly, sign: int) -> Case | None:
        """The case in which p has one of these signs too; None where that cannot be."""
        possible = self.sign(p) & sign
        if not possible:
            return None
        case = self._copy()
        case.assumptions += ((p, possible),)
        consistent = as_constant(p) is not None or (case._learn(p, possible) and case._learn_of_integer(p, possible))
        return case if consistent else None

    def assume_condition(self, number: int, holds: bool) -> Case | None:
        """The case in which a condition holds, or fails."""
        atom = self.table.atoms[number]
        if atom.kind == "positive":
            return self.assume(atom.args[0], POSITIVE if holds else NOT_POSITIVE)
        if atom.kind == "zero":
            return self.assume(atom.args[0], NIL if holds else NOT_NIL)
        case = self._copy()
        case.decided[number] = holds
        return case

    def inside(self, level: int) -> Case:
        """What is still known inside a sum over what lies above `level`: there a name means any element's."""
        if level >= self._level:
            return self
        if level not in self._inside:
            case = Case(self.table, self.facts)
            case._level = level
            for p, sign in self.assumptions:
                if self.table.level(p) <= level:
                    case = case.assume(p, sign) or case
            levels = {number: self.table.atoms[number].level for number in self.decided}
            case.decided = {number: holds for number, holds in self.decided.items() if levels[number] <= level}
            self._inside[level] = case
        return self._inside[level]

    def _copy(self) -> Case:
        case = Case(self.table, self.facts)
        case.assumptions, case.values, case.decided = self.assumptions, dict(self.values), dict(self.decided)
        case.known, case.narrowed, case._level = list(self.known), dict(self.narrowed), self._level
        return case

    def _learn(self, p: Poly, sign: int) -> bool:
        """Draw the conclusions; False where a contradiction shows."""
        number, product, rest = self.table.split(p)
        if not number:
            return True
        outside, product = self.without_signs(product)
        sign = sign if outside == POSITIVE else flipped(sign)
        self.known.append((product, rest, sign))
        if len(product) == 1 and as_constant(rest) == 1:
            ((number, exponent),) = product
            if exponent > 0 and exponent % 2 == 0 and sign in (NIL, POSITIVE, NOT_NIL):
                product, sign = ((number, 1),), sign if sign == NIL else NOT_NIL
                self.known.append((product, rest, sign))
        consistent = self._learn_about_atoms(self.table.multiply({product: 1}, rest), sign)
        self.forget()
        return consistent

    def _learn_of_integer(self, p: Poly, sign: int) -> bool:
        """An integer above 0 is at least 1, and one below at most -1."""
        if sign not in (POSITIVE, NEGATIVE) or len(p) == 1 or not self.is_whole(p):
            return True
        return self._learn(add(p, ONE, -1 if sign == POSITIVE else 1), NIL | sign)

    def _learn_about_atoms(self, p: Poly, sign: int) -> bool:
        for number in [product[0][0] for product in p if len(product) == 1 and product[0][1] == 1]:
            slope = p[((number, 1),)]
            rest = scale({product: c for product, c in p.items() if product != ((number, 1),)}, -1 / Fraction(slope))
            if number in atoms_of(rest):
                continue
            if sign == NIL and self.table.atoms[number].kind == "name" and number not in self.values:
                self.values[number] = rest
                return True
            limit = as_constant(rest)
            if limit is not None and not self._narrow(number, sign if slope > 0 else flipped(sign), Fraction(limit)):
                return False
        return True

    def _narrow(self, number: int, sign: int, limit: Fraction) -> bool:
        """Atom - limit has this sign; False if nothing is left."""
        lower, upper = None if sign & NEGATIVE else limit, None if sign & POSITIVE else limit
        half = Domain("", lower, upper, open_lower=not sign & NIL, open_upper=not sign & NIL)
        found = meet(self.range(number), half)
        self.narrowed[number] = found
        if self.table.atoms[number].kind == "name" and found.lower is not None and found.lower == found.upper:
            self.values[number] = constant(found.lower)
        return not is_empty(found)
