"""A counterexample run once more."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symopt.equivalence.comparison import Counterexample, Values
from symopt.equivalence.pair import Pair, paired
from symopt.equivalence.scenario import Scenario, confirmed
from symopt.recurrence import Optimizer


def again(a: Optimizer, b: Optimizer, example: Counterexample) -> tuple[list[Any], list[Any]] | None:
    """What differs, of the first and of the second optimizer, exactly or to 100 digits; None where nothing does."""
    pair, run = replayed(a, b, example)
    found = confirmed(pair.a, pair.b, run, example.step, example.where)
    return None if found is None else found[1]


def replayed(a: Optimizer, b: Optimizer, example: Counterexample) -> tuple[Pair, Scenario]:
    """The two optimizers of a counterexample, their hyperparameters replaced as in it, and what goes into its run."""
    steps = len(example.gradients)
    hyper: dict[str, Values] = {
        name: (value,) * steps if isinstance(value, Fraction) else value for name, value in example.hyper.items()
    }
    run = Scenario(example.shapes, example.theta0, example.gradients, hyper, example.inputs)
    return paired(a, b, (), example.replaced), run
