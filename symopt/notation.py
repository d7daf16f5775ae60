"""The words of the dialect: domains, `t`, functions, and the terms that a traced body handles.

A `Term` wraps an expression and records what is done to it. What Python would silently decide about a symbol
(`==`, `if`, `and`, `max`, `math.sqrt`) is refused here with the remedy; the tracer adds file and line.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

from symopt.errors import DialectError
from symopt.expr import T, Call, Expr, Num, Reduction, number, text

if TYPE_CHECKING:
    from symopt.dialect.trace import Trace


@dataclass(frozen=True)
class Domain:
    """The values that a hyperparameter may take: an interval of reals, or of integers.

    lower, upper: the ends, None where there is none; open_lower, open_upper: whether the end itself is left out
    """

    name: str
    lower: Fraction | None = None
    upper: Fraction | None = None
    open_lower: bool = False
    open_upper: bool = False
    integer: bool = False

    def __contains__(self, value: Fraction | float) -> bool:
        if value != value or value in (float("inf"), float("-inf")):
            return False
        if self.integer and value != int(value):
            return False
        above = self.lower is None or (value > self.lower if self.open_lower else value >= self.lower)
        below = self.upper is None or (value < self.upper if self.open_upper else value <= self.upper)
        return above and below

    def __str__(self) -> str:
        left = "(-inf" if self.lower is None else f"{'(' if self.open_lower else '['}{self.lower}"
        right = "inf)" if self.upper is None else f"{self.upper}{')' if self.open_upper else ']'}"
        return f"{left}, {right}{' integers' if self.integer else ''}"


_0, _1 = Fraction(0), Fraction(1)
Real = Domain("Real")
Positive = Domain("Positive", lower=_0, open_lower=True)
NonNegative = Domain("NonNegative", lower=_0)
Unit = Domain("Unit", lower=_0, upper=_1, open_upper=True)
OpenUnit = Domain("OpenUnit", lower=_0, upper=_1, open_lower=True, open_upper=True)
PositiveInt = Domain("PositiveInt", lower=_1, integer=True)
NonNegativeInt = Domain("NonNegativeInt", lower=_0, integer=True)


@dataclass(frozen=True)
class Input:
    """The annotation of a sequence that comes from outside at every step, such as a validation metric.

    level: "step" for one number per step, "element" for an array of the parameter's shape
    """

    level: str = "step"


class All:
    """The scope of a reduction that runs over every tensor of the model; there is one value, `ALL`."""

    def __repr__(self) -> str:
        return "ALL"


ALL = All()


class Term:
    """An expression that is being written down. `node` is what was written, `trace` the body it was written in."""

    __slots__ = ("node", "trace")
    __array_ufunc__ = None  # NumPy must not take a Term for an object to loop over

    def __init__(self, node: Expr, trace: Trace | None = None):
        self.node = node
        self.trace = trace

    def __repr__(self) -> str:
        return text(self.node)

    def _binary(self, op: str, other: Any, flip: bool = False) -> Term:
        term = as_term(other)
        pair = (term, self) if flip else (self, term)
        return _build(op, *pair)

    def __add__(self, other: Any) -> Term:
        return self._binary("+", other)

    def __radd__(self, other: Any) -> Term:
        return self._binary("+", other, flip=True)

    def __sub__(self, other: Any) -> Term:
        return self._binary("-", other)

    def __rsub__(self, other: Any) -> Term:
        return self._binary("-", other, flip=True)

    def __mul__(self, other: Any) -> Term:
        return self._binary("*", other)

    def __rmul__(self, other: Any) -> Term:
        return self._binary("*", other, flip=True)

    def __truediv__(self, other: Any) -> Term:
        return self._binary("/", other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._binary("/", other, flip=True)

    def __pow__(self, other: Any) -> Term:
        return self._binary("**", other)

    def __rpow__(self, other: Any) -> Term:
        return self._binary("**", other, flip=True)

    def __neg__(self) -> Term:
        return _build("neg", self)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return _build("abs", self)

    def __lt__(self, other: Any) -> Term:
        return self._binary("<", other)

    def __le__(self, other: Any) -> Term:
        return self._binary("<=", other)

    def __gt__(self, other: Any) -> Term:
        return self._binary(">", other)

    def __ge__(self, other: Any) -> Term:
        return self._binary(">=", other)

    def __and__(self, other: Any) -> Term:
        return self._binary("and", other)

    def __or__(self, other: Any) -> Term:
        return self._binary("or", other)

    def __invert__(self) -> Term:
        return _build("not", self)

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise DialectError(f"{what} cannot be decided while the equations are written down; {remedy}", repr(self))

    def __eq__(self, other: object) -> Any:
        self._refuse("==", f"write eq({self!r}, {other!r})")

    def __ne__(self, other: object) -> Any:
        self._refuse("!=", f"write ne({self!r}, {other!r})")

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        self._refuse("the truth of a symbol", "write where(condition, a, b), &, |, ~, Max or Min")

    def __float__(self) -> float:
        self._refuse("the value of a symbol", "use symopt's sqrt, exp, log, ... instead of math's or NumPy's")

    __int__ = __index__ = __float__  # type: ignore[assignment]  # all three refuse, none returns

    def __round__(self, digits: int | None = None) -> NoReturn:
        self._refuse("round()", "write floor(x + Rational(1, 2))")

    def __iter__(self) -> NoReturn:
        self._refuse("iterating over a symbol", "write the elements out")

    def _sympy_(self) -> Any:
        from symopt.canonical import to_sympy  # heavy: only a spec that mixes in SymPy's own functions needs it

        return to_sympy(self.node)


t = Term(T)


def as_term(value: Any) -> Term:
    """A term from a term, a number, or a SymPy expression."""
    if isinstance(value, Term):
        return value
    if isinstance(value, bool):
        raise DialectError("a Python bool is not a condition; compare symbols, for example t > 1", str(value))
    if isinstance(value, int | float | Fraction):
        if value != value or value in (float("inf"), float("-inf")):
            raise DialectError("constants must be finite", str(value))
        return Term(number(value))
    if hasattr(value, "free_symbols"):
        from symopt.canonical import from_sympy  # heavy: only a spec that mixes in SymPy's own functions needs it

        return Term(from_sympy(value))
    raise DialectError(
        f"a {type(value).__name__} cannot stand in an equation; use sequences, hyperparameters and numbers", repr(value)
    )


def _build(op: str, *args: Any, over: str | None = None) -> Term:
    terms = [as_term(arg) for arg in args]
    trace = next((term.trace for term in terms if term.trace is not None), None)
    nodes = tuple(term.node for term in terms)
    if op == "neg" and isinstance(nodes[0], Num):
        return Term(Num(-nodes[0].value), trace)
    return Term(Call(op, nodes) if over is None else Reduction(op, nodes, over), trace)


def sqrt(x: Any) -> Term:
    """The square root of each element."""
    return _build("sqrt", x)


def exp(x: Any) -> Term:
    """The exponential of each element."""
    return _build("exp", x)


def log(x: Any) -> Term:
    """The natural logarithm of each element."""
    return _build("log", x)


def Abs(x: Any) -> Term:  # noqa: N802 - SymPy's name
    """The absolute value of each element."""
    return _build("abs", x)


def sign(x: Any) -> Term:
    """-1, 0 or 1, the sign of each element; NaN stays NaN."""
    return _build("sign", x)


def floor(x: Any) -> Term:
    """The largest integer not above x."""
    return _build("floor", x)


def ceiling(x: Any) -> Term:
    """The smallest integer not below x."""
    return _build("ceil", x)


def sin(x: Any) -> Term:
    """The sine of each element, in radians."""
    return _build("sin", x)


def cos(x: Any) -> Term:
    """The cosine of each element, in radians."""
    return _build("cos", x)


def tan(x: Any) -> Term:
    """The tangent of each element, in radians."""
    return _build("tan", x)


def tanh(x: Any) -> Term:
    """The hyperbolic tangent of each element."""
    return _build("tanh", x)


pi = Term(Call("pi", ()))


def _fold(op: str, args: tuple[Any, ...], name: str) -> Term:
    if len(args) < 2:
        raise DialectError(f"{name} compares two values or more", name)
    result = as_term(args[0])
    for arg in args[1:]:
        result = _build(op, result, arg)
    return result


def Max(*args: Any) -> Term:  # noqa: N802 - SymPy's name
    """The largest argument, element by element; NaN wins."""
    return _fold("max", args, "Max")


def Min(*args: Any) -> Term:  # noqa: N802 - SymPy's name
    """The smallest argument, element by element; NaN wins."""
    return _fold("min", args, "Min")


def Rational(p: int, q: int = 1) -> Term:  # noqa: N802 - SymPy's name
    """The exact fraction p/q."""
    return Term(Num(Fraction(p, q)))


def eq(a: Any, b: Any) -> Term:
    """The condition that a equals b."""
    return _build("eq", a, b)


def ne(a: Any, b: Any) -> Term:
    """The condition that a differs from b."""
    return _build("ne", a, b)


def isfinite(x: Any) -> Term:
    """The condition that x is neither infinite nor NaN."""
    return _build("isfinite", x)


def where(condition: Any, a: Any, b: Any) -> Term:
    """a where the condition holds, b elsewhere."""
    _need_condition(condition, "where")
    return _build("where", condition, a, b)


def _need_condition(condition: Any, name: str) -> None:
    if not isinstance(condition, Term):
        remedy = "compare symbols, for example where(t > 1, a, b); for equality write eq(a, b)"
        raise DialectError(f"the condition of {name} is decided already ({condition!r}); {remedy}", name)


def every(k: Any) -> Term:
    """True at the steps k, 2k, 3k, ..."""
    if isinstance(k, bool):
        raise DialectError("every takes a number of steps, not a bool", "every")
    return _build("every", t, k)


def clip(x: Any, lo: Any, hi: Any) -> Term:
    """x held between lo and hi: Min(Max(x, lo), hi)."""
    return _build("clip", x, lo, hi)


def _scope(over: Any) -> str:
    if over is None or over is ALL:
        return "all" if over is ALL else "tensor"
    raise DialectError(f"a reduction runs over the tensor, or over everything with over=ALL, not over={over!r}", "over")


def norm(x: Any, over: All | None = None) -> Term:
    """The Euclidean norm of x over the tensor (or over=ALL tensors)."""
    return _build("norm", x, over=_scope(over))


def dot(x: Any, y: Any, over: All | None = None) -> Term:
    """The inner product of x and y over the tensor (or over=ALL tensors)."""
    return _build("dot", x, y, over=_scope(over))


def total(x: Any, over: All | None = None) -> Term:
    """The sum of x over the tensor (or over=ALL tensors)."""
    return _build("total", x, over=_scope(over))


def mean(x: Any, over: All | None = None) -> Term:
    """The mean of x over the tensor (or over=ALL tensors)."""
    return _build("mean", x, over=_scope(over))


def maxabs(x: Any, over: All | None = None) -> Term:
    """The largest absolute value in the tensor (or in ALL tensors)."""
    return _build("maxabs", x, over=_scope(over))


def grad(point: Any) -> Term:
    """The gradient of the objective at `point`: only on the right of `g[t] = grad(...)`."""
    term = as_term(point)
    return Term(Call("grad", (term.node,)), term.trace)


def debias(average: Any) -> Term:
    """An exponential average with its start-up bias divided out; the correction is derived from its recurrence."""
    term = as_term(average)
    return Term(Call("debias", (term.node,)), term.trace)


__all__ = [
    "ALL", "Abs", "Domain", "Input", "Max", "Min", "NonNegative", "NonNegativeInt", "OpenUnit", "Positive", "PositiveInt",
    "Rational", "Real", "Term", "Unit", "ceiling", "clip", "cos", "debias", "dot", "eq", "every", "exp", "floor", "grad",
    "isfinite", "log", "maxabs", "mean", "ne", "norm", "pi", "sign", "sin", "sqrt", "t", "tan", "tanh", "total", "where",
]  # fmt: skip
