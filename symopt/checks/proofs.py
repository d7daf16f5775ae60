"""What is proved: that each emitted kernel computes the equations, and that the page's formulas read back as them."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.checks.facts import PROVED
from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.expr import Expr
from symopt.expr import text as shown
from symopt.latex.parser import parse
from symopt.latex.printer import latex
from symopt.latex.symbols import symbols_of
from symopt.latex.tokens import LatexError
from symopt.prove.algebra import Proved, Refuted, Undecided, decide
from symopt.prove.facts import declared
from symopt.prove.kernel import prove_kernel
from symopt.prove.operations import operations, rounding_faults
from symopt.prove.targets import DEVICE, HOST, Target
from symopt.recurrence import Optimizer

PROVERS: dict[str, Target] = {"cpu": HOST, "cuda": DEVICE}
"""Target -> how its files run on symbols."""


def proof(training: Training, target: str, text: str) -> tuple[str, list[str]]:
    """("proved" or why not; what is wrong) of a kernel's text.

    Only a counterexample is wrong: the undecided was tested, and is told.
    """
    if target not in PROVERS:
        return "no proof exists for this target", []
    try:
        found = prove_kernel(training, text, PROVERS[target])
    except SymoptError as error:
        return f"refuted: {error}", [f"the {target} kernel cannot be read as equations: {error}"]
    if found.holds:
        rounded = list(rounding_faults(training, operations(training, text, PROVERS[target])))
        return ("undecided: rounding", [f"in the {target} kernel {rounded[0]}"]) if rounded else (PROVED, [])
    refuted = [(what, verdict) for what, verdict in found.failures if isinstance(verdict, Refuted)]
    if refuted:
        what, verdict = refuted[0]
        return f"refuted: {what}", [
            f"the {target} kernel differs from the equations: {what} is {_counterexample(verdict)}"
        ]
    what, verdict = found.failures[0] if found.failures else ("nothing to prove was found", None)
    why = f", {verdict.why}, tested on {verdict.points} points" if isinstance(verdict, Undecided) else ""
    return f"undecided: {what}{why}", []


def _counterexample(verdict: Refuted) -> str:
    kernel, equations = verdict.values
    at = ", ".join(f"{name} = {value}" for name, value in verdict.point.items())
    return f"{kernel} and should be {equations}" + (f" at {at}" if at else "")


def page_faults(optimizer: Optimizer) -> Iterator[str]:
    """The formulas of the page that do not read back as what they were printed from."""
    formulas = [(f"{e.target}[t]", e.rhs) for e in optimizer.equations]
    formulas += [(f"{name}[0]", rhs) for name, rhs in optimizer.starts]
    formulas.append(("the gradient point", optimizer.gradient_point))
    for what, expr in formulas:
        for inline in (False, True):
            fault = _round_trip(optimizer, expr, inline)
            if fault:
                yield f"the page's formula for {what} {fault}"
                break


def _round_trip(optimizer: Optimizer, expr: Expr, inline: bool) -> str | None:
    printed = latex(expr, inline=inline)
    try:
        back = parse(printed, symbols_of(optimizer))
    except LatexError as error:
        return f"cannot be read back: {error}"
    if back == expr or isinstance(decide(back, expr, declared(optimizer)), Proved):
        return None
    return f"reads back as {shown(back)}"
