"""Whether a change goes down: the sign of its product with the gradient, case by case over the whole domain."""

from __future__ import annotations

from symopt.expr import Call, Expr, Seq
from symopt.prove.atoms import Table
from symopt.prove.branching import branching, outcomes
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, UndefinedError
from symopt.prove.ranges import ANY, NEGATIVE, NIL, POSITIVE

__all__ = ["ANY", "NEGATIVE", "NIL", "POSITIVE", "sign_along"]

_BUDGET = 50_000
_MOST_CASES = 64


def sign_along(change: Expr, direction: Seq, facts: Facts) -> int:
    """The signs that change*direction can have at an element where the direction is not 0."""
    product = Call("*", (change, direction))
    found = 0
    for side in (POSITIVE, NEGATIVE):
        try:
            found |= _Signs(product, direction, facts).where(side)
        except (OutOfBudgetError, UndefinedError):
            return ANY
    return found


class _Signs:
    def __init__(self, product: Expr, direction: Seq, facts: Facts):
        self.product, self.direction = product, direction
        self.case = Case(Table(_BUDGET), facts)
        self.cases = 0

    def where(self, side: int) -> int:
        """The signs on one side of 0."""
        own = self.case.assume(Normal(self.case).of(self.direction), side)
        return 0 if own is None else self._in(own, frozenset())

    def _in(self, case: Case, told_apart: frozenset[int]) -> int:
        self.cases += 1
        if self.cases > _MOST_CASES:
            raise OutOfBudgetError
        p = Normal(case).of(self.product)
        sign = case.sign(p)
        numbers = [number for number in branching(case.table, p) if number not in told_apart]
        if not (sign & NEGATIVE and sign & POSITIVE) and not (sign & NIL and numbers):
            return sign
        if not numbers:
            return sign
        narrower = [found for found in outcomes(case, numbers[0]) if found is not None]
        found = 0
        for one in narrower:
            found |= self._in(one, told_apart | {numbers[0]})
            if found & NEGATIVE and found & POSITIVE:
                break
        return found
