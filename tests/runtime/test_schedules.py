"""Schedules in a compiled kernel: with and without a memory, saved and loaded, fed with a metric."""

import math

import numpy as np
import pytest

from symopt import NonNegative, SymoptError, optimizer, t
from symopt.interpret import FLOAT, interpret
from symopt.runtime import bind
from symopt.specs.momentum import momentum
from symopt.specs.plateau import reduce_on_plateau
from symopt.specs.schedules import anneal, cosine

METRICS = [math.nan, 5.0, 4.0, 4.5, 4.1, 4.2, math.inf, 3.0, 3.0, 3.1, 3.0, 2.9, 2.95]
PLATEAU = {"lr": 0.5, "lr_factor": 0.5, "lr_patience": 1, "lr_cooldown": 1}


@optimizer(title="Probe")
def probe(theta, g, *, lr: NonNegative = 1):
    theta[t] = lr * g[t]


plateau = probe.scheduled(lr=reduce_on_plateau)


def test_a_schedule_without_memory():
    """theta is the rate in force: three roundings beside those of the cosine, whose own is one more."""
    params = np.zeros(3)
    opt = bind(probe.scheduled(lr=cosine), params, lr=0.3, lr_total=20, lr_floor=0.1)
    for k in range(25):
        opt.step(np.ones(3))
        wanted = 0.3 * (0.1 + 0.9 * (1 + math.cos(math.pi * min(k, 20) / 20)) / 2)
        assert np.all(np.abs(params - wanted) <= 8 * np.finfo(float).eps * 0.3)
    assert opt.state == {}


def test_two_hyperparameters_follow_schedules():
    params, grads = [np.zeros(2), np.ones((2, 2))], [np.full(2, 0.5), np.full((2, 2), -1.0)]
    optimizer = momentum.scheduled(lr=cosine, mu=anneal)
    hyper = {"lr": 0.3, "lr_total": 8, "mu": 0.9, "mu_steps": 4}
    wanted = list(interpret(optimizer, [p.copy() for p in params], [grads] * 10, hyper=hyper, numbers=FLOAT))
    opt = bind(optimizer, params, **hyper)
    for snapshot in wanted:
        opt.step(grads)
        for found, theta in zip(params, snapshot.theta, strict=True):
            # At most 10 roundings a step of numbers below 8, each of which lives on.
            assert np.abs(found - np.array(theta, float)).max() <= 8 * 10 * 10 * np.finfo(float).eps


def rates(opt, metrics):
    found = []
    for metric in metrics:
        opt.step(np.ones(3), metric=metric)
        found.append(float(opt.params[0]))
    return found


def test_a_schedule_with_memory():
    """Halving is exact, so the kernel and the equations give the same bits."""
    opt = bind(plateau, np.zeros(3), **PLATEAU)
    inputs = [{"metric": [metric]} for metric in METRICS]
    run = interpret(
        plateau, [[0.0]], [[[1.0]]] * len(METRICS), hyper=PLATEAU, numbers=FLOAT, inputs=lambda step: inputs[step - 1]
    )
    wanted = list(run)
    assert rates(opt, METRICS) == [float(snapshot.theta[0][0]) for snapshot in wanted]
    assert len(set(rates(bind(plateau, np.zeros(3), **PLATEAU), METRICS))) == 3
    assert {name: opt.state[name] for name in plateau.states} == {
        name: float(value[0]) for name, value in wanted[-1].states.items()
    }
    assert (opt.state["lr_best"], opt.state["lr_scale"]) == (2.9, 0.25)


def test_the_memory_is_saved_and_loaded(tmp_path):
    """In the middle of the patience, and in the middle of a cooldown."""
    whole = rates(bind(plateau, np.zeros(3), **PLATEAU), METRICS)
    for split in range(1, len(METRICS)):
        first = bind(plateau, np.zeros(3), **PLATEAU)
        found = rates(first, METRICS[:split])
        np.savez(tmp_path / "saved.npz", **first.state_dict())
        second = bind(plateau, np.zeros(3), **PLATEAU)
        with np.load(tmp_path / "saved.npz") as saved:
            second.load_state_dict(saved)
        assert found + rates(second, METRICS[split:]) == whole


def test_groups_share_the_metric_and_nothing_else():
    a, b = np.zeros(2), np.zeros(3)
    opt = bind(plateau, [{"params": a, "lr_patience": 0}, {"params": b, "lr": 0.25}], lr=1.0, lr_factor=0.5)
    for metric in (9.0, 5.0, 5.0):
        opt.step([np.ones(2), np.ones(3)], metric=metric)
    assert ([*a], [*b]) == ([0.5] * 2, [0.25] * 3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "probe needs metric: call step(grads, metric=...)"),
        ({"metrics": 1.0}, "probe takes no input 'metrics'; did you mean metric?"),
        ({"metric": "low"}, "metric must be a number, not 'low'"),
        ({"metric": None}, "metric must be a number, not None"),
        ({"metric": True}, "metric must be a number, not True"),
        ({"metric": np.ones(2)}, "metric has 2 values for 1 group"),
        ({"metric": 1.0, "lr_factor": 0.5}, "lr_factor is a hyperparameter; set opt.hyper['lr_factor'] instead"),
    ],
)
def test_a_wrong_metric_changes_nothing(inputs, message):
    opt = bind(plateau, np.zeros(3), **PLATEAU)
    before = opt.state_dict()
    with pytest.raises(SymoptError) as caught:
        opt.step(np.ones(3), **inputs)
    assert message in str(caught.value)
    after = opt.state_dict()
    assert all(np.array_equal(after[key], before[key]) for key in before)


@pytest.mark.parametrize("metric", [1, np.float32(1), np.float64(1), np.int64(1)])
def test_any_real_number_is_a_metric(metric):
    opt = bind(plateau, np.zeros(3), **PLATEAU)
    rates(opt, [metric, metric])
    assert opt.state["lr_best"] == 1.0
