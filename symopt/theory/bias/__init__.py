"""Bias correction: what averages make of a constant gradient, and what the equations of an optimizer make of that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from symopt.expr import ONE, Expr, Seq, multiply, sequences, text
from symopt.prove.algebra import Proved, decide
from symopt.recurrence import Optimizer
from symopt.theory.bias.averages import Average, average
from symopt.theory.bias.divided import is_divided
from symopt.theory.bias.gains import Gain, Steps, Weights, gains, steps
from symopt.theory.bias.remedy import remedy
from symopt.theory.bias.runs import exactly, shares, usual, values
from symopt.theory.bias.weights import KEPT, Weight, known_at, may_divide_by_0, reads_only_gradient, weight_of
from symopt.theory.bias.wording import given, is_short, times
from symopt.theory.ends.growing import limit_at_large_t
from symopt.theory.fact import Fact

__all__ = ["bias_correction", "is_corrected"]

KIND = "bias correction"
_FIRST_STEPS = 6


def bias_correction(optimizer: Optimizer) -> Iterable[Fact]:
    """One fact for each state per element, for each corrected value that keeps a bias, and for the steps."""
    found = _averages(optimizer)
    averages = _only(found)
    weights = _weights(optimizer, averages)
    corrected = list(gains(optimizer, weights))
    biased = {gain.name: _biased(optimizer, gain, averages[gain.state]) for gain in corrected if not gain.right}
    wrong = {name for name, fact in biased.items() if fact.verdict == "refuted"}
    for name, reason in found.items():
        if name in weights:
            yield _state(optimizer, *weights[name], [gain for gain in corrected if gain.state == name], wrong)
        elif isinstance(reason, str):
            yield _no_average(optimizer, name, reason)
        else:
            said = f"No closed form was found for what {name}[t] is under a constant gradient."
            yield Fact(KIND, name, "undecided", said)
    yield from biased.values()
    moved = steps(optimizer, weights) if weights else None
    yield from _steps(moved) if moved is not None else ()


def _no_average(optimizer: Optimizer, name: str, reason: str) -> Fact:
    """A state that is no average; where it is divided as one, the spec sees more in it than was found."""
    if is_divided(optimizer, name):
        said = f"The equations correct {name}[t], and no correction was derived: {reason}."
        return Fact(KIND, name, "undecided", said)
    return Fact(KIND, name, "not applicable", f"There is nothing to correct in {name}[t]: {reason}.")


def is_corrected(optimizer: Optimizer) -> bool:
    """Whether what divides the averages is just what they lack: each corrected value, or the step, has no bias."""
    weights = _weights(optimizer, _only(_averages(optimizer)))
    found = list(gains(optimizer, weights))
    if found:
        return all(gain.right for gain in found)
    moved = steps(optimizer, weights)
    return moved is not None and moved.always is not None


def _averages(optimizer: Optimizer) -> dict[str, Average | str]:
    return {name: average(optimizer, name) for name in optimizer.states if optimizer.levels[name] == "element"}


def _only(found: Mapping[str, Average | str]) -> dict[str, Average]:
    return {name: value for name, value in found.items() if isinstance(value, Average)}


def _weights(optimizer: Optimizer, averages: Mapping[str, Average]) -> Weights:
    sums = {name: weight_of(optimizer, a) for name, a in averages.items()}
    return {name: (averages[name], w) for name, w in sums.items() if w is not None}


def _state(
    optimizer: Optimizer, average: Average, weight: Weight, corrected: Sequence[Gain], wrong: Collection[str]
) -> Fact:
    name, u, value = average.name, text(average.u), text(weight.value)
    right = [gain for gain in corrected if gain.right]
    data: dict[str, Any] = {"kept": text(average.kept), "taken": text(average.taken), "input": u, "correction": value}
    data |= {"limit": None if weight.limit is None else text(weight.limit), "corrected in": [g.name for g in right]}
    shown = [
        f"{g.name}[t] = {text(multiply(g.value, average.u))}, where the factor has the normal form 1" for g in right
    ]
    closed = f"{name}[t] = {text(multiply(weight.value, average.u))}"
    data["closed form"] = closed
    formula = "" if is_short(average.u) else closed  # the sentence has it where it is short
    own = (KEPT,) if Seq(KEPT, 0) in sequences(weight.value) else ()
    where = ", with kept[t] for the product of all shares that it keeps of its old value" if own else ""
    rest = remedy(optimizer, average, weight, corrected, wrong)
    said = f"{_given(optimizer, average)} {times(weight.value, average.u)}{where}{rest}."
    kept = may_divide_by_0(optimizer, average)
    said = said if kept is None else f"Where {text(kept)} is not 1, {said[0].lower()}{said[1:]}"
    return Fact(KIND, name, "proved", said, formula, (*weight.steps, *shown), ("w", *own), data)


def _given(optimizer: Optimizer, average: Average) -> str:
    if reads_only_gradient(optimizer, average.u):
        return f"Under a constant gradient {average.name}[t] is"
    return f"If {given(average.u)} were constant, {average.name}[t] would be"


def _biased(optimizer: Optimizer, gain: Gain, average: Average) -> Fact:
    """A corrected value whose gain is not shown to be 1."""
    shown = [_shown(x) for x in shares(optimizer, gain.value, usual(optimizer))]
    limit = _settled(optimizer, gain.value)
    parts = [f"by {', '.join(shown)} at first"] * bool(shown) + [f"by {limit} in the limit"] * bool(limit)
    told = f": a constant {given(average.u)} comes out multiplied {' and '.join(parts)}" if parts else ""
    data: dict[str, Any] = {"gains": shown, "gain": text(gain.value), "limit": limit}
    formula = f"{gain.name}[t] = {text(multiply(gain.value, average.u))}"
    hyper, exact = exactly(optimizer, gain.value)
    first = next((t for t, x in enumerate(exact, 1) if x != 1), None)
    if first is None:
        said = f"Whether {gain.name}[t] is free of bias was not shown"
        return Fact(KIND, gain.name, "undecided", f"{said}{told}.", formula, data=data)
    at = {name: str(value) for name, value in hyper.items()}
    data["counterexample"] = {"t": first, "hyper": at, "value": str(exact[first - 1])}
    at_hyper = "".join(f", {name} = {value}" for name, value in at.items())
    line = f"At t = {first}{at_hyper} the factor is {exact[first - 1]}, not 1"
    return Fact(KIND, gain.name, "refuted", f"{gain.name}[t] keeps a bias{told}.", formula, (line,), data=data)


def _settled(optimizer: Optimizer, expr: Expr) -> str | None:
    limit = limit_at_large_t(optimizer, expr)
    if limit is None:
        return None
    return "1" if isinstance(decide(limit, ONE, known_at(optimizer)), Proved) else text(limit)


def _steps(moved: Steps) -> Iterable[Fact]:
    """The lengths of the steps; nothing where their first values tell nothing."""
    eps = " as eps tends to 0" if moved.without_eps else ""
    if moved.always is not None:
        always = text(moved.always)
        way = ", uphill" if moved.uphill else ""
        said = f"Under a constant gradient other than 0 every step from the first one on is {always} long{way}{eps}."
        yield Fact(KIND, "theta", "proved", said, data={"step": always})
        return
    theta = values(moved.optimizer, "theta", {}, count=_FIRST_STEPS)
    rates = {hyper.name: hyper.default for hyper in moved.optimizer.hyperparameters}
    rate = rates.get("lr")
    if not theta or rate is None:
        return
    lengths = [_shown((a - b) * rate.denominator / rate.numerator) for a, b in zip([0, *theta], theta, strict=False)]
    if {*lengths} in ({"1.000"}, {"0"}) or "nan" in lengths:
        return
    limit = limit_at_large_t(moved.optimizer, moved.length)
    run = "At the defaults and against the constant gradient 1"
    said = f"{run} the first steps are {', '.join(lengths)} times lr long{eps}."
    data = {"steps": lengths, "length": text(moved.length), "limit": None if limit is None else text(limit)}
    yield Fact(KIND, "theta", "proved", said, data=data)


def _shown(x: Any) -> str:
    """Three decimals, or three digits."""
    value = float(x)
    return f"{value:.3f}" if 0.0995 <= abs(value) < 1000 else f"{value:.3g}"
