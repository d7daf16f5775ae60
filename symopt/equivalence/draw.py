"""Runs to try: any gradients and hyperparameters, the same ones whenever they are asked for."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

from symopt.domains import Domain
from symopt.equivalence.comparison import Values
from symopt.equivalence.pair import Pair
from symopt.equivalence.scenario import Scenario
from symopt.expr import BOOLEAN, Call, Num, T, symbols, walk

GRADIENTS = [Fraction(n, d) for n, d in [(1, 1), (-1, 1), (1, 2), (2, 1), (0, 1), (-3, 2), (1, 10), (-5, 7), (3, 1)]]
_WITHIN = [
    Fraction(n, d) for n, d in [(1, 2), (1, 3), (9, 10), (1, 1), (2, 1), (1, 10), (3, 7), (3, 2), (0, 1), (-1, 2)]
]
_COUNTS = [Fraction(n) for n in (2, 1, 3, 4, 0)]


def simple(domain: Domain) -> list[Fraction]:
    """Simple numbers of a domain, and an end that it includes."""
    found = [value for value in (_COUNTS if domain.integer else _WITHIN) if value in domain]
    ends = [end for end in (domain.lower, domain.upper) if end is not None and end in domain]
    between = _between(domain)
    return list(dict.fromkeys([*found, *ends])) or [between]


def _between(domain: Domain) -> Fraction:
    """Some number of a domain that holds no simple one."""
    if domain.lower is not None and domain.upper is not None:
        return (domain.lower + domain.upper) / 2
    return domain.lower + 1 if domain.lower is not None else (domain.upper or Fraction(1)) - 1


def drawn(pair: Pair, varying: Collection[str], steps: int, number: int, width: int = 1) -> Scenario:
    """A run in which the hyperparameters named change at each step and all others keep one value.

    width: how many times as many elements as the smallest tensors have
    """
    dice = random.Random(f"run {number} of {steps}")
    shapes = tuple((shape[0] * width, *shape[1:]) for shape in pair.shapes)
    count = sum(map(prod, shapes))
    hyper: dict[str, Values] = {}
    for each in pair.hypers:
        values = simple(each.domain)
        one = dice.choice(values)
        several = tuple(dice.choice(values) for _ in range(steps))
        hyper[each.name] = several if each.name in varying else (one,) * steps
    inputs = {
        name: tuple(tuple(dice.choice(GRADIENTS) for _ in range(count)) for _ in range(steps)) for name in pair.inputs
    }
    theta0 = tuple(dice.choice(GRADIENTS) for _ in range(count))
    gradients = tuple(tuple(dice.choice(GRADIENTS) for _ in range(count)) for _ in range(steps))
    return Scenario(shapes, theta0, gradients, hyper, inputs)


def several(pair: Pair, varying: Collection[str], runs: int, steps: int = 6, width: int = 1) -> Iterator[Scenario]:
    """So many different runs; each sixth one is longer, so that what happens seldom happens."""
    for number in range(runs):
        yield drawn(pair, varying, steps if number % 6 else 2 * steps, number, width)


def usual(pair: Pair, varying: Collection[str], steps: int) -> Scenario:
    """A run at the defaults; in its second half those that vary have another value."""
    run = drawn(pair, (), steps, 0)
    hyper: dict[str, Values] = {}
    for each in pair.hypers:
        first = each.default if each.default is not None else simple(each.domain)[0]
        second = other_value(each.domain, first) if each.name in varying else first
        hyper[each.name] = (first,) * (steps // 2) + (second,) * (steps - steps // 2)
    theta0 = tuple(x or Fraction(1) for x in run.theta0)  # a long run is one of few: nothing in it should be lost on 0
    return replace(run, hyper=hyper, theta0=theta0)


def latest(pair: Pair) -> int:
    """The last step that a condition on t names by its number, if there is any."""
    exprs = (equation.rhs for optimizer in (pair.a, pair.b) for equation in optimizer.equations)
    nodes = (node for expr in exprs for node in walk(expr) if isinstance(node, Call) and node.op in BOOLEAN)
    about_t = (node for node in nodes if T.name in symbols(node))
    numbers = (inner.value for node in about_t for inner in walk(node) if isinstance(inner, Num))
    return max((int(value) for value in numbers), default=0)


def other_value(domain: Domain, value: Fraction) -> Fraction:
    """Another number of a domain: half of one, where that is in it."""
    return value / 2 if value and value / 2 in domain else next((x for x in simple(domain) if x != value), value)
