"""One run of two optimizers: what goes in, and what comes out of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from symopt.equivalence.comparison import Values
from symopt.errors import SymoptError
from symopt.interpret import EXACT, Numbers, Snapshot, interpret, reals
from symopt.prove.sample import UnclearError, careful
from symopt.recurrence import Optimizer

COARSE, FINE, FINEST = careful(reals(50)), careful(reals(100)), careful(reals(1000))
POINT, THETA = "gradient point", "theta"
OUTPUTS = (POINT, THETA)

SHORT = 24
"""Steps of a run that may be followed many times, and in exact numbers, which grow from step to step."""

_CLEAR = 10**35
"""A difference of 1e-35 is far above the rounding of 50 digits and far below what a formula changes."""


@dataclass(frozen=True)
class Scenario:
    """Everything that goes into a run, in rationals; one value for each step in `gradients`, `hyper` and `inputs`."""

    shapes: tuple[tuple[int, ...], ...]
    theta0: Values
    gradients: tuple[Values, ...]
    hyper: Mapping[str, Values]
    inputs: Mapping[str, tuple[Values, ...]] = field(default_factory=dict[str, tuple[Values, ...]])

    @property
    def steps(self) -> int:
        """How many steps are taken."""
        return len(self.gradients)

    def upto(self, steps: int) -> Scenario:
        """The same run, stopped after so many steps."""
        return replace(
            self,
            gradients=self.gradients[:steps],
            hyper={name: values[:steps] for name, values in self.hyper.items()},
            inputs={name: values[:steps] for name, values in self.inputs.items()},
        )

    def arrays(self, values: Values) -> list[Any]:
        """Elements, or one number for each tensor, as the tensors that they fill."""
        found: list[Any] = []
        start = 0
        for shape in self.shapes:
            array = np.empty(shape, object)
            array[...] = np.array(values[start : start + prod(shape)], object).reshape(shape)
            found.append(array)
            start += prod(shape)
        return found


@dataclass(frozen=True)
class Moment:
    """One step: where its gradient was taken, and what it left."""

    point: list[Any]
    after: Snapshot


def follow(optimizer: Optimizer, scenario: Scenario, numbers: Numbers) -> list[Moment]:
    """The steps of one optimizer, as far as they can be computed in these numbers without doubt.

    The last one may be one that has no value, as what is divided by zero; it is NaN.
    """
    points: list[list[Any]] = []

    def gradient(point: list[Any]) -> list[Any]:
        points.append(point)
        return scenario.arrays(scenario.gradients[len(points) - 1])

    moments: list[Moment] = []
    snapshots = interpret(
        optimizer, scenario.arrays(scenario.theta0), gradient, scenario.steps,
        lambda step: _values(optimizer, scenario, step), numbers=numbers,
        inputs=(lambda step: _inputs(optimizer, scenario, step)) if optimizer.inputs else None,
    )  # fmt: skip
    try:
        for snapshot in snapshots:
            moments.append(Moment(points[-1], snapshot))
            if not all(x == x for array in (*snapshot.theta, *points[-1]) for x in array.flat):
                break
    except (SymoptError, UnclearError):  # not exact, or a comparison that rounding decides
        pass
    return moments


def _values(optimizer: Optimizer, scenario: Scenario, step: int) -> dict[str, Fraction]:
    return {hyper.name: scenario.hyper[hyper.name][step - 1] for hyper in optimizer.hyperparameters}


def _inputs(optimizer: Optimizer, scenario: Scenario, step: int) -> dict[str, list[Any]]:
    given = {name: (level, scenario.inputs[name][step - 1]) for name, level in optimizer.inputs}
    return {
        name: scenario.arrays(values) if level == "element" else [values[0]] * len(scenario.shapes)
        for name, (level, values) in given.items()
    }


def output(moment: Moment, what: str) -> list[Any]:
    """The elements of a gradient point, or of theta after the step."""
    return [x for array in (moment.point if what == POINT else moment.after.theta) for x in array.flat]


def differences(a: list[Moment], b: list[Moment]) -> Iterator[tuple[int, str]]:
    """The steps at which two runs differ, and in what."""
    for step, (one, other) in enumerate(zip(a, b, strict=False), 1):
        for what in OUTPUTS:
            if any(apart(x, y) for x, y in zip(output(one, what), output(other, what), strict=True)):
                yield step, what


def apart(x: Any, y: Any) -> bool:
    """Whether two numbers differ by more than rounding, or only one of them is one."""
    if x != x or y != y:
        return x == x or y == y
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x != y
    return abs(x - y) * _CLEAR > max(abs(x), abs(y), 1)


def first_difference(a: Optimizer, b: Optimizer, scenario: Scenario, wanted: frozenset[str]) -> tuple[int, str] | None:
    """The first step at which one of the wanted outputs differs, and which."""
    runs = (follow(optimizer, scenario, COARSE) for optimizer in (a, b))
    return next((found for found in differences(*runs) if found[1] in wanted), None)


def confirmed(
    a: Optimizer, b: Optimizer, scenario: Scenario, step: int, what: str
) -> tuple[bool, tuple[list[Any], list[Any]]] | None:
    """(whether they are exact, the two values that differ), or None where more digits do not confirm a difference."""
    exact = [follow(optimizer, scenario, EXACT) for optimizer in (a, b)] if step <= SHORT else [[], []]
    if min(map(len, exact)) >= step:
        x, y = (output(run[step - 1], what) for run in exact)
        return (True, (x, y)) if x != y else None
    more = FINEST if step <= SHORT else FINE  # what cancels to nothing in a hundred digits may not in a thousand
    runs = [[follow(optimizer, scenario, numbers) for optimizer in (a, b)] for numbers in (COARSE, more)]
    if min(len(run) for pair in runs for run in pair) < step:
        return None
    (x, y), (u, v) = ([output(run[step - 1], what) for run in pair] for pair in runs)
    told = [(p - q, r - s) for p, q, r, s in zip(x, y, u, v, strict=True) if apart(p, q) and apart(r, s)]
    sure = all(c != c or abs(c - f) * 10**6 < abs(c) for c, f in told)  # NaN: one of the two has no value
    return (False, (u, v)) if told and sure else None
