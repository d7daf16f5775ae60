"""Whether two expressions are equal: proved, refuted with a counterexample, or undecided. This decides everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from symopt.expr import Expr
from symopt.prove.atoms import CONDITIONS, REDUCTIONS, Table
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, Poly, UndefinedError, atoms_of, subtract
from symopt.prove.ranges import NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE
from symopt.prove.sample import Point, difference

BUDGET = 300_000
_MOST_CASES = 256


@dataclass(frozen=True)
class Proved:
    """Equal wherever both are defined; in how many cases that was shown."""

    cases: int


@dataclass(frozen=True)
class Refuted:
    """Different at a point of the domains: name -> value there, and the two values."""

    point: Point
    values: tuple[Any, Any]


@dataclass(frozen=True)
class Undecided:
    """Not proved, and equal at so many points; `why` says what was missing."""

    points: int
    why: str


Verdict = Proved | Refuted | Undecided


def decide(a: Expr, b: Expr, facts: Facts, *, budget: int = BUDGET, points: int = 64) -> Verdict:
    """Whether a = b for all real values of the names in their domains.

    Numbers refute, they never prove. A few points come first, since most mistakes show at once.
    """
    few = min(points, 3)
    found = difference(a, b, facts, range(few))
    why = "no rule shows it" if found is None else ""
    if found is None:
        proof = _Proof(a, b)
        try:
            if proof.holds(Case(Table(budget), facts)):
                return Proved(proof.cases)
        except OutOfBudgetError:
            why = "the proof was larger than its budget"
        found = difference(a, b, facts, range(few, points))
    return Undecided(points, why) if found is None else Refuted(*found)


@dataclass
class _Proof:
    a: Expr
    b: Expr
    cases: int = 0

    def holds(self, case: Case, told_apart: frozenset[int] = frozenset()) -> bool:
        """Whether a = b in a case, by further cases where conditions are left."""
        self.cases += 1
        if self.cases > _MOST_CASES:
            raise OutOfBudgetError
        normal = Normal(case)
        try:
            difference = subtract(normal.of(self.a), normal.of(self.b))
        except UndefinedError:
            return False
        if case.table.is_zero(difference):
            return True
        for number in _branching(case.table, difference):
            if number not in told_apart:
                cases = [narrower for narrower in _outcomes(case, number) if narrower is not None]
                return all(self.holds(narrower, told_apart | {number}) for narrower in cases)
        return False


_BRANCHING = (*sorted(CONDITIONS), "max", "abs", "sign")


def _branching(table: Table, p: Poly) -> list[int]:
    """What divides a case: the atoms that hold no others of their kind first, conditions before extrema and signs."""
    numbers = [number for number in _visible(table, p) if table.atoms[number].kind in _BRANCHING]

    def order(number: int) -> tuple[bool, int, int]:
        held = (inner for arg in table.atoms[number].args for inner in _visible(table, arg))
        nested = any(table.atoms[inner].kind in _BRANCHING for inner in held)
        return nested, _BRANCHING.index(table.atoms[number].kind), number

    return sorted(set(numbers), key=order)


def _outcomes(case: Case, number: int) -> list[Case | None]:
    """The cases into which a branching atom divides a case."""
    atom = case.table.atoms[number]
    if atom.kind in CONDITIONS:
        return [case.assume_condition(number, holds) for holds in (True, False)]
    p = subtract(atom.args[0], atom.args[1]) if atom.kind == "max" else atom.args[0]
    signs = (POSITIVE, NIL, NEGATIVE) if atom.kind == "sign" else (NOT_NEGATIVE, NEGATIVE)
    return [case.assume(p, sign) for sign in signs]


def _visible(table: Table, p: Poly) -> Iterator[int]:
    """The atoms of a sum and of their arguments, but not what is summed over: there a name means any element's."""
    for number in atoms_of(p):
        yield number
        if table.atoms[number].kind not in REDUCTIONS:
            for arg in table.atoms[number].args:
                yield from _visible(table, arg)
