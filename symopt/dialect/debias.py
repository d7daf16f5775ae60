"""`debias(m[t])`: an average divided by what it would be if its input had been 1 at every step.

For m[t] = b*m[t-1] + c*x[t] with constant b and c that is c*(1 - b**t)/(1 - b), hence 1 - b**t where c = 1 - b.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from symopt.dialect.source import Source
from symopt.dialect.trace import Trace
from symopt.errors import DialectError, SymoptError
from symopt.expr import ONE, Call, Expr, Seq, T, multiply, sequences, symbols, text, transform, walk
from symopt.recurrence import Equation


def weight(decay: Expr, gain: Expr = ONE, step: Expr = T) -> Expr:
    """gain*(1 - decay**t): what m[t] = decay*m[t-1] + gain*(1 - decay)*x[t] is if x was 1 at every step."""
    return multiply(gain, Call("-", (ONE, Call("**", (decay, step)))))


class Debias:
    """The corrections of one trace, each derived from the equation of its average."""

    def __init__(self, trace: Trace, source: Source):
        self.trace = trace
        self.source = source
        self.rhs = {equation.target: equation.rhs for equation in trace.equations}

    def equations(self, equations: list[Equation]) -> list[Equation]:
        """The equations with every debias(...) written out."""
        return [Equation(e.target, self.expression(e.rhs, e.target)) for e in equations]

    def expression(self, expr: Expr, target: str) -> Expr:
        """An expression on the right of `target[t] =` with every debias(...) written out."""
        if not any(isinstance(node, Call) and node.op == "debias" for node in walk(expr)):
            return expr

        def resolve(node: Expr) -> Expr:
            return self._corrected(node.args[0], target) if isinstance(node, Call) and node.op == "debias" else node

        return transform(expr, resolve)

    def _corrected(self, average: Expr, target: str) -> Expr:
        if not isinstance(average, Seq) or average.shift != 0 or average.name not in self.rhs:
            raise self._error(average, "it takes an average that was written before, as in debias(m[t])", target)
        if average.name in self.trace.starts:
            raise self._error(average, "its average does not start at 0; write the correction out", target)
        decay, gain = self._decay_and_gain(average, target)
        self.trace.constants |= symbols(decay) | symbols(gain)
        return Call("/", (average, weight(decay, gain)))

    def _decay_and_gain(self, average: Seq, target: str) -> tuple[Expr, Expr]:
        """b, and c/(1 - b), of m[t] = b*m[t-1] + c*x[t]."""
        border = import_module("symopt.canonical")  # SymPy is heavy, and only this derivation needs it in a trace
        rhs = self.rhs[average.name]
        old = border.sympy_symbol(Seq(average.name, -1))
        moving = [border.STEP, *(border.sympy_symbol(seq) for seq in sequences(rhs))]
        try:
            found = _linear(border.to_sympy(rhs), old, moving)
            b, c = (border.from_sympy(value) for value in found)
        except (SymoptError, TypeError, ValueError) as error:  # not linear, or an operation that has no derivative
            message = "its recurrence is not m[t] = b*m[t-1] + c*x[t] with constant b and c; write the correction out"
            raise self._error(average, message, target) from error
        return b, c

    def _error(self, node: Expr, message: str, target: str) -> DialectError:
        return self.source.error(message, f"debias({text(node)})", self.source.line_of(target))


def _linear(form: Any, old: Any, moving: list[Any]) -> tuple[Any, Any]:
    """(b, c/(1 - b)) of b*old + c*x, where x is made of `moving` values; ValueError where it has another form."""
    sympy: Any = import_module("sympy")
    decay = sympy.factor(sympy.diff(form, old))
    rest = sympy.expand(form - decay * old)
    if decay == 0 or decay.has(*moving) or rest.has(old):
        raise ValueError
    weights: dict[Any, Any] = {}
    for term in sympy.Add.make_args(rest):
        weight, value = term.as_independent(*moving, as_Add=False)
        weights[value] = weights.get(value, 0) + weight
    shares = {sympy.cancel(weight / (1 - decay)) for weight in weights.values()}
    # An average of x: every weight is 1 - b times something that b has no part in.
    if not any(share.free_symbols & decay.free_symbols for share in shares) and (decay.free_symbols or 1 in shares):
        return decay, sympy.Integer(1)
    if len(shares) > 1:
        raise ValueError
    return decay, shares.pop()
