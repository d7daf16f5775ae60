"""Constants are exact: what Python would round before symopt sees it is found in the text of a spec."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from symopt.expr import Expr, Num, decimal, walk

_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_LARGEST_POWER = 1000
_ROUNDED_DIGITS = 16  # a decimal that an author wrote has fewer; the result of a computation has 16 or 17


def is_constant(node: ast.AST) -> bool:
    """Whether an expression consists of numbers only."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return is_constant(operand)
        case ast.BinOp(left, op, right):
            return type(op) in _OPERATIONS and is_constant(left) and is_constant(right)
        case _:
            return False


def rounded(node: ast.BinOp) -> str | None:
    """What to write instead of a computation with constants that Python would round; None where its result is exact."""
    try:
        exact, found = _value(node, Fraction), _value(node, lambda value: value)
    except (ArithmeticError, ValueError):  # a division by zero or a huge number; running it says so
        return None
    if not isinstance(exact, int | Fraction):
        match node:
            case ast.BinOp(left, ast.Pow(), ast.Constant(value=0.5)):
                return f"sqrt({ast.unparse(left)})"
            case _:
                return "the powers with Rational(p, q) as base or exponent"
    if isinstance(found, int | float) and _read(found) == exact:
        return None
    return exactly(Fraction(exact))


def exactly(value: Fraction) -> str:
    """How a spec writes an exact constant."""
    shown = decimal(value)
    return f"Rational({value.numerator}, {value.denominator})" if "/" in shown else shown


def _value(node: ast.AST, number: Callable[[Any], Any]) -> Any:
    match node:
        case ast.Constant(value=float() as value) if number is Fraction:
            return _read(value)
        case ast.Constant(value=value):
            return number(value)
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, number)
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left, op, right):
            a, b = _value(left, number), _value(right, number)
            if isinstance(op, ast.Pow) and abs(b) > _LARGEST_POWER:
                raise OverflowError
            return _OPERATIONS[type(op)](a, b)
        case _:
            raise ValueError


def _read(value: float) -> Fraction:
    """A Python number as the decimal that it prints as."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def literal(written: str, value: float) -> str | None:
    """What to write instead of a float literal that Python cannot keep, or None."""
    try:
        exact = Fraction(Decimal(written))
    except (InvalidOperation, OverflowError):
        return None
    if value in (float("inf"), float("-inf")) or Fraction(repr(value)) != exact:
        return f"Rational({exact.numerator}, {exact.denominator})"
    return None


def suspicious(expressions: Iterable[Expr], known: set[Fraction]) -> tuple[str, str] | None:
    """(number, what to write instead) of the first constant that looks like a rounded result and is not in `known`."""
    for expr in expressions:
        for node in walk(expr):
            if isinstance(node, Num) and node.value not in known and _long(node.value):
                simple = node.value.limit_denominator(10_000)
                near = abs(simple - node.value) <= abs(node.value) / 10**14
                return repr(float(node.value)), exactly(simple) if near else "Rational(p, q), sqrt(2), pi, ..."
    return None


def _long(value: Fraction) -> bool:
    shown = decimal(value)
    if value.denominator == 1 or "/" in shown:
        return False
    return len(Decimal(shown).as_tuple().digits) >= _ROUNDED_DIGITS
