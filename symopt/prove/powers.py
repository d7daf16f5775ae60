"""Roots, powers, exponentials and logarithms of sums that hold no conditions."""

from __future__ import annotations

from fractions import Fraction

from symopt.prove.cases import Case
from symopt.prove.factors import Factor, factors, oriented, primes, raised
from symopt.prove.polynomials import (
    ONE,
    UNIT,
    OutOfBudgetError,
    Poly,
    Rational,
    UndefinedError,
    add,
    as_constant,
    constant,
    merge,
    mono,
    scale,
    whole,
)
from symopt.prove.ranges import NEGATIVE, POSITIVE

_HIGHEST_POWER = 16


def power(case: Case, base: Poly, exponent: Poly) -> Poly:
    """base**exponent."""
    number = as_constant(exponent)
    if number is not None:
        return rational_power(case, base, number)
    if case.table.is_zero(base):
        if case.sign(exponent) == POSITIVE:
            return {}
        raise UndefinedError
    return _symbolic_power(case, base, exponent)


def rational_power(case: Case, p: Poly, q: Rational) -> Poly:
    """p**q for a number q."""
    q = whole(Fraction(q))
    if q == 0:
        return ONE
    if isinstance(q, int) and q > 0 and len(p) > 1:
        if q > _HIGHEST_POWER:
            raise OutOfBudgetError
        return case.table.integer_power(p, q)
    number, product, rest = case.table.split(p)
    if not number:
        return _power_of_zero(q)
    if isinstance(q, Fraction):
        return _root(case, p, q)
    sign, rest = oriented(case, rest)
    own = raised(product, q) if as_constant(rest) == 1 else merge(raised(product, q), ((case.table.base(rest), q),))
    return scale(case.table.canonical(own), Fraction(sign * number) ** q)


def _power_of_zero(q: Rational) -> Poly:
    if q < 0:
        raise UndefinedError
    return {}


def inverse(case: Case, p: Poly) -> Poly:
    """1/p."""
    return rational_power(case, p, -1)


def _root(case: Case, p: Poly, q: Fraction) -> Poly:
    """p**q for a fraction q. Only factors that are proved nonnegative are taken out of the root."""
    number, parts = factors(case, p)
    inside = constant(1 if number > 0 else -1)
    exponents: dict[int, Rational] = {}

    def take_out(base: Poly, exponent: Rational) -> None:
        if exponent:
            atom = case.table.base(base)
            exponents[atom] = whole(Fraction(exponents.get(atom, 0) + exponent * q))

    for factor, exponent in parts:
        sign = case.sign(factor)
        if not sign & NEGATIVE or Fraction(exponent).denominator > 1:  # a root is nonnegative where it exists
            take_out(factor, exponent)
        elif exponent % 2 == 0:
            take_out(absolute(case, factor), exponent)
        else:
            take_out(absolute(case, factor), exponent - 1)
            inside = case.table.multiply(inside, factor)
    if inside != ONE:
        take_out(inside, 1)
    outside = _number_power(case, abs(number), q)
    return case.table.multiply(outside, case.table.canonical(mono(exponents)))


def _number_power(case: Case, value: Rational, q: Rational) -> Poly:
    found = {case.table.atom("prime", prime): whole(Fraction(k * q)) for prime, k in primes(value).items()}
    return case.table.canonical(mono(found))


def absolute(case: Case, p: Poly) -> Poly:
    """|p|, factor by factor."""
    number, parts = factors(case, p)
    result = constant(abs(number))
    for factor, exponent in parts:
        _, q = oriented(case, factor)
        if case.sign(q) & NEGATIVE and Fraction(exponent).denominator == 1 and exponent % 2:
            q = case.table.single("abs", None, (q,))
        result = case.table.multiply(result, rational_power(case, q, exponent))
    return result


# ---- symbolic exponents ----


