"""Ranges of atoms and signs of sums, from the domains of names and from what a case assumes."""

from __future__ import annotations

import math
from fractions import Fraction

from symopt.notation import Domain, Real
from symopt.prove.atoms import Table
from symopt.prove.bernstein import sign_on_box
from symopt.prove.facts import Facts
from symopt.prove.polynomials import ONE, Key, Mono, Poly, as_constant, key, scale, subtract
from symopt.prove.ranges import (
    ANY,
    EVERYTHING,
    NEGATIVE,
    NIL,
    NOT_NEGATIVE,
    NOT_POSITIVE,
    POSITIVE,
    Interval,
    domain_of,
    flipped,
    interval_of,
    meet,
    plus,
    sign_of,
    sign_of_domain,
    sign_of_power,
    sign_of_product,
    sign_of_sum,
    times,
    to_power,
)

_CONSTANTS = {"e": (Fraction(27, 10), Fraction(28, 10)), "pi": (Fraction(3), Fraction(4)), "size": (Fraction(1), math.inf)}


class Signs:
    """What follows from facts; `known` are sums whose sign is assumed, `narrowed` ranges that are."""

    def __init__(self, table: Table, facts: Facts):
        self.table, self.facts = table, facts
        self.known: list[tuple[Mono, Poly, int]] = []
        self.narrowed: dict[int, Domain] = {}
        self._ranges: dict[int, Domain] = {}
        self._signs: dict[Key, int] = {}

    def inside(self, level: int) -> Signs:
        """What is still known where names above `level` mean any element's."""
        return self

    def forget(self) -> None:
        """Start conclusions afresh after an assumption."""
        self._ranges.clear()
        self._signs.clear()

    # ---- ranges ----

    def range(self, number: int) -> Domain:
        """The values that an atom can take."""
        if number not in self._ranges:
            atom = self.table.atoms[number]
            rule = getattr(self, f"_range_of_{atom.kind}", None)
            own = rule(atom.head, *atom.args) if rule else Real
            self._ranges[number] = meet(own, self.narrowed.get(number, Real))
        return self._ranges[number]

    def interval(self, p: Poly) -> Interval:
        """An interval that holds every value of a sum, term by term."""
        result: Interval = (0, 0)
        for product, coefficient in p.items():
            term: Interval = (coefficient, coefficient)
            for number, exponent in product:
                term = times(term, to_power(interval_of(self.range(number)), exponent))
            result = plus(result, term)
        return result

    def _range_of_name(self, head: tuple[str, int | None]) -> Domain:
        return self.facts.domain(head[0])

    def _range_of_sum(self, head: None, p: Poly) -> Domain:
        return domain_of(self.interval(p), self.sign(p))

    def _range_of_abs(self, head: None, p: Poly) -> Domain:
        return Domain("", Fraction(0), open_lower=not self.sign(p) & NIL)

    def _range_of_maxabs(self, head: str, p: Poly) -> Domain:
        return Domain("", Fraction(0))

    def _range_of_positive(self, head: None, p: Poly) -> Domain:
        return Domain("", Fraction(0), Fraction(1), integer=True)

    def _range_of_zero(self, head: None, p: Poly) -> Domain:
        return Domain("", Fraction(0), Fraction(1), integer=True)

    def _range_of_holds(self, head: str, *args: Poly) -> Domain:
        return Domain("", Fraction(0), Fraction(1), integer=True)

    def _range_of_sign(self, head: None, p: Poly) -> Domain:
        return domain_of((-1, 1), self.sign(p))

    def _range_of_prime(self, head: int) -> Domain:
        return Domain("", Fraction(head), Fraction(head))

    def _range_of_e(self, head: None) -> Domain:
        return domain_of(_CONSTANTS["e"])

    def _range_of_pi(self, head: None) -> Domain:
        return domain_of(_CONSTANTS["pi"])

    def _range_of_size(self, head: str) -> Domain:
        return Domain("", Fraction(1), integer=True)

    def _range_of_total(self, head: int, p: Poly) -> Domain:
        return domain_of(EVERYTHING, self.inside(head).sign(p))

    def _range_of_floor(self, head: None, p: Poly) -> Domain:
        lower, upper = self.interval(p)
        lower = max(lower, 0) if not self.sign(p) & NEGATIVE else lower
        return domain_of((lower if lower == -math.inf else math.floor(lower), upper if upper == math.inf else math.floor(upper)))

    def _range_of_sin(self, head: None, p: Poly) -> Domain:
        return domain_of((-1, 1))

    def _range_of_cos(self, head: None, p: Poly) -> Domain:
        return domain_of((-1, 1))

    def _range_of_log(self, head: None, p: Poly) -> Domain:
        return domain_of(EVERYTHING, self.sign(subtract(p, ONE)))

    def _range_of_max(self, head: None, *args: Poly) -> Domain:
        intervals, signs = [self.interval(arg) for arg in args], [self.sign(arg) for arg in args]
        sign = ANY
        if any(not s & NEGATIVE for s in signs):
            sign = POSITIVE if POSITIVE in signs else NOT_NEGATIVE
        elif all(not s & POSITIVE for s in signs):
            sign = NEGATIVE if all(s == NEGATIVE for s in signs) else NOT_POSITIVE
        return domain_of((max(i[0] for i in intervals), max(i[1] for i in intervals)), sign)

    def _range_of_power(self, head: None, base: Poly, exponent: Poly) -> Domain:
        """b**e for b >= 0: inside [0, 1) while b is and e > 0, above 1 while b is."""
        own = self.sign(base)
        if own & NEGATIVE:
            return Real
        below, growth = self.sign(subtract(ONE, base)), self.sign(exponent)
        zero = bool(own & NIL and growth & POSITIVE)
        if not growth & NEGATIVE and not below & NEGATIVE:
            strict = growth == POSITIVE and below == POSITIVE
            return Domain("", Fraction(0), Fraction(1), open_lower=not zero, open_upper=strict)
        if not growth & NEGATIVE and not below & POSITIVE:
            return Domain("", Fraction(1))
        return Domain("", Fraction(0), open_lower=not zero)

    # ---- signs ----

    def sign(self, p: Poly) -> int:
        """The signs that a sum can have."""
        number = as_constant(p)
        if number is not None:
            return sign_of(number)
        own = key(p)
        if own not in self._signs:
            self._signs[own] = self._sign(p)
        return self._signs[own]

    def _sign(self, p: Poly) -> int:
        _, product, rest = self.table.split(p)
        sign = sign_of_product(self.sign_of_mono(product), self._plain_sign(rest))
        for m, r, known in self.known:
            if m == product and r in (rest, scale(rest, -1)):
                sign &= known if r == rest else flipped(known)
        if sign & NEGATIVE and sign & POSITIVE and self.known:
            sign &= self._sign_by_difference(p) & flipped(self._sign_by_difference(scale(p, -1)))
        return sign

    def sign_of_mono(self, product: Mono) -> int:
        """The signs that a product can have."""
        sign = POSITIVE
        for number, exponent in product:
            sign = sign_of_product(sign, sign_of_power(sign_of_domain(self.range(number)), exponent))
        return sign

    def _plain_sign(self, p: Poly) -> int:
        sign = sign_of_sum([sign_of_product(sign_of(c), self.sign_of_mono(product)) for product, c in p.items()])
        return sign_on_box(self, p) if sign & NEGATIVE and sign & POSITIVE else sign

    def _sign_by_difference(self, p: Poly) -> int:
        """p >= 0 if p exceeds an assumed nonnegative sum, or two of them."""
        known = [(self.table.multiply({m: 1}, r), s) for m, r, s in self.known]
        known = [(q, s) if not s & NEGATIVE else (scale(q, -1), flipped(s)) for q, s in known]
        known = [(q, s) for q, s in known if not s & NEGATIVE]
        for i, (q, s) in enumerate(known):
            for r, u in [({}, NOT_NEGATIVE), *known[i + 1 :]]:
                left = self._plain_sign(subtract(subtract(p, q), r))
                if not left & NEGATIVE:
                    return NOT_NEGATIVE & sign_of_sum([left, s, u])
        return ANY
