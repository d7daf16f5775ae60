"""Look-ahead under wrappers and schedules, trained, deployed and trained on."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symopt.catalogue import load_file
from symopt.derive.training import POINT, training_form
from symopt.expr import text
from symopt.interpret import EXACT, interpret
from symopt.runtime import bind

COMPOSED = load_file(Path(__file__).with_name("composed.py"))
SHAPES, GROUPS = ((3, 2), (), (5,)), (0, 1, 0)
CHANGES = {
    "mu": ("1/2", "1/4", "0", "1/2", "3/4"),
    "beta": ("1/2", "1/4", "1/2", "1/4", "1/2"),
    "lr": ("1/4", "1/2", "1/4", "1/4", "1/8"),
    "decay": ("1/2", "3/4", "1/4", "1/2", "0"),
    "bound": ("4", "2", "4", "1", "2"),
}
"""What each hyperparameter is in each step of the first group; the second group is one step ahead."""

FROM_V = "point[t-1] - mu_made[t-1] * v[t-1]"
FROM_Z = "(point[t-1] - z_weight_made[t-1] * z[t-1]) / beta_made[t-1]"
FIXED = {"k": "2", "alpha": "1/2", "mu_steps": "2"}


@pytest.mark.parametrize(
    ("name", "stored", "recovered"),
    [
        ("nesterov_averaged", ("v", "theta", "mu_made"), {"x": FROM_V}),
        ("nesterov_slow", ("v", "slow", "mu_made"), {"theta": FROM_V}),
        ("nesterov_clipped", ("v", "mu_made"), {"theta": FROM_V}),
        ("nesterov_scheduled", ("v", "mu_made"), {"theta": FROM_V}),
        ("free", ("z", "beta_made", "z_weight_made"), {"theta": FROM_Z}),
        ("free_averaged", ("z", "theta", "beta_made", "z_weight_made"), {"x": FROM_Z}),
        ("free_scheduled", ("z", "theta"), {}),  # beta_now, halved or not, is not shown to be without a zero
    ],
)
def test_what_is_stored(name, stored, recovered):
    form = training_form(COMPOSED[name])
    assert form.param == POINT
    assert set(form.states) == set(stored)
    assert {state: text(old) for state, old in form.recovered} == recovered


def hyperparameters(composed, step) -> dict[str, list[Fraction]]:
    """One value per group."""
    names = [h.name for h in composed.hyperparameters]
    rows = {name: CHANGES.get(name, (FIXED.get(name, "1"),) * 5) for name in names}
    return {name: [Fraction(row[(step - 1 + group) % 5]) for group in (0, 1)] for name, row in rows.items()}


def nested(tensors):
    return [[tensors[0], tensors[2]], [tensors[1]]]


def bound(composed, params):
    """Bound with the hyperparameters of the first step."""
    first = hyperparameters(composed, 1)
    rows = [{name: float(values[group]) for name, values in first.items()} for group in (0, 1)]
    return bind(composed, [{"params": p, **row} for p, row in zip(nested(params), rows, strict=True)])


def take_step(opt, grads, step):
    """A step after which other hyperparameters are in force."""
    for group, own in enumerate(opt.groups):
        own.hyper.update({name: float(values[group]) for name, values in hyperparameters(opt.optimizer, step).items()})
    opt.step(nested(grads))


def bits(opt):
    """All that the next step depends on, the user's arrays among it."""
    return {name: np.asarray(value).tobytes() for name, value in opt.state_dict().items()}


def whole(rng, largest):
    """Whole numbers; the largest absolute value is a power of two, so that clipping divides by one."""
    found = [np.asarray(rng.integers(-7, 8, shape), np.float64).reshape(shape) for shape in SHAPES]
    found[0][0, 0] = largest
    return found


def fractions(tensors):
    return [[Fraction(x) for x in np.ravel(tensor)] for tensor in tensors]


@pytest.mark.parametrize("name", COMPOSED)
def test_the_kernel_is_the_meaning_bit_for_bit(name):
    """All numbers are small multiples of powers of two, and so are all results: nothing is rounded, in whatever order.

    1/t is a power of two for t = 1, 2 and not for 3, so what averages with it takes two steps.
    """
    composed, rng = COMPOSED[name], np.random.default_rng(2)
    params = whole(rng, 8)
    given = [whole(rng, 2.0 ** rng.integers(3, 5)) for _ in range(2 if "free" in name else 5)]
    start = [array.copy() for array in params]
    meaning = interpret(
        composed, start, given, hyper=lambda step: hyperparameters(composed, step), numbers=EXACT, groups=GROUPS
    )
    opt = bound(composed, params)
    for snapshot, grads in zip(meaning, given, strict=True):
        take_step(opt, grads, snapshot.step)
        trained = bits(opt)
        assert fractions(params) == [list(np.ravel(array)) for array in snapshot.point]
        for in_place in (False, True):
            opt.to_eval(in_place)
            assert fractions(params) == [list(np.ravel(array)) for array in snapshot.theta]
            opt.to_train()
            assert bits(opt) == trained


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", COMPOSED)
def test_deploying_and_going_back(name, dtype):
    """Bit for bit, also in place where theta is stored; else within the bound that `to_eval` states, with n = 1."""
    composed, rng = COMPOSED[name], np.random.default_rng(4)

    def some():
        return [np.asarray(rng.normal(size=shape)).astype(dtype).reshape(shape) for shape in SHAPES]

    params = some()
    opt = bound(composed, params)
    for step in range(1, 5):
        take_step(opt, some(), step)
    trained, points = bits(opt), [array.copy() for array in params]
    opt.to_eval()
    thetas = [array.copy() for array in params]
    assert all((a != b).any() for a, b in zip(points, thetas, strict=True))
    opt.to_train()
    assert bits(opt) == trained
    opt.to_eval(in_place=True)
    assert [a.tobytes() for a in params] == [a.tobytes() for a in thetas]
    opt.to_train()
    if "theta" in training_form(composed).states:
        assert bits(opt) == trained
        return
    unit = 2.001 * 2**-24 if dtype == np.float32 else (3 * 1 + 4) * 2**-53
    for array, point, theta, group in zip(params, points, thetas, GROUPS, strict=True):
        share = opt.state["beta_made"][group] if "beta_made" in opt.state else 1.0
        term = np.abs(point.astype(np.float64) - share * theta)  # P = share*theta + term
        assert np.all(np.abs(array.astype(np.float64) - point) <= unit * (np.abs(point) + term))
