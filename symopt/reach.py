"""The values that an expression can take, from the domains of what it is made of: interval arithmetic with open ends.

Every value lies in the domain that is found; not each of that domain needs to be taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from symopt.domains import Domain, NonNegative, Positive, Real
from symopt.expr import Call, Expr, Num

_End = tuple[Fraction | float, int]
"""An end, infinite where there is none, with 0 if it is taken; if not, 1 below and -1 above, so that ends compare."""

_LARGEST_POWER = 64
"""Natural powers up to here are computed at the ends; of others it is known only on which side of 1 they are."""


def reach(expr: Expr, known: Mapping[Expr, Domain]) -> Domain:
    """A domain that holds every value of an expression; `known` are those of names and sequences, others are Real."""
    if expr in known:
        return known[expr]
    match expr:
        case Num(value):
            return point(value)
        case Call("where", (_, a, b)):
            return _hull(reach(a, known), reach(b, known))
        case Call(op, args) if op in _REACHES:
            return _REACHES[op](*(reach(arg, known) for arg in args))
        case _:
            return Real


def within(inner: Domain, outer: Domain) -> bool:
    """Whether every value of one domain is in the other."""
    whole = inner.integer or not outer.integer
    return whole and _low(inner) >= _low(outer) and _high(inner) <= _high(outer)


def apart(a: Domain, b: Domain) -> bool:
    """Whether two domains are a distance away from each other: not even their ends meet."""
    return _high(a)[0] < _low(b)[0] or _high(b)[0] < _low(a)[0]


def _low(domain: Domain) -> _End:
    return (-math.inf, 0) if domain.lower is None else (domain.lower, int(domain.open_lower))


def _high(domain: Domain) -> _End:
    return (math.inf, 0) if domain.upper is None else (domain.upper, -int(domain.open_upper))


def _between(low: _End, high: _End, integer: bool = False) -> Domain:
    lower, upper = (None if math.isinf(end) else Fraction(end) for end in (low[0], high[0]))
    return Domain("", lower, upper, bool(low[1]), bool(high[1]), integer)


def point(value: Fraction) -> Domain:
    """A single number."""
    return Domain("", value, value, integer=value.denominator == 1)


_ZERO, _ONE = point(Fraction(0)), point(Fraction(1))
_FROM_ONE, _TO_ONE = Domain("", lower=Fraction(1)), Domain("", Fraction(0), Fraction(1))
_WAVE = Domain("", Fraction(-1), Fraction(1))


def _hull(a: Domain, b: Domain) -> Domain:
    return _between(min(_low(a), _low(b)), max(_high(a), _high(b)), a.integer and b.integer)


def _max(a: Domain, b: Domain) -> Domain:
    return _between(max(_low(a), _low(b)), max(_high(a), _high(b)), a.integer and b.integer)


def _negative(a: Domain) -> Domain:
    (low, below), (high, above) = _low(a), _high(a)
    return _between((-high, -above), (-low, -below), a.integer)


def _min(a: Domain, b: Domain) -> Domain:
    return _negative(_max(_negative(a), _negative(b)))


def _magnitude(a: Domain) -> Domain:
    return _max(_max(a, _negative(a)), _ZERO)


def _plus(a: Domain, b: Domain) -> Domain:
    return _between(_sum(_low(a), _low(b)), _sum(_high(a), _high(b)), a.integer and b.integer)


def _sum(a: _End, b: _End) -> _End:
    return a[0] + b[0], a[1] or b[1]


def _times(a: Domain, b: Domain) -> Domain:
    corners = [_corner(x, y) for x in (_low(a), _high(a)) for y in (_low(b), _high(b))]
    value, is_open = max(corners, key=lambda corner: (corner[0], -corner[1]))
    return _between(min(corners), (value, -is_open), a.integer and b.integer)


def _corner(x: _End, y: _End) -> _End:
    """A product of ends, and 1 where it is not taken; 0 times an infinite end is 0."""
    if x[0] == 0 or y[0] == 0:
        return Fraction(0), int((0, 0) not in (x, y))
    return x[0] * y[0], int(bool(x[1] or y[1]))


def _inverse(a: Domain) -> Domain:
    """1/x; anything where x may be 0."""
    if Fraction(0) in a:
        return Real
    if a.lower is None or a.lower < 0:
        return _negative(_inverse(_negative(a)))
    high: _End = (math.inf, 0) if a.lower == 0 else (1 / a.lower, -int(a.open_lower))
    return _between((Fraction(0), 1) if a.upper is None else (1 / a.upper, int(a.open_upper)), high)


def _power(base: Domain, exponent: Domain) -> Domain:
    number = exponent.lower if exponent.lower == exponent.upper else None
    if number is not None and number.denominator == 1 and 0 <= number <= _LARGEST_POWER:
        return _natural_power(base, int(number))
    if not within(base, NonNegative):
        return Real
    if within(exponent, NonNegative):
        found = _TO_ONE if within(base, _TO_ONE) else _FROM_ONE if within(base, _FROM_ONE) else NonNegative
        return replace(found, open_lower=found.lower == 0 and within(base, Positive))
    if within(_negative(exponent), NonNegative):
        return _inverse(_power(base, _negative(exponent)))
    return Positive if within(base, Positive) else NonNegative


def _natural_power(base: Domain, number: int) -> Domain:
    if number == 0:
        return _ONE
    grows = base if number % 2 else _magnitude(base)
    (low, below), (high, above) = _low(grows), _high(grows)
    return _between((low**number, below), (high**number, above), base.integer)


def _exp(a: Domain) -> Domain:
    if within(a, NonNegative):
        return _FROM_ONE
    return replace(_TO_ONE, open_lower=True) if within(_negative(a), NonNegative) else Positive


def _floor(a: Domain) -> Domain:
    (low, _), (high, above) = _low(a), _high(a)
    lower = low if math.isinf(low) else Fraction(math.floor(low))
    upper = high if math.isinf(high) else Fraction(math.ceil(high) - 1 if above else math.floor(high))
    return _between((lower, 0), (upper, 0), integer=True)


_REACHES: Mapping[str, Callable[..., Domain]] = {
    "+": _plus, "-": lambda a, b: _plus(a, _negative(b)), "*": _times, "/": lambda a, b: _times(a, _inverse(b)),
    "neg": _negative, "**": _power, "sqrt": lambda a: _power(a, point(Fraction(1, 2))), "exp": _exp, "floor": _floor,
    "ceil": lambda a: _negative(_floor(_negative(a))), "abs": _magnitude, "max": _max, "min": _min,
    "clip": lambda x, low, high: _min(_max(x, low), high), "sign": lambda _: replace(_WAVE, integer=True),
    "sin": lambda _: _WAVE, "cos": lambda _: _WAVE, "tanh": lambda _: _WAVE,
    "pi": lambda: Domain("", Fraction(3), Fraction(4)),
}  # fmt: skip
