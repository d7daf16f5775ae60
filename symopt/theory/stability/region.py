"""Where all roots of a polynomial lie inside the unit circle: Jury's conditions, reduced to one bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symopt.theory.stability.orders import NoMatrixError
from symopt.theory.stability.signs import GAIN, NEGATIVE, POSITIVE, SHARE, Scalars, Z

_HIGHEST = 3


@dataclass(frozen=True)
class Condition:
    """What has to be positive, and whether that follows from the others where the bound holds."""

    name: str
    value: Any
    follows: bool = False


@dataclass(frozen=True)
class Region:
    """Which q > 0 are stable.

    factors: the factors of the characteristic polynomial that count, monic in z
    bound: stable exactly below it; None where there is no single one
    never, always: whether no, or every, q is stable
    """

    factors: tuple[Any, ...]
    conditions: tuple[Condition, ...]
    bound: Any = None
    never: bool = False
    always: bool = False

    @property
    def open_ones(self) -> list[Condition]:
        """The conditions that do not follow from the others."""
        return [condition for condition in self.conditions if not condition.follows]

    @property
    def settled(self) -> bool:
        """Whether one bound, or none, says it all."""
        return self.never or self.always or self.bound is not None


def region(polynomial: Any, scalars: Scalars, faded: bool) -> Region:
    """The region, from the characteristic polynomial."""
    factors = tuple(f for f in _monic(polynomial) if not _is_harmless(f, scalars, faded))
    given = [condition for factor in factors for condition in jury(factor)]
    signs = [scalars.sign(condition.value) for condition in given]
    conditions = tuple(replace(c, follows=sign == POSITIVE) for c, sign in zip(given, signs, strict=True))
    open_ones = [c for c in conditions if not c.follows]
    if any(not sign & POSITIVE for sign in signs):
        return Region(factors, conditions, never=True)
    if not open_ones:
        return Region(factors, conditions, always=True)
    for own in open_ones:
        bound = _bound(own.value, scalars)
        if bound is not None and all(_follows(c.value, bound, scalars) for c in open_ones if c is not own):
            return Region(factors, tuple(replace(c, follows=c is not own) for c in conditions), bound)
    return Region(factors, conditions)


def _monic(polynomial: Any) -> list[Any]:
    """The irreducible factors that z enters, with 1 before its highest power."""
    _, factors = sp.factor_list(sp.fraction(sp.together(polynomial))[0])
    found = [sp.Poly(factor, Z) for factor, _ in factors if factor.has(Z)]
    return [sp.Poly([sp.factor(c / p.LC()) for c in p.all_coeffs()], Z) for p in found]


def _is_harmless(factor: Any, scalars: Scalars, faded: bool) -> bool:
    """A root that q does not move and that lies inside the circle, or at 1 for an average that moves ever less."""
    if GAIN in factor.free_symbols or factor.degree() > 1:
        return False
    root = -factor.all_coeffs()[1]
    inside = scalars.sign(1 - root) == POSITIVE and scalars.sign(1 + root) == POSITIVE
    return inside or (faded and root == 1)


def jury(factor: Any) -> list[Condition]:
    """What has to be positive for all roots of a monic polynomial to lie inside the unit circle, and nothing else."""
    degree, last = factor.degree(), factor.all_coeffs()[-1]
    if degree > _HIGHEST:
        raise NoMatrixError(f"its characteristic polynomial has degree {degree}, and beyond {_HIGHEST} none is reduced")
    found = [("p(1)", factor.eval(1)), ("p(-1)" if degree % 2 == 0 else "-p(-1)", (-1) ** degree * factor.eval(-1))]
    if degree > 1:
        found.append(("1 - p(0)", 1 - last))
    if degree == 3:
        _, a, b, _ = factor.all_coeffs()
        found += [("1 + p(0)", 1 + last)]
        found += [(f"1 - p(0)**2 {way} (p2 - p1 * p(0))", 1 - last**2 + s * (b - a * last)) for way, s in _BOTH]
    return [Condition(name, sp.factor(sp.together(value))) for name, value in found]


_BOTH = (("-", -1), ("+", 1))


def _bound(condition: Any, scalars: Scalars) -> Any | None:
    """The q below which a condition holds, where it is linear in q and falls with it."""
    above, below = sp.fraction(sp.together(condition))
    if GAIN in below.free_symbols or sp.Poly(above, GAIN).degree() != 1:
        return None
    slope, constant = sp.Poly(above, GAIN).all_coeffs()
    falls = scalars.sign(sp.factor(slope / below)) == NEGATIVE
    return sp.factor(-constant / slope) if falls else None


def _follows(condition: Any, bound: Any, scalars: Scalars) -> bool:
    """Whether a condition holds for all q between 0 and the bound."""
    value = sp.factor(sp.together(condition.subs(GAIN, bound * SHARE)))
    return scalars.sign(value, positive=(bound,)) == POSITIVE