def exponential(case: Case, p: Poly) -> Poly:
    """exp(p); exp(a*log(b)) is b**a."""
    result = ONE
    for product, coefficient in p.items():
        logarithms = [a for a, e in product if e == 1 and case.table.atoms[a].kind == "log"]
        if logarithms:
            inner = case.table.atoms[logarithms[0]].args[0]
            rest = tuple(pair for pair in product if pair[0] != logarithms[0])
            term = power(case, inner, {rest: coefficient})
        else:
            e = case.table.single("e")
            base = e if product == UNIT else _power_atom(case, e, {product: 1})
            term = rational_power(case, base, coefficient)
        result = case.table.multiply(result, term)
    return result


def logarithm(case: Case, p: Poly) -> Poly:
    """log(p), split over factors that are proved nonnegative."""
    number, parts = factors(case, p)
    if not number:
        raise UndefinedError
    inside = constant(1 if number > 0 else -1)
    result: Poly = {}
    for prime, k in primes(abs(number)).items():
        result = add(result, case.table.single("log", None, (constant(prime),)), k)
    for factor, exponent in parts:
        if not case.sign(factor) & NEGATIVE or Fraction(exponent).denominator > 1:
            result = add(result, _log_of_atom(case, factor), exponent)
        elif exponent % 2 == 0:
            result = add(result, _log_of_atom(case, absolute(case, factor)), exponent)
        else:
            result = add(result, _log_of_atom(case, absolute(case, factor)), exponent - 1) if exponent != 1 else result
            inside = case.table.multiply(inside, factor)
    return result if inside == ONE else add(result, case.table.single("log", None, (inside,)))


def _log_of_atom(case: Case, p: Poly) -> Poly:
    atom = case.table.atoms[case.table.base(p)]
    if atom.kind == "e":
        return ONE
    if atom.kind == "power":
        return case.table.multiply(atom.args[1], logarithm(case, atom.args[0]))
    return case.table.single("log", None, (p,))


def _power_atom(case: Case, base: Poly, exponent: Poly) -> Poly:
    return case.table.single("power", None, (base, exponent))


def _symbolic_power(case: Case, base: Poly, exponent: Poly) -> Poly:
    """A base of nonnegative factors, or any with a whole exponent, is taken apart, and so is the exponent."""
    number, product, rest = case.table.split(base)
    sign, rest = oriented(case, rest)
    parts: list[Factor] = [(case.table.inner(atom), e) for atom, e in product]
    parts += [(rest, 1)] if as_constant(rest) != 1 else []
    unknown = sign < 0 or any(case.sign(factor) & NEGATIVE for factor, _ in parts)
    if unknown and not case.is_whole(exponent):
        return _power_atom(case, base, exponent)
    result = _power_of_number(case, number, exponent)
    if sign < 0:
        result = case.table.multiply(result, _power_atom(case, constant(-1), exponent))
    for factor, e in parts:
        result = case.table.multiply(result, _power_of_factor(case, factor, scale(exponent, e)))
    return result


def _power_of_number(case: Case, number: Rational, exponent: Poly) -> Poly:
    """Numbers above 1 are written as powers of their reciprocals."""
    if number == 1:
        return ONE
    return (
        _power_of_factor(case, constant(Fraction(number)), exponent)
        if number < 1
        else _power_of_factor(case, constant(1 / Fraction(number)), scale(exponent, -1))
    )


def _power_of_factor(case: Case, factor: Poly, exponent: Poly) -> Poly:
    """b**(c + c1*M1 + ...) is b**c * (b**M1)**c1 * ..."""
    atom = case.table.atoms[case.table.base(factor)]
    if atom.kind == "power":
        return power(case, atom.args[0], case.table.multiply(atom.args[1], exponent))
    if atom.kind == "e":
        return exponential(case, exponent)
    result = ONE
    for product, coefficient in exponent.items():
        base = factor if product == UNIT else _power_atom(case, factor, {product: 1})
        result = case.table.multiply(result, rational_power(case, base, coefficient))
    return result
