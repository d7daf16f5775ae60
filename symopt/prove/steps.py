"""Values at neighbouring steps: floor, sine and cosine of t + n are written in what they are at t - 1."""

from __future__ import annotations

from fractions import Fraction

from symopt.prove.cases import Case
from symopt.prove.polynomials import Poly, add

_FURTHEST = 3
Shift = tuple[Poly, Poly, int]
"""(p where t + n is t - 1, what one step adds to p, how many steps lie between)."""


def shifted(case: Case, p: Poly) -> Shift | None:
    """p as one that reads t - 1, and how far it is from there; None where t is not in it as t + n, or n is large."""
    step = case.table.atom("name", ("t", None))
    linear = [product for product in p if (step, 1) in product]
    if len(linear) != 1:
        return None
    unit_product = tuple(pair for pair in linear[0] if pair[0] != step)
    unit: Poly = {unit_product: p[linear[0]]}
    ahead = Fraction(p.get(unit_product, 0)) / p[linear[0]] + 1
    if ahead.denominator > 1 or abs(ahead) > _FURTHEST:
        return None
    return add(p, unit, -ahead), unit, int(ahead)


def multiple_of_pi(case: Case, p: Poly) -> int | None:
    """n where p is n*pi/2."""
    pi = ((case.table.atom("pi"), 1),)
    count = Fraction(2 * p.get(pi, 0))
    return int(count) if count.denominator == 1 and len(p) == (1 if count else 0) else None
