"""`debias(m[t])`: an average divided by what it would be if its input had been 1 at every step.

For m[t] = b*m[t-1] + c*x[t] with constant b and c that is c*(1 - b**t)/(1 - b), hence 1 - b**t where c = 1 - b.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from symopt.dialect.source import Source
from symopt.errors import DialectError
from symopt.expr import ONE, Call, Expr, Seq, T, multiply, sequences, symbols, text, transform
from symopt.recurrence import Equation


def resolve_debias(equations: list[Equation], source: Source) -> list[Equation]:
    """The equations with every debias(...) written out."""
    rhs = {equation.target: equation.rhs for equation in equations}

    def resolve(node: Expr) -> Expr:
        if isinstance(node, Call) and node.op == "debias":
            return _corrected(node.args[0], rhs, source)
        return node

    return [Equation(e.target, transform(e.rhs, resolve)) for e in equations]


def _corrected(average: Expr, rhs: dict[str, Expr], source: Source) -> Expr:
    if not isinstance(average, Seq) or average.shift != 0 or average.name not in rhs:
        raise _error(average, "debias takes an average that was written before, as in debias(m[t])", source)
    decay, gain = _decay_and_gain(average, rhs[average.name], source)
    rest = Call("-", (ONE, Call("**", (decay, T))))
    return Call("/", (average, multiply(gain, rest)))


def _decay_and_gain(average: Seq, rhs: Expr, source: Source) -> tuple[Expr, Expr]:
    """b, and c/(1 - b), of m[t] = b*m[t-1] + c*x[t]."""
    sympy: Any = import_module("sympy")  # heavy, and only this derivation needs it while a spec is traced
    border = import_module("symopt.canonical")
    old = border.sympy_symbol(Seq(average.name, -1))
    form = border.to_sympy(rhs)
    decay = sympy.diff(form, old)
    rest = sympy.expand(form - decay * old)
    moving = [border.sympy_symbol(seq) for seq in sequences(rhs)]
    gain, _ = sympy.factor_terms(rest).as_independent(*moving, as_Add=False)
    result = border.from_sympy(sympy.factor(decay)), border.from_sympy(sympy.cancel(gain / (1 - decay)))
    if decay.has(old) or rest.has(old) or any("t" in symbols(e) or sequences(e) for e in result):
        message = "its recurrence is not m[t] = b*m[t-1] + c*x[t] with constant b and c; write the correction out"
        raise _error(average, message, source)
    return result


def _error(node: Expr, message: str, source: Source) -> DialectError:
    name = node.name if isinstance(node, Seq) else ""
    return DialectError(message, f"debias({text(node)})", source.file, source.line_of(name))
