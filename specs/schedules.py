"""Schedules for any hyperparameter: `adam.scheduled(lr=cosine)`.

`t` is 1 in the first step. torch, optax and Keras count the updates already done, k = t - 1, and so do these formulas where
they say so.
"""

from symopt import Min, NonNegative, OpenUnit, Positive, PositiveInt, Unit, cos, exp, floor, pi, schedule


@schedule(title="Constant")
def constant(t, value):
    """The value itself."""
    return value


@schedule(title="Step decay")
def step_decay(t, value, *, every: PositiveInt = 30, gamma: OpenUnit = 0.1):
    """The value times gamma^floor(k/every), k = t - 1.

    every: steps between two drops
    gamma: factor of each drop
    """
    return value * gamma ** floor((t - 1) / every)


@schedule(title="Exponential decay")
def exponential(t, value, *, steps: Positive = 1000):
    """The value times exp(-k/steps), k = t - 1.

    steps: steps in which the value falls by a factor of e
    """
    return value * exp(-(t - 1) / steps)


@schedule(title="Cosine", reference="loshchilov2017sgdr")
def cosine(t, value, *, total: PositiveInt, floor: Unit = 0.0):
    """Half a cosine from the value at k = 0 down to floor times the value at k = total, where it stays; k = t - 1.

    total: number of steps from top to bottom
    floor: final value, as a share of the value
    """
    return value * (floor + (1 - floor) * (1 + cos(pi * Min(t - 1, total) / total)) / 2)


@schedule(title="Linear warm-up", reference="goyal2017accurate")
def linear_warmup(t, value, *, steps: PositiveInt = 1000, start: NonNegative = 0.0):
    """A straight line from start times the value before the first step up to the value at t = steps, where it stays.

    steps: steps of the warm-up
    start: where the line begins, as a share of the value

    """
    return value * (start + (1 - start) * Min(1, t / steps))
