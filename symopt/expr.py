"""The expression tree at both ends of the line: what an author wrote, and what a kernel computes.

Between the ends stands SymPy (see `canonical`), where mathematics is done. The tree itself knows none: it keeps what
was written, in the order in which it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce


@dataclass(frozen=True, slots=True)
class Num:
    """An exact constant: `0.96` is 24/25."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Sym:
    """A plain name: a hyperparameter, the step `t`, or a scalar that lowering introduced.

    base: whether it is the hyperparameter's own value, which no schedule replaces
    """

    name: str
    base: bool = False


@dataclass(frozen=True, slots=True)
class Seq:
    """A sequence at step t + `shift`: 0 is the new value x[t], -1 the old one x[t-1]; START is x[0]."""

    name: str
    shift: int


@dataclass(frozen=True, slots=True)
class Call:
    """An operation of `OPERATIONS` on its arguments."""

    op: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Reduction:
    """A number made of all elements of a row (over="row"), of a tensor ("tensor") or of all tensors ("all").

    The rows of a tensor of two axes or more are its slices along the first axis; one of fewer axes is a single row.
    """

    op: str
    args: tuple[Expr, ...]
    over: str


Expr = Num | Sym | Seq | Call | Reduction

START = -1_000_000  # the shift of x[0]
T = Sym("t")
ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))

ARITHMETIC = {"+": 2, "-": 2, "*": 2, "/": 2, "**": 2, "neg": 1}
COMPARISONS = {"<": 2, "<=": 2, ">": 2, ">=": 2, "eq": 2, "ne": 2}
LOGIC = {"and": 2, "or": 2, "not": 1, "every": 2}  # every(t, k): k divides t
FUNCTIONS = {
    "sqrt": 1, "exp": 1, "log": 1, "expm1": 1, "log1p": 1, "abs": 1, "sign": 1, "floor": 1, "ceil": 1, "sin": 1,
    "cos": 1, "tan": 1, "tanh": 1, "max": 2, "min": 2, "where": 3, "clip": 3, "isfinite": 1, "pi": 0,
}  # fmt: skip
INTERNAL = {"below": 1}  # strictly below in the storage type, toward zero; only lowering writes it
OPERATIONS = ARITHMETIC | COMPARISONS | LOGIC | FUNCTIONS | INTERNAL
"""Every operation of the language with the number of its arguments."""

REDUCTIONS = {"total": 1, "mean": 1, "norm": 1, "maxabs": 1, "dot": 2, "axes": 1}  # axes: how many a tensor has
SCOPES = {"all": "ALL", "tensor": "", "row": "ROW"}
"""What a reduction runs over, with the dialect's word for it."""

BOOLEAN = frozenset(COMPARISONS) | frozenset(LOGIC) | {"isfinite"}


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct arguments of an expression."""
    return expr.args if isinstance(expr, Call | Reduction) else ()


def rebuild(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same operation on other arguments."""
    match expr:
        case Call(op, old):
            return expr if args == old else Call(op, args)
        case Reduction(op, old, over):
            return expr if args == old else Reduction(op, args, over)
        case _:
            return expr


def walk(expr: Expr) -> Iterator[Expr]:
    """All subexpressions, outermost first, left to right."""
    yield expr
    for arg in children(expr):
        yield from walk(arg)


