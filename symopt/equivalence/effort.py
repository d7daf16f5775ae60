"""The work of one question, and its end."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.expr import Expr
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts

BUDGET = 4_000_000
EACH = 60_000
"""Elementary products that a question, and one equality in it, may cost."""

_LEAST = 500  # of an equality, for the points at which it is tried first


@dataclass
class Effort:
    """What a question may cost, in elementary products; `spent` so far."""

    limit: int = BUDGET
    spent: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left; whatever is asked from there on is not shown."""
        return self.spent >= self.limit

    def shows(self, x: Expr, y: Expr, facts: Facts) -> bool:
        """Whether two expressions are shown to be equal."""
        if x == y or self.is_over:
            return x == y
        found = decide(x, y, facts, budget=min(EACH, self.limit - self.spent), points=3)
        self.spent += _LEAST + found.work
        return isinstance(found, Proved)
