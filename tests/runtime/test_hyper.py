"""Hyperparameters while running: groups of their own, changes between steps, one kernel call per step."""

import numpy as np
import pytest

from symopt.artifacts import artifact, load_module
from symopt.errors import SymoptError
from symopt.interpret import interpret
from symopt.runtime import bind

STEPS = 12
# A step of these optimizers rounds at most 10 times per element; old roundings decay or stay as they are.
BOUND = 10 * STEPS * np.finfo(np.float64).eps


def close(got, expected):
    for a, b in zip(got, expected, strict=True):
        b = np.array(b, dtype=np.float64)
        assert np.all(np.abs(a - b) <= BOUND * (1 + np.abs(b)))


def steps_of(arrays):
    return [arrays(seed, np.float64) for seed in range(1, STEPS + 1)]


def test_groups_have_hyperparameters_and_schedules_of_their_own(declared, arrays):
    params, grads = arrays(0, np.float64), steps_of(arrays)
    expected = list(
        interpret(
            declared.scheduled,
            params,
            grads,
            hyper={"lr": [0.3, 0.1], "mu": [0.9, 0.0], "lr_rate": 0.5},
            groups=[0, 0, 1, 1],
            start=[7, 0],
        )
    )
    a, b, c, d = params
    groups = [{"params": [a, b], "lr": 0.3, "t": 7}, {"params": {"c": c, "d": d}, "mu": 0.0}]
    opt = bind(declared.scheduled, groups, lr_rate=0.5)
    for k, (g, h, i, j) in enumerate(grads):
        opt.step([[g, h], {"c": i, "d": j}])
        close(params, expected[k].theta)
    assert [group.t for group in opt.groups] == [7 + STEPS, STEPS]
    assert opt.groups[1].params == {"c": c, "d": d}
    with pytest.raises(SymoptError, match=r"t differs between the groups \(19, 12\); read or set groups\[i\].t"):
        print(opt.t)


def test_one_kernel_call_per_step(declared, arrays, monkeypatch):
    a, b, c, d = arrays(0)
    opt = bind(declared.plain, [{"params": [a, b], "lr": 0.3}, {"params": [c]}, {"params": d, "mu": 0.1}])
    module = load_module(artifact(declared.plain, "cpu"))
    calls, kernel = [], module.kernel
    monkeypatch.setattr(module, "kernel", lambda *args: calls.append(1) or kernel(*args))
    for seed in range(3):
        g, h, i, j = arrays(seed + 1)
        opt.step([[g, h], [i], j])
    assert len(calls) == 3


def test_setting_compiles_nothing(declared, arrays):
    opt = bind(declared.plain, arrays(0))
    opt.step(arrays(1))
    kernel = load_module(artifact(declared.plain, "cpu")).kernel
    before = len(kernel.signatures)
    opt.hyper["lr"] = 1e-4
    opt.hyper["mu"] = 0
    opt.step(arrays(2))
    assert len(kernel.signatures) == before


@pytest.mark.parametrize("name", ["ahead", "kicked", "averaged"])
def test_theta_is_right_when_hyperparameters_change(declared, arrays, name):
    optimizer = getattr(declared, name)
    params, grads = arrays(0, np.float64), steps_of(arrays)
    changing = next(h for h in ("mu", "decay") if any(h == known.name for known in optimizer.hyperparameters))

    def hyper(step):
        return {"lr": 0.01 * step, changing: 0.9 / step}

    expected = list(interpret(optimizer, params, grads, hyper=hyper))
    opt = bind(optimizer, params)
    for k, g in enumerate(grads):
        opt.hyper.update(hyper(k + 1))
        opt.step(g)
        close(params, expected[k].point)
        opt.to_eval()
        close(params, expected[k].theta)
        opt.to_train()


def test_hyper_is_a_checked_mapping(declared, arrays):
    opt = bind(declared.plain, arrays(0), lr=0.5)
    assert dict(opt.hyper) == {"lr": 0.5, "mu": 0.9}
    assert len(opt.hyper) == 2
    assert "lr" in opt.hyper
    assert "t" not in opt.hyper
    for name, value, message in [
        ("lr", 0.0, "lr must be positive, not 0.0"),
        ("mu", 1, "mu must be in [0, 1), not 1"),
        ("mu", None, "mu must be a number, not None"),
        ("lrr", 1, "plain has no hyperparameter 'lrr'; did you mean lr?"),
    ]:
        with pytest.raises(SymoptError) as caught:
            opt.hyper[name] = value
        assert str(caught.value) == message
    with pytest.raises(SymoptError, match="plain has no hyperparameter 'momentum'; it has lr, mu"):
        print(opt.hyper["momentum"])
    with pytest.raises(SymoptError, match="lr cannot be removed; plain needs it"):
        del opt.hyper["lr"]
    assert dict(opt.hyper) == {"lr": 0.5, "mu": 0.9}


def test_hyper_of_groups(declared, arrays):
    a, b, *_ = arrays(0)
    opt = bind(declared.plain, [{"params": a}, {"params": b, "lr": 0.5}])
    message = r"lr differs between the groups \(0.1, 0.5\); read or set groups\[i\].hyper\['lr'\]"
    with pytest.raises(SymoptError, match=message):
        print(opt.hyper["lr"])
    opt.groups[0].hyper["mu"] = 0.25
    assert [group.hyper["mu"] for group in opt.groups] == [0.25, 0.9]
    opt.hyper["mu"] = 0.75
    assert [group.hyper["mu"] for group in opt.groups] == [0.75, 0.75]
    assert opt.hyper["mu"] == 0.75


def test_steps_that_count_as_taken_reach_the_first_gradient_point(declared):
    """mu of the first step is 0.5 / (1 + 0.25*(t + 1)); v starts from 0.25 and is not yet in theta."""
    a, b = np.zeros(3), np.zeros(2)
    opt = bind(declared.moved_scheduled, [{"params": a, "t": 11}, {"params": b}], first=0.25)
    assert [group.t for group in opt.groups] == [11, 0]
    assert a.tolist() == [0.25 * 0.5 / (1 + 0.25 * 12)] * 3
    assert b.tolist() == [0.25 * 0.5 / (1 + 0.25)] * 2
    opt.to_eval()
    assert not np.any(a)
    assert not np.any(b)


def test_steps_that_count_as_taken_count_for_every_rule(declared):
    """Neither the rule of the first step nor its bias correction holds for the group that says it took one."""
    a, b = np.zeros(1), np.zeros(1)
    opt = bind(declared.first_step, [{"params": a, "t": 1}, {"params": b}])
    opt.step([np.ones(1), np.ones(1)])
    assert [group.t for group in opt.groups] == [2, 1]
    assert a[0] == -0.5 / (1 - 0.25)
    assert b[0] == -1 / (1 - 0.5)


def test_steps_that_count_as_taken_are_continued_bit_for_bit(declared, arrays, same):
    """With the states of a checkpoint put back, t and all, it makes no difference what t was at first."""
    params, other = arrays(0), arrays(0)
    opt, late = bind(declared.moved_scheduled, params), bind(declared.moved_scheduled, other, t=1000)
    for seed in range(3):
        opt.step(arrays(seed))
    late.load_state_dict(opt.state_dict())
    for running in (opt, late):
        running.step(arrays(7))
    assert late.t == 4
    assert same(params, other)
