"""The values of the catalogue's schedules: at their ends and joins, and against closed forms.

A schedule is read off an optimizer whose theta is its hyperparameter in force. Where a schedule is rational the values
are compared as fractions. The others are computed with 50 digits: one step takes less than 50 operations on numbers
that are at most 1, each off by 1e-50 at most, hence CLOSE.
"""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import mpmath
import pytest

from symopt import NonNegative, SymoptError, load, optimizer, t
from symopt.expr import Seq
from symopt.interpret import EXACT, FLOAT, REAL, interpret
from symopt.specs.cycles import cosine_restarts, one_cycle, one_cycle_momentum
from symopt.specs.joins import chained, held, joined, piecewise_constant, warmed_up, warmup_stable_decay
from symopt.specs.plateau import halve_after_plateau, reduce_on_plateau
from symopt.specs.schedules import (
    anneal,
    constant,
    cosine,
    drop,
    exponential,
    inverse_sqrt,
    linear,
    linear_warmup,
    linear_warmup_torch,
    polynomial,
    reciprocal,
    step_decay,
)

CLOSE = 50 * 10.0**-50
F = Fraction
MP = mpmath.MPContext()
MP.dps = 60
NAN, INF = float("nan"), float("inf")


@optimizer(title="Probe")
def probe(theta, g, *, lr: NonNegative = 1):
    theta[t] = lr * g[t]


def values(schedule, ks, numbers=EXACT, **hyper):
    """The value at each k = t - 1, of a schedule that remembers nothing."""
    given = {f"lr_{name}" if name != "lr" else name: value for name, value in hyper.items()}
    follower = probe.scheduled(lr=schedule)
    assert not follower.states
    steps = [next(interpret(follower, [[0]], [[[1]]], hyper=given, numbers=numbers, start=k)) for k in ks]
    return [step.theta[0][0] for step in steps]


def run(schedule, count, metrics=None, numbers=EXACT, **hyper):
    """The values of the first steps; `metrics` are those that the steps are given."""
    given = {f"lr_{name}": value for name, value in hyper.items()}
    inputs = None if metrics is None else lambda step: {"metric": [metrics[step - 1]]}
    steps = interpret(probe.scheduled(lr=schedule), [[0]], [[[1]]] * count, hyper=given, numbers=numbers, inputs=inputs)
    return [step.theta[0][0] for step in steps]


def close(found, wanted):
    return all(abs(real(a) - real(b)) <= CLOSE for a, b in zip(found, wanted, strict=True))


def real(number):
    return MP.mpf(number.numerator) / number.denominator if isinstance(number, int | F) else MP.mpf(number)


def half_cosine(share):
    """From 1 at 0 to 0 at 1."""
    return (1 + MP.cospi(real(share))) / 2


