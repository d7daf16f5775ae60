"""Expressions as the Python text that CPU and CUDA kernels share: literals in `f(...)`, conditions in `select(...)`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symopt.errors import SymoptError
from symopt.expr import PRECEDENCE, Call, Expr, Num, Sym, symbols
from symopt.ir import Assign

FUNCTIONS = {
    "sqrt": "sqrt", "exp": "exp", "log": "log", "expm1": "expm1", "log1p": "log1p", "abs": "abs", "sign": "sign",
    "floor": "floor", "ceil": "ceil", "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh", "max": "maximum",
    "min": "minimum", "where": "select", "every": "every", "isfinite": "isfinite",
}  # fmt: skip
"""The operations that print as a call, with the function that emitted files define or import for each."""

_INFIX = {"+": "+", "-": "-", "*": "*", "/": "/", "**": "**", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "eq": "==", "ne": "!="}
_INFIX |= {"and": "&", "or": "|"}
_LEVEL = {**PRECEDENCE, "and": 3, "or": 1, "<": 0, "<=": 0, ">": 0, ">=": 0, "eq": 0, "ne": 0}


class Printer:
    """Prints one expression; `wrap` puts each literal into f(...), as the element loop needs it."""

    def __init__(self, wrap: bool, prefix: str = ""):
        self.wrap = wrap
        self.prefix = prefix

    def __call__(self, expr: Expr) -> str:
        return self._print(expr)[0]

    def _print(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Num(value):
                return self._number(value)
            case Sym(name):
                return name, 10
            case Call("neg", (a,)):
                return f"-{self._inside(a, 6)}", 6
            case Call("not", (a,)):
                return f"(not {self._inside(a, 9)})", 10
            case Call("pi", ()):
                return self._literal("3.141592653589793"), 10
            case Call("below", (a,)):
                return f"below(f, {self(a)})", 10
            case Call("**", (a, b)):
                return f"{self._inside(a, 9)} ** {self._inside(b, 9)}", 8
            case Call(op, (a, b)) if op in _INFIX:
                level = _LEVEL[op]
                return f"{self._inside(a, level)} {_INFIX[op]} {self._inside(b, level + 1)}", level
            case Call(op, args) if op in FUNCTIONS:
                return f"{self.prefix}{FUNCTIONS[op]}({', '.join(self(arg) for arg in args)})", 10
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
    """One line of text per assignment."""
    show = Printer(wrap)
    return [f"{assign.name} = {show(assign.value)}" for assign in assigns]


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
