"""Atoms, each kept once, and the arithmetic of sums over them with the relations that they obey."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symopt.prove.fingerprints import power_of, value_of
from symopt.prove.polynomials import (
    ONE,
    UNIT,
    Key,
    Mono,
    OutOfBudgetError,
    Poly,
    Rational,
    add,
    constant,
    content,
    key,
    merge,
    mono,
    scale,
    smallest,
    subtract,
)

CONDITIONS = frozenset({"positive", "zero", "holds"})
"""The kinds of atoms that are 0 or 1: p > 0, p = 0, and conditions that are not looked into."""

REDUCTIONS = frozenset({"total", "maxabs", "size"})
"""The kinds whose arguments are read at every element; head: the level of the value."""


@dataclass(frozen=True, eq=False, slots=True)
class Atom:
    """What a product is made of: a name, or a function of sums.

    kind: "name", "sum" (a base of several terms), "prime", "abs", "power", ...; head: what tells two of a kind apart
    level: index in LEVELS; value: at one fixed point, to tell different atoms apart quickly (never to call them equal)
    """

    kind: str
    head: Any
    args: tuple[Poly, ...]
    level: int
    value: float


class Table:
    """All atoms of one proof, and a budget of elementary products."""

    def __init__(self, budget: int = 300_000):
        self.atoms: list[Atom] = []
        self.budget = budget
        self._numbers: dict[tuple[str, Any, tuple[Key, ...]], int] = {}
        self._alike: dict[tuple[str, Any, int], list[int]] = {}
        self._products: dict[tuple[Mono, Mono], Poly] = {}
        self._exclusive: set[tuple[int, int]] = set()
        self.factored: dict[Key, list[tuple[Poly, int]]] = {}

    # ---- atoms ----

    def atom(self, kind: str, head: Any = None, args: tuple[Poly, ...] = (), level: int = 0) -> int:
        """The number of an atom; equal arguments in whatever form give the same one."""
        own = (kind, head, tuple(key(arg) for arg in args))
        if own not in self._numbers:
            alike = self._alike.setdefault((kind, head, len(args)), [])
            self._numbers[own] = self._same(alike, args) if args else -1
            if self._numbers[own] < 0:
                self._numbers[own] = self._new(kind, head, args, level)
                alike.append(self._numbers[own])
        return self._numbers[own]

    def _same(self, alike: list[int], args: tuple[Poly, ...]) -> int:
        for number in alike:
            if all(self.is_zero(subtract(a, b)) for a, b in zip(args, self.atoms[number].args, strict=True)):
                return number
        return -1

    def _new(self, kind: str, head: Any, args: tuple[Poly, ...], level: int) -> int:
        if kind not in REDUCTIONS:
            level = max([level, *(self.level(arg) for arg in args)])
        value = value_of(kind, head, [self.value(arg) for arg in args])
        self.atoms.append(Atom(kind, head, args, level, value))
        number = len(self.atoms) - 1
        if kind in ("positive", "zero"):
            self._exclude(number, args[0])
        return number

    def _exclude(self, number: int, p: Poly) -> None:
        """p > 0, p = 0 and p < 0 do not hold together."""
        for other in self._alike.get(("positive", None, 1), []) + self._alike.get(("zero", None, 1), []):
            q = self.atoms[other].args[0]
            kinds = {self.atoms[number].kind, self.atoms[other].kind}
            if self.is_zero(add(p, q)) or (len(kinds) == 2 and self.is_zero(subtract(p, q))):
                self._exclusive |= {(number, other), (other, number)}

    def single(self, kind: str, head: Any = None, args: tuple[Poly, ...] = (), level: int = 0) -> Poly:
        """An atom as a sum."""
        return {((self.atom(kind, head, args, level), 1),): 1}

    def base(self, p: Poly) -> int:
        """The atom that can carry an exponent of p: p's own if it is one, else a "sum"."""
        if len(p) == 1:
            ((product, coefficient),) = p.items()
            if coefficient == 1 and len(product) == 1 and product[0][1] == 1:
                return product[0][0]
        return self.atom("sum", None, (p,))

    def inner(self, number: int) -> Poly:
        """An atom as a sum: the sum that it stands for, if it stands for one."""
        atom = self.atoms[number]
        return atom.args[0] if atom.kind == "sum" else {((number, 1),): 1}

    def level(self, p: Poly) -> int:
        """The highest level of the atoms of a sum."""
        return max((self.atoms[atom].level for product in p for atom, _ in product), default=0)

    def value(self, p: Poly) -> float:
        """The value at the fixed point; NaN where there is none."""
        return math.fsum(self._terms(p))

    def _terms(self, p: Poly) -> list[float]:
        return [float(c) * math.prod(power_of(self.atoms[a].value, e) for a, e in product) for product, c in p.items()]

    def spend(self, work: int) -> None:
        """Count work against the budget."""
        self.budget -= work
        if self.budget < 0:
            raise OutOfBudgetError

    # ---- arithmetic ----

    def multiply(self, p: Poly, q: Poly) -> Poly:
        """p*q."""
        self.spend(
            len(p) * len(q) * (4 + sum(len(next(iter(r), UNIT)) for r in (p, q))) // 4
        )  # long products cost more
        result: Poly = {}
        for m, c in p.items():
            for n, d in q.items():
                for product, e in self._product(m, n).items():
                    result[product] = result.get(product, 0) + c * d * e
        return {product: value for product, value in result.items() if value}

    def _product(self, m: Mono, n: Mono) -> Poly:
        if (m, n) not in self._products:
            self._products[m, n] = self.canonical(merge(m, n))
        return self._products[m, n]

    def integer_power(self, p: Poly, n: int) -> Poly:
        """p**n for n >= 0, multiplied out."""
        result = ONE
        for _ in range(n):
            result = self.multiply(result, p)
        return result

    def canonical(self, product: Mono) -> Poly:
        """A product with every exponent brought into the range that its atom's relation leaves."""
        for i, (number, exponent) in enumerate(product):
            rule = _RELATIONS.get(self.atoms[number].kind)
            found = rule(self, number, exponent) if rule else None
            if found is not None:
                kept = ((number, found[0]),) if found[0] else ()
                return self.multiply(self.canonical(product[:i] + kept + product[i + 1 :]), found[1])
        if self._exclusive and any((a, b) in self._exclusive for a, _ in product for b, _ in product):
            return {}
        return {product: 1}

    def is_zero(self, p: Poly, work: int | None = None) -> bool:
        """Whether p is 0 by the relations: denominators are multiplied out, nothing is guessed.

        work: give up, and say no, after so much
        """
        kept, self.budget = self.budget, self.budget if work is None else min(work, self.budget)
        given = self.budget
        try:
            return self._is_zero(p)
        except OutOfBudgetError:
            if work is None or given == kept:
                raise
            return False
        finally:
            self.budget += kept - given

    def _is_zero(self, p: Poly) -> bool:
        while p:
            lacking: dict[int, Rational] = {}
            for product in p:
                for number, exponent in product:
                    if exponent < 0 and self.atoms[number].kind in ("sum", "sin"):
                        lacking[number] = max(lacking.get(number, 0), math.ceil(-exponent))
            if not lacking or self._clearly_not_zero(p):
                return False
            p = self.multiply(p, {mono(lacking): 1})
        return True

    def _clearly_not_zero(self, p: Poly) -> bool:
        terms = self._terms(p)
        return abs(math.fsum(terms)) > 1e-6 * max(map(abs, terms))  # False for NaN

    def split(self, p: Poly) -> tuple[Rational, Mono, Poly]:
        """p = c*m*r: a positive number, a product, and a sum of coprime integers times coprime products; 0 if c is."""
        common: Mono = UNIT
        while step := smallest(p):
            common = merge(common, step)
            p = self.multiply(p, {mono({atom: -exponent for atom, exponent in step}): 1})
        if not p:
            return 0, UNIT, p
        factor = content(p)
        inverse = 1 / Fraction(factor)
        return factor, common, {product: int(c * inverse) for product, c in p.items()}

    def cancelled(self, p: Poly) -> Poly:
        """p, with a denominator cancelled that the numerator is a multiple of."""
        if not any(e < 0 and self.atoms[a].kind == "sum" for product in p for a, e in product):
            return p
        number, product, rest = self.split(p)
        if not number:
            return {}
        for atom, exponent in product:
            for way in (1, -1):
                if exponent < 0 and self.atoms[atom].args == (scale(rest, way),):
                    return scale(self.canonical(merge(product, ((atom, 1),))), way * number)
        return p

    def assign(self, p: Poly, condition: int, holds: bool) -> Poly:
        """p with a condition decided, and with it the conditions that it excludes."""
        result: Poly = {}
        for product, coefficient in p.items():
            present = [number for number, _ in product]
            if condition in present and not holds:
                continue
            if holds and any((condition, number) in self._exclusive for number in present):
                continue
            rest = tuple(pair for pair in product if pair[0] != condition)
            result = add(result, {rest: coefficient})
        return result