@pytest.mark.parametrize(
    ("schedule", "hyper", "wanted"),
    [
        (constant, {}, {0: 1, 1: 1, 10**6: 1}),
        (step_decay, {"every": 3, "gamma": F(1, 10)}, {0: 1, 1: 1, 2: 1, 3: F(1, 10), 4: F(1, 10), 6: F(1, 100)}),
        (step_decay, {"every": 1, "gamma": F(1, 2)}, {0: 1, 1: F(1, 2), 20: F(1, 2**20)}),
        (drop, {"at": 5, "scale": F(1, 3)}, {0: 1, 1: 1, 4: 1, 5: F(1, 3), 6: F(1, 3), 99: F(1, 3)}),
        (drop, {"at": 1, "scale": 0}, {0: 1, 1: 0, 2: 0}),
        (
            piecewise_constant(3),
            {"at1": 2, "scale1": F(1, 2), "at2": 5, "scale2": F(1, 3), "at3": 7, "scale3": 4},
            {0: 1, 1: 1, 2: F(1, 2), 3: F(1, 2), 4: F(1, 2), 5: F(1, 6), 6: F(1, 6), 7: F(2, 3), 8: F(2, 3)},
        ),
        (
            piecewise_constant(2),
            {"at1": 4, "scale1": F(1, 2), "at2": 4, "scale2": F(1, 3)},
            {3: 1, 4: F(1, 6), 5: F(1, 6)},
        ),
        (reciprocal, {"steps": 4}, {0: 1, 1: F(4, 5), 4: F(1, 2), 12: F(1, 4)}),
        (reciprocal, {"steps": F(1, 2), "power": 2}, {0: 1, 1: F(1, 9), 2: F(1, 25)}),
        (inverse_sqrt, {"warmup": 1}, {0: 1, 3: F(1, 2), 8: F(1, 3)}),
        (linear, {"total": 4}, {0: 1, 1: F(3, 4), 3: F(1, 4), 4: 0, 5: 0, 100: 0}),
        (linear, {"total": 4, "floor": F(1, 2)}, {0: 1, 1: F(7, 8), 3: F(5, 8), 4: F(1, 2), 5: F(1, 2)}),
        (linear, {"total": 1}, {0: 1, 1: 0, 2: 0}),
        (polynomial, {"total": 4}, {0: 1, 1: F(9, 16), 3: F(1, 16), 4: 0, 5: 0}),
        (polynomial, {"total": 4, "power": 3, "floor": F(1, 5)}, {0: 1, 2: F(3, 10), 4: F(1, 5), 9: F(1, 5)}),
        (linear_warmup, {"steps": 4}, {0: F(1, 4), 1: F(1, 2), 2: F(3, 4), 3: 1, 4: 1, 5: 1}),
        (linear_warmup, {"steps": 2, "start": F(1, 2)}, {0: F(3, 4), 1: 1, 2: 1}),
        (linear_warmup_torch, {"steps": 4, "start": 0}, {0: 0, 1: F(1, 4), 3: F(3, 4), 4: 1, 5: 1}),
        (linear_warmup_torch, {}, {0: F(1, 3), 1: F(7, 15), 4: F(13, 15), 5: 1, 6: 1}),
        (anneal, {"lr": F(9, 10), "steps": 4}, {0: F(3, 5), 1: F(7, 10), 2: F(4, 5), 3: F(9, 10), 4: F(9, 10)}),
        (
            joined(linear_warmup, linear),
            {"at": 6, "steps": 4, "total": 2},
            {0: F(1, 4), 3: 1, 4: 1, 5: 1, 6: 1, 7: F(1, 2), 8: 0, 9: 0},
        ),
        (
            joined(joined(linear_warmup, constant).renamed(at="up"), drop.renamed(at="drop_at")),
            {"up": 2, "steps": 4, "at": 5, "drop_at": 1, "scale": F(1, 7)},
            {0: F(1, 4), 1: F(1, 2), 2: 1, 4: 1, 5: 1, 6: F(1, 7), 7: F(1, 7)},
        ),
        (chained(linear_warmup, drop), {"steps": 4, "at": 2, "scale": F(1, 2)}, {0: F(1, 4), 1: F(1, 2), 2: F(3, 8)}),
        (held(linear), {"hold": 3, "total": 2}, {0: 1, 2: 1, 3: 1, 4: F(1, 2), 5: 0, 6: 0}),
        (held(linear), {"hold": 0, "total": 2}, {0: 1, 1: F(1, 2), 2: 0}),
        (
            warmed_up(reciprocal),
            {"warmup": 4, "start": F(1, 5), "steps": 1},
            {0: F(1, 5), 1: F(2, 5), 3: F(4, 5), 4: 1, 5: F(1, 2), 6: F(1, 3)},
        ),
        (
            warmup_stable_decay,
            {"warmup": 2, "hold": 3, "total": 4, "floor": F(1, 2)},
            {0: 0, 1: F(1, 2), 2: 1, 3: 1, 4: 1, 5: 1, 6: F(7, 8), 8: F(5, 8), 9: F(1, 2), 10: F(1, 2)},
        ),
    ],
)  # fmt: skip
def test_rational_values(schedule, hyper, wanted):
    assert values(schedule, wanted, **hyper) == list(wanted.values())
    if schedule is not anneal:  # the others are shares of the value
        scaled = values(schedule, wanted, **{**hyper, "lr": 3})
        assert scaled == [3 * value for value in wanted.values()]


def test_exponential():
    found = values(exponential, range(12), REAL, steps=5)
    assert found[0] == 1
    assert close([found[5], found[10]], [MP.exp(-1), MP.exp(-2)])
    assert close([b / a for a, b in pairwise(found)], [MP.exp(-real(F(1, 5)))] * 11)


