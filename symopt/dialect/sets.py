"""Domains from annotations: symopt's own, or a set of SymPy's, which is recognised without loading SymPy."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symopt.domains import Domain

CHOICE = "Positive, NonNegative, Unit, OpenUnit, Real, PositiveInt, NonNegativeInt or a SymPy set"

_WHOLE = frozenset({"Naturals", "Naturals0", "Integers", "Range"})


def domain_of(annotation: Any) -> Domain | str:
    """The domain that an annotation names, or what is wrong with it."""
    if isinstance(annotation, Domain):
        return annotation
    kinds = {kind.__name__ for kind in type(annotation).__mro__}
    if "Set" not in kinds or not hasattr(annotation, "is_Interval"):
        return f"its annotation is a domain: {CHOICE}"
    if "Reals" in kinds:
        return Domain(str(annotation))
    if "Interval" in kinds:
        return _interval(annotation)
    if kinds & _WHOLE or _consecutive(annotation):
        return _integers(annotation)
    return f"the set {annotation} is neither an interval nor a run of integers"


def _interval(found: Any) -> Domain | str:
    low, high = _end(found.start), _end(found.end)
    if isinstance(low, str) or isinstance(high, str):
        return f"the ends of {found} are not rational numbers"
    return Domain(
        str(found), low, high, low is not None and bool(found.left_open), high is not None and bool(found.right_open)
    )


def _integers(found: Any) -> Domain | str:
    low, high = _end(found.inf), _end(found.sup)
    if isinstance(low, str) or isinstance(high, str) or getattr(found, "step", 1) not in (1, -1):
        return f"the set {found} is not a run of integers"
    return Domain(str(found), low, high, integer=True)


def _consecutive(found: Any) -> bool:
    if not getattr(found, "is_FiniteSet", False) or not all(value.is_integer for value in found):
        return False
    return int(found.sup - found.inf) + 1 == len(found)


def _end(value: Any) -> Fraction | str | None:
    """The end of an interval: exact, None at infinity, and text where it is not rational."""
    if value.is_infinite:
        return None
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    return Fraction(repr(float(value))) if value.is_Float else str(value)
