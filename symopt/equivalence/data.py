"""What the states of two optimizers are in many runs: what agrees there may be equal, what differs is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import mpmath

from symopt.equivalence.product import Product, Side
from symopt.equivalence.scenario import COARSE, Moment, Scenario, follow
from symopt.expr import START, Expr, Seq
from symopt.interpret import Reader
from symopt.prove.sample import UnclearError

_DIGITS, _SMALLEST = 20, COARSE.constant(Fraction(1, 10**30))
_IRRATIONAL = COARSE.apply("sqrt", COARSE.constant(2))  # times this no rational ends where digits are cut off

Signature = tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """The values of both recurrences at each step of several runs."""

    product: Product
    runs: tuple[Scenario, ...]

    @cached_property
    def readers(self) -> list[Reader]:
        """One for each step of each run: old and new values, the gradient and the hyperparameters."""
        return [reader for run in self.runs for reader in self._of(run)]

    def _of(self, run: Scenario) -> Iterator[Reader]:
        both = [follow(side.optimizer, run, COARSE) for side in self.product.sides]
        old = [self._start(side, run) for side in self.product.sides]
        for step in range(1, min(map(len, both)) + 1):
            values: dict[Seq, list[Any]] = {Seq("g", 0): _brought(run, step)}
            for side, moments, before in zip(self.product.sides, both, old, strict=True):
                after = _named(side, moments[step - 1], len(run.shapes))
                values |= {Seq(name, -1): found for name, found in before.items()}
                values |= {Seq(name, 0): found for name, found in after.items()}
                before.update(after)
            plain = {name: COARSE.constant(row[step - 1]) for name, row in run.hyper.items()}
            yield Reader(COARSE, run.shapes, [0] * len(run.shapes), values, [{"t": COARSE.constant(step), **plain}])

    def _start(self, side: Side, run: Scenario) -> dict[str, list[Any]]:
        theta0 = [COARSE.operations["+"](array, 0) for array in _arrays(run, run.theta0)]
        plain = {name: COARSE.constant(row[0]) for name, row in run.hyper.items()}
        reader = Reader(COARSE, run.shapes, [0] * len(run.shapes), {Seq("theta", START): theta0}, [plain])
        return {name: [reader.value(side.start(name), i) for i in range(len(run.shapes))] for name in side.states}

    def signature(self, expr: Expr) -> Signature | None:
        """The values of an expression in all runs, cut to some digits; None where it has none."""
        try:
            values = [x for reader in self.readers for x in everywhere(reader, expr)]
            return tuple(mpmath.nstr(x * _IRRATIONAL if abs(x) > _SMALLEST else x * 0, _DIGITS) for x in values)
        except (UnclearError, KeyError, TypeError):
            return None


def everywhere(reader: Reader, expr: Expr) -> Iterable[Any]:
    """The elements of an expression's value."""
    return [x for i in range(len(reader.shapes)) for x in reader.filled(reader.value(expr, i), i).flat]


def _named(side: Side, moment: Moment, tensors: int) -> dict[str, list[Any]]:
    levels = side.optimizer.levels
    found = {"theta": moment.after.theta}
    for name, values in moment.after.states.items():
        found[name] = values * tensors if levels[name] in ("step", "global") else values
    return {side.called(name): values for name, values in found.items()}


def _arrays(run: Scenario, row: tuple[Any, ...]) -> list[Any]:
    return run.arrays(tuple(COARSE.constant(x) for x in row))


def _brought(run: Scenario, step: int) -> list[Any]:
    return _arrays(run, run.gradients[step - 1])
