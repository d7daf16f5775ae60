"""Which coefficients are never zero on the domain of their hyperparameters, and how large they are at the defaults."""

from __future__ import annotations

from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import Call, Expr, Num, Sym
from symopt.recurrence import Optimizer


def never_zero(expr: Expr, domains: dict[str, Domain]) -> bool:
    """Whether an expression is proved to have no zero for any hyperparameters in their domains."""
    match expr:
        case Num(value):
            return value != 0
        case Sym(name):
            return name in domains and Fraction(0) not in domains[name]
        case Call("*" | "/", (a, b)):
            return never_zero(a, domains) and never_zero(b, domains)
        case Call("neg", (a,)):
            return never_zero(a, domains)
        case Call("-", (Num(one), Sym(name))) | Call("-", (Sym(name), Num(one))):
            return name in domains and one not in domains[name]
        case _:
            return False


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
