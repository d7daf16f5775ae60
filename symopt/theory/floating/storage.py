"""What the types of storage do to the defaults and to weight decay."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from symopt.expr import Expr, Sym, decimal, summands, walk
from symopt.interpret import EXACT, REAL
from symopt.ir import Program
from symopt.passes.products import factors
from symopt.recurrence import Hyperparameter, Optimizer
from symopt.theory.fact import Fact
from symopt.theory.floating.cancel import words
from symopt.theory.floating.types import FLOAT32, FORMATS, Format
from symopt.theory.invariance.runs import Given, run, same
from symopt.wording import listed

KIND = "floating point"
_NOTICED = Fraction(1, 10)
"""A change of 1 - beta by this share of it, or more, is told."""


# ---- hyperparameters ----


def stored(optimizer: Optimizer) -> Iterator[Fact]:
    """Which defaults a type cannot hold: rounded to it they leave their domain, become 0 or infinite, or move 1 - x."""
    known = [hyper for hyper in optimizer.hyperparameters if hyper.default is not None]
    if not known:
        return
    data = {kind.name: {hyper.name: _text(kind.rounded(_default(hyper))) for hyper in known} for kind in FORMATS}
    lost = {kind: [told for hyper in known if (told := _change(hyper, kind))] for kind in FORMATS}
    parts = [f"to {kind.name}, {listed(told)}" for kind, told in lost.items() if told]
    names = listed([kind.name for kind in FORMATS])
    statement = f"Rounded {'; '.join(parts)}." if parts else f"Every default stays in its domain in {names}."
    yield Fact(KIND, "hyperparameters", "proved", statement, data={"rounded": data})


def _default(hyper: Hyperparameter) -> Fraction:
    assert hyper.default is not None
    return hyper.default


def _change(hyper: Hyperparameter, kind: Format) -> str:
    """What becomes of a default that a type cannot hold; nothing where it can."""
    value, found = _default(hyper), kind.rounded(_default(hyper))
    became = f"{hyper.name} = {decimal(value)} becomes {_text(found)}"
    if found is None or found not in hyper.domain or (value and not found):
        return became
    if hyper.domain.upper == 1 and hyper.domain.open_upper and value:
        share = (value - found) / (1 - value)
        if abs(share) >= _NOTICED:
            return f"{became} and 1 - {hyper.name} {abs(float(share)):.0%} {'larger' if share > 0 else 'smaller'}"
    return ""


def _text(value: Fraction | None) -> str:
    return "infinite" if value is None else f"{float(value):.6g}"


# ---- decay ----


def decayed(optimizer: Optimizer, program: Program) -> Iterator[Fact]:
    """Whether the factor by which theta shrinks where the gradient is 0 is 1 in a type, and what the kernels do."""
    decay = _decay(optimizer, program.buffers[0].name)
    if not decay:
        return
    lost = [kind.name for kind in FORMATS if kind.rounded(1 - decay) == 1]
    kept = [kind.name for kind in FORMATS if kind.name not in lost]
    shown = f"{float(decay):.3g}"
    what = "theta" if program.buffers[0].name == "theta" else "the point that is trained"
    said = f"With a gradient of 0, the first step takes a share of {shown} off {what}"
    limit = f"; in {FLOAT32.name} that happens up to {float(FLOAT32.always_lost):.3g}"
    rounded = f"rounds to 1 in {listed(lost)}, and nothing would decay{limit}" if lost else "shows in every type"
    statement = f"{said}. As a factor, that {rounded}. {_how(program)}".strip()
    data = {"decay": shown, "lost": lost, "kept": kept, "limit": str(FLOAT32.always_lost)}
    yield Fact(KIND, "theta", "proved", statement, data=data)


def _decay(optimizer: Optimizer, trained: str) -> Fraction:
    """1 - c where a first step without gradient makes c*theta of what is trained, for every theta; else 0."""
    found: list[Any] = []
    for theta in (Fraction(1), Fraction(3)):
        hyper = {hyper.name: _default(hyper) for hyper in optimizer.hyperparameters}
        given = Given((theta,) * 5, ((Fraction(0),) * 5,), hyper)
        values = run(optimizer, given, EXACT) or run(optimizer, given, REAL)
        found.append(values[0].get(trained, values[0]["theta"])[0] / theta)
    if not same(*found) or not abs(found[0]) < 1:
        return Fraction(0)
    return 1 - (found[0] if isinstance(found[0], Fraction) else Fraction(str(found[0])))


def _how(program: Program) -> str:
    """How the kernels apply the decay to the array that they train, as far as their program shows it."""
    loop = program.update.loops[0]
    stored = program.buffers[0].name
    names = dict(loop.writes)
    value = next((assign.value for assign in loop.assigns if assign.name == names.get(stored)), None)
    if value is None:
        return ""
    if Sym(stored) in summands(value):
        return "The kernels add the decay to the rest of the step and never form the factor."
    if any(_coefficients(term, stored) & words(program).keys() for term in summands(value)):
        return "The kernels hold the factor in two words of the storage type."
    up, _, _ = factors(value)
    scales = [factor.name for factor in up if isinstance(factor, Sym) and program.levels.get(factor.name) != "element"]
    inside = any(Sym(stored) in summands(factor) for factor in up)
    return f"The kernels multiply by {scales[0]}, rounded once to the storage type." if scales and inside else ""


def _coefficients(term: Expr, stored: str) -> set[str]:
    names = {node.name for node in walk(term) if isinstance(node, Sym)}
    return names if stored in names else set()
