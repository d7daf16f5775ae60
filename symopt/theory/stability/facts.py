"""Stability in words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp

from symopt.expr import Expr, decimal, text
from symopt.theory.fact import Fact
from symopt.theory.stability.best import SYMBOLS, best
from symopt.theory.stability.conditions import conditions, first_to_fail, told
from symopt.theory.stability.region import Region
from symopt.theory.stability.signs import GAIN, NEGATIVE, NIL
from symopt.theory.stability.wording import Wording
from symopt.wording import listed

KIND = "stability"
_LONG = 100
"""Characters of a bound from which on it is one on q, which stands below the sentence."""


def region_fact(region: Region, words: Wording) -> Fact:
    """Which curvatures are stable."""
    left, right = words.of_gain(sp.Integer(0) if region.bound is None else region.bound)
    stable, formula = "" if region.bound is None else f"{text(left)} < {words.text(right)}", ""
    if len(stable) > _LONG:
        left, right, formula = words.scaled, region.bound, f"{words.scaled.name} = {words.in_full(GAIN)}"
        stable = f"{text(left)} < {words.text(right)}"
    if not region.settled:
        stands, formula = conditions(region, words)
        ends = first_to_fail(region, words)
        rest = told(ends, len(region.open_ones), words)
    else:
        stands, ends = stable, {} if region.bound is None else _at_defaults(words, right)
        rest = f"; at the defaults this bound is {ends['at_defaults']}" if ends else ""
    if region.bound is not None and words.model.grows(words.scalars):
        rest += f", and in the long run no {words.curvature.name} > 0 stays below it"
    data = {
        "stable": stable,
        "scaled curvature": words.in_full(GAIN),
        "bound": None if region.bound is None else words.text(region.bound),
        "conditions": [words.text(condition.value) for condition in region.conditions],
        "held fixed": list(words.model.frozen),
        "assumed": list(words.model.assumed),
        **ends,
    }
    statement = f"{_premises(words, left)}, it is stable {_answer(region, words, stands)}{rest}."
    symbols = (words.curvature.name, words.root.name, words.scaled.name, words.margin.name, "x")
    return Fact(KIND, "theta", "proved", statement, formula, tuple(_steps(region, words)), symbols, data)


def growing_fact(region: Region, words: Wording) -> Fact:
    """A gain that grows with t while theta alone is felt: every curvature is unstable in the end."""
    curvature = words.curvature.name
    factor = words.in_full(-region.factors[0].all_coeffs()[1])
    said = (
        f"Not stable in the long run for any curvature: on f = {curvature} * x**2 / 2 with {curvature} > 0, "
        f"step t multiplies theta by {factor}, whose size grows without bound."
    )
    symbols = (curvature, words.root.name, words.scaled.name, "x")
    return Fact(KIND, "theta", "proved", said, "", tuple(_steps(region, words)), symbols, {"factor": factor})


def _answer(region: Region, words: Wording, stands: str) -> str:
    if region.never:
        return f"for no {words.curvature.name} > 0"
    if region.always:
        return f"for every {words.curvature.name} > 0"
    return f"exactly where {stands}"


def _at_defaults(words: Wording, right: Any) -> dict[str, str]:
    value = words.scalars.at_defaults(right)
    if value is None or not value.is_Rational or not right.free_symbols:
        return {}
    exact = Fraction(int(value.p), int(value.q))
    shown = decimal(exact)
    return {"at_defaults": shown if "/" not in shown else f"{float(exact):.6g}", "exact": str(exact)}


def _premises(words: Wording, left: Expr) -> str:
    """What the statement holds for."""
    model = words.model
    said = [f"On f = {words.curvature.name} * x**2 / 2 with {words.curvature.name} > 0"]
    held = [*(f"{name}[t]" for name in model.frozen), *["each reduction"] * model.reduces]
    if held:
        said.append(f"with {listed(held)} held fixed")
    if model.keep_t:
        said.append(f"at the step size of step t{', where b**t counts as 0' * model.settles}")
    elif model.settles or model.faded:
        said.append(f"in the limit of large t{', where 1/t counts as 0' * model.faded}")
    assumed = list(model.assumed)
    if words.scalars.sign(model.gain) & (NEGATIVE | NIL):  # Jury's conditions were reduced for a positive one
        assumed.append(f"{text(left)} > 0")
    return ", ".join([*said, *model.noted, *(f"where {condition}" for condition in assumed)])


def _steps(region: Region, words: Wording) -> Iterator[str]:
    yield f"What the gradient feels: {', '.join(words.model.states)}."
    if words.model.settles:
        yield "Powers b**t of what is below 1 count as 0, and so bias corrections as 1."
    yield f"Characteristic polynomial, with {words.scaled.name} = {words.in_full(GAIN)}:"
    yield from (f"p({words.root.name}) = {words.polynomial(factor)}" for factor in region.factors)
    yield "By Jury's criterion all roots lie inside the unit circle exactly where these are positive:"
    numbers = iter(range(1, len(region.conditions) + 1))
    for condition in region.conditions:
        follows = "  (follows)" if condition.follows else "" if region.settled else f"  (condition {next(numbers)})"
        yield f"{condition.name} = {words.text(condition.value)}{follows}"


def _in_the_end(words: Wording, first: str) -> str:
    """How a sentence begins that holds for the numbers of a step at their limits."""
    return f"In the limit of large t, {first.lower()}" if words.model.settles else first


def rate_fact(factor: Any, words: Wording) -> Iterator[Fact]:
    """The spectral radius, for one root, or two that are conjugate."""
    symbols = (words.curvature.name, "rate")
    _, *rest = factor.all_coeffs()
    if len(rest) == 1:
        rate = f"abs({words.in_full(-rest[0])})"
        said = f"{_in_the_end(words, 'Each')} step multiplies the size of the error by the rate."
        yield Fact(KIND, "theta", "proved", said, f"rate = {rate}", (), symbols, {"rate": rate})
    if len(rest) == 2:
        rate = f"sqrt({words.in_full(rest[1])})"
        where = f"{words.in_full(rest[0] ** 2)} < {words.in_full(4 * rest[1])}"
        said = f"{_in_the_end(words, 'Where')} {where}, the error oscillates and shrinks by the rate per step."
        why = "The discriminant is negative: the roots are conjugate, and their product is the square of their modulus."
        data = {"rate": rate, "where": where}
        yield Fact(KIND, "theta", "proved", said, f"rate = {rate}", (why,), symbols, data)


def best_fact(factor: Any, words: Wording) -> Iterator[Fact]:
    """The best hyperparameters for curvatures from h_min to h_max."""
    taken = words.scalars.optimizer.names & set(SYMBOLS)
    found = None if taken or words.model.added != 0 else best(factor)
    if found is None:
        return
    gain = words.text(words.model.gain)
    chosen = {gain: text(found.step.node)}
    if found.momentum is not None:
        chosen[factor.all_coeffs()[-1].name] = text(found.momentum.node)
    *others, last = chosen
    chosen_first = "".join(f"{name} = {chosen[name]} and " for name in others)
    said = (
        f"For curvatures from h_min to h_max, with kappa = h_max / h_min, the worst error shrinks fastest in the long "
        f"run, by the factor {text(found.rate.node)} per step, with {chosen_first}this {last}."
    )
    steps = (f"With step = {gain} and rate the largest modulus of a root:", *found.steps)
    data = {"best": [f"{name} = {value}" for name, value in chosen.items()], "rate": text(found.rate.node)}
    yield Fact(KIND, "theta", "proved", said, f"{last} = {chosen[last]}", steps, SYMBOLS, data)
