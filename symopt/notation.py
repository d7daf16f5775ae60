"""The words of the dialect: `t`, functions and reductions. Domains and terms are in rooms of their own."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symopt.domains import (
    ALL,
    ROW,
    Domain,
    Input,
    NonNegative,
    NonNegativeInt,
    OpenUnit,
    Output,
    Positive,
    PositiveInt,
    Real,
    Scope,
    Share,
    Unit,
)
from symopt.errors import DialectError
from symopt.expr import Call, Num, T
from symopt.terms import Sequence, Term, as_term, build, need_number

t = Term(T)


def sqrt(x: Any) -> Term:
    """The square root of each element."""
    return build("sqrt", x)


def exp(x: Any) -> Term:
    """The exponential of each element."""
    return build("exp", x)


def log(x: Any) -> Term:
    """The natural logarithm of each element."""
    return build("log", x)


def Abs(x: Any) -> Term:  # noqa: N802 - SymPy's name
    """The absolute value of each element."""
    return build("abs", x)


def sign(x: Any) -> Term:
    """-1, 0 or 1, the sign of each element; NaN stays NaN."""
    return build("sign", x)


def floor(x: Any) -> Term:
    """The largest integer not above x."""
    return build("floor", x)


def ceiling(x: Any) -> Term:
    """The smallest integer not below x."""
    return build("ceil", x)


def sin(x: Any) -> Term:
    """The sine of each element, in radians."""
    return build("sin", x)


def cos(x: Any) -> Term:
    """The cosine of each element, in radians."""
    return build("cos", x)


def tan(x: Any) -> Term:
    """The tangent of each element, in radians."""
    return build("tan", x)


def tanh(x: Any) -> Term:
    """The hyperbolic tangent of each element."""
    return build("tanh", x)


pi = Term(Call("pi", ()))


def _fold(op: str, args: tuple[Any, ...], name: str) -> Term:
    if len(args) < 2:
        remedy = ", or maxabs(x) for the largest absolute value in a tensor" if op == "max" else ""
        raise DialectError(f"it compares two values or more{remedy}", name)
    result = as_term(args[0])
    for arg in args[1:]:
        result = build(op, result, arg)
    return result


def Max(*args: Any) -> Term:  # noqa: N802 - SymPy's name
    """The largest argument, element by element; NaN wins."""
    return _fold("max", args, "Max")


def Min(*args: Any) -> Term:  # noqa: N802 - SymPy's name
    """The smallest argument, element by element; NaN wins."""
    return _fold("min", args, "Min")


def Rational(p: int, q: int = 1) -> Term:  # noqa: N802 - SymPy's name
    """The exact fraction p/q."""
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in (p, q))  # pyright: ignore[reportUnnecessaryIsInstance]
    if not whole or q == 0:
        raise DialectError("an exact fraction is made of two whole numbers, the lower not 0", f"Rational({p!r}, {q!r})")
    return Term(Num(Fraction(p, q)))


def eq(a: Any, b: Any) -> Term:
    """The condition that a equals b."""
    return build("eq", a, b)


def ne(a: Any, b: Any) -> Term:
    """The condition that a differs from b."""
    return build("ne", a, b)


def isfinite(x: Any) -> Term:
    """The condition that x is neither infinite nor NaN."""
    return build("isfinite", x)


def where(condition: Any, a: Any, b: Any) -> Term:
    """a where the condition holds, b elsewhere."""
    if isinstance(condition, bool):
        remedy = "compare symbols, for example where(t > 1, a, b); for equality write eq(a, b)"
        raise DialectError(f"the condition of where is decided already ({condition}); {remedy}", "where")
    return build("where", condition, a, b)


def every(k: Any) -> Term:
    """True at the steps k, 2k, 3k, ..."""
    if isinstance(k, bool) or (isinstance(k, int | float | Fraction) and (k < 1 or k != int(k))):
        raise DialectError(f"it takes a number of steps, 1, 2, 3, ..., not {k}", "every")
    return build("every", t, k)


def clip(x: Any, lo: Any, hi: Any) -> Term:
    """x held between lo and hi: Min(Max(x, lo), hi)."""
    return build("clip", x, lo, hi)


def _scope(over: Any) -> str:
    if over is None or over is ALL or over is ROW:
        return {None: "tensor", ALL: "all", ROW: "row"}[over]
    remedy = "over everything with over=ALL, or over each row with over=ROW"
    raise DialectError(f"a reduction runs over the tensor, {remedy}, not over={over!r}", "over")


def norm(x: Any, over: Scope | None = None) -> Term:
    """The Euclidean norm of x over the tensor (over=ALL: over all tensors; over=ROW: over each row)."""
    return build("norm", x, over=_scope(over))


def dot(x: Any, y: Any, over: Scope | None = None) -> Term:
    """The inner product of x and y over the tensor (over=ALL: over all tensors; over=ROW: over each row)."""
    return build("dot", x, y, over=_scope(over))


def total(x: Any, over: Scope | None = None) -> Term:
    """The sum of x over the tensor (over=ALL: over all tensors; over=ROW: over each row)."""
    return build("total", x, over=_scope(over))


def mean(x: Any, over: Scope | None = None) -> Term:
    """The mean of x over the tensor (over=ALL: over all tensors; over=ROW: over each row)."""
    return build("mean", x, over=_scope(over))


def maxabs(x: Any, over: Scope | None = None) -> Term:
    """The largest absolute value in the tensor (over=ALL: in all tensors; over=ROW: in each row)."""
    return build("maxabs", x, over=_scope(over))


def axes(x: Any) -> Term:
    """How many axes the tensor of x has: 0 for a single number, 1 for a vector, 2 for a matrix."""
    return build("axes", x, over="tensor")


def _marked(op: str, x: Any, remedy: str) -> Term:
    """An operation that the tracer takes away again."""
    if isinstance(x, Sequence):
        raise DialectError(f"it takes a value, as in {remedy}", f"{op}({x!r})")
    term = as_term(x)
    need_number(term.node)
    return Term(Call(op, (term.node,)), term.trace)


def grad(point: Any) -> Term:
    """The gradient of the objective at `point`: only on the right of `g[t] = grad(...)`."""
    return _marked("grad", point, "g[t] = grad(theta[t-1])")


def debias(average: Any) -> Term:
    """An exponential average with its start-up bias divided out; the correction is derived from its recurrence."""
    return _marked("debias", average, "debias(m[t])")


__all__ = [
    "ALL",
    "ROW",
    "Abs",
    "Domain",
    "Input",
    "Max",
    "Min",
    "NonNegative",
    "NonNegativeInt",
    "OpenUnit",
    "Output",
    "Positive",
    "PositiveInt",
    "Rational",
    "Real",
    "Share",
    "Term",
    "Unit",
    "axes",
    "ceiling",
    "clip",
    "cos",
    "debias",
    "dot",
    "eq",
    "every",
    "exp",
    "floor",
    "grad",
    "isfinite",
    "log",
    "maxabs",
    "mean",
    "ne",
    "norm",
    "pi",
    "sign",
    "sin",
    "sqrt",
    "t",
    "tan",
    "tanh",
    "total",
    "where",
]  # fmt: skip