def test_inverse_sqrt_is_the_formula_of_the_paper():
    width, warmup = 512, 7
    found = values(inverse_sqrt, range(30), REAL, lr=1 / MP.sqrt(width * warmup), warmup=warmup)
    wanted = [min(1 / MP.sqrt(t), t / MP.sqrt(warmup) ** 3) / MP.sqrt(width) for t in range(1, 31)]
    assert close(found, wanted)
    assert max(found) == found[warmup - 1]


def test_polynomial_of_power_1_is_a_straight_line():
    hyper = {"total": 7, "floor": F(1, 3)}
    assert values(polynomial, range(10), power=1, **hyper) == values(linear, range(10), **hyper)


def test_cosine():
    found = values(cosine, [0, 1, 3, 4, 7, 8, 9, 100], REAL, total=8, floor=F(1, 4))
    assert close(found, [0.25 + 0.75 * half_cosine(F(k, 8)) for k in (0, 1, 3, 4, 7, 8, 8, 8)])
    assert close([found[0], found[3], found[5]], [1, F(5, 8), F(1, 4)])


def test_the_two_warm_ups_are_one_line():
    """The line of linear_warmup_torch begins in the first step, one step after that of linear_warmup."""
    steps, start = 6, F(1, 3)
    torchs = values(linear_warmup_torch, range(12), steps=steps, start=start)
    assert torchs == values(linear_warmup, range(12), steps=steps + 1, start=start - (1 - start) / steps)


def cycles(first, mult, steps):
    """(k within its cycle, length of the cycle) for each k."""
    length, found = first, []
    while len(found) < steps:
        found += [(done, length) for done in range(length)]
        length *= mult
    return found[:steps]


@pytest.mark.parametrize(("first", "mult", "floor"), [(1, 1, 0), (4, 1, 0.125), (3, 2, 0), (2, 3, 0.25), (1, 2, 0)])
def test_warm_restarts_are_the_closed_form(first, mult, floor):
    found = run(cosine_restarts, 90, numbers=REAL, first=first, mult=mult, floor=floor)
    assert close(found, [floor + (1 - floor) * half_cosine(F(*place)) for place in cycles(first, mult, 90)])


@pytest.mark.parametrize(("first", "mult"), [(3, 2), (10, 3), (5, 1)])
def test_warm_restarts_happen_where_they_should_over_a_long_run(first, mult):
    """In exact arithmetic, which has no cosine: the place in the cycle that it is taken of. In float64: all."""
    parts = [replace(cosine_restarts, value=Seq(name, -1)) for name in ("done", "length")]
    exact = [run(part, 600, first=first, mult=mult) for part in parts]
    assert list(zip(*exact, strict=True)) == cycles(first, mult, 600)
    found = run(cosine_restarts, 600, numbers=FLOAT, first=first, mult=mult)
    assert [value == 1 for value in found] == [done == 0 for done, _ in cycles(first, mult, 600)]


PEAKS = {(10, F(3, 10)): 2, (10, F(1, 2)): 4, (100, F(1, 5)): 19}
"""The k of the highest value, where it is whole."""


@pytest.mark.parametrize(("total", "rise"), [*PEAKS, (7, F(3, 10)), (7, F(1, 8)), (1, F(1, 2))])
def test_one_cycle(total, rise):
    ks, hyper = range(total + 3), {"total": total, "rise": rise}
    rates = values(one_cycle, ks, REAL, div=20, final_div=50, **hyper)
    momenta = values(one_cycle_momentum, ks, REAL, lr=F(19, 20), low=F(4, 5), **hyper)
    top, end = rise * total - 1, total - 1
    done = [1 - half_cosine(k / top if k < top else min(F(1), (k - top) / (end - top))) for k in ks]
    assert close(rates, [(1 + 19 * x) / 20 if k < top else 1 - 999 * x / 1000 for k, x in zip(ks, done, strict=True)])
    assert close(momenta, [(19 - 3 * x) / 20 if k < top else (16 + 3 * x) / 20 for k, x in zip(ks, done, strict=True)])
    assert close([*rates[end:], *momenta[end:]], [F(1, 1000)] * 4 + [F(19, 20)] * 4)
    highest = PEAKS.get((total, rise))
    if highest is not None:
        assert close([rates[0], rates[highest]], [F(1, 20), 1])
        assert close([momenta[0], momenta[highest]], [F(19, 20), F(4, 5)])


