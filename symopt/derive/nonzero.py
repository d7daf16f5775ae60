"""Which coefficients are never zero on the domain of their hyperparameters, and how large they are at the defaults."""

from __future__ import annotations

from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import Call, Expr, Num, Sym, sequences, symbols
from symopt.reach import reach
from symopt.recurrence import Optimizer


def never_zero(expr: Expr, domains: dict[str, Domain]) -> bool:
    """Whether an expression of hyperparameters is proved to have no zero in their domains.

    One that the step moves may run towards 0, as b**t does, and be 0 in floating point: nothing is said of it.
    """
    known: dict[Expr, Domain] = {Sym(name): domain for name, domain in domains.items()}
    return symbols(expr) <= domains.keys() and not sequences(expr) and Fraction(0) not in reach(expr, known)


def default_size(expr: Expr, optimizer: Optimizer) -> Fraction:
    """The absolute value of a coefficient at the defaults (a hyperparameter without one counts as 1)."""
    values = {h.name: Fraction(1) if h.default is None else h.default for h in optimizer.hyperparameters}
    return abs(_value(expr, values))


def _value(expr: Expr, values: dict[str, Fraction]) -> Fraction:
    match expr:
        case Num(value):
            return value
        case Sym(name):
            return values.get(name, Fraction(1))
        case Call("+", (a, b)):
            return _value(a, values) + _value(b, values)
        case Call("-", (a, b)):
            return _value(a, values) - _value(b, values)
        case Call("*", (a, b)):
            return _value(a, values) * _value(b, values)
        case Call("/", (a, b)):
            return _value(a, values) / (_value(b, values) or 1)
        case Call("neg", (a,)):
            return -_value(a, values)
        case _:
            return Fraction(1)
