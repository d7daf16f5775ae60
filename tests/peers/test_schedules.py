"""The same rates as torch's schedulers and optax's schedules, over a run in float64.

Both compute the same real numbers with other roundings. Those of torch multiply the last rate by a factor at each step,
so that they are off by a few roundings for each step: at most 10 * 60 * 2**-53 = 7e-14 of the highest rate of the run,
which is the unit here since rates that end at 0 lose their digits. 1e-12 is asked for.
"""

import math

import numpy as np
import pytest

from symopt import NonNegative, optimizer, t
from symopt.interpret import FLOAT, interpret
from symopt.specs.cycles import cosine_restarts, one_cycle, one_cycle_momentum
from symopt.specs.joins import chained, held, joined, piecewise_constant, warmed_up
from symopt.specs.plateau import reduce_on_plateau
from symopt.specs.schedules import (
    constant,
    cosine,
    exponential,
    linear,
    linear_warmup_torch,
    polynomial,
    reciprocal,
    step_decay,
)  # fmt: skip

STEPS = 60
TOLERANCE = 1e-12
RATE = 0.3


@optimizer(title="Probe")
def probe(theta, g, *, lr: NonNegative = RATE):
    theta[t] = lr * g[t]


def rates(schedule, count=STEPS, metrics=None, **hyper):
    """The rate in force in each step."""
    given = {name if name == "lr" else f"lr_{name}": value for name, value in hyper.items()}
    inputs = None if metrics is None else lambda step: {"metric": [metrics[step - 1]]}
    run = interpret(probe.scheduled(lr=schedule), [[0.0]], [[[1.0]]] * count, hyper=given, numbers=FLOAT, inputs=inputs)
    return np.array([snapshot.theta[0][0] for snapshot in run])


def agree(ours, theirs):
    theirs = np.array(theirs)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= TOLERANCE * np.abs(theirs).max()


