"""Ranges of atoms and signs of sums, from the domains of names and from what a case assumes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from symopt.domains import Domain, Real
from symopt.prove.atoms import Atom, Table
from symopt.prove.bernstein import sign_on_box
from symopt.prove.facts import Facts
from symopt.prove.polynomials import ONE, Key, Mono, Poly, Rational, as_constant, key, scale, subtract
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

_MOST_COMBINED = 6


class Signs:
    """What follows from facts; `known` are sums whose sign is assumed, `narrowed` ranges that are."""

    def __init__(self, table: Table, facts: Facts):
        self.table, self.facts = table, facts
        self.known: list[tuple[Mono, Poly, int]] = []
        self.narrowed: dict[int, Domain] = {}
        self._ranges: dict[int, Domain] = {}
        self._signs: dict[Key, int] = {}
        self._simple_signs: dict[Key, int] = {}

    def inside(self, level: int) -> Signs:
        """What is still known where names above `level` mean any element's."""
        return self

    def forget(self) -> None:
        """Start conclusions afresh after an assumption."""
        self._ranges.clear()
        self._signs.clear()
        self._simple_signs.clear()

    # ---- ranges ----

    def range(self, number: int) -> Domain:
        """The values that an atom can take."""
        if number not in self._ranges:
            atom = self.table.atoms[number]
            self._ranges[number] = Real  # the answer while the question is open: assumptions may lead back to it
            own = _RANGES[atom.kind](self, atom) if atom.kind in _RANGES else Real
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

    def is_whole(self, p: Poly) -> bool:
        """Whether a sum is an integer wherever it is defined."""
        return all(Fraction(c).denominator == 1 and self._is_whole_mono(product) for product, c in p.items())

    def _is_whole_mono(self, product: Mono) -> bool:
        return all(e > 0 and Fraction(e).denominator == 1 and self.range(atom).integer for atom, e in product)

    # ---- signs ----

    def sign(self, p: Poly) -> int:
        """The signs that a sum can have."""
        own = key(p)
        if own not in self._signs:
            sign = self.simple_sign(p)
            if sign & NEGATIVE and sign & POSITIVE and self.known:
                sign &= self._sign_by_difference(p) & flipped(self._sign_by_difference(scale(p, -1)))
            self._signs[own] = sign
        return self._signs[own]

    def simple_sign(self, p: Poly) -> int:
        """The same without comparing p with several assumptions at once."""
        number = as_constant(p)
        if number is not None:
            return sign_of(number)
        own = key(p)
        if own not in self._simple_signs:
            self.table.spend(len(p))
            number, product, rest = self.table.split(p)
            if not number:
                return NIL
            outside, product = self.without_signs(product)
            sign = sign_of_product(self.sign_of_mono(product), self._plain_sign(rest))
            for m, r, known in self.known:
                if m == product and r in (rest, scale(rest, -1)):
                    sign &= known if r == rest else flipped(known)
            self._simple_signs[own] = sign_of_product(outside, sign)
        return self._simple_signs[own]

    def without_signs(self, product: Mono) -> tuple[int, Mono]:
        """The sign of the factors that cannot be 0 and have one sign, and the product of all others."""
        sign = POSITIVE
        kept: list[tuple[int, Rational]] = []
        for number, exponent in product:
            factor = sign_of_power(sign_of_domain(self.range(number)), exponent)
            if factor in (POSITIVE, NEGATIVE):
                sign = sign_of_product(sign, factor)
            else:
                kept.append((number, exponent))
        return sign, tuple(kept)

    def sign_of_mono(self, product: Mono) -> int:
        """The signs that a product can have."""
        sign = POSITIVE
        for number, exponent in product:
            sign = sign_of_product(sign, sign_of_power(sign_of_domain(self.range(number)), exponent))
        return sign

    def _plain_sign(self, p: Poly) -> int:
        sign = sign_of_sum([sign_of_product(sign_of(c), self.sign_of_mono(product)) for product, c in p.items()])
        if not (sign & NEGATIVE and sign & POSITIVE):
            return sign
        self.table.spend(8 * len(p))
        return sign_on_box(self, p)

    def _sign_by_difference(self, p: Poly) -> int:
        """p >= 0 if p exceeds an assumed nonnegative sum, or two of them."""
        known = [(self.table.multiply({m: 1}, r), s) for m, r, s in self.known if len(r) > 1]
        known = [(q, s) if not s & NEGATIVE else (scale(q, -1), flipped(s)) for q, s in known]
        known = [(q, s) for q, s in known if not s & NEGATIVE][-_MOST_COMBINED:]
        for i, (q, s) in enumerate(known):
            for r, u in [({}, NOT_NEGATIVE), *known[i + 1 :]]:
                left = self.simple_sign(subtract(subtract(p, q), r))
                if not left & NEGATIVE:
                    return NOT_NEGATIVE & sign_of_sum([left, s, u])
        return ANY


