"""Every other function of the language: conditions, extrema, signs, rounding, trigonometry, sums, opaque functions.

Conditions are sums with the values 0 and 1, so that where(c, a, b) = c*a + (1 - c)*b. A function that is not linear
never sees one: it is applied to both outcomes (`lifted`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from symopt.prove.atoms import CONDITIONS
from symopt.prove.cases import Case
from symopt.prove.factors import factors, oriented
from symopt.prove.polynomials import (
    ONE,
    UNIT,
    Poly,
    UndefinedError,
    add,
    atoms_of,
    constant,
    content,
    key,
    mono,
    scale,
    subtract,
)
from symopt.prove.powers import absolute, exponential, inverse, rational_power
from symopt.prove.ranges import NEGATIVE, NIL, POSITIVE
from symopt.prove.steps import multiple_of_pi, shifted

Function = Callable[..., Poly]


def lifted(case: Case, function: Function, *args: Poly) -> Poly:
    """A function of arguments that may hold conditions: the sum over the outcomes."""
    table = case.table
    for arg in args:
        for atom in atoms_of(arg):
            if table.atoms[atom].kind in CONDITIONS:
                table.spend(50)
                condition: Poly = {((atom, 1),): 1}
                yes = _outcome(case, function, args, atom, True)
                no = _outcome(case, function, args, atom, False)
                return add(no, table.multiply(condition, subtract(yes, no)))
    return function(case, *args)


def _outcome(case: Case, function: Function, args: tuple[Poly, ...], condition: int, holds: bool) -> Poly:
    try:
        return lifted(case, function, *(case.table.assign(arg, condition, holds) for arg in args))
    except UndefinedError:  # no harm where another condition keeps this outcome from being taken
        return case.table.single("undefined", condition)


# ---- conditions ----


def positive(case: Case, p: Poly) -> Poly:
    """p > 0. Factors of known sign are dropped."""
    sign = case.sign(p)
    if not sign & POSITIVE or sign == POSITIVE:
        return ONE if sign == POSITIVE else {}
    return _condition(case, "positive", _stripped(case, p))


def zero(case: Case, p: Poly) -> Poly:
    """p = 0."""
    sign = case.sign(p)
    if not sign & NIL or sign == NIL:
        return ONE if sign == NIL else {}
    return _condition(case, "zero", oriented(case, _stripped(case, p))[1])


def _stripped(case: Case, p: Poly) -> Poly:
    number, parts = factors(case, p)
    result: Poly = {UNIT: 1 if number > 0 else -1}
    for factor, exponent in parts:
        sign = case.sign(factor)
        if sign == NEGATIVE and exponent % 2:
            result = scale(result, -1)
        elif sign not in (POSITIVE, NEGATIVE):
            result = case.table.multiply(result, rational_power(case, factor, exponent))
    return result


def _condition(case: Case, kind: str, p: Poly) -> Poly:
    return decided(case, case.table.atom(kind, None, (p,)))


def decided(case: Case, condition: int) -> Poly:
    """A condition, or its outcome if the case has decided it."""
    if condition in case.decided:
        return ONE if case.decided[condition] else {}
    return {((condition, 1),): 1}


def holds(case: Case, op: str, *args: Poly) -> Poly:
    """A condition that is not looked into, such as every(t, k)."""
    return decided(case, case.table.atom("holds", op, args))


# ---- extrema, signs, rounding ----


def maximum(case: Case, *args: Poly) -> Poly:
    """The largest argument: nested ones are joined, those that never win dropped, common positive factors taken out."""
    kept: list[Poly] = []
    for arg in (inner for outer in args for inner in _joined(case, outer)):
        if any(not case.sign(subtract(arg, other)) & POSITIVE for other in kept):
            continue
        kept = [other for other in kept if case.sign(subtract(other, arg)) & POSITIVE]
        kept.append(arg)
    if len(kept) == 1:
        return kept[0]
    factor = _common_factor(case, kept)
    shared = inverse(case, factor)
    kept = [case.table.multiply(arg, shared) for arg in kept]
    kept.sort(key=lambda arg: (math.isnan(case.table.value(arg)), case.table.value(arg), sorted(map(str, key(arg)))))
    return case.table.multiply(factor, case.table.single("max", None, tuple(kept)))


def _joined(case: Case, p: Poly) -> list[Poly]:
    """The arguments of c*max(a, b, ...) with c > 0, each times c."""
    if len(p) == 1:
        ((product, coefficient),) = p.items()
        found = [(a, e) for a, e in product if case.table.atoms[a].kind == "max"]
        if len(found) == 1 and found[0][1] == 1:
            rest: Poly = {tuple(pair for pair in product if pair not in found): coefficient}
            if not case.sign(rest) & NEGATIVE:
                return [case.table.multiply(rest, arg) for arg in case.table.atoms[found[0][0]].args]
    return [p]


def _common_factor(case: Case, args: list[Poly]) -> Poly:
    """A positive number times atoms proved positive that divide all arguments."""
    split = [case.table.split(arg) for arg in args]
    numbers, products, _ = zip(*(found for found in split if found[0]), strict=True)
    exponents = [dict(product) for product in products]
    common = {
        atom: min(one.get(atom, 0) for one in exponents)
        for atom in sorted({atom for one in exponents for atom in one})
        if case.sign({((atom, 1),): 1}) == POSITIVE
    }
    return {mono(common): content({((i, 1),): number for i, number in enumerate(numbers)})}


def signum(case: Case, p: Poly) -> Poly:
    """-1, 0 or 1, factor by factor."""
    number, parts = factors(case, p)
    result = constant((number > 0) - (number < 0))
    for factor, exponent in parts:
        sign = case.sign(factor)
        turned, q = oriented(case, factor)
        if sign in (POSITIVE, NEGATIVE) or (not sign & NIL and exponent % 2 == 0):
            result = scale(result, 1 if sign == POSITIVE or exponent % 2 == 0 else -1)
        else:
            own = ((case.table.atom("sign", None, (q,)), 1 if exponent % 2 else 2),)
            result = case.table.multiply(result, {own: turned if exponent % 2 else 1})
    return result


def floor(case: Case, p: Poly) -> Poly:
    """The largest integer not above p; whole terms are taken out."""
    whole: Poly = {product: c for product, c in p.items() if case.is_whole({product: c})}
    rest = subtract(p, whole)
    moved = shifted(case, rest)
    passed = None if moved is None else _multiples_passed(case, *moved)
    if moved is not None and passed is not None:
        return add(add(whole, passed), case.table.single("floor", None, (moved[0],)))
    shift = constant(math.floor(rest.get(UNIT, 0)))
    whole, rest = add(whole, shift), subtract(rest, shift)
    return whole if not rest else add(whole, case.table.single("floor", None, (rest,)))


def _multiples_passed(case: Case, start: Poly, unit: Poly, ahead: int) -> Poly | None:
    """floor(start + ahead*unit) - floor(start), counted in multiples of 1/unit where that is a whole number."""
    period = inverse(case, unit)
    count = case.table.multiply(start, period)
    if not case.is_whole(period) or not case.is_whole(count) or case.sign(period) != POSITIVE:
        return None
    result: Poly = {}
    for i in range(ahead) if ahead > 0 else range(ahead, 0):
        here = holds(case, "every", add(count, constant(i + 1)), period)
        result = add(result, here, 1 if ahead > 0 else -1)
    return result


# ---- trigonometry and the rest ----


def sine(case: Case, p: Poly) -> Poly:
    """sin, odd."""
    turned, q = _turned(p)
    return scale(_wave(case, q)[1], turned) if p else p


def cosine(case: Case, p: Poly) -> Poly:
    """cos, even."""
    return _wave(case, _turned(p)[1])[0] if p else ONE


def _wave(case: Case, p: Poly) -> tuple[Poly, Poly]:
    """cos and sin of p; the whole multiples of pi/2 are known, and one step turns both by one angle."""
    quarters = multiple_of_pi(case, p)
    if quarters is not None:
        values = (1, 0, -1, 0)
        return constant(values[quarters % 4]), constant(values[(quarters - 1) % 4])
    moved = shifted(case, p)
    if moved is None or not moved[2]:
        return case.table.single("cos", None, (p,)), case.table.single("sin", None, (p,))
    (start, unit, ahead), multiply = moved, case.table.multiply
    cos, sin = cosine(case, start), sine(case, start)
    turn_cos, turn_sin = cosine(case, unit), scale(sine(case, unit), 1 if ahead > 0 else -1)
    for _ in range(abs(ahead)):
        cos, sin = (
            subtract(multiply(cos, turn_cos), multiply(sin, turn_sin)),
            add(multiply(sin, turn_cos), multiply(cos, turn_sin)),
        )
    return cos, sin


def _turned(p: Poly) -> tuple[int, Poly]:
    return (1, p) if p and p[max(p)] > 0 else (-1, scale(p, -1))


def tanh(case: Case, p: Poly) -> Poly:
    """(exp(2p) - 1)/(exp(2p) + 1)."""
    square = exponential(case, scale(p, 2))
    return case.table.multiply(subtract(square, ONE), inverse(case, add(square, ONE)))


def opaque(op: str) -> Function:
    """A function of which nothing is known."""
    return lambda case, *args: case.table.single("call", op, args)


# ---- reductions ----


def total(case: Case, level: int, p: Poly) -> Poly:
    """The sum over what lies above a level: linear, and what does not vary is taken out."""
    result: Poly = {}
    for product, coefficient in case.table.cancelled(p).items():
        outside = tuple(pair for pair in product if case.table.atoms[pair[0]].level <= level)
        inside = tuple(pair for pair in product if case.table.atoms[pair[0]].level > level)
        summed = case.table.single("total", level, ({inside: 1},), level) if inside else size(case, level)
        result = add(result, case.table.multiply({outside: coefficient}, summed))
    return result


def size(case: Case, level: int) -> Poly:
    """How many elements lie above a level."""
    return case.table.single("size", level, (), level)


def maxabs(case: Case, level: int, p: Poly) -> Poly:
    """The largest absolute value over what lies above a level; what does not vary is taken out."""
    number, product, rest = case.table.split(p)
    if not number:
        return {}
    outside = tuple(pair for pair in product if case.table.atoms[pair[0]].level <= level)
    inside = tuple(pair for pair in product if case.table.atoms[pair[0]].level > level)
    _, q = oriented(case, case.table.multiply({inside: 1}, rest))
    if case.table.level(q) <= level:
        return absolute(case, p)
    return case.table.multiply(
        scale(absolute(case, {outside: 1}), number), case.table.single("maxabs", level, (q,), level)
    )
