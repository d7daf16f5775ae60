"""What operations make of pieces: a piece is an interval of reals, given by its ends, or one of NaN, inf and -inf.

Each function gives the pieces of all results, before any rounding. Ends may be infinite where there is no bound.
"""

from __future__ import annotations

import mpmath

MP = mpmath.MPContext()
MP.dps = 60  # so many that no rounding here counts
ZERO, ONE, INF = MP.mpf(0), MP.mpf(1), MP.inf
NAN, PLUS, MINUS = "nan", "inf", "-inf"


def flipped(p):
    return {NAN: NAN, PLUS: MINUS, MINUS: PLUS}[p] if isinstance(p, str) else (-p[1], -p[0])


def sums(p, q):
    if NAN in (p, q) or {p, q} == {PLUS, MINUS}:
        return [NAN]
    return [p] if isinstance(p, str) else [q] if isinstance(q, str) else [(p[0] + q[0], p[1] + q[1])]


def products(p, q):
    if NAN in (p, q):
        return [NAN]
    if isinstance(q, str):
        p, q = q, p
    if isinstance(p, str):
        low, high = ends(q)
        signs = [p] * (high > 0) + [flipped(p)] * (low < 0)
        return signs + [NAN] * (low <= 0 <= high)
    corners = [a * b if a and b else ZERO for a in p for b in q]
    return [(min(corners), max(corners))]


def inverses(p):
    if isinstance(p, str):
        return [NAN] if p == NAN else [(ZERO, ZERO)]
    low, high = p
    if low > 0 or high < 0:
        return [(1 / high, 1 / low)]
    right = [(1 / high, INF), PLUS] if high > 0 else []
    left = [(-INF, 1 / low), MINUS] if low < 0 else []
    return right + left or [PLUS, MINUS]  # the zero may have either sign


def ends(p):
    return {PLUS: (INF, INF), MINUS: (-INF, -INF)}[p] if isinstance(p, str) else p


def larger(p, q):
    if NAN in (p, q):
        return NAN
    if PLUS in (p, q):
        return PLUS
    return q if p == MINUS else p if q == MINUS else (max(p[0], q[0]), max(p[1], q[1]))


def smaller(p, q):
    return flipped(larger(flipped(p), flipped(q)))


def powers(p, q, n):
    """p**q; n: the exponent, if it is one number."""
    if n == 0:
        return [(ONE, ONE)]
    if NAN in (p, q):
        return [NAN]
    low, high = ends(p)
    whole = n is not None and MP.isint(n)
    found = []
    if low < 0 and whole:
        mirrored = powers((max(-high, ZERO), -low) if p != MINUS else PLUS, q, n)
        found += mirrored if n % 2 == 0 else [flipped(x) for x in mirrored]
    elif low < 0:
        found += [NAN]
    if high >= 0:
        corners = [raised(a, b) for a in (max(low, ZERO), high) for b in ends(q)]
        infinite = p == PLUS or isinstance(q, str)
        found += [(min(corners), max(corners))] if not (infinite and min(corners) == INF) else []
        found += [PLUS] if max(corners) == INF else []
    return found


def raised(a, b):
    """a**b for 0 <= a <= inf."""
    if b == 0 or a == 1:
        return ONE
    if a in (0, INF):
        return INF if (a == 0) == (b < 0) else ZERO
    return a ** int(b) if MP.isint(b) and abs(b) < 10**4 else exponential(b * MP.log(a))


def exponential(x):
    return INF if x > 10**6 else ZERO if x < -(10**6) else MP.exp(x)


def less_one(x):
    return exponential(x) - 1 if abs(x) > 1 else MP.expm1(x)


def growing(function, at_minus, at_plus):
    """What a growing function makes of a piece."""

    def rule(p):
        return [
            {NAN: NAN, PLUS: at_plus, MINUS: at_minus}[p] if isinstance(p, str) else (function(p[0]), function(p[1]))
        ]

    return rule


def over_positive(function, below, edge):
    """A growing function that is NaN below `edge` and there `below`."""

    def rule(p):
        if isinstance(p, str):
            return [PLUS if p == PLUS else NAN]
        low, high = p
        found = [NAN] if low < edge else []
        found += (
            [(function(max(low, edge)), function(high))] if high > edge or (below is not MINUS and high >= edge) else []
        )
        return found + ([MINUS] if below is MINUS and low <= edge <= high else [])

    return rule


def logarithm(function, edge):
    return over_positive(lambda x: -INF if x == edge else function(x), MINUS, edge)


def wave(function):
    def rule(p):
        if isinstance(p, str):
            return [NAN]
        middle, radius = (p[0] + p[1]) / 2, (p[1] - p[0]) / 2
        if radius >= 1:
            return [(-ONE, ONE)]
        value = function(middle)
        return [(max(-ONE, value - radius), min(ONE, value + radius))]

    return rule


def magnitude(p):
    if isinstance(p, str):
        return [NAN if p == NAN else PLUS]
    return [(ZERO if p[0] <= 0 <= p[1] else min(abs(p[0]), abs(p[1])), max(abs(p[0]), abs(p[1])))]


def sign(p):
    if p == NAN:
        return [NAN]
    low, high = ends(p)
    return [(s, s) for s, there in ((-ONE, low < 0), (ZERO, low <= 0 <= high), (ONE, high > 0)) if there]


def rounded_to_whole(function):
    return growing(lambda x: x if MP.isinf(x) else function(x), MINUS, PLUS)
