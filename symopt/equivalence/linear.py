"""Equations that must hold between states if outputs are to be equal, read off the outputs where these are linear.

An output that is to be equal at every step asks for an equation between states; that this equation is kept by the next
step asks for others, one for each function of the gradient in it, until nothing new is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symopt.canonical import from_sympy, sympy_symbol, to_sympy
from symopt.equivalence.product import Product
from symopt.equivalence.scenario import POINT, THETA
from symopt.errors import SymoptError
from symopt.expr import ONE, ZERO, Call, Expr, Num, Seq, Sym, children, divide, rebuild, sequences, substitute, walk

_LONGEST = 300
_MOST_TERMS = 400
_MOST_GOALS = 24
_MOST_SPREAD, _TOO_MUCH = 5_000, 10**6


@dataclass
class Demands:
    """What outputs ask for.

    relation: what is known already; fits: whether a state has a value in all runs that were tried
    """

    product: Product
    relation: dict[str, Expr]
    fits: Callable[[str, Expr], bool]
    found: dict[str, Expr] = field(default_factory=dict[str, Expr])

    def of(self, wanted: Iterable[str]) -> dict[str, Expr]:
        """Equations for states that nothing is known of yet."""
        goals = [goal for what in wanted for goal in self._goals_of(what)]
        for name, rhs in self.relation.items():
            goals += self._kept(Call("-", (Seq(name, 0), rhs)))
        for _ in range(_MOST_GOALS):
            if not goals:
                break
            goals += self._asked_by(goals.pop(0))
        return self.found

    def _goals_of(self, what: str) -> Iterator[Expr]:
        """Differences of new values that must be 0."""
        if what == THETA:
            yield Call("-", (Seq("A.theta", 0), Seq("B.theta", 0)))
        if what == POINT:
            a, b = self.product.points
            yield self.product.later(Call("-", (a, b)))

    def _asked_by(self, goal: Expr) -> list[Expr]:
        """Solve a goal for a state, and say what the next step then asks for."""
        table: dict[Expr, Expr] = {Seq(name, 0): rhs for name, rhs in (self.relation | self.found).items()}
        solved = self._solved(substitute(goal, table))
        if solved is None:
            return []
        name, value = solved
        self.found = {other: substitute(rhs, {Seq(name, 0): value}) for other, rhs in self.found.items()}
        self.found[name] = value
        return self._kept(Call("-", (Seq(name, 0), value)))

    def _solved(self, goal: Expr) -> tuple[str, Expr] | None:
        """A state that a goal gives, and its value; coefficients that are numbers are the best, then B's states."""
        form = _form(goal)
        if form is None or form.is_number:
            return None
        symbols = {sympy_symbol(seq): seq.name for seq in sequences(goal) if seq.name in self.product.states}
        fits: list[tuple[bool, bool, str, Any]] = []
        for factor in _factors(form):
            for symbol in factor.free_symbols & symbols.keys() if not factor.is_Symbol else ():
                slope = sp.diff(factor, symbol)
                if slope != 0 and not slope.free_symbols & symbols.keys():
                    value = -factor.subs(symbol, 0) / slope
                    name = symbols[symbol]
                    fits.append((not sp.cancel(slope).is_number, name.startswith("A."), name, value))
        for _, _, name, value in sorted(fits, key=lambda fit: fit[:3]):
            back = tidy(value)
            if back is not None and self.fits(name, back):
                return name, back
        return None

    def _kept(self, goal: Expr) -> list[Expr]:
        """What must be 0 for a difference of new values to be 0, in new values of this or of the step before."""
        inside: dict[Expr, Expr] = {Seq(name, 0): rhs for name, rhs in self.product.late_inside.items()}
        new: dict[Expr, Expr] = {Seq(name, 0): rhs for name, rhs in self.product.late.items()}
        near = self._parts(self._old(substitute(goal, inside)))
        if all(not _has(part, -1) for part in near):
            return near
        return [self.product.later(part) for part in self._parts(self._old(substitute(goal, new))) if not _has(part, 0)]

    def _old(self, expr: Expr) -> Expr:
        known = self.relation | self.found
        return substitute(expr, {Seq(name, -1): self.product.before(rhs) for name, rhs in known.items()})

    def _parts(self, expr: Expr) -> list[Expr]:
        """The coefficients of all functions of the gradient, and of hyperparameters that are new."""
        table: dict[Expr, Expr] = {Seq(name, 0): rhs for name, rhs in (self.relation | self.found).items()}
        form = _form(substitute(expr, table))
        if form is None:
            return []
        free = {sympy_symbol(Sym(name)) for name in self.product.pair.changing}
        free |= {sympy_symbol(Seq(name, 0)) for name in ("g", *self.product.pair.inputs)}
        groups: dict[Any, Any] = {}
        for term in sp.Add.make_args(form):
            coefficient, rest = term.as_independent(*free, as_Add=False)
            groups[rest] = groups.get(rest, 0) + coefficient
        return [part for part in map(tidy, groups.values()) if part is not None and part != ZERO]


