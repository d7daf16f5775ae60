"""The answer in one sentence, and a counterexample as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

import mpmath

from symopt.equivalence.comparison import Comparison, Counterexample
from symopt.expr import decimal
from symopt.interpret import REAL
from symopt.wording import listed

_MANY, _DIGITS = 5, 20


def sentence(found: Comparison) -> str:
    """The verdict: what holds, under which conditions, or where it fails first."""
    given = f" with {listed(found.given)}" if found.given else ""
    return f"{found.verdict.capitalize()}{given}: {_said(found)}."


def _said(found: Comparison) -> str:
    both, when = f"{found.a} and {found.b}", _when(found)
    where = "" if found.everywhere else f" wherever both have a value{',' if when else ''}"
    match found.verdict, found.points:
        case "proved", _:
            return f"{both} are equal{where}{when}"
        case "refuted", "proved":
            return f"{both} ask for gradients at the same points{where}{when}, but deploy different parameters"
        case "refuted", _ if found.counterexample is not None:
            how = "ask for gradients at different points" if found.deployed == "proved" else "differ"
            return f"{both} {how}, first at t = {found.counterexample.step}"
        case "refuted", _:
            return f"{both} differ"
        case _:
            return f"none of {found.tried} runs tells {found.a} from {found.b}{when}"


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
    """A counterexample step by step: a heading, then t, g[t], inputs and what changes; many equal steps in one line."""
    changing = {name: values for name, values in example.hyper.items() if not isinstance(values, Fraction)}
    heading = ["t", "g[t]", *(f"{name}[t]" for name in example.inputs), *changing]
    lines: list[list[str]] = []
    for step, gradient in enumerate(example.gradients):
        inputs = [elements(values[step]) for values in example.inputs.values()]
        lines.append([elements(gradient), *inputs, *(decimal(row[step]) for row in changing.values())])
    return [heading, *_numbered(lines)]


def _numbered(lines: Sequence[list[str]]) -> Iterator[list[str]]:
    """Lines behind their steps."""
    step = 1
    for line, alike in groupby(lines):
        last = step + len(list(alike)) - 1
        steps = [f"{step} to {last}"] if last - step >= _MANY else map(str, range(step, last + 1))
        yield from ([shown, *line] for shown in steps)
        step = last + 1


def setting(example: Counterexample) -> str:
    """What stays the same during a counterexample."""
    fixed = {name: value for name, value in example.hyper.items() if isinstance(value, Fraction)}
    parts = [f"theta[0] = {elements(example.theta0)}", *(f"{name} = {decimal(value)}" for name, value in fixed.items())]
    parts += [f"{name} = {text}" for name, text in example.replaced.items()]
    return ", ".join(parts)


def outcome(example: Counterexample, a: str, b: str) -> str:
    """What differs."""
    what = f"theta[{example.step}]" if example.where == "theta" else f"the gradient point of step {example.step}"
    x, y = map(brief, example.values)
    return f"{what} is {x} in {a} and {y} in {b}"


def brief(shown: str) -> str:
    """What differs in a counterexample, element by element; several stand in brackets."""
    values = [_value(each) for each in shown.split(", ")]
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _value(shown: str) -> str:
    """A number: as a decimal if it ends, as a fraction if that is short, else rounded."""
    if "/" not in shown:
        return shown.removesuffix(".0")
    exact = decimal(Fraction(shown))
    return exact if len(exact) <= _DIGITS else str(mpmath.nstr(REAL.constant(Fraction(shown)), _DIGITS))


def elements(values: Sequence[Fraction]) -> str:
    """One number as it is, several in brackets."""
    shown = ", ".join(map(decimal, values))
    return shown if len(values) == 1 else f"({shown})"
