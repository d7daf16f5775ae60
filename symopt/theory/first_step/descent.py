"""Whether the first step goes down the gradient: proved by signs, or refuted at a point that the interpreter ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symopt.expr import ZERO, Call, Expr, Reduction, Seq, add, negate, sequences, substitute, text
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import declared
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact, Verdict
from symopt.theory.first_step.direction import ANY, NEGATIVE, NIL, POSITIVE, sign_along
from symopt.theory.first_step.runs import CLEAR, Point, along, elsewhere, moved, points
from symopt.theory.first_step.shorter import Shorter
from symopt.theory.first_step.values import GRADIENT, OLD, first_values


@dataclass(frozen=True)
class Along:
    """The signs of a change times what it is measured along, and what that is in words."""

    sign: int
    what: str = "The first step"
    steps: tuple[str, ...] = ()


def descent(optimizer: Optimizer, values: Mapping[str, Expr], change: Expr, kind: str) -> Fact:
    """The fact that answers whether it is a descent direction for every gradient."""
    found = next((way for way in _ways(optimizer, values, change) if way.sign not in (ANY, POSITIVE | NEGATIVE)), None)
    if found is None:
        verdict, statement, data = _searched(optimizer)
    elif found.sign & POSITIVE:
        verdict, statement, data = _searched(optimizer, always=True)
    else:
        verdict, statement, data = "proved", _downwards(optimizer, found), {"direction": "descent"}
    return Fact(kind, "g", verdict, statement, steps=() if found is None else found.steps, data=data)


def _ways(optimizer: Optimizer, values: Mapping[str, Expr], change: Expr) -> Iterator[Along]:
    """Itself; what the gradient makes of it; along an intermediate that takes the place of the gradient."""
    facts = declared(optimizer)
    product = f"({text(change)}) * g[t]"
    yield Along(sign_along(change, GRADIENT, facts), steps=(f"sign of {product}, case by case",))
    still = Shorter(facts).form(substitute(change, {GRADIENT: ZERO}))
    if still != ZERO:
        rest = text(still)
        part = Call("-", (change, still))
        what = f"The part of the first step that depends on g, all but {rest},"
        left = text(add(change, negate(still)))
        yield Along(sign_along(part, GRADIENT, facts), what, (f"sign of ({left}) * g[t], case by case",))
    for name, value in values.items():
        if optimizer.levels[name] == "element" and name != "theta" and GRADIENT in sequences(value):
            yield from _in_place_of_gradient(optimizer, name, value)


def _in_place_of_gradient(optimizer: Optimizer, name: str, value: Expr) -> Iterator[Along]:
    """Where the gradient enters through one intermediate alone, which is the gradient of something else, or centred."""
    own, facts = Seq(name, 0), declared(optimizer)
    shorter = Shorter(facts)
    change = shorter.minus(first_values(optimizer, lambda other, _: other == name)["theta"], OLD)
    still = shorter.form(substitute(change, {own: ZERO}))
    part = change if still == ZERO else shorter.form(Call("-", (change, still)))
    if sequences(part) != {own}:
        return
    what = "the first step" if still == ZERO else f"the part of the first step that depends on {text(own)}"
    other = shorter.minus(GRADIENT, value)
    sign = sign_along(part, own, facts)
    steps = (f"{text(own)} = {text(value)}", f"sign of ({text(part)}) * {text(own)}, case by case")
    if GRADIENT not in sequences(other):
        yield Along(sign, f"With {text(own)} = {text(value)} as the gradient, {what}", steps)
        return
    rows = Reduction("total", (Call("*", (substitute(part, {own: value}), other)),), "row")
    if isinstance(decide(rows, ZERO, facts, points=3), Proved):
        yield Along(sign | NIL, f"Over each row of a tensor, {what}", (*steps, f"{text(rows)} = 0"))


def _downwards(optimizer: Optimizer, found: Along) -> str:
    if found.sign == NIL:
        return f"{found.what} does not move, whatever the gradient is."
    if not found.sign & NIL:
        return f"{found.what} goes down the gradient, for every gradient other than 0, whatever the hyperparameters."
    still = next((point for point in elsewhere(optimizer) if along(optimizer, point) == 0), None)
    if still is None:
        return f"{found.what} never goes up the gradient."
    changed = {name: value for name, value in still.hyper.items() if value != optimizer.hyperparameter(name).default}
    where = " and ".join(f"{name} = {value}" for name, value in changed.items())
    where = f"where {where}" if where else "at the defaults"
    return f"{found.what} never goes up the gradient, and does not move {where}."


def _searched(optimizer: Optimizer, always: bool = False) -> tuple[Verdict, str, dict[str, Any]]:
    """The first point at which it goes up; `always` says that it is proved to do so."""
    tried = 0
    for point in points(optimizer):
        tried += 1
        if (along(optimizer, point) or 0) > CLEAR:
            said = _ALWAYS if always else "The first step is not a descent direction for every gradient"
            statement = f"{said}: {_shown(optimizer, point)}."
            return "refuted", statement, _data(optimizer, point, "ascent" if always else "either")
    statement = (
        f"Whether the first step goes down every gradient is open; it does at the {tried} points that were tried."
    )
    return "undecided", statement, {"tried": tried}


_ALWAYS = "The first step goes up the gradient, for every gradient, as it should only where f is maximized"


def _shown(optimizer: Optimizer, point: Point) -> str:
    change = moved(optimizer, point)
    return f"at g = {_listed(point.g)} and theta = {_listed(point.theta)} it changes theta by {_listed(change)}"


def _data(optimizer: Optimizer, point: Point, direction: str) -> dict[str, Any]:
    return {
        "direction": direction,
        "theta": list(map(str, point.theta)),
        "g": list(map(str, point.g)),
        "hyper": {name: str(value) for name, value in point.hyper.items()},
        "change": list(map(str, moved(optimizer, point))),
        "along": str(along(optimizer, point)),
    }


def _listed(values: Iterable[Any]) -> str:
    """Rational numbers as they are, others shortened; a row is the one row of its tensor."""
    texts = [str(value) if isinstance(value, Fraction) else f"{float(value):.6g}" for value in values]
    return texts[0] if len(texts) == 1 else f"[[{', '.join(texts)}]]"
