"""Schedules that wait for a metric to stop improving: `adam.scheduled(lr=reduce_on_plateau)`, `step(grads, metric=loss)`.

The metric is a number that falls as training gets better. Each step is given the last one known, and looks at it where
`period` steps were taken since the last look: at t = period + 1, 2 period + 1, ... What it finds acts in that same step.
So a metric measured after a step and passed to the next one acts as in torch, whose scheduler.step(metric) is called in
between. What is passed to a step that does not look, the first one among them, makes no difference.
"""

from symopt import Input, Max, NonNegativeInt, OpenUnit, PositiveInt, Unit, eq, every, isfinite, schedule, where


@schedule(title="Reduce on plateau")
def reduce_on_plateau(
    t, value, metric: Input(level="step"), due, look, better, best, known, count, lower, bad, rest, scale, *,
    factor: OpenUnit = 0.1, patience: NonNegativeInt = 10, threshold: Unit = 1e-4, cooldown: NonNegativeInt = 0,
    floor: Unit = 0.0, period: PositiveInt = 1,
):  # fmt: skip
    """Lower the value at the (patience + 1)th look in a row at which the metric is not better than its best.

    A metric is better where it is below best (1 - threshold). One that is infinite or NaN is not, but nothing is counted
    before the first that is finite.

    due: 1 where the next step looks at the metric
    look: 1 where this step does, and the metric is finite
    better: 1 where the metric is better
    best: lowest metric so far
    known: 1 once there is a best
    count: looks in a row without a better metric, this one included
    lower: 1 where the value is lowered
    bad: count, from 0 again after the value was lowered
    rest: looks for which nothing is counted
    scale: the value in force, as a share of the value
    factor: factor of each reduction
    patience: looks without a better metric that are borne
    threshold: share of the best by which a better metric is lower
    cooldown: looks after a reduction for which nothing is counted
    floor: lowest value, as a share of the value
    period: steps between two looks

    Departures: torch's ReduceLROnPlateau with mode="min" and threshold_mode="rel", which counts a NaN before the first
    finite metric too and leaves out a reduction by 1e-8 or less. optax lowers one look earlier, at the patience-th.
    """
    scale[0] = 1
    due[t] = where(every(period), 1, 0)
    look[t] = where((due[t-1] > 0) & isfinite(metric[t]), 1, 0)
    better[t] = where((look[t] > 0) & (eq(known[t-1], 0) | (metric[t] < best[t-1] * (1 - threshold))), 1, 0)
    best[t] = where(better[t] > 0, metric[t], best[t-1])
    known[t] = Max(known[t-1], better[t])
    count[t] = where((better[t] > 0) | (rest[t-1] > 0), 0, bad[t-1] + due[t-1] * known[t-1])
    lower[t] = where(count[t] > patience, 1, 0)
    bad[t] = where(lower[t] > 0, 0, count[t])
    rest[t] = where(lower[t] > 0, cooldown, Max(rest[t-1] - due[t-1], 0))
    scale[t] = where(lower[t] > 0, Max(factor * scale[t-1], floor), scale[t-1])
    return value * scale[t]


@schedule(title="Halve after plateau")
def halve_after_plateau(
    t, value, metric: Input(level="step"), due, look, better, best, known, stopped, scale, *, factor: OpenUnit = 0.5,
    period: PositiveInt = 1,
):  # fmt: skip
    """The value until the metric stops improving; then factor times what it was, at that look and at each later one.

    The metric stops improving at the first look at which it is not below its best. One that is infinite or NaN is not, but
    nothing is counted before the first that is finite.

    due: 1 where the next step looks at the metric
    look: 1 where this step does, and the metric is finite
    better: 1 where the metric is below its best
    best: lowest metric so far
    known: 1 once there is a best
    stopped: 1 once the metric has stopped improving
    scale: the value in force, as a share of the value
    factor: factor of each reduction
    period: steps between two looks, those of an epoch
    """
    scale[0] = 1
    due[t] = where(every(period), 1, 0)
    look[t] = where((due[t-1] > 0) & isfinite(metric[t]), 1, 0)
    better[t] = where((look[t] > 0) & (eq(known[t-1], 0) | (metric[t] < best[t-1])), 1, 0)
    best[t] = where(better[t] > 0, metric[t], best[t-1])
    known[t] = Max(known[t-1], better[t])
    stopped[t] = Max(stopped[t-1], due[t-1] * known[t-1] * (1 - better[t]))
    scale[t] = where(due[t-1] * stopped[t] > 0, factor * scale[t-1], scale[t-1])
    return value * scale[t]
