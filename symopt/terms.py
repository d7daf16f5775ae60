"""What a traced body handles in the place of numbers.

A `Term` wraps an expression and records what is done to it. What Python would silently decide about a symbol (`==`,
`if`, `and`, `max`, `math.sqrt`) is refused here with the remedy; the tracer adds file and line.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NoReturn, Protocol

from symopt.errors import DialectError
from symopt.expr import Call, Expr, Num, Reduction, number, text


class Tracing(Protocol):
    """The run of a body to which a term belongs; an inner optimizer that is called on the term joins it."""

    def inline(self, inner: Any, x: Term, h: Term | None, when: Term | None) -> Term:
        """Put the recurrence of `inner` here; its new theta is the value."""
        ...

    def point(self, inner: Any, x: Term) -> Term:
        """Where `inner` wants its gradient when it steps from `x`."""
        ...


class Term:
    """An expression that is being written down. `node` is what was written, `trace` the body it was written in."""

    __slots__ = ("node", "trace")
    __array_ufunc__ = None  # NumPy must not take a Term for an object to loop over

    def __init__(self, node: Expr, trace: Tracing | None = None):
        self.node = node
        self.trace = trace

    def __repr__(self) -> str:
        return text(self.node)

    def _binary(self, op: str, other: Any, flip: bool = False) -> Term:
        term = as_term(other)
        pair = (term, self) if flip else (self, term)
        return build(op, *pair)

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
        return build("neg", self)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return build("abs", self)

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
        return build("not", self)

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
    if hasattr(type(value), "sequence_name"):
        name = value.sequence_name
        raise DialectError(f"write {name}[t] (the new value) or {name}[t-1] (the old one)", name)
    if hasattr(value, "free_symbols"):
        from symopt.canonical import from_sympy  # heavy: only a spec that mixes in SymPy's own functions needs it

        return Term(from_sympy(value))
    raise DialectError(
        f"a {type(value).__name__} cannot stand in an equation; use sequences, hyperparameters and numbers", repr(value)
    )


def build(op: str, *args: Any, over: str | None = None) -> Term:
    """The term of an operation on terms, numbers and SymPy expressions; with `over`, of a reduction."""
    terms = [as_term(arg) for arg in args]
    trace = next((term.trace for term in terms if term.trace is not None), None)
    nodes = tuple(term.node for term in terms)
    if op == "neg" and isinstance(nodes[0], Num):
        return Term(Num(-nodes[0].value), trace)
    return Term(Call(op, nodes) if over is None else Reduction(op, nodes, over), trace)