def torch_rates(torch, make, steps=STEPS, key="lr", metrics=None):
    """What each step of a torch optimizer is taken with; `make` gives it a scheduler."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    reference = torch.optim.SGD([weight], lr=RATE, momentum=0.9)
    scheduler = make(torch.optim.lr_scheduler, reference)
    found = []
    for step in range(steps):
        found.append(float(reference.param_groups[0][key]))
        weight.grad = torch.zeros_like(weight)
        reference.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
    return found


def warm_then_cosine(length, total, start):
    def make(schedulers, reference):
        warm = schedulers.LinearLR(reference, start_factor=start, total_iters=length)
        then = schedulers.CosineAnnealingLR(reference, T_max=total, eta_min=0.03)
        return schedulers.SequentialLR(reference, [warm, then], milestones=[length])

    return make


TORCH = {
    # name: (torch's scheduler, symopt's schedule and settings, steps)
    "StepLR, 7": (lambda s, o: s.StepLR(o, 7, gamma=0.5), step_decay, {"every": 7, "gamma": 0.5}, STEPS),
    "StepLR, 1": (lambda s, o: s.StepLR(o, 1, gamma=0.9), step_decay, {"every": 1, "gamma": 0.9}, STEPS),
    "MultiStepLR, 3": (
        lambda s, o: s.MultiStepLR(o, [5, 20, 41], gamma=0.3),
        piecewise_constant(3),
        {"at1": 5, "at2": 20, "at3": 41, "scale1": 0.3, "scale2": 0.3, "scale3": 0.3},
        STEPS,
    ),
    "MultiStepLR, 2 at once": (
        lambda s, o: s.MultiStepLR(o, [9, 9], gamma=0.1),
        piecewise_constant(2),
        {"at1": 9, "at2": 9},
        STEPS,
    ),
    "ExponentialLR, 0.9": (lambda s, o: s.ExponentialLR(o, 0.9), exponential, {"steps": -1 / math.log(0.9)}, STEPS),
    "ExponentialLR, 0.99": (lambda s, o: s.ExponentialLR(o, 0.99), exponential, {"steps": -1 / math.log(0.99)}, STEPS),
    "PolynomialLR, 2": (lambda s, o: s.PolynomialLR(o, 40, power=2.0), polynomial, {"total": 40}, STEPS),
    "PolynomialLR, 1": (lambda s, o: s.PolynomialLR(o, 25, power=1.0), linear, {"total": 25}, STEPS),
    "PolynomialLR, 0.5": (
        lambda s, o: s.PolynomialLR(o, 70, power=0.5),
        polynomial,
        {"total": 70, "power": 0.5},
        STEPS,
    ),
    "LinearLR, defaults": (lambda s, o: s.LinearLR(o), linear_warmup_torch, {}, STEPS),
    "LinearLR, 20": (
        lambda s, o: s.LinearLR(o, start_factor=0.05, total_iters=20),
        linear_warmup_torch,
        {"steps": 20, "start": 0.05},
        STEPS,
    ),
    "CosineAnnealingLR, 60": (lambda s, o: s.CosineAnnealingLR(o, 60), cosine, {"total": 60}, 61),
    "CosineAnnealingLR, 25": (
        lambda s, o: s.CosineAnnealingLR(o, 25, eta_min=0.03),
        cosine,
        {"total": 25, "floor": 0.1},
        26,
    ),
    "CosineAnnealingWarmRestarts, 1": (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
        cosine_restarts,
        {"first": 7},
        STEPS,
    ),
    "CosineAnnealingWarmRestarts, 2": (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.03),
        cosine_restarts,
        {"first": 3, "mult": 2, "floor": 0.1},
        STEPS,
    ),
    "OneCycleLR, defaults": (
        lambda s, o: s.OneCycleLR(o, max_lr=RATE, total_steps=STEPS),
        one_cycle,
        {"total": STEPS},
        STEPS,
    ),
    "OneCycleLR, 37": (
        lambda s, o: s.OneCycleLR(o, max_lr=RATE, total_steps=37, pct_start=0.45, div_factor=10, final_div_factor=100),
        one_cycle,
        {"total": 37, "rise": 0.45, "div": 10, "final_div": 100},
        37,
    ),
    "SequentialLR, 5": (
        warm_then_cosine(5, 50, 0.25),
        joined(linear_warmup_torch, cosine),
        {"at": 5, "steps": 5, "start": 0.25, "total": 50, "floor": 0.1},
        56,
    ),
    "SequentialLR, 12": (
        warm_then_cosine(12, 30, 0.01),
        warmed_up(cosine),
        {"warmup": 12, "start": 0.01, "total": 30, "floor": 0.1},
        43,
    ),
    "ChainedScheduler": (
        lambda s, o: s.ChainedScheduler([s.LinearLR(o, total_iters=10), s.ExponentialLR(o, 0.95)]),
        chained(linear_warmup_torch.renamed(steps="warmup"), exponential),
        {"warmup": 10, "steps": -1 / math.log(0.95)},
        STEPS,
    ),
}


@pytest.mark.parametrize("case", TORCH)
def test_torch(case, peer):
    make, schedule, hyper, steps = TORCH[case]
    agree(rates(schedule, steps, **hyper), torch_rates(peer("torch"), make, steps))


@pytest.mark.parametrize(("total", "rise", "low", "high"), [(STEPS, 0.3, 0.85, 0.95), (37, 0.45, 0.7, 0.9)])
def test_the_momentum_of_one_cycle(total, rise, low, high, peer):
    def make(schedulers, reference):
        return schedulers.OneCycleLR(
            reference, max_lr=1.0, total_steps=total, pct_start=rise, base_momentum=low, max_momentum=high
        )

    theirs = torch_rates(peer("torch"), make, total, key="momentum")
    agree(rates(one_cycle_momentum, total, lr=high, total=total, rise=rise, low=low), theirs)


PLATEAUS = [
    ({"factor": 0.5, "patience": 3, "threshold": 0.01}, {}),
    ({"factor": 0.1, "patience": 0, "threshold": 0.1, "cooldown": 4}, {}),
    ({"factor": 0.3, "patience": 1, "threshold": 0.0, "cooldown": 1}, {"min_lr": 0.01}),
]


@pytest.mark.parametrize(("hyper", "theirs"), PLATEAUS)
@pytest.mark.parametrize("period", [1, 5])
def test_reduce_on_plateau(hyper, theirs, period, peer):
    """A metric that torch's scheduler sees after a step is passed to the next step."""
    looks = 80
    random = np.random.default_rng(3)
    metrics = 1 / (1 + np.arange(looks) / 5) + 0.2 * random.standard_normal(looks)
    metrics[[20, 21, 50]] = math.nan, math.inf, math.nan

    def make(schedulers, reference):
        return schedulers.ReduceLROnPlateau(reference, **hyper, **theirs, eps=0)

    wanted = np.repeat(torch_rates(peer("torch"), make, looks, metrics=metrics), period)
    assert len(set(wanted)) > 3
    passed = [math.nan] * period + list(np.repeat(metrics, period))
    floor = theirs.get("min_lr", 0.0) / RATE
    found = rates(reduce_on_plateau, looks * period, passed, floor=floor, period=period, **hyper)
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=0)


def decayed(optax, rate, span, begin, staircase):
    return optax.exponential_decay(RATE, span, rate, transition_begin=begin, staircase=staircase)


