"""The sign of a sum on a box: it is what the signs of its Bernstein coefficients, atom after atom, agree on."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Protocol

from symopt.notation import Domain
from symopt.prove.polynomials import Poly, Rational, add, atoms_of
from symopt.prove.ranges import ANY, NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE, flipped

_MOST_TERMS = 60


class Ranges(Protocol):
    """What is known about atoms and sums."""

    def range(self, number: int) -> Domain:
        """The values that an atom can take."""
        ...

    def sign(self, p: Poly) -> int:
        """The signs that a sum can have."""
        ...


def sign_on_box(ranges: Ranges, p: Poly) -> int:
    """The signs that p can have while each atom keeps to its range."""
    if len(p) > _MOST_TERMS:
        return ANY
    for number in atoms_of(p):
        domain = ranges.range(number)
        powers = _powers(p, number)
        if powers is None or (domain.lower is None and domain.upper is None):
            continue
        if domain.lower is not None and domain.upper is not None:
            ends = (domain.open_lower, domain.open_upper)
            signs = [ranges.sign(q) for q in _bernstein(powers, domain.lower, domain.upper - domain.lower)]
        else:
            if domain.lower == 0:
                continue  # shifting by nothing shows nothing new
            start, way = (domain.lower, 1) if domain.lower is not None else (domain.upper, -1)
            ends = (domain.open_lower or domain.open_upper, True)
            signs = [ranges.sign(q) for q in _shifted(powers, Fraction(start or 0), Fraction(way))]
        found = _agreed(signs, *ends)
        return found if found != ANY else flipped(_agreed([flipped(s) for s in signs], *ends))
    return ANY


def _agreed(signs: list[int], first_is_out: bool, last_is_out: bool) -> int:
    """Weights are positive inside; at an end only the coefficient of that end has one."""
    if any(sign & NEGATIVE for sign in signs):
        return ANY
    inside = any(sign == POSITIVE for sign in signs)
    first, last = first_is_out or signs[0] == POSITIVE, last_is_out or signs[-1] == POSITIVE
    return POSITIVE if inside and first and last else NOT_NEGATIVE if any(s & POSITIVE for s in signs) else NIL


def _powers(p: Poly, number: int) -> list[Poly] | None:
    """The coefficients of the powers of an atom, lowest first; None if an exponent is no natural number."""
    found: dict[Rational, Poly] = {}
    for product, coefficient in p.items():
        exponent = dict(product).get(number, 0)
        if exponent < 0 or (isinstance(exponent, Fraction) and exponent.denominator > 1):
            return None
        rest = tuple(pair for pair in product if pair[0] != number)
        found[exponent] = add(found.get(exponent, {}), {rest: coefficient})
    return [found.get(exponent, {}) for exponent in range(int(max(found)) + 1)]


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
