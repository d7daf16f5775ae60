"""What the engine says of a claim: comparisons, and runs in exact arithmetic or, where roots enter, in 50 digits."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from symopt.equivalence import Comparison, compare
from symopt.errata.claims import Disagreement, Question, Run, spec
from symopt.errors import SymoptError
from symopt.interpret import EXACT, REAL, Numbers, interpret
from symopt.recurrence import Optimizer

_ROUNDING = Fraction(1, 10**25)
"""Far above what fifty digits lose in a thousand steps, far below what anyone prints."""


def compared(disagreement: Disagreement, question: Question) -> Comparison:
    """The two sides, compared."""
    a, b = spec(disagreement.a), spec(disagreement.b)
    return compare(a, b, constant=question.constant, hyper=question.hyper)


def run(disagreement: Disagreement, claim: Run) -> list[Any]:
    """The numbers of a run: fractions, or reals of 50 digits."""
    optimizer = spec(disagreement.a if claim.spec == "a" else disagreement.b)
    try:
        return _numbers(optimizer, claim, EXACT)
    except SymoptError:  # a root that is not rational
        return _numbers(optimizer, claim, REAL)


def fits(text: str, number: Any) -> bool:
    """Whether a number is what a text says, exactly or, behind a ~, when it is rounded."""
    digits = len(text.partition(".")[2])
    allowed = Fraction(1, 2 * 10**digits) if text.startswith("~") else _ROUNDING
    return abs(REAL.constant(number) - REAL.constant(Fraction(text.removeprefix("~")))) <= REAL.constant(allowed)


def leaves(claim: Run, numbers: list[Any]) -> list[int]:
    """The steps at which the numbers are outside the range that they should keep to."""
    if not claim.range:
        return []
    low, high = (float(end) for end in claim.range)
    return [step for step, number in zip(claim.at, numbers, strict=True) if not low <= number <= high]


def _numbers(optimizer: Optimizer, claim: Run, numbers: Numbers) -> list[Any]:
    """What a run says at its steps; without states, each step stands alone and can be the first one."""
    if not optimizer.states:
        return [_walk(optimizer, claim, numbers, step - 1, 1)[0] for step in claim.at]
    found = _walk(optimizer, claim, numbers, 0, max(claim.at))
    return [found[step - 1] for step in claim.at]


def _walk(optimizer: Optimizer, claim: Run, numbers: Numbers, before: int, steps: int) -> list[Any]:
    given = claim.gradients
    gradients = [[given[min(step, len(given) - 1)]] for step in range(before, before + steps)] if given else list
    hyper = {name: values[0] for name, values in claim.hyper.items()}

    def at(step: int) -> dict[str, Fraction]:
        return hyper | {name: values[min(step, len(values)) - 1] for name, values in claim.hyper.items()}

    ends = interpret(optimizer, [claim.start], gradients, steps, at, numbers=numbers, start=before)
    thetas = [numbers.constant(claim.start), *(end.theta[0][()] for end in ends)]
    moves = [old - new for old, new in pairwise(thetas)]
    return thetas[1:] if claim.quantity == "theta" else moves
