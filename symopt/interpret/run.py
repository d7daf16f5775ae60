"""What an optimizer means: its equations, read from the top, step after step, over a number system.

There is nothing here but the reading; levels, fusion and stored copies belong to the kernels that this defines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import START, ZERO, Expr, Seq
from symopt.interpret.numbers import REAL, Beyond, Numbers
from symopt.interpret.reading import Reader
from symopt.recurrence import Optimizer


@dataclass(frozen=True)
class Snapshot:
    """The end of a step.

    step: how many steps this run has taken; t: the step count of each group
    theta, states: arrays, or one number per tensor, or one per group below that
    point: where the next gradient is taken
    """

    step: int
    t: tuple[int, ...]
    theta: list[Any]
    states: dict[str, list[Any]]
    point: list[Any]


Gradient = Callable[[list[Any]], Sequence[Any]] | Sequence[Sequence[Any]]
Hyper = Mapping[str, Any] | Callable[[int], Mapping[str, Any]]


def interpret(
    optimizer: Optimizer,
    params: Sequence[Any],
    gradient: Gradient,
    steps: int | None = None,
    hyper: Hyper | None = None,
    *,
    numbers: Numbers = REAL,
    groups: Sequence[int] | None = None,
    start: int | Sequence[int] = 0,
    inputs: Callable[[int], Mapping[str, Sequence[Any]]] | None = None,
) -> Iterator[Snapshot]:
    """Run an optimizer; one snapshot per step.

    gradient: a function from the gradient point (one array per tensor) to gradients, or the gradients of each step
    hyper: values other than the defaults, each one number or a list with one per group, or a function of the step that
        gives them; a gradient point is made with the values that are in force when the step before it ends
    groups: the group of each tensor; start: the step count before the first step, of all groups or of each
    inputs: a function of the step that gives, for each value that comes from outside, one per tensor
    """
    run = _Run(optimizer, numbers, params, groups or [0] * len(params), hyper or {})
    counts = [start] * run.group_count if isinstance(start, int) else list(start)
    state = run.begin(counts)
    point = run.point(state, counts, 1)
    for step in count(1) if steps is None else range(1, steps + 1):
        if not callable(gradient) and step > len(gradient):
            return
        g = gradient(run.shown(point)) if callable(gradient) else gradient[step - 1]
        counts = [t + 1 for t in counts]
        state = run.step(state, counts, step, {"g": g, **(inputs(step) if inputs else {})})
        point = run.point(state, counts, step)
        yield run.snapshot(state, counts, step, point)


class _Run:
    """What stays the same from step to step."""

    def __init__(
        self, optimizer: Optimizer, numbers: Numbers, params: Sequence[Any], groups: Sequence[int], hyper: Hyper
    ):
        self.optimizer, self.numbers, self.groups, self.hyper = optimizer, numbers, groups, hyper
        self.params = [self._array(array) for array in params]
        self.shapes = [array.shape for array in self.params]
        self.group_count = max(groups, default=0) + 1

    def _array(self, values: Any) -> Any:
        given = np.asarray(values, dtype=object)
        array = np.empty(given.shape, self.numbers.dtype)
        array[...] = np.frompyfunc(self.numbers.constant, 1, 1)(given)
        return array

    def begin(self, counts: list[int]) -> dict[Seq, list[Any]]:
        """x[0] and, the same, x[t-1] of the first step."""
        values = {Seq("theta", START): self.params, Seq("theta", -1): self.params}
        for name in self.optimizer.states:
            first = self._values(name, self.optimizer.start_of(name) or ZERO, self._reader(values, counts, 1))
            values |= {Seq(name, START): first, Seq(name, -1): first}
        return values

    def step(
        self, old: dict[Seq, list[Any]], counts: list[int], step: int, given: Mapping[str, Any]
    ) -> dict[Seq, list[Any]]:
        """The equations, one after the other; the new values are the next step's old ones."""
        values = dict(old)
        for name, value in given.items():
            element = name == "g" or dict(self.optimizer.inputs)[name] == "element"
            values[Seq(name, 0)] = [self._array(x) if element else self.numbers.constant(x) for x in value]
        reader = self._reader(values, counts, step)
        for equation in self.optimizer.equations:
            values[Seq(equation.target, 0)] = self._values(equation.target, equation.rhs, reader)
        kept = {seq: value for seq, value in values.items() if seq.shift == START}
        return kept | {Seq(name, -1): values[Seq(name, 0)] for name in ("theta", *self.optimizer.states)}

    def point(self, values: dict[Seq, list[Any]], counts: list[int], step: int) -> list[Any]:
        """Where the next step takes its gradient."""
        reader = self._reader(values, [t + 1 for t in counts], step)
        return self._values("theta", self.optimizer.point_before_step, reader)

    def _reader(self, values: dict[Seq, list[Any]], counts: list[int], step: int) -> Reader:
        chosen = self.hyper(step) if callable(self.hyper) else self.hyper
        for name in chosen:
            self.optimizer.hyperparameter(name)
        plain = [{"t": self.numbers.constant(t)} for t in counts]
        for hyper in self.optimizer.hyperparameters:
            given = chosen.get(hyper.name, hyper.default)
            for group, value in enumerate(given if isinstance(given, list) else [given] * self.group_count):
                if value is None or (isinstance(value, int | float) and value not in hyper.domain):
                    raise SymoptError(f"{hyper.name} must be in {hyper.domain}; it is {value}")
                plain[group][hyper.name] = self.numbers.constant(value)
        return Reader(self.numbers, self.shapes, self.groups, values, plain)

    def _values(self, name: str, expr: Expr, reader: Reader) -> list[Any]:
        """The values of an expression for `name`, as arrays if `name` lives at the element level."""
        values = [reader.value(expr, i) for i in range(len(self.shapes))]
        if name == "theta" or self.optimizer.levels[name] == "element":
            values = [reader.filled(value, i) for i, value in enumerate(values)]
        for value in values:
            for scalar in value.flat if isinstance(value, np.ndarray) else [value]:
                if isinstance(scalar, Beyond):
                    raise SymoptError(f"{self.optimizer.name}: {name}[t] cannot be exact: {scalar.reason}")
        return values

    def shown(self, arrays: list[Any]) -> list[Any]:
        """Arrays as a gradient function gets them."""
        shown = self.numbers.shown
        return arrays if shown is None else [np.frompyfunc(shown, 1, 1)(array) for array in arrays]

    def snapshot(self, values: dict[Seq, list[Any]], counts: list[int], step: int, point: list[Any]) -> Snapshot:
        """The state after a step; below the tensor level one number per group is shown."""
        states: dict[str, list[Any]] = {}
        for name in self.optimizer.states:
            found = values[Seq(name, -1)]
            if self.optimizer.levels[name] in ("step", "global"):
                found = [found[self.groups.index(group)] for group in range(self.group_count)]
            states[name] = found
        return Snapshot(step, tuple(counts), values[Seq("theta", -1)], states, point)
