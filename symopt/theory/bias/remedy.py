"""What the equations do about the bias of an average, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from symopt.expr import ONE, Call, Expr, T, sequences, substitute, symbols, walk
from symopt.recurrence import Optimizer
from symopt.theory.bias.averages import Average
from symopt.theory.bias.divided import divides, inlined
from symopt.theory.bias.gains import Gain
from symopt.theory.bias.weights import Weight
from symopt.theory.bias.wording import times
from symopt.theory.ends.folding import fold
from symopt.wording import listed


def remedy(
    optimizer: Optimizer, average: Average, weight: Weight, corrected: Sequence[Gain], refuted: Collection[str]
) -> str:
    """The rest of the sentence that says what an average is; refuted: the corrected values that keep a bias."""
    right = [f"{gain.name}[t]" for gain in corrected if gain.right]
    if right:
        verbs = ("divides", "is") if len(right) == 1 else ("divide", "are")
        return f"; {listed(right)} {verbs[0]} by just that and {verbs[1]} free of bias"
    wrong = [f"{gain.name}[t]" for gain in corrected if gain.name in refuted]
    if corrected:
        return f"; {wrong[0]} does not divide by just that" if wrong else ""
    elements = [e for e in optimizer.equations if optimizer.levels[e.target] == "element" and e.target != average.name]
    written = {e.target: inlined(optimizer, e.rhs) for e in elements}
    places = [name for name, rhs in written.items() if weight.value in walk(rhs)]
    if places:
        does = "divides by that factor" if divides(written[places[0]], weight.value) else "has that factor too"
        return f"; the equation of {places[0]}[t] {does}"
    if weight.limit is None or any(_is_like(rhs, weight.value) for rhs in written.values()):
        return ""
    if weight.limit != ONE:
        return f", which tends to {times(weight.limit, average.u)}"
    first = fold(substitute(weight.value, {T: ONE}))
    return f", and nothing divides by that: at t = 1 it is {times(first, average.u)}"


def _is_like(rhs: Expr, weight: Expr) -> bool:
    """Whether something in it may be the same factor in other words: b**t, exp of t, a product over the steps."""
    names = symbols(weight) - {"t"}
    powers = (node for node in walk(rhs) if isinstance(node, Call) and node.op in ("**", "exp", "expm1"))
    alike = any("t" in symbols(node) and (names & symbols(node) or not names) for node in powers)
    return alike or bool(sequences(weight) & sequences(rhs))