@pytest.mark.parametrize(
    ("schedule", "hyper", "pieces"),
    [
        (exponential, {"steps": 7}, [(0, 30, -1)]),
        (reciprocal, {"steps": 7, "power": 2}, [(0, 30, -1)]),
        (polynomial, {"total": 20}, [(0, 20, -1)]),
        (linear, {"total": 20}, [(0, 20, -1)]),
        (cosine, {"total": 20, "floor": F(1, 10)}, [(0, 20, -1)]),
        (inverse_sqrt, {"warmup": 9}, [(0, 8, 1), (8, 30, -1)]),
        (one_cycle, {"total": 40, "rise": F(1, 4)}, [(0, 9, 1), (9, 39, -1)]),
        (one_cycle_momentum, {"total": 40, "rise": F(1, 4), "lr": F(19, 20)}, [(0, 9, -1), (9, 39, 1)]),
        (warmup_stable_decay, {"warmup": 5, "hold": 4, "total": 8}, [(0, 5, 1), (9, 17, -1)]),
    ],
)  # fmt: skip
def test_each_piece_is_monotone(schedule, hyper, pieces):
    """`pieces`: (first k, last k, 1 where it rises and -1 where it falls)."""
    for first, last, sign in pieces:
        found = values(schedule, range(first, last + 1), REAL, **hyper)
        assert all((b - a) * sign > 0 for a, b in pairwise(found))


@pytest.mark.parametrize("drops", [0, -1, True, 2.0, "2"])
def test_a_number_of_drops(drops):
    with pytest.raises(SymoptError, match=r"takes the number of its drops, 1, 2, 3, \.\.\., not "):
        piecewise_constant(drops)


def test_piecewise_constant_has_a_place_and_a_scale_for_each_drop():
    found = piecewise_constant(2)
    assert (found.title, [hyper.name for hyper in found.hyperparameters]) == (
        "Piecewise constant, 2 drops", ["at1", "scale1", "at2", "scale2"],
    )  # fmt: skip


# ---- with a metric ----

GONE = 77  # what no step looks at