# ---- the ranges of atoms by their kind; any other may be any real number ----


def _floor(signs: Signs, atom: Atom) -> Domain:
    lower, upper = signs.interval(atom.args[0])
    lower = max(lower, 0) if not signs.sign(atom.args[0]) & NEGATIVE else lower
    whole = (end if abs(end) == math.inf else math.floor(end) for end in (lower, upper))
    return replace(domain_of((next(whole), next(whole))), integer=True)


def _max(signs: Signs, atom: Atom) -> Domain:
    ends, known = [signs.interval(arg) for arg in atom.args], [signs.sign(arg) for arg in atom.args]
    sign = ANY
    if any(not s & NEGATIVE for s in known):
        sign = POSITIVE if POSITIVE in known else NOT_NEGATIVE
    elif all(not s & POSITIVE for s in known):
        sign = NEGATIVE if all(s == NEGATIVE for s in known) else NOT_POSITIVE
    return domain_of((max(end[0] for end in ends), max(end[1] for end in ends)), sign)


def _power(signs: Signs, atom: Atom) -> Domain:
    """b**e for b >= 0: inside [0, 1) while b is and e > 0, above 1 while b is."""
    base, exponent = atom.args
    own = signs.sign(base)
    if own & NEGATIVE:
        return Real
    below, growth = signs.sign(subtract(ONE, base)), signs.sign(exponent)
    zero = bool(own & NIL and growth & POSITIVE)
    if not growth & NEGATIVE and not below & NEGATIVE:
        strict = growth == POSITIVE and below == POSITIVE
        return Domain("", Fraction(0), Fraction(1), open_lower=not zero, open_upper=strict)
    if not growth & NEGATIVE and not below & POSITIVE:
        return Domain("", Fraction(1))
    return Domain("", Fraction(0), open_lower=not zero)


_NOT_NEGATIVE, _ONE_OR_MORE = Domain("", Fraction(0)), Domain("", Fraction(1), integer=True)
_CONDITION, _WAVE = Domain("", Fraction(0), Fraction(1), integer=True), Domain("", Fraction(-1), Fraction(1))
_RANGES: dict[str, Callable[[Signs, Atom], Domain]] = {
    "name": lambda signs, atom: signs.facts.domain(atom.head[0]),
    "sum": lambda signs, atom: domain_of(signs.interval(atom.args[0]), signs.sign(atom.args[0])),
    "abs": lambda signs, atom: replace(_NOT_NEGATIVE, open_lower=not signs.sign(atom.args[0]) & NIL),
    "sign": lambda signs, atom: replace(domain_of((-1, 1), signs.sign(atom.args[0])), integer=True),
    "log": lambda signs, atom: domain_of(EVERYTHING, signs.sign(subtract(atom.args[0], ONE))),
    "total": lambda signs, atom: domain_of(EVERYTHING, signs.inside(atom.head).sign(atom.args[0])),
    "prime": lambda signs, atom: domain_of((atom.head, atom.head)),
    "e": lambda signs, atom: domain_of((2, 3)), "pi": lambda signs, atom: domain_of((3, 4)),
    "maxabs": lambda signs, atom: _NOT_NEGATIVE, "size": lambda signs, atom: _ONE_OR_MORE,
    "axes": lambda signs, atom: replace(_NOT_NEGATIVE, integer=True),
    "positive": lambda signs, atom: _CONDITION, "zero": lambda signs, atom: _CONDITION,
    "holds": lambda signs, atom: _CONDITION, "sin": lambda signs, atom: _WAVE, "cos": lambda signs, atom: _WAVE,
    "floor": _floor, "max": _max, "power": _power,
}  # fmt: skip
