"""Expressions as NumPy text, for what runs outside the kernel: start values, the way to theta and back."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.backends.text import Printer
from symopt.errors import SymoptError
from symopt.expr import Call, Expr, Reduction, symbols

_NUMPY = {"where": "where", "max": "maximum", "min": "minimum", "abs": "abs", "sign": "sign"}


class ArrayPrinter(Printer):
    """Prints an expression over NumPy arrays and numbers; `names` says how each name is reached.

    scope: text that gives the arrays of all tensors, one after the other, under the name `array`; for reductions
    """

    def __init__(self, names: Mapping[str, str], scope: str = ""):
        super().__init__(wrap=False)
        self.names = names
        self.scope = scope

    def name(self, name: str) -> str:
        """The text of a name."""
        return self.names[name]

    def call(self, op: str, args: tuple[Expr, ...]) -> str:
        """NumPy's function of the same meaning."""
        if op == "every":
            raise SymoptError("every(k) has no meaning before the first step")
        return f"np.{_NUMPY.get(op, op)}({', '.join(self(arg) for arg in args)})"

    def _print(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Reduction(op, (value,), over):
                return self._reduced(op, value, over), 10
            case Call("pi", ()):
                return "np.pi", 10
            case Call("not", (a,)):
                return f"np.logical_not({self(a)})", 10
            case _:
                return super()._print(expr)

    def _reduced(self, op: str, value: Expr, over: str) -> str:
        if op not in ("total", "maxabs"):
            raise SymoptError(f"no kernel can print {op}")
        if "theta" not in symbols(value):
            raise SymoptError(f"{op} in a start value must run over theta[0]")
        shown = self(value)
        rest = "axis=tuple(range(array.ndim > 1, array.ndim)), keepdims=True, " if over == "row" else ""
        one = f"np.sum({shown}, {rest}dtype=float)" if op == "total" else f"np.max(np.abs({shown}), {rest}initial=0.0)"
        if over != "all":
            return one
        listed = f"[{one} for array in {self.scope}]"
        return f"np.sum({listed})" if op == "total" else f"np.max({listed}, initial=0.0)"
