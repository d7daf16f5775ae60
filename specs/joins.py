"""Schedules made of schedules: one after the other, one on top of the other.

A schedule that follows another runs from its own first step. Where hyperparameters of the two have one name, rename one:
`joined(linear_warmup, exponential.renamed(steps="decay_steps"))`.
"""

from functools import reduce

from symopt import NonNegativeInt, PositiveInt, SymoptError, Unit, schedule, where
from symopt.specs.schedules import drop, linear


def joined(first, second):
    """The schedule `first` for k < at, from there on `second` from its own start; k = t - 1."""

    @schedule(title=f"{first.title}, then {second.title}")
    def joined(t, value, *, at: PositiveInt):
        """Two schedules, one after the other.

        at: steps of the first one

        Departures: torch's SequentialLR and optax's join_schedules have the same steps in the first one. The decay_steps of
        optax's warmup_cosine_decay_schedule include the warm-up.
        """
        return where(t <= at, first(t, value), second(t - at, value, when=t > at))

    return joined


def chained(first, second):
    """The schedule `second` of what `first` makes of the value: their factors multiply."""

    @schedule(title=f"{first.title} times {second.title}")
    def chained(t, value):
        """Two schedules, one on top of the other; torch's ChainedScheduler."""
        return second(t, first(t, value))

    return chained


def held(then):
    """The value for a while, then a schedule."""

    @schedule(title=f"Constant, then {then.title}")
    def held(t, value, *, hold: NonNegativeInt):
        """The value itself for k < hold, from there on a schedule from its own start; k = t - 1.

        hold: steps before the schedule starts
        """
        return where(t <= hold, value, then(t - hold, value, when=t > hold))

    return held


def warmed_up(then):
    """A linear warm-up, then a schedule."""

    @schedule(title=f"Linear warm-up, then {then.title}")
    def warmed_up(t, value, *, warmup: PositiveInt = 1000, start: Unit = 0.0):
        """A straight line from start times the value at k = 0 to the value at k = warmup, where a schedule starts; k = t - 1.

        warmup: steps of the warm-up
        start: where the line begins, as a share of the value
        """
        line = start + (1 - start) * (t - 1) / warmup
        return where(t <= warmup, value * line, then(t - warmup, value, when=t > warmup))

    return warmed_up


warmup_stable_decay = warmed_up(held(linear)).titled("Warm-up, stable, decay")


def piecewise_constant(drops):
    """The value, at each k = at1, at2, ... multiplied with scale1, scale2, ...; `drops` says how many there are."""
    if not isinstance(drops, int) or isinstance(drops, bool) or drops < 1:
        raise SymoptError(f"piecewise_constant takes the number of its drops, 1, 2, 3, ..., not {drops!r}")
    parts = [drop.renamed(at=f"at{i}", scale=f"scale{i}") for i in range(1, drops + 1)]
    return reduce(chained, parts).titled(f"Piecewise constant, {drops} drops")
