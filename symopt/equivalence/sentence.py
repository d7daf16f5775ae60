"""The answer in one sentence, and a counterexample as a table."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symopt.equivalence.comparison import Comparison, Counterexample
from symopt.expr import decimal
from symopt.wording import listed


def sentence(found: Comparison) -> str:
    """The verdict: what holds, under which conditions, or where it fails first."""
    both, when = f"{found.a} and {found.b}", _when(found)
    match found.verdict, found.points:
        case "proved", _:
            return f"Proved: {both} are equal{when}."
        case "refuted", "proved":
            return f"Refuted: {both} ask for gradients at the same points{when}, but deploy different parameters."
        case "refuted", _ if found.counterexample is not None:
            how = "ask for gradients at different points" if found.deployed == "proved" else "differ"
            return f"Refuted: {both} {how}, first at t = {found.counterexample.step}."
        case "refuted", _:
            return f"Refuted: {both} differ."
        case _:
            return f"Undecided: none of {found.tried} runs tells {found.a} from {found.b}{when}."


def _when(found: Comparison) -> str:
    values = [condition for condition in found.conditions if " = " in condition]
    constant = [condition.removesuffix(" is constant") for condition in found.conditions if condition not in values]
    parts = [listed(values)] if values else []
    parts += [f"{listed(constant)} {'is' if len(constant) == 1 else 'are'} constant"] if constant else []
    return f" when {' and '.join(parts)}{_else(found, constant)}" if parts else ""


def _else(found: Comparison, constant: Sequence[str]) -> str:
    """What is known of the rest, where each condition is needed by itself."""
    if not found.exactly or found.verdict != "proved":
        return ""
    return f", and can differ where {'it' if len(constant) == 1 else 'one of them'} changes"


def rows(example: Counterexample) -> list[list[str]]:
    """A counterexample step by step: a heading, then t, g[t], inputs and what changes at each step."""
    changing = {name: values for name, values in example.hyper.items() if not isinstance(values, Fraction)}
    heading = ["t", "g[t]", *(f"{name}[t]" for name in example.inputs), *changing]
    lines = [heading]
    for step, gradient in enumerate(example.gradients):
        inputs = [elements(values[step]) for values in example.inputs.values()]
        lines.append([str(step + 1), elements(gradient), *inputs, *(decimal(row[step]) for row in changing.values())])
    return lines


def setting(example: Counterexample) -> str:
    """What stays the same during a counterexample."""
    fixed = {name: value for name, value in example.hyper.items() if isinstance(value, Fraction)}
    parts = [f"theta[0] = {elements(example.theta0)}", *(f"{name} = {decimal(value)}" for name, value in fixed.items())]
    return ", ".join(parts)


def outcome(example: Counterexample, a: str, b: str) -> str:
    """What differs."""
    what = f"theta[{example.step}]" if example.where == "theta" else f"the gradient point of step {example.step}"
    return f"{what} is {example.values[0]} in {a} and {example.values[1]} in {b}"


def elements(values: Sequence[Fraction]) -> str:
    """One number as it is, several in brackets."""
    shown = ", ".join(map(decimal, values))
    return shown if len(values) == 1 else f"({shown})"
