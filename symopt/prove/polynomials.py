"""Sums of products of numbered atoms. An exponent may be negative or a fraction; what an atom is, `atoms` knows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

Rational = int | Fraction
Mono = tuple[tuple[int, Rational], ...]
"""A product: (atom, exponent) pairs by atom; no exponent is 0."""

Poly = dict[Mono, Rational]
"""A sum: product -> coefficient; no coefficient is 0. Never changed once it is made."""

UNIT: Mono = ()


class OutOfBudgetError(Exception):
    """A proof that takes more work than it was given."""


class UndefinedError(Exception):
    """A division by zero, or a logarithm of it, whatever the names are."""


def constant(value: Rational) -> Poly:
    """A number."""
    return {UNIT: value} if value else {}


ZERO, ONE, MINUS_ONE = constant(0), constant(1), constant(-1)


def as_constant(p: Poly) -> Rational | None:
    """The number that a sum is, or None."""
    if not p:
        return 0
    return p[UNIT] if len(p) == 1 and UNIT in p else None


def add(p: Poly, q: Poly, factor: Rational = 1) -> Poly:
    """p + factor*q."""
    result = dict(p)
    for mono, coefficient in q.items():
        value = result.get(mono, 0) + factor * coefficient
        if value:
            result[mono] = value
        else:
            result.pop(mono, None)
    return result


def subtract(p: Poly, q: Poly) -> Poly:
    """p - q."""
    return add(p, q, -1)


def scale(p: Poly, factor: Rational) -> Poly:
    """factor*p."""
    if factor == 1:
        return p
    return {mono: whole(coefficient * factor) for mono, coefficient in p.items()} if factor else {}


def whole(value: Rational) -> Rational:
    """An int where it is one: ints are several times faster than fractions."""
    return value.numerator if value.denominator == 1 else value


def merge(m: Mono, n: Mono) -> Mono:
    """The product of two products, exponents added."""
    exponents = dict(m)
    for atom, exponent in n:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return mono(exponents)


def mono(exponents: dict[int, Rational]) -> Mono:
    """A product from its exponents."""
    return tuple(sorted(pair for pair in exponents.items() if pair[1]))


def atoms_of(p: Poly) -> Iterable[int]:
    """The atoms of a sum, each once, in order."""
    return sorted({atom for product in p for atom, _ in product})


def smallest(p: Poly) -> Mono:
    """The largest product that divides every term: the smallest exponent of each atom, 0 where one is absent."""
    result: dict[int, Rational] = {}
    for atom in atoms_of(p):
        result[atom] = min(dict(product).get(atom, 0) for product in p)
    return mono(result)


def content(p: Poly) -> Rational:
    """The positive number that leaves coprime integers as coefficients."""
    numerators = math.gcd(*(Fraction(c).numerator for c in p.values()))
    denominators = math.lcm(*(Fraction(c).denominator for c in p.values()))
    return Fraction(numerators, denominators) if denominators > 1 else numerators


def leading(p: Poly) -> Mono:
    """A product that stands for the sum when a sign has to be chosen."""
    return max(p)


Key = frozenset[tuple[Mono, Rational]]


def key(p: Poly) -> Key:
    """A hashable form."""
    return frozenset(p.items())
