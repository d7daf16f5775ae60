"""Specs with one thing wrong: none of them is taken for the right one."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from symopt.catalogue import load
from symopt.equivalence import again, compare
from symopt.errors import SymoptError
from symopt.expr import Call, Expr, Num, Seq, Sym, T, children, negate, rebuild

SPECS = ("adam", "nesterov", "rprop", "lookahead_momentum", "schedule_free_sgd", "momentum_clipped")


def sign(expr: Expr) -> Expr | None:
    return negate(expr) if isinstance(expr, Seq) else None


def index(expr: Expr) -> Expr | None:
    return Seq(expr.name, -1) if isinstance(expr, Seq) and expr.shift == 0 and expr.name != "g" else None


def constant(expr: Expr) -> Expr | None:
    if isinstance(expr, Num):
        return Num(expr.value + Fraction(1, 2))
    return Call("/", (expr, Num(Fraction(2)))) if isinstance(expr, Sym) and expr != T else None


def dropped(expr: Expr) -> Expr | None:
    return expr.args[0] if isinstance(expr, Call) and expr.op in ("+", "-") else None


KINDS = (sign, index, constant, dropped)


def changed(expr: Expr, change) -> Iterator[Expr]:
    """The expression with one place changed, for each place."""
    if (other := change(expr)) is not None:
        yield other
    for i, arg in enumerate(children(expr)):
        for inner in changed(arg, change):
            yield rebuild(expr, (*children(expr)[:i], inner, *children(expr)[i + 1 :]))


def corrupted(optimizer, change):
    """Every optimizer with one place of its equations changed, as far as they are recurrences."""
    for place, equation in enumerate(optimizer.equations):
        for rhs in changed(equation.rhs, change):
            equations = list(optimizer.equations)
            equations[place] = replace(equation, rhs=rhs)
            try:
                yield replace(optimizer, equations=tuple(equations))
            except SymoptError:
                continue


def told_apart(optimizer, other) -> bool:
    """Whether there is a run in which they differ; where there is none they must be proved equal."""
    found = compare(optimizer, other)
    if found.counterexample is None:
        assert (found.verdict, found.conditions) == ("proved", ())
        return False
    assert found.verdict == "refuted" or found.conditions
    return again(optimizer, other, found.counterexample) is not None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", SPECS)
def test_corrupted_specs_are_refuted(name, kind):
    optimizer = load(name)
    others = list(corrupted(optimizer, kind))
    some = others[:: max(1, len(others) // 3)][:3]
    assert sum(told_apart(optimizer, other) for other in some) >= max(1, len(some) - 1)  # one may mean the same
