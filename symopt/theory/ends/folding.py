"""What is left of an expression when some of its names became constants: the order in which it was written is kept."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symopt.expr import (
    BOOLEAN,
    ONE,
    ZERO,
    Call,
    Expr,
    Num,
    T,
    add,
    divide,
    multiply,
    negate,
    number,
    rebuild,
    transform,
)
from symopt.interpret import EXACT, Beyond

TRUE, FALSE = Call("eq", (ONE, ONE)), Call("eq", (ZERO, ONE))
"""Conditions that are decided."""


def fold(expr: Expr) -> Expr:
    """The same value in fewer operations, wherever the expression has one.

    Constants are computed, 0 and 1 drop out, decided conditions are taken.
    """
    return transform(expr, _folded)


def decided(condition: Expr) -> bool | None:
    """What a condition is, where that is known."""
    return True if condition == TRUE else False if condition == FALSE else None


def _folded(expr: Expr) -> Expr:
    if not isinstance(expr, Call) or expr in (TRUE, FALSE):
        return expr
    if expr.op in _RULES:
        return _RULES[expr.op](expr, *expr.args)
    return _computed(expr) or expr


def _computed(expr: Call) -> Expr | None:
    """The value of an operation on constants, where it is rational."""
    if not all(isinstance(arg, Num) for arg in expr.args) or expr.op not in EXACT.operations or expr.op == "pi":
        return None
    value = EXACT.apply(expr.op, *(arg.value for arg in expr.args if isinstance(arg, Num)))
    if isinstance(value, Beyond):
        return None
    return (TRUE if value else FALSE) if expr.op in BOOLEAN else number(value)


def _plus(expr: Expr, a: Expr, b: Expr) -> Expr:
    match a, b:
        case Num(x), Num(y):
            return Num(x + y)
        case (x, Call("-", (y, z))) | (Call("-", (y, z)), x) if x == z:  # x + (y - x)
            return y
        case x, Call("*", (Call("neg", (y,)), z)):
            return Call("-", (x, Call("*", (y, z))))
        case _:
            return add(a, b)


def _minus(expr: Expr, a: Expr, b: Expr) -> Expr:
    match a, b:
        case Num(x), Num(y):
            return Num(x - y)
        case _ if a == b:
            return ZERO
        case (Call("-" | "+", (x, y)), z) if x == z:  # (x - y) - x
            return negate(y) if a.op == "-" else y
        case (x, Call("-" | "+", (y, z))) if x == y:  # x - (x - z)
            return z if b.op == "-" else negate(z)
        case _:
            return negate(b) if a == ZERO else a if b == ZERO else rebuild(expr, (a, b))


def _times(expr: Expr, a: Expr, b: Expr) -> Expr:
    match a, b:
        case Num(x), Num(y):
            return Num(x * y)
        case (Num(Fraction(numerator=-1, denominator=1)), x) | (x, Num(Fraction(numerator=-1, denominator=1))):
            return negate(x)
        case _:
            return rebuild(expr, (a, b)) if ZERO not in (a, b) and ONE not in (a, b) else multiply(a, b)


def _over(expr: Expr, a: Expr, b: Expr) -> Expr:
    match a, b:
        case Num(x), Num(y) if y != 0:
            return Num(x / y)
        case _ if a == b and b != ZERO:
            return ONE
        case Call("neg", (x,)), Call("neg", (y,)):
            return _over(expr, x, y)
        case x, Call("neg", (y,)):
            return negate(_over(expr, x, y))
        case x, Call("abs", (y,)) if x == y:
            return Call("sign", (x,))
        case Call("*", (x, y)), Call("abs", (z,)) if y == z:
            return multiply(x, Call("sign", (y,)))
        case Call("*", (x, y)), z if y == z:
            return x
        case _:
            return ZERO if a == ZERO and b != ZERO else divide(a, b)


def _power(expr: Expr, a: Expr, b: Expr) -> Expr:
    if isinstance(a, Num) and isinstance(b, Num):
        assert isinstance(expr, Call)
        return _computed(expr) or expr
    return ONE if b == ZERO or a == ONE else a if b == ONE else ZERO if a == ZERO and _steps(b) else expr


def _steps(expr: Expr) -> bool:
    """Whether an exponent is the step count, or that and something added: it is positive."""
    match expr:
        case Call("+", (a, Num(value))):
            return _steps(a) and value >= 0
        case _:
            return expr == T


def _root(expr: Expr, a: Expr) -> Expr:
    match a:
        case Call("**", (x, Num(Fraction(numerator=2, denominator=1)))):
            return Call("abs", (x,))
        case Call("*", (x, y)) if x == y:
            return Call("abs", (x,))
        case Num():
            assert isinstance(expr, Call)
            return _computed(expr) or expr
        case _:
            return expr


def _where(expr: Expr, condition: Expr, a: Expr, b: Expr) -> Expr:
    known = decided(condition)
    if known is not None or a == b:
        return b if known is False else a
    inner = [part.args if isinstance(part, Call) and part.op == "where" else None for part in (a, b)]
    first = inner[0][1] if inner[0] and inner[0][0] == condition else a
    other = inner[1][2] if inner[1] and inner[1][0] == condition else b
    return expr if (first, other) == (a, b) else Call("where", (condition, first, other))


def _clip(expr: Expr, x: Expr, low: Expr, high: Expr) -> Expr:
    return low if low == high else expr


def _larger(expr: Expr, a: Expr, b: Expr) -> Expr:
    assert isinstance(expr, Call)
    if a == ZERO and isinstance(b, Call) and b.op == "abs":
        return b
    return a if a == b else _computed(expr) or expr


def _logic(expr: Expr, a: Expr, b: Expr) -> Expr:
    assert isinstance(expr, Call)
    strong = TRUE if expr.op == "or" else FALSE
    if strong in (a, b):
        return strong
    weak = FALSE if expr.op == "or" else TRUE
    return b if a == weak else a if b == weak else expr


def _not(expr: Expr, a: Expr) -> Expr:
    known = decided(a)
    return expr if known is None else FALSE if known else TRUE


def _every(expr: Expr, step: Expr, k: Expr) -> Expr:
    return TRUE if k == ONE else expr


_RULES: dict[str, Callable[..., Expr]] = {
    "+": _plus, "-": _minus, "*": _times, "/": _over, "**": _power, "sqrt": _root, "where": _where, "clip": _clip,
    "and": _logic, "or": _logic, "not": _not, "every": _every,
    "neg": lambda expr, a: negate(a), "max": _larger,
    "min": lambda expr, a, b: a if a == b else _computed(expr) or expr,
}  # fmt: skip
