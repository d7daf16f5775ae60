"""What leaves the run of an optimizer as it is: scales, signs, shifts, and whether elements know of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from symopt.prove.facts import Facts
from symopt.prove.invariants import known
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.invariance.elements import elements
from symopt.theory.invariance.runs import Given, Values, given, run, same, told_apart
from symopt.theory.invariance.scale import Degrees, degrees, factor_name
from symopt.theory.invariance.symmetry import sign_symmetry, translation, undecided

KIND = "invariances"


def invariances(optimizer: Optimizer) -> Iterable[Fact]:
    """Degrees in the gradient and the parameter, symmetry of sign, translation, and interaction of elements."""
    facts, chosen = known(optimizer), given(optimizer)
    base = run(optimizer, chosen)
    moved = translation(optimizer, facts, chosen, base)
    free = moved.verdict == "proved"
    yield _gradient_scale(optimizer, facts, chosen, base, free)
    if not free:
        yield from _parameter_scale(optimizer, facts)
    yield sign_symmetry(optimizer, facts, chosen, base, free)
    yield moved
    yield elements(optimizer, chosen, base)


# ---- scales ----


def _gradient_scale(optimizer: Optimizer, facts: Facts, chosen: Given, base: list[Values], free: bool) -> Fact:
    found = degrees(optimizer, "g", facts)
    if found is None:
        return _no_degree(optimizer, chosen, base)
    c = factor_name(optimizer)
    power = _power(c, found.steps)
    if not found.steps:
        statement = f"Multiplying every gradient by {c} > 0 changes no step{_if(found, c)}."
    elif free:
        statement = f"Multiplying every gradient by {c} > 0 multiplies every step by {power}{_if(found, c)}."
    else:
        both = f"theta[0] by {power} and every gradient by {c} > 0"
        statement = f"Multiplying {both} multiplies theta by {power}{_if(found, c)}."
    data = {"degree": str(found.steps), **_degrees(found)}
    return Fact(KIND, "g", "proved", statement, steps=_steps(found, c), symbols=(c,), data=data)


def _no_degree(optimizer: Optimizer, chosen: Given, base: list[Values]) -> Fact:
    """No degrees fit: two steps of a run show it, which a doubled gradient multiplies by different numbers."""
    ratios = sorted(_ratios(base, run(optimizer, chosen.moved(gradient=2)), chosen), key=lambda found: found[2])
    asked = "Multiplying every gradient by a number multiplies every step by a power of it"
    if not ratios or same(ratios[0][2], ratios[-1][2]):
        return undecided("g", asked, base)
    low, high = told_apart(ratios[0][2], ratios[-1][2])
    times = f"one step {low} times as large, at t = {ratios[0][0]}, and one {high} times, at t = {ratios[-1][0]}"
    no_power = "With hyperparameters as they are, the steps follow no power of the gradient's size"
    places = [{"step": t, "element": element, "ratio": str(r)} for t, element, r in (ratios[0], ratios[-1])]
    return Fact(
        KIND, "g", "refuted", f"{no_power}: twice the gradients make {times}.",
        steps=chosen.lines, data={"places": places, **chosen.data},
    )  # fmt: skip


def _ratios(a: list[Values], b: list[Values], chosen: Given) -> Iterator[tuple[int, int, Any]]:
    """(t, element, the second run's step over the first one's), where there is a step."""
    last = (chosen.theta, chosen.theta)
    for step, (first, second) in enumerate(zip(a, b, strict=True), 1):
        now = (first["theta"], second["theta"])
        for element in range(len(chosen.theta)):
            one, other = (now[i][element] - last[i][element] for i in (0, 1))
            if abs(one) * 10**20 > 1:
                yield step, element, other / one
        last = now


def _parameter_scale(optimizer: Optimizer, facts: Facts) -> Iterator[Fact]:
    found = degrees(optimizer, "theta", facts)
    if found is None:
        return
    c = factor_name(optimizer)
    statement = (
        f"Multiplying theta[0] by {c} > 0, with the gradients as they are, multiplies theta by {c}{_if(found, c)}."
    )
    data = {"degree": str(found.steps), **_degrees(found)}
    yield Fact(KIND, "theta", "proved", statement, steps=_steps(found, c), symbols=(c,), data=data)


def _if(found: Degrees, c: str) -> str:
    """What must be multiplied along."""
    listed = [f"{name} by {_power(c, degree)}" for name, degree in found.hypers.items()]
    return f", if {listed[0].replace(' by ', ' is multiplied by ', 1)}{_and(listed[1:])}" if listed else ""


def _and(listed: list[str]) -> str:
    return "".join(f" and {one}" for one in listed)


def _power(c: str, degree: Fraction) -> str:
    exponent = str(degree) if degree.denominator == 1 and degree > 0 else f"({degree})"
    return c if degree == 1 else f"1 / {c}" if degree == -1 else f"{c}**{exponent}"


def _steps(found: Degrees, c: str) -> tuple[str, ...]:
    every = {**found.sequences, **found.hypers}
    lines = [f"{name} becomes {_power(c, degree)} * {name}" for name, degree in every.items() if degree]
    return (*lines, "every start value and equation then gives the multiplied value, as the normal form shows")


def _degrees(found: Degrees) -> dict[str, Any]:
    names = {**found.sequences, **found.hypers}
    return {"degrees": {name: str(degree) for name, degree in names.items()}}
