"""Linear forms: which states an expression is made of, with which step-level coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from symopt.canonical import from_sympy, sympy_symbol, to_sympy
from symopt.expr import ZERO, Expr, add, multiply, negate, sequences
from symopt.recurrence import level_of


@dataclass(frozen=True)
class Linear:
    """sum of coefficient * state[t-1], plus `rest`, which no state enters."""

    coefficients: tuple[tuple[str, Expr], ...]
    rest: Expr


def linear_form(expr: Expr, levels: dict[str, str]) -> Linear | None:
    """`expr` as a linear form in the element-level old values, or None where it is not one."""
    states = sorted((s for s in sequences(expr) if levels.get(s.name) == "element"), key=lambda s: s.name)
    if any(state.shift != -1 for state in states):
        return None
    symbols = [sympy_symbol(state) for state in states]
    form = sp.expand(to_sympy(expr))
    coefficients: list[tuple[str, Expr]] = []
    rest = form
    for state, symbol in zip(states, symbols, strict=True):
        coefficient = sp.diff(form, symbol)
        if any(coefficient.has(other) for other in symbols):
            return None
        if coefficient != 0:
            coefficients.append((state.name, from_sympy(_factored(coefficient))))
        rest = rest.subs(symbol, 0)
    return Linear(tuple(coefficients), from_sympy(rest))


def _factored(coefficient: Any) -> Any:
    return sp.factor(sp.cancel(coefficient)) if coefficient.is_Add or coefficient.is_Mul else coefficient


def recombine(expr: Expr, levels: dict[str, str]) -> Expr | None:
    """`expr` as a sum of step-level coefficients times element-level values, like terms together.

    None where an element-level value stands under a function together with others, so that nothing is gained.
    """
    moving = {sympy_symbol(s) for s in sequences(expr) if level_of(s, levels) == "element"}
    groups: dict[Any, Any] = {}
    form = sp.expand(to_sympy(expr))
    for term in sp.Add.make_args(form) if form != 0 else ():
        coefficient, value = term.as_independent(*moving, as_Add=False)
        if not value.is_Symbol:
            return None
        groups[value] = groups.get(value, 0) + coefficient
    terms = [(value, _factored(sp.cancel(c))) for value, c in groups.items()]
    ordered = sorted(terms, key=lambda item: str(item[0]))
    return add(*(_term(coefficient, value) for value, coefficient in ordered if coefficient != 0)) if ordered else ZERO


def _term(coefficient: Any, value: Any) -> Expr:
    if coefficient.could_extract_minus_sign():
        return negate(multiply(from_sympy(-coefficient), from_sympy(value)))
    return multiply(from_sympy(coefficient), from_sympy(value))
