"""Several conditions on the curvature at once: how they are told, and which is the first to fail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import sympy as sp

from symopt.expr import Call, Expr, text
from symopt.theory.stability.region import Region
from symopt.theory.stability.signs import GAIN, POSITIVE
from symopt.theory.stability.wording import Wording
from symopt.wording import listed

_LONG = 130
"""Characters of conditions from which on they stand below the sentence."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def conditions(region: Region, words: Wording) -> tuple[str, str]:
    """Where all hold; what a sentence has no room for is a formula, the least of what has to be above 0."""
    values = [condition.value for condition in region.open_ones]
    meant = f"with {words.scaled.name} = {words.in_full(GAIN)}"
    told = listed([_told(value, words) for value in values])
    if len(told) <= _LONG:
        return f"{told}, {meant}", ""
    name, least = words.margin.name, text(reduce(_smaller, map(words.expr, values)))
    what = f", the least of {len(values)} numbers," if len(values) > 1 else ""
    return f"{name}{what} is above 0, {meant}", f"{name} = {least}"


def _smaller(a: Expr, b: Expr) -> Expr:
    return Call("min", (a, b))


def _told(value: Any, words: Wording) -> str:
    """value > 0, with q on the left where it is linear in q and falls with it."""
    above, below = sp.fraction(sp.together(value))
    if below == 1 and sp.Poly(above, GAIN).degree() == 1:
        slope, constant = map(sp.factor, sp.Poly(above, GAIN).all_coeffs())
        if not words.scalars.sign(slope) & POSITIVE:
            return f"{words.text(-slope * GAIN)} < {words.text(constant)}"
    return f"{words.text(value)} > 0"


def first_to_fail(region: Region, words: Wording) -> dict[str, str]:
    """Which condition fails first at the defaults as q grows, where, and what that is in the method's own numbers."""
    found = None if region.settled else words.scalars.fails_first([c.value for c in region.open_ones])
    if found is None:
        return {}
    place, end = found
    data = {"fails first": str(place + 1), "fails at": f"{end:.6g}"}
    left, factor = words.own_gain()
    return data if factor is None else {**data, "fails where": left, "fails there": f"{end / float(factor):.6g}"}


def told(ends: Mapping[str, str], count: int, words: Wording) -> str:
    """How far the conditions go at the defaults."""
    if "fails at" not in ends:
        return ""
    place = int(ends["fails first"])
    which = "it fails" if count == 1 else f"the {_ORDINALS[place - 1]} fails first as the curvature grows,"
    own = f", where {ends['fails where']} = {ends['fails there']}" if "fails where" in ends else ""
    return f"; at the defaults {which} at {words.scaled.name} = {ends['fails at']}{own}"
