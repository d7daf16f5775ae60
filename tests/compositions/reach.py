"""Sets of floats: all that a kernel may hold for a value of the equations, whatever order it computes in.

A set is an interval of reals together with those of NaN, inf and -inf that can occur. Where all classes but one (NaN,
inf, -inf, finite) are ruled out, a kernel has to give that one; where several are left, an intermediate over- or
underflows, and the outcome is that of an order which the equations do not fix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from rules import INF, MINUS, MP, NAN, ONE, PLUS, ZERO


class Format(NamedTuple):
    """unit: unit roundoff; tiny, normal: smallest subnormal and normal number; most: largest, less some roundings."""

    unit: object
    tiny: object
    normal: object
    most: object


class Factors(NamedTuple):
    """What a number is a product of.

    top, low: the products of the factors above and below 1; under_top, under_low: the same of the denominators
    count: how many there are
    """

    top: object = ONE
    low: object = ONE
    under_top: object = ONE
    under_low: object = ONE
    count: int = 1

    @property
    def largest(self):
        return self.top / self.under_low if self.under_low else INF

    @property
    def smallest(self):
        return self.low / self.under_top


ALONE = Factors()


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """What a kernel may hold.

    real: the ends of an interval, or None; others: those of NAN, PLUS and MINUS that can occur
    element: whether it is an element of an array; positive, negative: sums of the terms that it is a sum of
    factors: those that it is a product of
    """

    real: tuple[object, object] | None
    others: frozenset[str] = frozenset()
    element: bool = False
    positive: object = ZERO
    negative: object = ZERO
    factors: Factors = ALONE

    @property
    def pieces(self):
        return [*([] if self.real is None else [self.real]), *sorted(self.others)]

    @property
    def point(self):
        """The number, if it can be no other."""
        return self.real[0] if self.real is not None and not self.others and self.real[0] == self.real[1] else None


def format_of(dtype) -> Format:
    info = np.finfo(dtype)
    unit = MP.mpf(float(info.eps)) / 2
    sizes = (MP.mpf(float(x)) for x in (info.smallest_subnormal, info.smallest_normal, info.max))
    tiny, normal, largest = sizes
    return Format(unit, tiny, normal, largest * (1 - 64 * unit))


def elements(array):
    """An array of floats as an object array of its elements; equal ones are one object, so long arrays are quick."""
    known = {}
    result = np.empty(np.shape(array), object)
    for at, x in np.ndenumerate(array):
        result[at] = known.setdefault(np.float64(x).tobytes(), point(float(x), element=True))
    return result


def point(x, element=False) -> Reach:
    if isinstance(x, Reach):
        return x
    if isinstance(x, float) and not math.isfinite(x):
        return Reach(None, frozenset([NAN if math.isnan(x) else PLUS if x > 0 else MINUS]), element)
    value = MP.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else MP.mpf(x)
    off = abs(value) * MP.mpf(2) ** -53 if isinstance(x, Fraction) and MP.mpf(float(x)) != value else ZERO
    return made((value - off, value + off), frozenset(), element)


def made(real, others, element, positive=None, negative=None, factors=None) -> Reach:
    """A set with the terms and factors of a value that is no sum and no product."""
    if real is None:
        return Reach(None, others, element)
    low, high = real
    if factors is None:
        large = max(abs(low), abs(high))
        small = ONE if low == high == 0 else ZERO if low <= 0 <= high else min(abs(low), abs(high))
        factors = Factors(max(ONE, large), min(ONE, small))
    if positive is None:
        positive, negative = max(high, ZERO), max(-low, ZERO)
    return Reach(real, others, element, positive, negative, factors)


def admits(reach: Reach, x: float) -> bool:
    """Whether a kernel may hold x."""
    if math.isnan(x):
        return NAN in reach.others
    if math.isinf(x):
        return (PLUS if x > 0 else MINUS) in reach.others
    return reach.real is not None and reach.real[0] <= MP.mpf(float(x)) <= reach.real[1]


def classes(reach: Reach, dtype) -> frozenset[str]:
    """The classes that are left."""
    most = MP.mpf(float(np.finfo(dtype).max))
    finite = reach.real is not None and reach.real[0] <= most and reach.real[1] >= -most
    return reach.others | ({"finite"} if finite else frozenset())
