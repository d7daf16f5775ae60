"""Symbols as a number system: a run on names gives the formulas of its values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symopt.expr import ONE, ZERO, Call, Expr, Num, Reduction, Seq, Sym, negate, number
from symopt.interpret.numbers import EXACT, Beyond, Numbers, Operation, exactly, over_arrays
from symopt.terms import Term


def _constant(value: Any) -> Expr:
    if isinstance(value, Term):
        return value.node
    return value if isinstance(value, Num | Sym | Seq | Call | Reduction) else number(exactly(value))


def _symbolic(op: str, exact: Operation) -> Operation:
    """Constants are computed, conditions that are decided are taken, everything else is written down."""

    def build(*args: Any) -> Any:
        if op == "where" and isinstance(args[0], bool):
            return args[1] if args[0] else args[2]
        plain = [arg.value if isinstance(arg, Num) else arg for arg in args]
        if all(isinstance(value, Fraction | bool) for value in plain):
            value = exact(*plain)
            if not isinstance(value, Beyond):
                return value if isinstance(value, bool) else number(value)
        if any(isinstance(arg, bool) for arg in args):
            return _connect(op, *args)
        return _shortest(op, args)

    return build


def _connect(op: str, *args: Any) -> Any:
    """and, or with one side decided."""
    known, other = sorted(args, key=lambda arg: not isinstance(arg, bool))
    return other if known == (op == "and") else known


def _shortest(op: str, args: tuple[Any, ...]) -> Expr:
    match op, args:
        case "*", (Num(Fraction(numerator=0)), _) | (_, Num(Fraction(numerator=0))):
            return ZERO
        case ("*", (a, x)) | ("*", (x, a)) if a == ONE:
            return x
        case ("+", (a, x)) | ("+", (x, a)) | ("-", (x, a)) if a == ZERO:
            return x
        case "-", (a, x) if a == ZERO:
            return negate(x)
        case "/" | "**", (x, a) if a == ONE:
            return x
        case _:
            return Call(op, args)


_OPERATIONS = over_arrays({op: _symbolic(op, exact) for op, exact in EXACT.operations.items()})
SYMBOLS = Numbers("symbols", _constant, _OPERATIONS, shown=Term)