OPTAX = {
    # name: (optax's schedule, symopt's schedule and settings)
    "constant": (lambda optax: optax.constant_schedule(RATE), constant, {}),
    "cosine, 50": (lambda optax: optax.cosine_decay_schedule(RATE, 50), cosine, {"total": 50}),
    "cosine, 31": (lambda optax: optax.cosine_decay_schedule(RATE, 31, alpha=0.2), cosine, {"total": 31, "floor": 0.2}),
    "polynomial, 3": (
        lambda optax: optax.polynomial_schedule(RATE, 0.06, 3, 40),
        polynomial,
        {"total": 40, "power": 3, "floor": 0.2},
    ),
    "polynomial, begin": (
        lambda optax: optax.polynomial_schedule(RATE, 0.0, 0.5, 30, transition_begin=11),
        held(polynomial),
        {"hold": 11, "total": 30, "power": 0.5},
    ),
    "linear": (lambda optax: optax.linear_schedule(RATE, 0.03, 45), linear, {"total": 45, "floor": 0.1}),
    "warm-up": (lambda optax: optax.linear_schedule(0.0, RATE, 9), linear_warmup_torch, {"steps": 9, "start": 0}),
    "exponential": (lambda optax: decayed(optax, 0.5, 8, 0, False), exponential, {"steps": 8 / math.log(2)}),
    "exponential, begin": (
        lambda optax: decayed(optax, 0.8, 3, 10, False),
        held(exponential),
        {"hold": 10, "steps": -3 / math.log(0.8)},
    ),
    "exponential, stairs": (lambda optax: decayed(optax, 0.7, 6, 0, True), step_decay, {"every": 6, "gamma": 0.7}),
    "exponential, stairs, begin": (
        lambda optax: decayed(optax, 0.5, 9, 4, True),
        held(step_decay),
        {"hold": 4, "every": 9, "gamma": 0.5},
    ),
    "piecewise, 2": (
        lambda optax: optax.piecewise_constant_schedule(RATE, {10: 0.5, 30: 0.2}),
        piecewise_constant(2),
        {"at1": 10, "scale1": 0.5, "at2": 30, "scale2": 0.2},
    ),
    "piecewise, 1": (
        lambda optax: optax.piecewise_constant_schedule(RATE, {1: 3.0}),
        piecewise_constant(1),
        {"at1": 1, "scale1": 3.0},
    ),
    "join": (
        lambda optax: optax.join_schedules(
            [optax.linear_schedule(0.03, RATE, 6), decayed(optax, 0.9, 1, 0, False)], [14]
        ),
        joined(linear_warmup_torch.renamed(steps="warmup"), exponential),
        {"at": 14, "warmup": 6, "start": 0.1, "steps": -1 / math.log(0.9)},
    ),
    "join, 3": (
        lambda optax: optax.join_schedules(
            [optax.constant_schedule(RATE), optax.cosine_decay_schedule(RATE, 9), optax.linear_schedule(RATE, 0, 7)],
            [5, 20],
        ),
        joined(joined(constant, cosine).renamed(at="first_at"), linear.renamed(total="span", floor="low")),
        {"first_at": 5, "total": 9, "at": 20, "span": 7},
    ),
    "warm-up, cosine, 10": (
        lambda optax: optax.warmup_cosine_decay_schedule(0.0, RATE, 10, 50, 0.03),
        warmed_up(cosine),
        {"warmup": 10, "total": 40, "floor": 0.1},
    ),
    "warm-up, cosine, 3": (
        lambda optax: optax.warmup_cosine_decay_schedule(0.06, RATE, 3, 20),
        joined(linear_warmup_torch, cosine),
        {"at": 3, "steps": 3, "start": 0.2, "total": 17},
    ),
}


@pytest.mark.parametrize("case", OPTAX)
def test_optax(case, peer):
    make, schedule, hyper = OPTAX[case]
    wanted = make(peer("optax"))
    agree(rates(schedule, **hyper), [float(wanted(np.float64(k))) for k in range(STEPS)])


def test_reciprocal_is_the_decay_of_adagrad(peer):
    """torch's Adagrad with lr_decay, seen on the first step after a number of others."""
    torch = peer("torch")
    for decay in (0.1, 3.0):
        found = []
        for step in range(1, 20):
            weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
            reference = torch.optim.Adagrad([weight], lr=RATE, lr_decay=decay, eps=0.0)
            reference.state[weight]["step"] += step - 1
            weight.grad = -torch.ones_like(weight)
            reference.step()
            found.append(float(weight.detach()))
        agree(rates(reciprocal, 19, steps=1 / decay), found)
