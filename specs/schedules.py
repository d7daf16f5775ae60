"""Schedules for any hyperparameter: `adam.scheduled(lr=cosine)`.

`t` is 1 in the first step. torch, optax and Keras count the updates already done, k = t - 1, and so do these formulas where
they say so. A share is a factor of the hyperparameter's own value: cosine with floor = 0.1 ends at a tenth of it.
"""

from fractions import Fraction

from symopt import (
    Min,
    NonNegative,
    OpenUnit,
    Positive,
    PositiveInt,
    Unit,
    cos,
    exp,
    floor,
    pi,
    schedule,
    sqrt,
    where,
)


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


@schedule(title="Drop")
def drop(t, value, *, at: PositiveInt, scale: NonNegative = 0.1):
    """The value while k < at, scale times the value from k = at on; k = t - 1. See piecewise_constant for more than one.

    at: number of updates before the drop
    scale: factor of the drop

    Departures: torch's MultiStepLR and optax change at k = at too; Keras keeps the old value in that update and changes in
    the next.
    """
    return value * where(t - 1 < at, 1, scale)


@schedule(title="Exponential decay")
def exponential(t, value, *, steps: Positive = 1000):
    """The value times exp(-k/steps), k = t - 1.

    steps: steps in which the value falls by a factor of e

    Departures: torch writes gamma^k, which is steps = -1/log(gamma); optax and Keras write rate^(k/span), which is steps =
    -span/log(rate).
    """
    return value * exp(-(t - 1) / steps)


@schedule(title="Reciprocal decay")
def reciprocal(t, value, *, steps: Positive = 1000, power: Positive = 1):
    """The value times (1 + k/steps)^(-power), k = t - 1.

    steps: steps until k counts as much as the start
    power: how fast it falls in the end

    Departures: Keras has power = 1 only, with steps = decay_steps/decay_rate. The lr_decay of torch's Adagrad is steps =
    1/lr_decay.
    """
    return value * (1 + (t - 1) / steps) ** (-power)


@schedule(title="Inverse square root", reference="vaswani2017attention")
def inverse_sqrt(t, value, *, warmup: PositiveInt = 4000):
    """Up in a straight line to the value at t = warmup, then down with 1/sqrt(t).

    warmup: the step with the highest value

    Departures: the paper has no value of its own; for a model of width d it takes d^(-1/2) min(t^(-1/2), t warmup^(-3/2)),
    which is this schedule of the value (d warmup)^(-1/2).
    """
    return value * Min(t / warmup, sqrt(warmup / t))


@schedule(title="Linear decay")
def linear(t, value, *, total: PositiveInt, floor: Unit = 0.0):
    """A straight line from the value at k = 0 down to floor times the value at k = total, where it stays; k = t - 1.

    total: number of steps from top to bottom
    floor: final value, as a share of the value
    """
    return value * (floor + (1 - floor) * (1 - Min(t - 1, total) / total))


@schedule(title="Polynomial decay")
def polynomial(t, value, *, total: PositiveInt, power: Positive = 2, floor: Unit = 0.0):
    """From the value at k = 0 with (1 - k/total)^power down to floor times the value at k = total, where it stays; k = t - 1.

    total: number of steps from top to bottom
    power: exponent; 1 is a straight line
    floor: final value, as a share of the value

    Departures: torch's PolynomialLR ends at 0 only. The default power of torch and Keras is 1.
    """
    return value * (floor + (1 - floor) * (1 - Min(t - 1, total) / total) ** power)


@schedule(title="Cosine", reference="loshchilov2017sgdr")
def cosine(t, value, *, total: PositiveInt, floor: Unit = 0.0):
    """Half a cosine from the value at k = 0 down to floor times the value at k = total, where it stays; k = t - 1.

    total: number of steps from top to bottom
    floor: final value, as a share of the value

    Departures: optax and Keras stay at the floor too; torch's CosineAnnealingLR rises again and is back at the value at
    k = 2 total.
    """
    return value * (floor + (1 - floor) * (1 + cos(pi * Min(t - 1, total) / total)) / 2)


@schedule(title="Linear warm-up", reference="goyal2017accurate")
def linear_warmup(t, value, *, steps: PositiveInt = 1000, start: Unit = 0.0):
    """A straight line from start times the value before the first step up to the value at t = steps, where it stays.

    steps: steps of the warm-up
    start: where the line begins, as a share of the value

    Departures: with start = 0 this is schedulefree's t/steps. In optax, Keras and torch the line begins in the first step
    instead: that is linear_warmup_torch.
    """
    return value * (start + (1 - start) * Min(1, t / steps))


@schedule(title="Linear warm-up in updates done")
def linear_warmup_torch(t, value, *, steps: PositiveInt = 5, start: Unit = Fraction(1, 3)):
    """A straight line from start times the value at k = 0 up to the value at k = steps, where it stays; k = t - 1.

    steps: number of steps from bottom to top
    start: where the line begins, as a share of the value

    Departures: the defaults are those of torch's LinearLR. optax and Keras start at 0, so that the first update is lost.
    """
    return value * (start + (1 - start) * Min(t - 1, steps) / steps)


@schedule(title="Annealing")
def anneal(t, value, *, start: Unit = 0.5, steps: PositiveInt = 1000):
    """A straight line from start, before the first step, to the value at t = steps, where it stays.

    Made for a momentum that grows while training settles, from 0.5 to 0.9: momentum.scheduled(mu=anneal).

    start: where the line begins; not a share, but in the unit of the value
    steps: steps until the value is reached
    """
    return start + (value - start) * Min(1, t / steps)
