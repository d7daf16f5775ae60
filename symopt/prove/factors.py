"""Products taken apart: into atoms, irreducible sums and prime numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from sympy import ZZ
from sympy.polys.rings import ring

from symopt.prove.cases import Case
from symopt.prove.polynomials import Mono, Poly, Rational, atoms_of, constant, key, leading, mono, scale, whole
from symopt.prove.ranges import NEGATIVE, POSITIVE

_MOST_TERMS, _HIGHEST_DEGREE = 40, 12
Factor = tuple[Poly, Rational]
"""A sum, or an atom as a sum, with its exponent."""


def oriented(case: Case, p: Poly) -> tuple[int, Poly]:
    """p as s*q with s = 1 or -1, the same q for p and -p; q is not negative where that can be proved."""
    sign = case.sign(p)
    positive = p[leading(p)] > 0 if sign & NEGATIVE and sign & POSITIVE else not sign & NEGATIVE
    return (1, p) if positive else (-1, scale(p, -1))


def factors(case: Case, p: Poly) -> tuple[Rational, list[Factor]]:
    """p as a number times factors, each once; sums are irreducible unless they are large or under a root."""
    number, product, rest = case.table.split(p)
    if not number:
        return 0, []
    sign, parts = _irreducible(case, rest) if len(rest) > 1 else (rest[()], [])
    for atom, exponent in product:
        if case.table.atoms[atom].kind == "sum" and Fraction(exponent).denominator == 1:
            turned, inner = _irreducible(case, case.table.inner(atom))
            sign *= turned ** (int(exponent) % 2)
            parts += [(q, e * exponent) for q, e in inner]
        else:
            parts.append((case.table.inner(atom), exponent))
    return number * sign, _joined(case, parts)


def _joined(case: Case, parts: list[Factor]) -> list[Factor]:
    exponents: dict[int, Rational] = {}
    for factor, exponent in parts:
        atom = case.table.base(factor)
        exponents[atom] = whole(Fraction(exponents.get(atom, 0) + exponent))
    return [(case.table.inner(atom), exponent) for atom, exponent in exponents.items() if exponent]


def _irreducible(case: Case, p: Poly) -> tuple[int, list[Factor]]:
    known = case.table.factored
    if key(p) not in known:
        known[key(p)] = _factored(p)
    sign = 1
    parts: list[Factor] = []
    for q, exponent in known[key(p)]:
        turned, q = oriented(case, q)
        sign *= turned**exponent
        parts.append((q, exponent))
    constants = [q[()] for q, _ in parts if set(q) == {()}]
    return sign * (-1 if constants == [-1] else 1), [part for part in parts if set(part[0]) != {()}]


def _factored(p: Poly) -> list[tuple[Poly, int]]:
    """By SymPy's factorisation over the integers; a fractional power of an atom counts as a variable."""
    numbers = list(atoms_of(p))
    units = [_unit(dict(product).get(atom, 0) for product in p) for atom in numbers]
    variables = list(zip(numbers, units, strict=True))
    shape = {tuple(int(dict(product).get(a, 0) / u) for a, u in variables): int(c) for product, c in p.items()}
    if len(p) > _MOST_TERMS or max(map(sum, shape)) > _HIGHEST_DEGREE:
        return [(p, 1)]
    domain: Any = ring([f"x{i}" for i in numbers], ZZ)[0]
    sign, parts = domain.from_dict(shape).factor_list()
    back = [(_back(dict(part), variables), int(exponent)) for part, exponent in parts]
    return back if sign == 1 else [(constant(-1), 1), *back]


def _unit(exponents: Iterator[Rational]) -> Fraction:
    return Fraction(1, math.lcm(*(Fraction(exponent).denominator for exponent in exponents)))


def _back(part: dict[Any, Any], variables: list[tuple[int, Fraction]]) -> Poly:
    result: Poly = {}
    for exponents, coefficient in part.items():
        pairs = zip(variables, exponents, strict=True)
        result[mono({a: whole(u * int(e)) for (a, u), e in pairs})] = int(coefficient)
    return result


def raised(product: Mono, exponent: Rational) -> Mono:
    """A product to a power, its relations aside."""
    return tuple((atom, whole(Fraction(e * exponent))) for atom, e in product)


def primes(value: Rational) -> dict[int, int]:
    """The exponents of a positive number's primes; what has no small prime factor counts as one."""
    result: dict[int, int] = {}
    for part, way in ((Fraction(value).numerator, 1), (Fraction(value).denominator, -1)):
        prime = 2
        while part > 1:
            if prime * prime > part or prime > 10_000:
                prime = part
            while part % prime == 0:
                result[prime] = result.get(prime, 0) + way
                part //= prime
            prime += 1
    return result
