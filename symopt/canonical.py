"""The border to SymPy: the canonical view of an expression, on which mathematics is done, and the way back.

Both directions are complete: an operation that a side does not know is an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp

from symopt.errors import SymoptError
from symopt.expr import ONE, START, Call, Expr, Num, Reduction, Seq, Sym, add, divide, multiply, negate, text
from symopt.recurrence import Optimizer


class _Opaque(sp.Function):
    """What SymPy has no word for; it is carried along unevaluated."""

    @classmethod
    def eval(cls, *args: Any) -> None:
        return None


class Where(_Opaque):
    """where(condition, a, b)."""


class Every(_Opaque):
    """every(t, k)."""


class IsFinite(_Opaque):
    """isfinite(x)."""


class Reduce(_Opaque):
    """Reduce(op, over, x, ...): a reduction, opaque to SymPy."""


class Compare(_Opaque):
    """Compare(op, a, b): a condition that SymPy must not decide or turn around."""


STEP = sp.Symbol("t", integer=True, positive=True)
_MODULES: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "**": lambda a, b: a**b, "neg": lambda a: -a, "sqrt": sp.sqrt, "exp": sp.exp, "log": sp.log,
    "expm1": lambda a: sp.exp(a) - 1, "log1p": lambda a: sp.log(1 + a), "abs": sp.Abs, "sign": sp.sign,
    "floor": sp.floor, "ceil": sp.ceiling, "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "tanh": sp.tanh, "max": sp.Max,
    "min": sp.Min, "where": Where, "every": Every, "isfinite": IsFinite, "pi": lambda: sp.pi,
    "clip": lambda x, lo, hi: sp.Min(sp.Max(x, lo), hi),
}  # fmt: skip
_CONDITIONS = frozenset({"<", "<=", ">", ">=", "eq", "ne", "and", "or", "not"})


def sympy_symbol(node: Sym | Seq) -> sp.Symbol:
    """The SymPy symbol of a name; it is real, and its name is the text of the node."""
    return STEP if node == Sym("t") else sp.Symbol(text(node), real=True)


def to_sympy(expr: Expr) -> Any:
    """The canonical view: SymPy's evaluated expression."""
    match expr:
        case Num(value):
            return sp.Rational(value.numerator, value.denominator)
        case Sym() | Seq():
            return sympy_symbol(expr)
        case Reduction(op, args, over):
            return Reduce(sp.Symbol(op), sp.Symbol(over), *map(to_sympy, args))
        case Call(op, args) if op in _CONDITIONS:
            return Compare(sp.Symbol(op), *map(to_sympy, args))
        case Call(op, args) if op in _MODULES:
            return _MODULES[op](*map(to_sympy, args))
        case Call(op):
            raise SymoptError(f"{op} has no canonical form")


_CALLS = {
    sp.exp: "exp", sp.log: "log", sp.Abs: "abs", sp.sign: "sign", sp.floor: "floor", sp.ceiling: "ceil", sp.sin: "sin",
    sp.cos: "cos", sp.tan: "tan", sp.tanh: "tanh", Where: "where", Every: "every", IsFinite: "isfinite",
}  # fmt: skip
_RELATIONS = {
    sp.StrictLessThan: "<", sp.LessThan: "<=", sp.StrictGreaterThan: ">", sp.GreaterThan: ">=", sp.Equality: "eq",
    sp.Unequality: "ne", sp.And: "and", sp.Or: "or",
}  # fmt: skip


def from_sympy(expr: Any) -> Expr:
    """The tree of a SymPy expression; sums and products come in SymPy's own stable order."""
    if expr.is_Rational:
        return Num(Fraction(int(expr.p), int(expr.q)))
    if expr.is_Float:
        return Num(Fraction(repr(float(expr))))
    if expr is sp.pi:
        return Call("pi", ())
    if expr is sp.E:
        return Call("exp", (ONE,))
    if expr.is_Symbol:
        return _leaf(expr.name)
    if expr.is_Add:
        return add(*_leading_positive([from_sympy(arg) for arg in expr.as_ordered_terms()]))
    if expr.is_Mul:
        return _product(expr)
    if expr.is_Pow:
        return _power(expr)
    return _function(expr)


def _leading_positive(terms: list[Expr]) -> list[Expr]:
    """Put a term without a sign first, so that a sum does not start with a minus."""
    positive = [term for term in terms if not (isinstance(term, Call) and term.op == "neg")]
    return positive[:1] + [term for term in terms if term is not positive[0]] if positive else terms


def _leaf(name: str) -> Expr:
    base, bracket, index = name.partition("[")
    if not bracket:
        return Sym(name)
    shifts = {"t]": 0, "t-1]": -1, "t+1]": 1, "0]": START}
    return Seq(base, shifts[index])


def _product(expr: Any) -> Expr:
    sign, rest = (-1, -expr) if expr.could_extract_minus_sign() else (1, expr)
    numerator, denominator = sp.fraction(rest)
    if denominator == 1 and numerator.is_Mul:
        result = multiply(*(from_sympy(arg) for arg in numerator.as_ordered_factors()))
    else:
        result = divide(from_sympy(numerator), from_sympy(denominator))
    return negate(result) if sign < 0 else result


def _power(expr: Any) -> Expr:
    base, exponent = expr.as_base_exp()
    if exponent == sp.Rational(1, 2):
        return Call("sqrt", (from_sympy(base),))
    if exponent.could_extract_minus_sign():
        return Call("/", (ONE, from_sympy(base**-exponent)))
    return Call("**", (from_sympy(base), from_sympy(exponent)))


def _function(expr: Any) -> Expr:
    kind, args = expr.func, expr.args
    if kind in _CALLS:
        return Call(_CALLS[kind], tuple(map(from_sympy, args)))
    if kind in (sp.Max, sp.Min):
        return _fold("max" if kind is sp.Max else "min", sorted(args, key=sp.default_sort_key))
    if kind is Reduce:
        return Reduction(args[0].name, tuple(map(from_sympy, args[2:])), args[1].name)
    if kind is Compare:
        return Call(args[0].name, tuple(map(from_sympy, args[1:])))
    if kind is sp.Not:
        return Call("not", (from_sympy(args[0]),))
    if kind in _RELATIONS:
        return _fold(_RELATIONS[kind], args)
    raise SymoptError(f"SymPy's {kind.__name__} has no meaning in a spec; use the functions that symopt names")


def _fold(op: str, args: Iterable[Any]) -> Expr:
    return reduce(lambda a, b: Call(op, (a, b)), map(from_sympy, args))


def canonical(optimizer: Optimizer) -> list[sp.Eq]:
    """The equations as SymPy equations, evaluated; symbols are real and named as the spec shows them."""
    return [sp.Eq(sympy_symbol(Seq(e.target, 0)), to_sympy(e.rhs), evaluate=False) for e in optimizer.equations]
