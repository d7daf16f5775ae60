"""The shortest form of a value, found by the normal form alone: each form is proved equal to what it replaces."""

from __future__ import annotations

from symopt.expr import (
    ARITHMETIC,
    BOOLEAN,
    ONE,
    ZERO,
    Call,
    Expr,
    Reduction,
    Seq,
    add,
    negate,
    rebuild,
    substitute,
    summands,
    walk,
)
from symopt.interpret import SYMBOLS
from symopt.prove.atoms import Table
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, Poly, UndefinedError, as_constant
from symopt.theory.first_step.printed import printed, size

TRUE, FALSE = Call("eq", (ONE, ONE)), Call("eq", (ZERO, ONE))
"""Conditions that are decided."""

_BUDGET = 3_000
HELD = frozenset({"where", "max", "min", "clip"})
"""Operations that are seldom shorter in the normal form."""


class Shorter:
    """Rewrites under facts. A branch, an extremum or a reduction that stays is held: it counts as a name outside it."""

    def __init__(self, facts: Facts):
        self.facts = facts
        self._held: dict[Expr, Expr] = {}

    def form(self, expr: Expr) -> Expr:
        """The shortest form that was found of a value."""
        return self._released(self._form(expr))

    def minus(self, a: Expr, b: Expr) -> Expr:
        """a - b, branch by branch, with what stands in both cancelled."""
        if isinstance(a, Call) and a.op == "where":
            yes, no = (self.minus(branch, b) for branch in a.args[1:])
            return yes if yes == no else Call("where", (a.args[0], yes, no))
        terms, gone = summands(a), summands(b)
        for term in list(terms):
            if term in gone:
                terms.remove(term)
                gone.remove(term)
        return self.form(add(*sorted([*terms, *map(negate, gone)], key=_is_negative)))

    def _released(self, expr: Expr) -> Expr:
        """What is held put back."""
        back = {name: value for value, name in self._held.items()}
        while any(node in back for node in walk(expr)):
            expr = substitute(expr, back)
        return expr

    def _form(self, expr: Expr) -> Expr:
        match expr:
            case Call("isfinite"):
                return TRUE  # as every real number is
            case Call("every", (a, k)) if a == ONE:
                return self._form(Call("eq", (k, ONE)))
            case Call("where", (condition, a, b)):
                return self._where(self._form(condition), a, b)
            case Call(op, args) if op in ARITHMETIC:
                return self._shortest(_signed(SYMBOLS.apply(op, *map(self._form, args))))
            case Call(_, args) | Reduction(_, args):
                return self._hold(self._shortest(rebuild(expr, tuple(map(self._form, args)))))
            case _:
                return expr

    def _where(self, condition: Expr, a: Expr, b: Expr) -> Expr:
        if condition in (TRUE, FALSE):
            return self._form(a if condition == TRUE else b)
        yes, no = (self._given(condition, outcome, x) for outcome, x in ((TRUE, a), (FALSE, b)))
        return yes if yes == no else self._hold(Call("where", (condition, yes, no)))

    def _given(self, condition: Expr, outcome: Expr, branch: Expr) -> Expr:
        """A branch, in which its condition is decided."""
        formed = self.form(branch)
        under = substitute(formed, {self._released(condition): outcome})
        return self._form(under) if under != formed else formed

    def _hold(self, expr: Expr) -> Expr:
        if isinstance(expr, Reduction) or (isinstance(expr, Call) and expr.op in HELD):
            return self._held.setdefault(expr, Seq(f"held {len(self._held)}", 0))
        return expr

    def _shortest(self, expr: Expr) -> Expr:
        case = Case(Table(_BUDGET), self.facts)
        try:
            p = Normal(case).of(expr)
            if isinstance(expr, Call) and expr.op in BOOLEAN:
                return _decided(p) or expr
            found = printed(case, p)
        except (OutOfBudgetError, UndefinedError):
            return expr
        return expr if found is None or size(found) >= size(expr) else found


def _decided(p: Poly) -> Expr | None:
    """What a condition is on the whole domain, where it has one outcome."""
    value = as_constant(p)
    return None if value is None else TRUE if value else FALSE


def _is_negative(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.op == "neg"


def _signed(expr: Expr) -> Expr:
    """Signs where one writes them: in front of a product or a quotient, between the terms of a sum."""
    match expr:
        case Call("+", (a, Call("neg", (b,)))):
            return Call("-", (a, b))
        case Call("-", (a, Call("neg", (b,)))):
            return Call("+", (a, b))
        case Call("*" | "/", args) if any(map(_is_negative, args)):
            plain = rebuild(expr, tuple(negate(arg) if _is_negative(arg) else arg for arg in args))
            return negate(plain) if sum(map(_is_negative, args)) % 2 else plain
        case _:
            return expr
