"""Whether two expressions are equal: proved, refuted with a counterexample, or undecided. This decides everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symopt.expr import Expr
from symopt.prove.atoms import Table
from symopt.prove.branching import branching, outcomes, plain_conditions, undecided
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, UndefinedError, subtract
from symopt.prove.sample import Point, difference

BUDGET = 100_000
_MOST_CASES = 256
_LITTLE = 3_000  # work for a look whether a difference is 0 before it is divided into cases


@dataclass(frozen=True)
class Proved:
    """Equal wherever both are defined; in how many cases that was shown, and by how many elementary products."""

    cases: int
    work: int = 0


@dataclass(frozen=True)
class Refuted:
    """Different at a point of the domains: name -> value there, and the two values; `work` as for a proof."""

    point: Point
    values: tuple[Any, Any]
    work: int = 0


@dataclass(frozen=True)
class Undecided:
    """Not proved, and equal at so many points; `why` says what was missing, `work` as for a proof."""

    points: int
    why: str
    work: int = 0


Verdict = Proved | Refuted | Undecided


def decide(a: Expr, b: Expr, facts: Facts, *, budget: int = BUDGET, points: int = 64) -> Verdict:
    """Whether a = b for all real values of the names in their domains.

    Numbers refute, they never prove. A few points come first, since most mistakes show at once.
    """
    few = min(points, 3)
    found = difference(a, b, facts, range(few))
    if found is not None:
        return Refuted(*found)
    proof, table, why = _Proof(a, b), Table(budget), "no rule shows it"
    try:
        if proof.holds(Case(table, facts)):
            return Proved(proof.cases, budget - table.budget)
    except OutOfBudgetError:
        why = "the proof was larger than its budget"
    found, work = difference(a, b, facts, range(few, points)), budget - table.budget
    return Undecided(points, why, work) if found is None else Refuted(*found, work)


@dataclass
class _Proof:
    a: Expr
    b: Expr
    cases: int = 0

    def __post_init__(self) -> None:
        self.plain = plain_conditions(self.a, self.b)

    def holds(self, case: Case, told_apart: frozenset[int] = frozenset()) -> bool:
        """Whether a = b in a case, by further cases where conditions are left."""
        self.cases += 1
        if self.cases > _MOST_CASES:
            raise OutOfBudgetError
        normal = Normal(case)
        for number in undecided(normal, self.plain):
            if number not in told_apart:
                return self._holds_in_all(case, number, told_apart)
        try:
            difference = subtract(normal.of(self.a), normal.of(self.b))
        except UndefinedError:
            return False
        numbers = [number for number in branching(case.table, difference) if number not in told_apart]
        if case.table.is_zero(difference, _LITTLE if numbers else None):
            return True
        return bool(numbers) and self._holds_in_all(case, numbers[0], told_apart)

    def _holds_in_all(self, case: Case, number: int, told_apart: frozenset[int]) -> bool:
        cases = [narrower for narrower in outcomes(case, number) if narrower is not None]
        return all(self.holds(narrower, told_apart | {number}) for narrower in cases)