def transform(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """Rewrite bottom-up: `rule` sees each node after its arguments were rewritten."""
    return rule(rebuild(expr, tuple(transform(arg, rule) for arg in children(expr))))


def substitute(expr: Expr, table: Mapping[Expr, Expr]) -> Expr:
    """Replace every occurrence of a key of `table` by its value, all at once; what is put in is not looked at again."""
    if expr in table:
        return table[expr]
    return rebuild(expr, tuple(substitute(arg, table) for arg in children(expr)))


def sequences(expr: Expr) -> set[Seq]:
    """The sequence values that an expression reads."""
    return {node for node in walk(expr) if isinstance(node, Seq)}


def symbols(expr: Expr) -> set[str]:
    """The plain names that an expression reads."""
    return {node.name for node in walk(expr) if isinstance(node, Sym)}


def number(value: int | float | Fraction) -> Num:
    """An exact constant from a Python number; a float means the decimal that it prints as."""
    return Num(Fraction(repr(value)) if isinstance(value, float) else Fraction(value))


def add(*terms: Expr) -> Expr:
    """A sum, left to right; zeros are dropped and negated terms subtracted."""
    kept = [term for term in terms if term != ZERO]
    return reduce(_plus, kept) if kept else ZERO


def _plus(a: Expr, b: Expr) -> Expr:
    if isinstance(b, Call) and b.op == "neg":
        return Call("-", (a, b.args[0]))
    if isinstance(b, Num) and b.value < 0:
        return Call("-", (a, Num(-b.value)))
    return Call("+", (a, b))


def summands(expr: Expr) -> list[Expr]:
    """The terms of a sum, left to right: what is subtracted is negated, zeros are dropped."""
    match expr:
        case Call("+", (a, b)):
            return [*summands(a), *summands(b)]
        case Call("-", (a, b)):
            return [*summands(a), *map(negate, summands(b))]
        case Call("neg", (a,)):
            return [*map(negate, summands(a))]
        case _:
            return [] if expr == ZERO else [expr]


def multiply(*factors: Expr) -> Expr:
    """A product, left to right; ones are dropped and zero wins."""
    if ZERO in factors:
        return ZERO
    kept = [factor for factor in factors if factor != ONE]
    return reduce(lambda a, b: Call("*", (a, b)), kept) if kept else ONE


def negate(expr: Expr) -> Expr:
    """The negation, with no double signs."""
    match expr:
        case Num(value):
            return Num(-value)
        case Call("neg", (inner,)):
            return inner
        case _:
            return Call("neg", (expr,))


def divide(numerator: Expr, denominator: Expr) -> Expr:
    """A quotient, with no division by one."""
    return numerator if denominator == ONE else Call("/", (numerator, denominator))


PRECEDENCE = {"or": 1, "and": 3, "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7, "**": 8}
_INFIX = {"eq": "==", "ne": "!=", "and": "&", "or": "|"}


def text(expr: Expr) -> str:
    """An expression as plain text, in the dialect's own syntax: for messages, docstrings and terminals."""
    return _text(expr)[0]


def _text(expr: Expr) -> tuple[str, int]:
    match expr:
        case Num(value):
            shown = decimal(value)
            return shown, 6 if "/" in shown else (7 if value < 0 else 10)
        case Sym(name):
            return name, 10
        case Seq(name, shift):
            return f"{name}[{'0' if shift == START else 't' if shift == 0 else f't{shift:+d}'}]", 10
        case Reduction(op, args, over):
            listed = ", ".join([text(a) for a in args] + ([f"over={SCOPES[over]}"] if SCOPES[over] else []))
            return f"{op}({listed})", 10
        case Call("neg", (a,)):
            return f"-{_wrapped(a, 6)}", 7
        case Call("not", (a,)):
            return f"~{_wrapped(a, 9)}", 8
        case Call("**", (a, b)):
            return f"{_wrapped(a, 9)}**{_wrapped(b, 9)}", 8
        case Call("every", (step, k)) if step == T:
            return f"every({text(k)})", 10
        case Call("every", (count, k)):  # a step of its own, which no text of the dialect can name
            return f"{_wrapped(k, 10)} divides {_wrapped(count, 10)}", 0
        case Call("pi", ()):
            return "pi", 10
        case Call(op, (a, b)) if op in ARITHMETIC:
            level = PRECEDENCE[op]
            return f"{_wrapped(a, level)} {op} {_wrapped(b, level + (op in '-/'))}", level
        case Call(op, (a, b)) if op in COMPARISONS or op in ("and", "or"):
            level = 0 if op in COMPARISONS else PRECEDENCE[op]  # `&` binds tighter than `<` in Python
            return f"{_wrapped(a, level + 1)} {_INFIX.get(op, op)} {_wrapped(b, level + 1)}", level
        case Call(op, args):
            return f"{op}({', '.join(text(a) for a in args)})", 10


def _wrapped(expr: Expr, level: int) -> str:
    shown, own = _text(expr)
    return shown if own >= level else f"({shown})"


def decimal(value: Fraction) -> str:
    """The shortest exact text of a constant: an integer, a decimal if it ends, else p/q."""
    if value.denominator == 1:
        return str(value.numerator)
    shown = repr(float(value))
    return shown if Fraction(shown) == value else f"{value.numerator}/{value.denominator}"
