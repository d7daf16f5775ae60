"""Terms and sequences: what the names in a body are while it runs.

A `Term` wraps an expression and records what is done to it. What Python would silently decide about a symbol
(`==`, `if`, `and`, `max`, `math.sqrt`) is refused here with the remedy; the tracer adds file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NoReturn, Protocol

from symopt.errors import DialectError
from symopt.expr import BOOLEAN, START, Call, Expr, Num, Reduction, number, text


class Recorder(Protocol):
    """What the run of a body offers to the terms and sequences in it."""

    def read(self, name: str, shift: int) -> Term:
        """x[t], x[t-1] or x[0]."""
        ...

    def write(self, name: str, shift: int, value: Any) -> None:
        """x[t] = value or x[0] = value."""
        ...

    def inline(self, inner: Any, x: Term, h: Any, conditions: Mapping[str, Any]) -> Term:
        """The new theta of the optimizer `inner` that steps from `x`, under conditions by name (when, restart, ...)."""
        ...

    def point(self, inner: Any, x: Term) -> Term:
        """Where the optimizer `inner` wants its gradient when it steps from `x`."""
        ...


class Term:
    """An expression that is being written down. `node` is what was written, `trace` the body it was written in."""

    __slots__ = ("node", "trace")

    def __init__(self, node: Expr, trace: Recorder | None = None):
        self.node = node
        self.trace = trace

    def __repr__(self) -> str:
        return text(self.node)

    def __add__(self, other: Any) -> Term:
        return build("+", self, other)

    def __radd__(self, other: Any) -> Term:
        return build("+", other, self)

    def __sub__(self, other: Any) -> Term:
        return build("-", self, other)

    def __rsub__(self, other: Any) -> Term:
        return build("-", other, self)

    def __mul__(self, other: Any) -> Term:
        return build("*", self, other)

    def __rmul__(self, other: Any) -> Term:
        return build("*", other, self)

    def __truediv__(self, other: Any) -> Term:
        return build("/", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return build("/", other, self)

    def __pow__(self, other: Any) -> Term:
        return build("**", self, other)

    def __rpow__(self, other: Any) -> Term:
        return build("**", other, self)

    def __neg__(self) -> Term:
        return build("neg", self)

    def __pos__(self) -> Term:
        return self

    def __abs__(self) -> Term:
        return build("abs", self)

    def __lt__(self, other: Any) -> Term:
        return build("<", self, other)

    def __le__(self, other: Any) -> Term:
        return build("<=", self, other)

    def __gt__(self, other: Any) -> Term:
        return build(">", self, other)

    def __ge__(self, other: Any) -> Term:
        return build(">=", self, other)

    def __and__(self, other: Any) -> Term:
        return build("and", self, other)

    def __rand__(self, other: Any) -> Term:
        return build("and", other, self)

    def __or__(self, other: Any) -> Term:
        return build("or", self, other)

    def __ror__(self, other: Any) -> Term:
        return build("or", other, self)

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
        self._refuse("what a symbol holds", "sum over a tensor with total(x); otherwise write the terms out")

    def _lacks(self, what: str, remedy: str) -> NoReturn:
        raise DialectError(f"the dialect has no {what}; write {remedy}", repr(self))

    def __floordiv__(self, other: Any) -> NoReturn:
        self._lacks("//", "floor(a / b)")

    def __mod__(self, other: Any) -> NoReturn:
        self._lacks("%", "a - b*floor(a/b), or every(k) where something happens at each k-th step")

    def __xor__(self, other: Any) -> NoReturn:
        self._lacks("^", "a**b for a power")

    def __matmul__(self, other: Any) -> NoReturn:
        self._lacks("@", "dot(a, b) for the inner product over a tensor")

    def __getitem__(self, index: Any) -> NoReturn:
        self._lacks("elements of a value", "the equation of a whole tensor; only a sequence has an index, as in m[t-1]")

    __rfloordiv__, __rmod__, __rxor__, __rmatmul__ = __floordiv__, __mod__, __xor__, __matmul__

    def __call__(self, *_args: Any, **_options: Any) -> NoReturn:
        self._lacks("call of a value", f"{self!r}*(...) for a product")

    def __getattr__(self, name: str) -> NoReturn:
        remedy = f"write functions of it, as in sqrt({self!r}) or mean({self!r})"
        raise AttributeError(f"{self!r} has no attribute {name}; {remedy}")

    # NumPy calls these two instead of looping over a Term as over an object.
    def __array_ufunc__(self, ufunc: Any, *_args: Any, **_options: Any) -> NoReturn:
        self._refuse(f"NumPy's {ufunc.__name__}", "use symopt's functions and plain numbers")

    def __array_function__(self, function: Any, *_args: Any) -> NoReturn:
        self._refuse(f"NumPy's {function.__name__}", "use symopt's functions and plain numbers")

    def _sympy_(self) -> Any:
        from symopt.canonical import to_sympy  # heavy: only a spec that mixes in SymPy's own functions needs it

        return to_sympy(self.node)


class Sequence:
    """What a positional argument of a body is: `x[t]`, `x[t-1]` and `x[0]` can be read and written."""

    __slots__ = ("_name", "_trace")

    def __init__(self, name: str, trace: Recorder):
        self._name = name
        self._trace = trace

    def __getitem__(self, index: Any) -> Term:
        return self._trace.read(self._name, self._shift(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._trace.write(self._name, self._shift(index), value)

    def _shift(self, index: Any) -> int:
        node = as_term(index).node if isinstance(index, Term | int | float) else None
        shifts = {"t": 0, "t - 1": -1, "0": START}
        shown = "" if node is None else text(node)
        if shown in shifts:
            return shifts[shown]
        message = (
            "the index of a sequence is t (the new value), t-1 (the old one) or 0 (the start); "
            "what is older is kept in a state of its own, as in old[t] = x[t-1]"
        )
        raise DialectError(message, f"{self._name}[{shown or repr(index)}]")

    def __repr__(self) -> str:
        return self._name

    def __getattr__(self, attribute: str) -> NoReturn:
        remedy = f"write {self._name}[t] or {self._name}[t-1], and functions of it"
        raise AttributeError(f"the sequence {self._name} has no attribute {attribute}; {remedy}")

    def refuse(self, *_: Any, **_options: Any) -> Any:
        """Say that a sequence needs an index."""
        raise DialectError(f"write {self._name}[t] (the new value) or {self._name}[t-1] (the old one)", self._name)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = refuse
    __pow__ = __rpow__ = __neg__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __float__ = __iter__ = (
        refuse
    )
    __eq__ = __ne__ = __and__ = __or__ = __invert__ = __matmul__ = __call__ = refuse
    __array_ufunc__ = __array_function__ = refuse
    __hash__ = object.__hash__


def as_term(value: Any) -> Term:
    """A term from a term, a number, or a SymPy expression."""
    if isinstance(value, Term):
        return value
    if isinstance(value, Sequence):
        return value.refuse()
    if isinstance(value, bool):
        raise DialectError("a Python bool is not a condition; compare symbols, for example t > 1", str(value))
    if isinstance(value, int | float | Fraction):
        if value != value or value in (float("inf"), float("-inf")):
            raise DialectError("constants must be finite", str(value))
        return Term(number(float(value) if isinstance(value, float) else value))  # a NumPy float prints differently
    if hasattr(value, "free_symbols"):
        from symopt.canonical import from_sympy  # heavy: only a spec that mixes in SymPy's own functions needs it

        return Term(from_sympy(value))
    if value is None:
        raise DialectError("nothing (None) stands here; a function that returns no value?", "None")
    what = getattr(value, "name", None) or getattr(value, "__name__", None) or repr(value)
    message = f"a {type(value).__name__} cannot stand in an equation; use sequences, hyperparameters and numbers"
    raise DialectError(message, str(what))


def build(op: str, *args: Any, over: str | None = None) -> Term:
    """An operation, or with `over` a reduction, on what `as_term` makes of the arguments."""
    terms = [as_term(arg) for arg in args]
    trace = next((term.trace for term in terms if term.trace is not None), None)
    nodes = tuple(term.node for term in terms)
    for position, node in enumerate(nodes):
        if op in ("and", "or", "not") or (op == "where" and position == 0):
            need_condition(node)
        else:
            need_number(node)
    if op == "neg" and isinstance(nodes[0], Num):
        return Term(Num(-nodes[0].value), trace)
    if op == "/" and nodes[1] == Num(Fraction(0)):
        raise DialectError("division by zero", f"{text(nodes[0])} / 0")
    return Term(Call(op, nodes) if over is None else Reduction(op, nodes, over), trace)


def is_condition(node: Expr) -> bool:
    """Whether an expression is true or false rather than a number."""
    return isinstance(node, Call) and node.op in BOOLEAN


def need_condition(node: Expr) -> None:
    """Refuse a number where a condition is wanted."""
    if not is_condition(node):
        raise DialectError(f"this is a number, not a condition; compare it, as in {text(node)} > 0", text(node))


def need_number(node: Expr) -> None:
    """Refuse a condition where a number is wanted."""
    if is_condition(node):
        raise DialectError(f"this is a condition, not a number; write where({text(node)}, 1, 0)", text(node))
