"""Sums in the order in which one writes them: 1 + mu, sqrt(v[t]) + eps, 1 - q."""

from __future__ import annotations

from typing import Any

from symopt.canonical import from_sympy
from symopt.expr import FUNCTIONS, Call, Expr, Num, Reduction, Seq, add, summands, text, transform, walk

_TINY = 100
"""One over so much: what is as small as an eps stands where an eps stands."""


def written(value: Any) -> Expr:
    """A SymPy value as an expression."""
    return transform(from_sympy(value), _in_order)


def shown(value: Any) -> str:
    """Its text."""
    return text(written(value))


def _in_order(expr: Expr) -> Expr:
    if isinstance(expr, Call) and expr.op in ("+", "-"):
        return add(*sorted(summands(expr), key=_place))
    return expr


def _place(term: Expr) -> tuple[bool, int]:
    """What is added before what is subtracted; numbers, what varies, hyperparameters, tiny numbers."""
    negative = (isinstance(term, Call) and term.op == "neg") or (isinstance(term, Num) and term.value < 0)
    if isinstance(term, Num):
        return negative, 0 if abs(term.value) * _TINY > 1 else 3
    varies = any(isinstance(x, Seq | Reduction) or (isinstance(x, Call) and x.op in FUNCTIONS) for x in walk(term))
    return negative, 1 if varies else 2
