"""The numbers of a step in SymPy, with the signs of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sympy as sp

from symopt.canonical import STEP, from_sympy, sympy_symbol, to_sympy
from symopt.domains import OpenUnit, Positive
from symopt.expr import Expr, Seq, Sym
from symopt.prove.atoms import Table
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.invariants import known
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, UndefinedError
from symopt.prove.ranges import ANY, NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE, sign_of_product
from symopt.recurrence import Optimizer

__all__ = ["ANY", "GAIN", "NEGATIVE", "NIL", "NOT_NEGATIVE", "POSITIVE", "SHARE", "Scalars", "Z"]

Z, GAIN, SHARE = sp.Symbol("the z"), sp.Symbol("the q", positive=True), sp.Symbol("the share", positive=True)
"""The unknown of a characteristic polynomial; the curvature times its gain; a share of a bound, inside (0, 1).

No name of a spec has a space in it.
"""

_MOST_TERMS = 200
_BUDGET = 60_000


class Scalars:
    """Names as SymPy symbols that know their domains, which for sequences are those that every step keeps.

    forced: the scheduled hyperparameters, by the names of their values in force, which count as constants
    """

    def __init__(self, optimizer: Optimizer):
        self.optimizer = optimizer
        self.forced = {expr.name: name for name, expr in optimizer.in_force if isinstance(expr, Seq)}

    @cached_property
    def facts(self) -> Facts:
        """What is known of the names, the auxiliary ones included."""
        forced = {value: self.optimizer.hyperparameter(name).domain for value, name in self.forced.items()}
        return known(self.optimizer).knowing({**forced, GAIN.name: Positive, SHARE.name: OpenUnit})

    def symbol(self, node: Sym | Seq) -> Any:
        """The symbol of a name."""
        plain, domain = sympy_symbol(node), self.facts.domain(node.name)
        if plain == STEP or domain.lower is None or domain.lower < 0:
            return plain
        positive = domain.lower > 0 or domain.open_lower
        return sp.Symbol(plain.name, positive=True) if positive else sp.Symbol(plain.name, nonnegative=True)

    def sympy(self, expr: Expr) -> Any:
        """An expression of names, which keep what is known of them."""
        value = to_sympy(expr)
        named = {symbol: from_sympy(symbol) for symbol in value.free_symbols}
        return value.xreplace({s: self.symbol(node) for s, node in named.items() if isinstance(node, Sym | Seq)})

    def sign(self, value: Any, positive: tuple[Any, ...] = ()) -> int:
        """The signs that a value can have on the domains, where the others are positive."""
        if value.is_Rational:
            return POSITIVE if value > 0 else NEGATIVE if value < 0 else NIL
        case: Case | None = Case(Table(_BUDGET), self.facts)
        try:
            for other in positive:
                case = case.assume(Normal(case).of(from_sympy(other)), POSITIVE) if case else None
            if case is None:
                return 0
            parts = [sp.expand(part) for part in sp.fraction(sp.together(value))]
            if max(len(sp.Add.make_args(part)) for part in parts) > _MOST_TERMS:
                return ANY
            above, below = (case.sign(Normal(case).of(from_sympy(part))) for part in parts)
            return sign_of_product(above, below & ~NIL)  # where it has a value
        except (OutOfBudgetError, UndefinedError):
            return ANY

    def fails_first(self, conditions: Sequence[Any]) -> tuple[int, float] | None:
        """The condition that is the first to fail at the defaults as q grows from 0, and where; None if none does."""
        ends: list[tuple[float, int]] = []
        for place, condition in enumerate(conditions):
            above, below = sp.fraction(sp.together(condition))
            found = [self.at_defaults(c) for c in sp.Poly(above * below, GAIN).all_coeffs()]
            if any(value is None or not value.is_Rational for value in found):
                return None
            roots = [float(root) for root in sp.Poly(found, Z).real_roots() if root > 0]
            least = min(roots, default=2.0)
            starts = sp.Poly(found, Z).eval(sp.Rational(least) / 2) > 0
            ends += [(least if starts else 0.0, place)] * bool(roots or not starts)
        return (min(ends)[1], min(ends)[0]) if ends else None

    def at_defaults(self, value: Any) -> Any | None:
        """A value where every name in it has its default; None where one has none."""
        defaults = {h.name: h.default for h in self.optimizer.hyperparameters}
        defaults |= {value: defaults[name] for value, name in self.forced.items()}
        table: dict[Any, Any] = {}
        for symbol in value.free_symbols:
            default = defaults.get(symbol.name.partition("[")[0])
            if default is None:
                return None
            table[symbol] = sp.Rational(default.numerator, default.denominator)
        return value.subs(table)