# ---- the relations of atoms: (exponent that stays, factor that the rest becomes), or None where nothing changes ----

_Relation = Callable[[Table, int, Rational], tuple[Rational, Poly] | None]


def _sum(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    whole = math.floor(exponent)
    return (exponent - whole, table.integer_power(table.atoms[number].args[0], whole)) if whole >= 1 else None


def _prime(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    whole = math.floor(exponent)
    return (exponent - whole, constant(Fraction(table.atoms[number].head) ** whole)) if whole else None


def _abs(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    pairs = math.floor(exponent / Fraction(2))
    inner = ((table.base(table.atoms[number].args[0]), 2 * pairs),)
    return (exponent - 2 * pairs, table.canonical(inner)) if pairs else None


def _sign(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    if exponent in (1, 2):
        return None
    return (1 if exponent % 2 else 2), ONE  # a fractional power exists for 0 and 1 only, which it leaves alone


def _condition(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    return None if exponent == 1 else (1, ONE)


def _sin(table: Table, number: int, exponent: Rational) -> tuple[Rational, Poly] | None:
    if exponent < 2:
        return None
    cos = ((table.atom("cos", None, table.atoms[number].args), 2),)
    pairs = int(exponent // 2)
    return exponent - 2 * pairs, table.integer_power(add(ONE, {cos: 1}, -1), pairs)


_RELATIONS: dict[str, _Relation] = {
    "sum": _sum, "prime": _prime, "abs": _abs, "sign": _sign, "sin": _sin,
    "positive": _condition, "zero": _condition, "holds": _condition,
}  # fmt: skip
