"""Schedules that rise and fall: warm restarts and a single cycle. k = t - 1 is the number of updates done."""

from fractions import Fraction

from symopt import Domain, Min, OpenUnit, PositiveInt, Unit, cos, eq, pi, schedule, where

AtLeast1 = Domain("AtLeast1", lower=Fraction(1))


@schedule(title="Cosine with warm restarts", reference="loshchilov2017sgdr")
def cosine_restarts(t, value, done, length, *, first: PositiveInt, mult: PositiveInt = 1, floor: Unit = 0.0):
    """Half a cosine after the other, each from the value down towards floor times the value, each mult times as long.

    The value is back at k = first, first (1 + mult), first (1 + mult + mult^2), ...; the floor is never reached. The place
    in a cycle is counted and not computed from k, which a logarithm would miss by one at the ends of some cycles.

    done: steps of the cycle that are done
    length: steps of the cycle
    first: steps of the first cycle
    mult: how many times as long as the last each cycle is
    floor: what each cycle runs down to, as a share of the value
    """
    length[0] = first
    done[t] = where(eq(done[t-1] + 1, length[t-1]), 0, done[t-1] + 1)
    length[t] = where(eq(done[t], 0), mult * length[t-1], length[t-1])
    return value * (floor + (1 - floor) * (1 + cos(pi * done[t-1] / length[t-1])) / 2)


@schedule(title="One cycle", reference="smith2017superconvergence")
def one_cycle(
    t, value, done, peak, *, total: PositiveInt, rise: OpenUnit = 0.3, div: AtLeast1 = 25.0,
    final_div: AtLeast1 = 10000.0,
):  # fmt: skip
    """From value/div up to the value at k = rise total - 1, then down to value/(div final_div) at k = total - 1.

    Both ways are half a cosine, and it stays at the end.

    done: updates of the cycle that are done
    peak: how many are done where the value is reached
    total: number of steps of the cycle
    rise: share of the steps in which it rises
    div: how many times lower than the value it starts
    final_div: how many times lower than the start it ends

    Departures: the values are those of torch's OneCycleLR with its defaults, which raises from k = total + 1 on and at k =
    total goes on past its end. The paper has straight lines. optax reaches the value at the whole part of rise total and
    the end at k = total.
    """
    start, end = 1 / div, 1 / (div * final_div)
    done[t] = Min(t - 1, total - 1)
    peak[t] = rise * total - 1
    up = start + (1 - start) * (1 - cos(pi * done[t] / peak[t])) / 2
    down = end + (1 - end) * (1 + cos(pi * (done[t] - peak[t]) / (total - 1 - peak[t]))) / 2
    return value * where(done[t] < peak[t], up, down)


@schedule(title="One cycle of momentum", reference="smith2017superconvergence")
def one_cycle_momentum(t, value, done, peak, *, total: PositiveInt, rise: OpenUnit = 0.3, low: Unit = 0.85):
    """From the value down to low while one_cycle rises, then back up to the value at k = total - 1, where it stays.

    For the momentum beside a learning rate under one_cycle, with the same total and rise.

    done: updates of the cycle that are done
    peak: how many are done where the learning rate is highest
    total: number of steps of the cycle
    rise: share of the steps in which the learning rate rises
    low: the lowest momentum, at the highest learning rate; not a share, but a momentum

    Departures: the values are those of torch's OneCycleLR with max_momentum as the value, 0.95 by default there.
    """
    done[t] = Min(t - 1, total - 1)
    peak[t] = rise * total - 1
    down = low + (value - low) * (1 + cos(pi * done[t] / peak[t])) / 2
    up = low + (value - low) * (1 - cos(pi * (done[t] - peak[t]) / (total - 1 - peak[t]))) / 2
    return where(done[t] < peak[t], down, up)