PLATEAUS = {
    # name: (hyperparameters, the metric of each step, the value in each step)
    "patience": ({"patience": 2}, [GONE, 5, 5, 5, 5, 5, 5, 5], [1, 1, 1, 1, F(1, 2), F(1, 2), F(1, 2), F(1, 4)]),
    "no patience": ({"patience": 0}, [GONE, 5, 5, 6], [1, 1, F(1, 2), F(1, 4)]),
    "a better one in between": ({"patience": 1}, [GONE, 5, 6, 4, 4, 4], [1, 1, 1, 1, 1, F(1, 2)]),
    "the best counts, not the last": ({"patience": 0}, [GONE, 5, 9, 8], [1, 1, F(1, 2), F(1, 4)]),
    "threshold": ({"patience": 0, "threshold": F(1, 10)}, [GONE, 10, 9, F(89, 10)], [1, 1, F(1, 2), F(1, 2)]),
    "cooldown": (
        {"patience": 0, "cooldown": 2},
        [GONE, 5, 5, 5, 5, 5, 5],
        [1, 1, F(1, 2), F(1, 2), F(1, 2), F(1, 4), F(1, 4)],
    ),
    "better in the cooldown": (
        {"patience": 0, "cooldown": 1},
        [GONE, 5, 5, 3, 4, 4],
        [1, 1, F(1, 2), F(1, 2), F(1, 4), F(1, 4)],
    ),
    "floor": ({"patience": 0, "floor": F(2, 5)}, [GONE, 5, 5, 5], [1, 1, F(1, 2), F(2, 5)]),
    "period": (
        {"patience": 0, "period": 3},
        [GONE, GONE, GONE, 5, GONE, 1, 5, 1, 1, 4, 0, 0, 4],
        [1, 1, 1, 1, 1, 1, F(1, 2), F(1, 2), F(1, 2), F(1, 2), F(1, 2), F(1, 2), F(1, 4)],
    ),
    "not finite": ({"patience": 1}, [NAN, INF, NAN, NAN, 5, NAN, INF, 4, -INF], [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5]),
    "negative": ({"patience": 0, "threshold": 0}, [GONE, -5, -6, -6], [1, 1, 1, F(1, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("case", PLATEAUS)
def test_reduce_on_plateau(case):
    hyper, metrics, wanted = PLATEAUS[case]
    numbers = REAL if case == "not finite" else EXACT
    assert run(reduce_on_plateau, len(metrics), metrics, numbers, **{"factor": F(1, 2), **hyper}) == wanted


@pytest.mark.parametrize(
    ("hyper", "metrics", "wanted"),
    [
        ({}, [GONE, 5, 4, 4, 3, 5, 1], [1, 1, 1, F(1, 2), F(1, 4), F(1, 8), F(1, 16)]),
        ({"factor": F(1, 3)}, [GONE, 5, 6, 1], [1, 1, F(1, 3), F(1, 9)]),
        ({"period": 2}, [GONE, GONE, 5, 5, 4, 9, 4, 1, 1], [1, 1, 1, 1, 1, 1, F(1, 2), F(1, 2), F(1, 4)]),
        ({}, [1, 2, 1], [1, 1, 1]),
    ],
)
def test_halve_after_plateau(hyper, metrics, wanted):
    assert run(halve_after_plateau, len(metrics), metrics, **hyper) == wanted


def test_halve_after_a_metric_that_is_not_finite():
    metrics = [NAN, INF, NAN, 5, NAN, 1]
    assert run(halve_after_plateau, 6, metrics, REAL) == [1, 1, 1, 1, 0.5, 0.25]


def test_a_plateau_behind_a_join_sees_nothing_of_what_came_before():
    schedule = joined(linear_warmup, reduce_on_plateau)
    metrics = [1, 1, 1, 1, GONE, 5, 4, 4, 4]
    found = run(schedule, 9, metrics, at=4, steps=4, patience=0, factor=F(1, 2))
    assert found == [F(1, 4), F(1, 2), F(3, 4), 1, 1, 1, 1, F(1, 2), F(1, 4)]


def test_warm_restarts_behind_a_warm_up_begin_a_cycle():
    found = run(warmed_up(cosine_restarts), 12, numbers=REAL, warmup=3, start=0, first=2, mult=2)
    assert close(found, [0, F(1, 3), F(2, 3), *(half_cosine(F(*place)) for place in cycles(2, 2, 9))])


def test_a_plateau_on_top_of_a_decay():
    schedule = chained(reduce_on_plateau, linear.renamed(floor="low"))
    found = run(schedule, 4, [GONE, 5, 5, 5], patience=0, factor=F(1, 2), total=4)
    assert found == [1, F(3, 4), F(1, 4), F(1, 16)]


@pytest.mark.parametrize(
    ("name", "hyper", "schedule"),
    [("lookahead_momentum", "k", cosine), ("adam_accumulated", "k", reduce_on_plateau), ("radam", "threshold", anneal)],
)
def test_what_would_leave_its_domain_is_refused(name, hyper, schedule):
    with pytest.raises(SymoptError, match=rf"{hyper} of {name}: .* its domain .*; (leave it|write a schedule)"):
        load(name).scheduled(**{hyper: schedule})


@pytest.mark.parametrize("schedule", [linear_warmup, linear_warmup_torch, warmed_up(cosine)])
def test_a_warm_up_starts_at_a_share(schedule):
    follower = load("adam").scheduled(beta1=schedule)
    assert follower.with_defaults(beta1_start=F(1, 2)).hyperparameter("beta1_start").default == F(1, 2)
    with pytest.raises(SymoptError, match=r"beta1_start of adam: 3 is outside its domain Unit = \[0, 1\)"):
        follower.with_defaults(beta1_start=3)


def test_a_cycle_starts_and_ends_below_the_value():
    follower = load("adam").scheduled(beta1=one_cycle)
    for name in ("beta1_div", "beta1_final_div"):
        with pytest.raises(SymoptError, match=rf"{name} of adam: 0.5 is outside its domain AtLeast1 = \[1, inf\)"):
            follower.with_defaults(**{name: 0.5})


def test_a_metric_comes_too_late_for_the_gradient_point():
    with pytest.raises(SymoptError, match="mu moves the point where nesterov takes its gradient, before metric is"):
        load("nesterov").scheduled(mu=reduce_on_plateau)
