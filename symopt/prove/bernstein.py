"""The sign of a sum on a box: it is what the signs of its Bernstein coefficients, atom after atom, agree on."""

from __future__ import annotations

import math
from fractions import Fraction
from math import comb
from typing import Protocol

from symopt.domains import Domain, Real
from symopt.prove.polynomials import Poly, add, atoms_of
from symopt.prove.ranges import ANY, NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE, flipped

_MOST_TERMS = 60


class Ranges(Protocol):
    """What is known about atoms and sums."""

    def range(self, number: int) -> Domain:
        """The values that an atom can take."""
        ...

    def simple_sign(self, p: Poly) -> int:
        """The signs that a sum can have."""
        ...


def sign_on_box(ranges: Ranges, p: Poly) -> int:
    """The signs that p can have while each atom keeps to its range."""
    if len(p) > _MOST_TERMS:
        return ANY
    for number in atoms_of(p):
        own = ranges.range(number)
        if own.upper is None and own.lower in (None, 0):
            continue  # shifting by nothing shows nothing new
        unit, powers = _powers(p, number)
        domain = _rooted(own, unit)
        if not powers or (domain.lower is None and domain.upper is None):
            continue
        if domain.lower is not None and domain.upper is not None:
            ends = (domain.open_lower, domain.open_upper)
            parts = _bernstein(powers, domain.lower, domain.upper - domain.lower)
        elif domain.lower == 0:
            continue
        else:
            ends = (domain.open_lower or domain.open_upper, True)
            start, way = (domain.lower, 1) if domain.lower is not None else (domain.upper or Fraction(0), -1)
            parts = _shifted(powers, start, Fraction(way))
        signs = [ranges.simple_sign(q) for q in parts]
        found = _agreed(signs, *ends)
        return found if found != ANY else flipped(_agreed([flipped(s) for s in signs], *ends))
    return ANY


def _rooted(domain: Domain, unit: Fraction) -> Domain:
    """The domain of x**unit; only 0 and 1 stay ends under a root."""
    if unit == 1:
        return domain
    if domain.lower is None or domain.lower < 0:
        return Real
    lower = domain.lower if domain.lower <= 1 else Fraction(1)
    upper = domain.upper if domain.upper is None or domain.upper == 1 else None
    return Domain("", lower if lower in (0, 1) else Fraction(0), upper, domain.open_lower, domain.open_upper)


def _agreed(signs: list[int], first_is_out: bool, last_is_out: bool) -> int:
    """Weights are positive inside; at an end only the coefficient of that end has one."""
    if any(sign & NEGATIVE for sign in signs):
        return ANY
    inside = any(sign == POSITIVE for sign in signs)
    first, last = first_is_out or signs[0] == POSITIVE, last_is_out or signs[-1] == POSITIVE
    return POSITIVE if inside and first and last else NOT_NEGATIVE if any(s & POSITIVE for s in signs) else NIL


def _powers(p: Poly, number: int) -> tuple[Fraction, list[Poly]]:
    """A unit, and the coefficients of the powers of x**unit, lowest first; none if an exponent is negative."""
    exponents = [Fraction(dict(product).get(number, 0)) for product in p]
    unit = Fraction(1, math.lcm(*(exponent.denominator for exponent in exponents)))
    if min(exponents) < 0:
        return unit, []
    powers: list[Poly] = [{} for _ in range(int(max(exponents) / unit) + 1)]
    for (product, coefficient), exponent in zip(p.items(), exponents, strict=True):
        rest = tuple(pair for pair in product if pair[0] != number)
        place = int(exponent / unit)
        powers[place] = add(powers[place], {rest: coefficient})
    return unit, powers


def _shifted(powers: list[Poly], start: Fraction, way: Fraction) -> list[Poly]:
    """The coefficients in y where x = start + way*y."""
    result: list[Poly] = []
    for j in range(len(powers)):
        q: Poly = {}
        for i in range(j, len(powers)):
            q = add(q, powers[i], comb(i, j) * start ** (i - j) * way**j)
        result.append(q)
    return result


def _bernstein(powers: list[Poly], start: Fraction, width: Fraction) -> list[Poly]:
    """The Bernstein coefficients on [start, start + width]."""
    shifted, degree = _shifted(powers, start, width), len(powers) - 1
    result: list[Poly] = []
    for j in range(degree + 1):
        q: Poly = {}
        for i in range(j + 1):
            q = add(q, shifted[i], Fraction(comb(j, i), comb(degree, i)))
        result.append(q)
    return result
