"""The smallest counterexample: a run that differs, made simpler for as long as it still does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import mpmath

from symopt.equivalence.comparison import Counterexample, Values
from symopt.equivalence.draw import other_value
from symopt.equivalence.pair import Pair
from symopt.equivalence.scenario import COARSE, SHORT, Scenario, confirmed, first_difference

_ONE, _NIL = Fraction(1), Fraction(0)
_MOST_BITS = 1000
_PLAIN = (_ONE, _NIL, -_ONE, Fraction(1, 2), Fraction(2))


@dataclass
class Smallest:
    """The search for the simplest run in which one of the wanted outputs differs.

    varying: hyperparameters that may change, as late as possible; tried: how many runs were looked at
    """

    pair: Pair
    wanted: frozenset[str]
    varying: Collection[str] = ()
    tried: int = 0

    def smallest(self, found: Scenario) -> Counterexample | None:
        """The simplest run known that differs, where `found` is one that does."""
        first = self._step(found)
        if first is None:
            return None
        best = found.upto(first)
        for run in self._simple_runs(first):
            if self._step(run) is not None:
                best = run.upto(self._step(run) or run.steps)
                break
        best = self._simplified(best) if best.steps <= SHORT else best
        return self._told(best) or self._told(found.upto(first))

    def _step(self, run: Scenario) -> int | None:
        self.tried += 1
        found = first_difference(self.pair.a, self.pair.b, run, self.wanted)
        return None if found is None else found[0]

    def _simple_runs(self, steps: int) -> Iterator[Scenario]:
        """Runs at the defaults with the simplest gradients, shortest first."""
        count = sum(map(prod, self.pair.shapes))
        short = steps <= SHORT  # a long run is made as it is, and few times
        starts = (_NIL,) if short else (_NIL, _ONE)
        for length in range(1, steps + 1) if short else (steps,):
            for start, pattern in product(starts, _patterns(length) if short else [(_ONE,) * length]):
                rows = tuple(tuple(value if i == 0 else value / 2 for i in range(count)) for value in pattern)
                inputs = dict.fromkeys(self.pair.inputs, rows)
                yield Scenario(self.pair.shapes, (start,) * count, rows, self._defaults(length), inputs)

    def _defaults(self, length: int) -> dict[str, Values]:
        """The defaults; what may change does so at the last step."""
        found: dict[str, Values] = {}
        for hyper in self.pair.hypers:
            value = hyper.default if hyper.default is not None else _ONE
            other = other_value(hyper.domain, value)
            changes = hyper.name in self.varying and length > 1
            found[hyper.name] = (value,) * (length - 1) + ((other,) if changes else (value,))
        return found

    def _simplified(self, run: Scenario) -> Scenario:
        """One thing after the other made simpler; what no longer differs is put back."""
        changed = True
        while changed:
            changed = False
            for simpler in self._simpler(run):
                step = self._step(simpler)
                if step is not None:
                    run, changed = simpler.upto(step), True
                    break
        return run

    def _simpler(self, run: Scenario) -> Iterator[Scenario]:
        for hyper in self.pair.hypers:
            own = run.hyper[hyper.name]
            for values in _simpler_values(own, hyper.default, hyper.name in self.varying):
                yield replace(run, hyper={**run.hyper, hyper.name: values})
        for values in _with_one_simpler(run.theta0, (_NIL, _ONE)):
            yield replace(run, theta0=values)
        for i, row in enumerate(run.gradients):
            for values in _with_one_simpler(row, _PLAIN):
                yield replace(run, gradients=(*run.gradients[:i], values, *run.gradients[i + 1 :]))

    def _told(self, run: Scenario) -> Counterexample | None:
        found = first_difference(self.pair.a, self.pair.b, run, self.wanted)
        if found is None:
            return None
        step, where = found
        sure = confirmed(self.pair.a, self.pair.b, run, step, where)
        if sure is None:
            return None
        used = {each.name for o in (self.pair.a, self.pair.b) for each in o.hyperparameters}
        hyper = {name: row[0] if len(set(row)) == 1 else row for name, row in run.hyper.items() if name in used}
        exact, (x, y) = sure
        return Counterexample(
            step, where, run.theta0, run.gradients, hyper, (_shown(x), _shown(y)), run.shapes, run.inputs, exact,
            self.pair.replaced,
        )  # fmt: skip


def _patterns(length: int) -> Iterator[tuple[Fraction, ...]]:
    """Gradients of so many steps, simplest first."""
    yield (_ONE,) * length
    for i in range(min(length, 4)):
        for value in _PLAIN[1:]:
            yield tuple(value if j == length - 1 - i else _ONE for j in range(length))


def _simpler_values(own: Values, default: Fraction | None, may_change: bool) -> Iterator[Values]:
    if default is not None and any(value != default for value in own):
        yield (default,) * len(own)
        for i in range(1, len(own)) if may_change else ():
            if own[:i] != (default,) * i:
                yield (default,) * i + own[i:]
    if len(set(own)) > 1:
        yield (own[0],) * len(own)
        changes = [i for i in range(1, len(own)) if own[i] != own[i - 1]]
        for i in changes[:-1] if len(changes) > 1 else ():
            yield (*own[:i], own[i - 1], *own[i + 1 :])


def _with_one_simpler(row: Values, order: tuple[Fraction, ...]) -> Iterator[Values]:
    """The row with one element replaced by one that comes before it in the order."""
    for i, value in enumerate(row):
        place = order.index(value) if value in order else len(order)
        for simpler in order[:place]:
            yield (*row[:i], simpler, *row[i + 1 :])


def _shown(values: list[Any]) -> str:
    return ", ".join(_number(x) for x in values)


def _number(x: Any) -> str:
    if isinstance(x, Fraction) and x.denominator.bit_length() + x.numerator.bit_length() > _MOST_BITS:
        x = COARSE.constant(x)
    return str(x) if isinstance(x, Fraction) else "not a number" if x != x else str(mpmath.nstr(x, 20))