def _has(expr: Expr, shift: int) -> bool:
    return any(seq.shift == shift for seq in sequences(expr))


def _factors(form: Any) -> list[Any]:
    try:
        return [factor for factor, _ in sp.factor_list(form)[1]]
    except (sp.PolynomialError, TypeError):  # functions that no polynomial has; comparisons, which SymPy cannot sort
        return [form]


def tidy(value: Any) -> Expr | None:
    """A quotient in lowest terms as the dialect writes it; None where the dialect has no word for it."""
    lowest = sp.factor_terms(sp.cancel(sp.together(value)))
    above, below = sp.fraction(lowest)
    try:
        if below.is_Add and above.could_extract_minus_sign():
            return divide(from_sympy(-above), from_sympy(-below))
        return from_sympy(lowest)
    except SymoptError:
        return None


def _form(expr: Expr) -> Any:
    """The numerator of an expression, expanded; None where it is too long."""
    if sum(1 for _ in walk(expr)) > _LONGEST or max(_spread(expr)) > _MOST_SPREAD:
        return None
    numerator = sp.fraction(sp.together(to_sympy(without_branches(expr))))[0]
    form = sp.expand(numerator)
    return form if len(sp.Add.make_args(form)) <= _MOST_TERMS else None


def _spread(expr: Expr) -> tuple[int, int]:
    """How many terms numerator and denominator have at most when all is multiplied out."""
    match expr:
        case Call("+" | "-", (a, b)):
            (p, q), (r, s) = _spread(a), _spread(b)
            return min(p * s + r * q, _TOO_MUCH), min(q * s, _TOO_MUCH)
        case Call("*" | "/" as op, (a, b)):
            (p, q), (r, s) = _spread(a), _spread(b)[:: 1 if op == "*" else -1]
            return min(p * r, _TOO_MUCH), min(q * s, _TOO_MUCH)
        case Call("**", (a, Num(n))) if n.denominator == 1:
            p, q = _spread(a)
            return min(p ** min(abs(int(n)), 20), _TOO_MUCH), min(q ** min(abs(int(n)), 20), _TOO_MUCH)
        case Call("neg", (a,)):
            return _spread(a)
        case _:
            return 1, 1


def without_branches(expr: Expr) -> Expr:
    """where(c, a, b) as b + where(c, 1, 0)*(a - b), which is linear where a and b are."""
    inner = rebuild(expr, tuple(map(without_branches, children(expr))))
    match inner:
        case Call("where", (_, a, b)) if (a, b) != (ONE, ZERO):
            chosen = Call("where", (inner.args[0], ONE, ZERO))
            return Call("+", (b, Call("*", (chosen, Call("-", (a, b))))))
        case _:
            return inner
