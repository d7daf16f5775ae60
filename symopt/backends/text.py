"""Expressions as the Python text that CPU and CUDA kernels share: literals in `f(...)`, conditions in `select(...)`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from textwrap import wrap

from symopt.errors import SymoptError
from symopt.expr import PRECEDENCE, Call, Expr, Num, Sym, symbols
from symopt.ir import Assign

WIDTH = 120
FUNCTIONS = {
    "sqrt": "sqrt", "exp": "exp", "log": "log", "expm1": "expm1", "log1p": "log1p", "abs": "abs", "sign": "sign",
    "floor": "floor", "ceil": "ceil", "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh", "max": "maximum",
    "min": "minimum", "where": "select", "every": "every", "isfinite": "isfinite",
}  # fmt: skip
"""The operations that print as a call, with the function that emitted files define or import for each."""

_INFIX = {
    "+": "+", "-": "-", "*": "*", "/": "/", "**": "**", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "eq": "==",
    "ne": "!=", "and": "&", "or": "|",
}  # fmt: skip
_LEVEL = {**PRECEDENCE, "<": 0, "<=": 0, ">": 0, ">=": 0, "eq": 0, "ne": 0}

_OWN_WORDS = frozenset(
    "LANES THREADS added apart at begin below block blocks body carray chunk convert copied copy cuda deploy deployed "
    "f given group groups i in_range inf kernel lane lanes largest len load load_wide n np numbers offset part passed "
    "pi piece pieces place point_of pointer prange range rounded row row_numbers row_rows row_tensors rows skipped "
    "start store store_wide stored table tensor tensor_numbers tensor_rows theta_of types whole wide work".split()
)
_OWN_KINDS = re.compile(
    r"(step|global|tensor|row)_scalars_\d+|(terms|sums)_\d+(_in_range)?|body_\w+|\w+_(lanes|at|wide|ahead)"
)


def local(name: str) -> str:
    """The name of a value inside a kernel: the author's, with an underscore where the kernel needs the word.

    No author's name ends in an underscore, so two names stay two.
    """
    taken = name in _OWN_WORDS or name in FUNCTIONS.values() or _OWN_KINDS.fullmatch(name)
    return f"{name}_" if taken else name


class Printer:
    """Prints one expression; `wrap` puts each literal into f(...), as the element loop needs it."""

    def __init__(self, wrap: bool):
        self.wrap = wrap

    def __call__(self, expr: Expr) -> str:
        return self._print(expr)[0]

    def name(self, name: str) -> str:
        """The text of a name."""
        return local(name)

    def call(self, op: str, args: tuple[Expr, ...]) -> str:
        """The text of a function applied to its arguments."""
        return f"{FUNCTIONS[op]}({', '.join(self.floating(arg) for arg in args)})"

    def floating(self, expr: Expr) -> str:
        """An expression that is no integer to the compiler: the results of a function have one type."""
        shown = self(expr)
        return f"{shown}.0" if not self.wrap and isinstance(expr, Num) and shown.lstrip("-").isdigit() else shown

    def _print(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Num(value):
                return self._number(value)
            case Sym(name):
                return self.name(name), 10
            case Call("neg", (a,)):
                return f"-{self._inside(a, 6)}", 6
            case Call("not", (a,)):
                return f"(not {self._inside(a, 9)})", 10
            case Call("pi", ()):
                return self._literal("pi"), 10
            case Call("below", (a,)):
                return f"below(f, {self(a)})", 10
            case Call("**", (a, b)):
                return f"{self._inside(a, 9)} ** {self._inside(b, 9)}", 8
            case Call(op, (a, b)) if op in _INFIX:
                level = _LEVEL[op]
                return f"{self._inside(a, level)} {_INFIX[op]} {self._inside(b, level + 1)}", level
            case Call(op, args) if op in FUNCTIONS:
                return self.call(op, args), 10
            case _:
                raise SymoptError(f"no kernel can print {expr}")

    def _number(self, value: Fraction) -> tuple[str, int]:
        if self.wrap:
            return (f"f({_decimal(abs(value))})", 10) if value >= 0 else (f"-f({_decimal(abs(value))})", 6)
        shown = str(value.numerator) if value.denominator == 1 else _decimal(value)
        return shown, 10 if value >= 0 and "/" not in shown else 6

    def _literal(self, shown: str) -> str:
        return f"f({shown})" if self.wrap else shown

    def _inside(self, expr: Expr, level: int) -> str:
        shown, own = self._print(expr)
        return shown if own >= level else f"({shown})"


def _decimal(value: Fraction) -> str:
    """A literal that Python reads as the float nearest to the exact value, exact where it can be."""
    if value.denominator == 1 and abs(value) < 2**53:
        return str(value.numerator)
    shown = repr(float(value))
    return shown if Fraction(shown) == value else f"{value.numerator} / {value.denominator}"


def lines(assigns: Iterable[Assign], wrap: bool) -> list[str]:
    """The assignments, one after the other."""
    show = Printer(wrap)
    return [
        line for assign in assigns for line in assignment(local(assign.name), show.floating(assign.value), indent=4)
    ]


def assignment(target: str, value: str, indent: int) -> list[str]:
    """`target = value`, in parentheses over several lines where it is long."""
    flat = f"{target} = {value}"
    if indent + len(flat) <= WIDTH:
        return [flat]
    return [f"{target} = (", *(f"    {line}" for line in _broken(value, WIDTH - indent - 4)), ")"]


def _broken(text: str, width: int) -> list[str]:
    return wrap(text, width, break_long_words=False, break_on_hyphens=False)


def filled(before: str, items: Iterable[str], after: str, indent: int = 0) -> list[str]:
    """`before`, the items, `after` on one line where that fits, else with the items on lines of their own."""
    items = list(items)
    whole = f"{before}{', '.join(items)}{after}"
    if indent + len(whole) <= WIDTH or not items:
        return [whole]
    comma = "," if len(items) > 1 else ""  # one name in parentheses is that name; with a comma it would be a tuple
    inner = _broken(f"{', '.join(items)}{comma}", WIDTH - indent - 4)
    return [before.rstrip(), *(f"    {line}" for line in inner), after.lstrip()]


def targets(names: Iterable[str], source: str, indent: int = 0) -> list[str]:
    """`a, b, c = source`, in parentheses where it is long."""
    names = list(names)
    flat = f"{', '.join(names)} = {source}"
    return [flat] if indent + len(flat) <= WIDTH else filled("(", names, f") = {source}", indent)


def free_names(assigns: Iterable[Assign], results: Iterable[str] = ()) -> list[str]:
    """The names that a block reads and does not compute, in the order in which they are first read."""
    found: dict[str, None] = {}
    computed: set[str] = set()
    for assign in assigns:
        for name in _in_order(assign.value):
            if name not in computed:
                found.setdefault(name)
        computed.add(assign.name)
    for name in results:
        if name not in computed:
            found.setdefault(name)
    return list(found)


def _in_order(expr: Expr) -> list[str]:
    if isinstance(expr, Sym):
        return [expr.name]
    return [name for arg in getattr(expr, "args", ()) for name in _in_order(arg)] if symbols(expr) else []
