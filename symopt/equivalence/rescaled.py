"""What a hyperparameter of B has to be, in terms of A's, for one step of both to be the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy as sp

from symopt.canonical import sympy_symbol, to_sympy
from symopt.domains import NonNegative
from symopt.equivalence.alike import equal_values
from symopt.equivalence.data import Data
from symopt.equivalence.draw import drawn, several
from symopt.equivalence.linear import tidy, without_branches
from symopt.equivalence.pair import Pair, joined
from symopt.equivalence.product import Product
from symopt.equivalence.relate import settled
from symopt.equivalence.scaled import multiples
from symopt.equivalence.scenario import COARSE, THETA, apart, follow, output
from symopt.expr import Call, Expr, Seq, Sym, children, rebuild, sequences, substitute, symbols, walk
from symopt.prove.facts import Facts
from symopt.prove.invariants import inside

_OWN = "_of_b"
_LONGEST = 300
_RUNS, _STEPS, _WIDTH = 2, 3, 3
_ELEMENTS = 4
_TRIES = (Fraction(1, 2), Fraction(3, 4), Fraction(1, 4))  # in every interval of hyperparameters that may be rescaled


def rescaling(pair: Pair) -> Iterator[tuple[str, Expr]]:
    """(name, value) of each hyperparameter that both have and that B needs another value of."""
    shared = {h.name for h in pair.a.hyperparameters} & {h.name for h in pair.b.hyperparameters}
    for hyper in pair.b.hyperparameters:
        if hyper.name in shared and not hyper.domain.integer and _one_value_fits(pair, hyper.name):
            value = _needed(pair, hyper.name)
            if value not in (None, Sym(hyper.name)) and inside(value, hyper.domain, Product(pair).facts):
                yield hyper.name, value


def _one_value_fits(pair: Pair, name: str) -> bool:
    """Whether one value of B's hyperparameter per step makes B's first steps those of A for several gradients.

    A step is taken for (p + q*x)/(1 + r*x), which three values give: learning rates and eps outside of roots are so.
    """
    run = drawn(pair, (), _STEPS, 1, _ELEMENTS)
    wanted = follow(pair.a, run, COARSE)
    values: tuple[Any, ...] = ()
    for step in range(1, len(wanted) + 1):
        start = run.upto(step)
        tries = [replace(start, hyper={**start.hyper, name: (*values, x)}) for x in _TRIES]
        given = [follow(pair.b, each, COARSE) for each in tries]
        if min(map(len, given)) < step:
            return True
        columns = zip(*(output(moments[step - 1], THETA) for moments in (wanted, *given)), strict=True)
        found = [x for column in columns for x in _values_for(*column)]
        if any(x is None or apart(x, found[0]) for x in found):
            return False
        values = (*values, found[0] if found else run.hyper[name][step - 1])
    return True


def _values_for(wanted: Any, f0: Any, f1: Any, f2: Any) -> Iterator[Any]:
    """x where the function is as wanted; nothing where all x do, None where none does."""
    x0, x1, x2 = (COARSE.constant(Fraction(x)) for x in _TRIES)
    if not apart(f0, f1):
        if apart(f0, wanted):
            yield None
        return
    a, b = (wanted - f0) * (f1 - f2) * (x1 - x0), (wanted - f2) * (f1 - f0) * (x1 - x2)  # equal cross-ratios
    yield None if a == b else (b * x0 - a * x2) / (b - a)


def _needed(pair: Pair, name: str) -> Expr | None:
    """B's own value of a hyperparameter for which a step from related states gives the same theta."""
    own = f"{name}{_OWN}"
    b = pair.b.renamed(**{name: own})
    hypers = joined(pair.a, b)
    product = Product(Pair(pair.a, b, hypers, frozenset(hyper.name for hyper in hypers)))
    data = Data(product, tuple(several(product.pair, (), _RUNS, _STEPS, _WIDTH)))
    alike = equal_values(data, product, ())
    related = settled({**multiples(data, product, alike), **alike, "B.theta": Seq("A.theta", 0)})
    new: dict[Expr, Expr] = {Seq(state, 0): rhs for state, rhs in related.items()}
    old: dict[Expr, Expr] = {Seq(state, -1): product.before(rhs) for state, rhs in related.items()}
    left, right = (substitute(product.late_inside[f"{side}.theta"], {**new, **old}) for side in "AB")
    facts = Product(pair).facts.knowing({own: pair.b.hyperparameter(name).domain})
    return _solved(Call("-", (left, right)), own, facts)


def _solved(difference: Expr, own: str, facts: Facts) -> Expr | None:
    """The value of a name for which a difference is 0, where it is one of hyperparameters and t alone."""
    if own not in symbols(difference) or sum(1 for _ in walk(difference)) > _LONGEST:
        return None
    names = _Names(facts)
    wanted = names.of(Sym(own))
    form = sp.expand(sp.fraction(sp.together(names.of(without_branches(difference))))[0])
    slope = sp.diff(form, wanted)
    if slope == 0 or slope.has(wanted):
        return None
    found = names.back(-form.subs(wanted, 0) / slope)
    return found if found is not None and not sequences(found) and own not in symbols(found) else None


class _Names:
    """SymPy's view in which what is proved not to be negative is positive, so that roots of products split."""

    def __init__(self, facts: Facts):
        self.facts = facts
        self.table: dict[Expr, Any] = {}

    def of(self, expr: Expr) -> Any:
        """An expression, each positive name and sum as a symbol of its own."""
        if isinstance(expr, Sym | Seq):
            return self._symbol(expr)
        if isinstance(expr, Call) and expr.op in "+-" and not sequences(expr) and inside(expr, NonNegative, self.facts):
            return self._symbol(expr)
        parts = [self.of(arg) for arg in children(expr)]
        holes = [Sym(f"hole{i}") for i in range(len(parts))]
        return to_sympy(rebuild(expr, tuple(holes))).subs(dict(zip(map(sympy_symbol, holes), parts, strict=True)))

    def _symbol(self, expr: Expr) -> Any:
        if expr not in self.table:
            positive = inside(expr, NonNegative, self.facts)
            name = f"x{len(self.table)}"
            self.table[expr] = sp.Symbol(name, positive=True) if positive else sp.Symbol(name, real=True)
        return self.table[expr]

    def back(self, value: Any) -> Expr | None:
        """The expression that a value stands for, where the dialect has one."""
        found = tidy(sp.cancel(sp.together(value)).subs({x: sp.Symbol(x.name, real=True) for x in self.table.values()}))
        table: dict[Expr, Expr] = {Sym(symbol.name): expr for expr, symbol in self.table.items()}
        return None if found is None else substitute(found, table)
