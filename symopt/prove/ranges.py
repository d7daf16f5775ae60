"""Intervals and signs of atoms and products, from the domains of names."""

from __future__ import annotations

import math
from fractions import Fraction

from symopt.domains import Domain
from symopt.prove.polynomials import Rational

NEGATIVE, NIL, POSITIVE = 1, 2, 4
"""A sign is a set of these: what a value may be."""

ANY = NEGATIVE | NIL | POSITIVE
NOT_NEGATIVE, NOT_POSITIVE, NOT_NIL = NIL | POSITIVE, NIL | NEGATIVE, NEGATIVE | POSITIVE

Bound = Rational | float
Interval = tuple[Bound, Bound]
"""Closed; the ends may be infinite."""

EVERYTHING: Interval = (-math.inf, math.inf)


def sign_of(value: Rational) -> int:
    """The sign of a number."""
    return NIL if value == 0 else POSITIVE if value > 0 else NEGATIVE


def sign_of_domain(domain: Domain) -> int:
    """The signs that a domain has room for."""
    negative = NEGATIVE if domain.lower is None or domain.lower < 0 else 0
    positive = POSITIVE if domain.upper is None or domain.upper > 0 else 0
    return negative | positive | (NIL if Fraction(0) in domain else 0)


def flipped(sign: int) -> int:
    """The sign of -x."""
    return (sign & NIL) | (POSITIVE if sign & NEGATIVE else 0) | (NEGATIVE if sign & POSITIVE else 0)


def sign_of_product(a: int, b: int) -> int:
    """The sign of x*y."""
    same = POSITIVE if (a & b & POSITIVE) or (a & b & NEGATIVE) else 0
    other = NEGATIVE if (a & POSITIVE and b & NEGATIVE) or (a & NEGATIVE and b & POSITIVE) else 0
    return same | other | ((a | b) & NIL)


def sign_of_power(base: int, exponent: Rational) -> int:
    """The sign of x**e wherever that is defined."""
    zero = base & NIL if exponent > 0 else 0
    if isinstance(exponent, int) or exponent.denominator == 1:
        return base & ~NIL | zero if exponent % 2 else zero | (POSITIVE if base & NOT_NIL else 0)
    return zero | POSITIVE


def sign_of_sum(signs: list[int]) -> int:
    """The sign of a sum from those of its terms."""
    union = 0
    for sign in signs:
        union |= sign
    if union & POSITIVE and union & NEGATIVE:
        return ANY
    return union if all(sign & NIL for sign in signs) else union & ~NIL


def interval_of(domain: Domain) -> Interval:
    """A domain without its openness."""
    return (
        -math.inf if domain.lower is None else domain.lower,
        math.inf if domain.upper is None else domain.upper,
    )


def domain_of(interval: Interval, sign: int = ANY) -> Domain:
    """An interval, sharpened by a sign."""
    lower = None if interval[0] == -math.inf else Fraction(interval[0])
    upper = None if interval[1] == math.inf else Fraction(interval[1])
    if not sign & NEGATIVE and (lower is None or lower <= 0):
        return Domain("", Fraction(0), upper, open_lower=not sign & NIL)
    if not sign & POSITIVE and (upper is None or upper >= 0):
        return Domain("", lower, Fraction(0), open_upper=not sign & NIL)
    return Domain("", lower, upper)


def meet(a: Domain, b: Domain) -> Domain:
    """What lies in both."""
    lower, open_lower = _tighter((a.lower, a.open_lower), (b.lower, b.open_lower), 1)
    upper, open_upper = _tighter((a.upper, a.open_upper), (b.upper, b.open_upper), -1)
    if a.integer or b.integer:
        lower, open_lower = _whole(lower, open_lower, 1)
        upper, open_upper = _whole(upper, open_upper, -1)
    return Domain("", lower, upper, open_lower, open_upper, a.integer or b.integer)


_End = tuple[Fraction | None, bool]


def _tighter(a: _End, b: _End, side: int) -> _End:
    if a[0] is None or b[0] is None:
        return b if a[0] is None else a
    return max(a, b, key=lambda end: (side * (end[0] or 0), end[1]))


def _whole(end: Fraction | None, is_open: bool, side: int) -> _End:
    if end is None:
        return None, False
    nearest = Fraction(math.ceil(side * end) * side)
    return (nearest + side if is_open and nearest == end else nearest), False


def is_empty(domain: Domain) -> bool:
    """Whether nothing is left."""
    if domain.lower is None or domain.upper is None:
        return False
    return domain.lower > domain.upper or (domain.lower == domain.upper and domain.lower not in domain)


def plus(a: Interval, b: Interval) -> Interval:
    """x + y."""
    return a[0] + b[0], a[1] + b[1]


def times(a: Interval, b: Interval) -> Interval:
    """x*y; 0 times an open end is 0."""
    products = [0 if x == 0 or y == 0 else x * y for x in a for y in b]
    return min(products), max(products)


def to_power(base: Interval, exponent: Rational) -> Interval:
    """x**e, crudely where e is no natural number."""
    if exponent < 0:
        if base[0] <= 0:
            return EVERYTHING
        return to_power((0 if base[1] == math.inf else 1 / Fraction(base[1]), 1 / Fraction(base[0])), -exponent)
    if isinstance(exponent, int) or exponent.denominator == 1:
        ends = [end if abs(end) == math.inf and exponent % 2 else end ** int(exponent) for end in base]
        return (0 if base[0] < 0 < base[1] and exponent % 2 == 0 else min(ends)), max(ends)
    return (1 if base[0] >= 1 else 0), (1 if base[1] <= 1 else math.inf)
