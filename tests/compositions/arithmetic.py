"""Arithmetic on sets of floats, for `interpret`: the set of an equation holds what any kernel computes for it.

An operation on sets gives every result that floating point could give for operands in them:

- Each operation is charged SLACK roundings, u*|result| each, and half the smallest subnormal; u is the unit roundoff of
  the arrays' dtype if an operand is an element, that of float64 if all are numbers. A number that enters element work
  is rounded once more.
- A kernel may add the terms of a sum in any order. A partial sum is at most P, the sum of the positive terms, and at
  least -N, that of the negative ones: each addition is charged u*(P + N), and where P or N is beyond the largest float
  the sum may be inf, -inf or, if both are, NaN. The real value stays in the set: in another order nothing overflows.
- A kernel may multiply the factors of a product in any order, those below the line among each other too. Where there
  are more than two, a partial product lies between `smallest` and `largest`. Beyond the largest float it may be inf,
  and NaN if another factor is 0; below the smallest normal number it is off by half a subnormal, which the other
  factors enlarge by at most `largest`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, reduce

import numpy as np
import rules
from reach import ALONE, Factors, Reach, format_of, made, point
from rules import INF, MINUS, MP, NAN, ONE, PLUS, ZERO

from symopt.expr import OPERATIONS
from symopt.interpret import Numbers

SLACK = 2  # roundings charged for each operation of the equations
LIBRARY = 6  # for exp, log, cos and their like: NumPy's in float32 are off by up to 2.5 units in the last place


@dataclass(frozen=True)
class Truth:
    """What a condition may be."""

    yes: bool
    no: bool


class Arithmetic:
    """The operations for kernels on arrays of a dtype."""

    def __init__(self, dtype):
        self.formats = {True: format_of(dtype), False: format_of(np.float64)}
        self.dtype = dtype

    def result(
        self, pieces, element, roundings=SLACK, off=ZERO, positive=None, negative=None, factors=None, summed=False
    ):
        """The union of the pieces, rounded; off: an error on top of the roundings."""
        reals = [piece for piece in pieces if not isinstance(piece, str)]
        others = {piece for piece in pieces if isinstance(piece, str)}
        low, high = (min(a for a, _ in reals), max(b for _, b in reals)) if reals else (ZERO, ZERO)
        if positive is None:
            positive, negative = max(high, ZERO), max(-low, ZERO)
        form = self.formats[element]
        beyond = ({PLUS} if positive > form.most else set()) | ({MINUS} if negative > form.most else set())
        if summed and {PLUS, MINUS} <= beyond | others:
            others |= {NAN}
        if not reals:
            return Reach(None, frozenset(others), element, positive, negative, factors or ALONE)
        if roundings and (positive or negative):
            low -= roundings * form.unit * (negative + positive if summed else abs(low)) + form.tiny + off
            high += roundings * form.unit * (negative + positive if summed else abs(high)) + form.tiny + off
            low, high = (low if negative else max(low, ZERO)), (high if positive else min(high, ZERO))
        return made((low, high), frozenset(others | beyond), element, positive, negative, factors)

    def entering(self, x, element):
        """A number as the element that it is rounded to."""
        x = point(x)
        if x.element or not element:
            return x
        if x.point is not None and self.holds(x.point):
            return replace(x, element=True)
        return self.result(x.pieces, True, 1, ZERO, x.positive, x.negative, x.factors)

    def holds(self, value) -> bool:
        """Whether the dtype of the arrays has this number."""
        with np.errstate(over="ignore"):
            return MP.mpf(float(self.dtype(float(value)))) == value

    def small_whole(self, element, *values) -> bool:
        """Whether all are whole numbers that add up and multiply without rounding, in any order."""
        most = 1 / self.formats[element].unit
        return all(v is not None and MP.isint(v) and abs(v) <= most for v in values)

    def together(self, *args):
        element = any(point(arg).element for arg in args)
        return element, [self.entering(arg, element) for arg in args]

    def add(self, a, b):
        element, (a, b) = self.together(a, b)
        for zero, other in ((a, b), (b, a)):
            if zero.point == 0 and not zero.positive:  # not what is left of terms that another order adds up later
                return other
        pieces = [piece for p in a.pieces for q in b.pieces for piece in rules.sums(p, q)]
        positive, negative = a.positive + b.positive, a.negative + b.negative
        exact = self.small_whole(element, a.point, b.point, positive, negative)
        return self.result(pieces, element, 0 if exact else SLACK, ZERO, positive, negative, summed=True)

    def neg(self, a):
        a = point(a)
        pieces = [rules.flipped(piece) for piece in a.pieces]
        return self.result(pieces, a.element, 0, ZERO, a.negative, a.positive, a.factors)

    def multiply(self, a, b):
        element, (a, b) = self.together(a, b)
        for one, other in ((a, b), (b, a)):
            if one.point == 1:
                return other
        f, g = a.factors, b.factors
        factors = Factors(
            f.top * g.top, f.low * g.low, f.under_top * g.under_top, f.under_low * g.under_low, f.count + g.count
        )
        pieces = [piece for p in a.pieces for q in b.pieces for piece in rules.products(p, q)]
        exact = a.point == -1 or b.point == -1 or self.small_whole(element, a.point, b.point, factors.top)
        return self.product(pieces, element, factors, exact)

    def divide(self, a, b):
        element, (a, b) = self.together(a, b)
        if b.point == 1:
            return a
        f, g = a.factors, b.factors
        factors = Factors(
            f.top * g.under_top, f.low * g.under_low, f.under_top * g.top, f.under_low * g.low, f.count + g.count
        )
        inverse = [piece for q in b.pieces for piece in rules.inverses(q)]
        pieces = [piece for p in a.pieces for q in inverse for piece in rules.products(p, q)]
        whole = bool(a.point is not None and b.point and self.small_whole(element, a.point, b.point, a.point / b.point))
        pieces = [(a.point / b.point,) * 2] if whole else pieces
        if f.under_low < 1 and self.formats[element].tiny > factors.under_low * self.formats[element].unit:
            pieces = [x for p in pieces for x in self.blurred(p, factors, element)]
        return self.product(pieces, element, factors, whole)

    def blurred(self, piece, factors, element):
        """A quotient whose denominators may be multiplied first, into a subnormal number."""
        if isinstance(piece, str):
            return [piece]
        share = self.formats[element].tiny / factors.under_low if factors.under_low else INF
        low, high = sorted((abs(piece[0]), abs(piece[1])))
        wide = (low / (1 + share), high / (1 - share)) if share < 0.5 else (ZERO, INF)
        wide = (ZERO if piece[0] <= 0 <= piece[1] else wide[0], wide[1] if high else ZERO)
        right = [wide] if piece[1] > 0 else []
        left = [(-wide[1], -wide[0])] if piece[0] < 0 else []
        return left + right or [piece]

    def product(self, pieces, element, factors, exact):
        form = self.formats[element]
        reals = [piece for piece in pieces if not isinstance(piece, str)]
        others = [piece for piece in pieces if isinstance(piece, str)]
        partial = factors.count > 2
        over, under = partial and factors.largest > form.most, partial and factors.smallest < form.normal
        if over and reals:
            others += [PLUS] if any(high > 0 for _, high in reals) else []
            others += [MINUS] if any(low < 0 for low, _ in reals) else []
            others += [NAN] if under or any(low <= 0 <= high for low, high in reals) else []
        if (under or over) and {PLUS, MINUS} & set(others):
            others += [NAN] if under else []
        if partial and factors.under_top > form.most:  # a denominator that overflows leaves 0
            reals = [(min(low, ZERO), max(high, ZERO)) for low, high in reals]
        off = form.tiny * factors.largest if under else ZERO
        return self.result([*reals, *others], element, 0 if exact else SLACK, off, factors=factors)

    def power(self, a, b):
        element, (a, b) = self.together(a, b)
        n = b.point
        if n is not None and n == 1:
            return a
        if n is not None and MP.isint(n) and 2 <= n <= 8:
            return self.whole_power(a, int(n))
        pieces = [piece for p in a.pieces for q in b.pieces for piece in rules.powers(p, q, n)]
        return self.result(pieces, element, LIBRARY)

    def whole_power(self, a, n):
        """x*x*...*x, where the factors are the same number."""
        f = a.factors
        pieces = [piece for p in a.pieces for piece in rules.powers(p, (MP.mpf(n),) * 2, MP.mpf(n))]
        exact = self.small_whole(a.element, a.point, None if a.point is None else a.point**n)
        with_n = Factors(f.top**n, f.low**n, f.under_top**n, f.under_low**n, f.count * n)
        found = self.product(pieces, a.element, with_n, exact)
        return found if exact or n == 2 else self.result(found.pieces, a.element, n * SLACK, factors=with_n)

    def chosen(self, condition, a, b):
        element, (a, b) = self.together(a, b)
        if not (condition.yes and condition.no):
            return a if condition.yes else b
        f, g = a.factors, b.factors
        factors = Factors(
            max(f.top, g.top),
            min(f.low, g.low),
            max(f.under_top, g.under_top),
            min(f.under_low, g.under_low),
            max(f.count, g.count),
        )
        positive, negative = max(a.positive, b.positive), max(a.negative, b.negative)
        return self.result([*a.pieces, *b.pieces], element, 0, ZERO, positive, negative, factors)

    def compared(self, rule, unequal=False):
        def compare(a, b):
            _, (a, b) = self.together(a, b)
            found = [rule(rules.ends(p), rules.ends(q)) for p in a.pieces for q in b.pieces if NAN not in (p, q)]
            odd = [Truth(unequal, not unequal)] if NAN in a.others | b.others else []
            return reduce(either, [*found, *odd])

        return compare

    def of_one(self, rule, roundings=SLACK):
        """A function of one number, given by what it makes of a piece."""

        def apply(x):
            x = point(x)
            return self.result([y for piece in x.pieces for y in rule(piece)], x.element, roundings)

        return apply

    def of_two(self, rule):
        """The larger or the smaller one."""

        def apply(a, b):
            element, (a, b) = self.together(a, b)
            return self.result([rule(p, q) for p in a.pieces for q in b.pieces], element, 0)

        return apply


# ---- conditions ----


def either(a: Truth, b: Truth) -> Truth:
    """What may be, where either may be."""
    return Truth(a.yes or b.yes, a.no or b.no)


def divides(t, k):
    """Whether k divides t; 0 divides nothing."""
    if t.point is None or k.point is None:
        return Truth(True, True)
    held = k.point != 0 and t.point % k.point == 0
    return Truth(held, not held)


def finite(x):
    return Truth(point(x).real is not None, bool(point(x).others))


ORDERS = {
    "<": lambda p, q: Truth(p[0] < q[1], p[1] >= q[0]),
    "<=": lambda p, q: Truth(p[0] <= q[1], p[1] > q[0]),
    ">": lambda p, q: Truth(p[1] > q[0], p[0] <= q[1]),
    ">=": lambda p, q: Truth(p[1] >= q[0], p[0] < q[1]),
    "eq": lambda p, q: Truth(p[0] <= q[1] and q[0] <= p[1], not p[0] == p[1] == q[0] == q[1]),
    "ne": lambda p, q: Truth(not p[0] == p[1] == q[0] == q[1], p[0] <= q[1] and q[0] <= p[1]),
}


def system(dtype) -> Numbers:
    """The number system for kernels on arrays of a dtype."""
    on = Arithmetic(dtype)
    table = {op: on.compared(rule, op == "ne") for op, rule in ORDERS.items()}
    table |= {"+": on.add, "-": lambda a, b: on.add(a, on.neg(b)), "neg": on.neg, "*": on.multiply, "/": on.divide}
    table |= {"**": on.power, "where": on.chosen, "max": on.of_two(rules.larger), "min": on.of_two(rules.smaller)}
    table |= {"abs": on.of_one(rules.magnitude, 0), "sign": on.of_one(rules.sign, 0)}
    table |= {
        "floor": on.of_one(rules.rounded_to_whole(MP.floor), 0),
        "ceil": on.of_one(rules.rounded_to_whole(MP.ceil), 0),
    }
    table |= {"sqrt": on.of_one(rules.over_positive(MP.sqrt, ZERO, ZERO))}
    library = {
        "log": rules.logarithm(MP.log, ZERO),
        "log1p": rules.logarithm(MP.log1p, -ONE),
        "cos": rules.wave(MP.cos),
        "sin": rules.wave(MP.sin),
    }
    library |= {
        "exp": rules.growing(rules.exponential, (ZERO, ZERO), PLUS),
        "expm1": rules.growing(rules.less_one, (-ONE, -ONE), PLUS),
    }
    library |= {"tanh": rules.growing(MP.tanh, (-ONE, -ONE), (ONE, ONE))}
    table |= {op: on.of_one(rule, LIBRARY) for op, rule in library.items()}
    table |= {"every": lambda t, k: divides(point(t), point(k)), "isfinite": finite}
    table |= {"and": lambda a, b: Truth(a.yes and b.yes, a.no or b.no)}
    table |= {"or": lambda a, b: Truth(a.yes or b.yes, a.no and b.no), "not": lambda a: Truth(a.no, a.yes)}
    table |= {"clip": lambda x, lo, hi: table["min"](table["max"](x, lo), hi)}
    remembered = {op: lru_cache(2**14)(function) for op, function in table.items()}
    pi = made((MP.pi - MP.mpf(2) ** -51, MP.pi + MP.mpf(2) ** -51), frozenset(), False)
    operations = {op: np.frompyfunc(f, OPERATIONS[op], 1) for op, f in remembered.items() if OPERATIONS[op]}
    return Numbers("sets of floats", point, operations | {"pi": lambda: pi})
