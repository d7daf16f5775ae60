"""The derivative of a trajectory as a recurrence: against difference quotients in 80 digits, proved, compiled, used."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from symopt import Input, NonNegative, Positive, PositiveInt, dot, every, optimizer, t, where
from symopt.catalogue import load, load_all, load_file
from symopt.checks import check
from symopt.derive.sensitivity import derived, sensitivity
from symopt.expr import START, ZERO, Seq
from symopt.interpret import Reader, interpret, reals
from symopt.specs.adamw import adamw
from symopt.specs.joins import warmed_up
from symopt.specs.momentum import momentum
from symopt.specs.plateau import reduce_on_plateau
from symopt.specs.schedule_free import schedule_free_sgd
from symopt.specs.schedules import cosine
from symopt.theory.fact import from_json, to_json
from symopt.theory.sensitivity import sensitivities

DIGITS = reals(80)
MOVED = Fraction(1, 10**25)
# A quotient is off by MOVED**2 = 1e-50 times a third derivative, which by an eps of 1e-10 is 1e20 times the first, and
# by a rounding of 1e-80 over MOVED.
TOLERANCE = mpmath.mpf(10) ** -29
STEPS = 9  # an update is made of four gradients, Lookahead meets its fifth step, RAdam begins with its denominator
START_POINT: list[Any] = [[["0.9", "-1.3"], ["0.4", "2.1"]], ["-0.7"]]
CHOSEN = {
    "averaging_start": Fraction(5, 2),
    "gamma": Fraction(1, 100),
    "largest": Fraction(1, 50),
    "smallest": Fraction(1, 130),
    "lr_factor": Fraction(1, 2),
    "lr_floor": Fraction(2, 5),
    "lr_patience": 1,
    "lr_start": Fraction(1, 10),
    "lr_total": 20,
    "lr_warmup": 3,
}
"""Values at which few steps notice what the defaults are for, between the kinks."""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to a folder of its own, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


class Quadratic:
    """A quadratic function in which all elements of all tensors meet: its gradient, and products with its Hessian."""

    def __init__(self):
        rows = [[Fraction(3 if i == j else 1, 2 + i + j) for j in range(5)] for i in range(5)]
        self.matrix = np.frompyfunc(DIGITS.constant, 1, 1)(np.array(rows, object))
        self.first: Any = None
        self.at: Any = None

    def gradient(self, point):
        """The gradient, one array per tensor; where it was taken is remembered."""
        self.at = flat(point)
        self.first = self.at if self.first is None else self.first
        return shaped(self.slope(self.at))

    def product(self, direction):
        """The Hessian where the gradient was taken last, times a direction."""
        return shaped(self.hessian(self.at) @ flat(direction))

    def value(self, x):
        return x @ self.matrix @ x / 2

    def slope(self, x):
        return self.matrix @ x

    def hessian(self, x):
        return self.matrix


class Quartic(Quadratic):
    """The same and the fourth power of each element."""

    def value(self, x):
        return super().value(x) + sum(x**4) / 80

    def slope(self, x):
        return self.matrix @ x + x**3 / 20

    def hessian(self, x):
        return self.matrix + np.diag(3 * x**2 / 20)


def flat(arrays):
    return np.concatenate([np.asarray(array, object).reshape(-1) for array in arrays])


def shaped(numbers):
    return [numbers[:4].reshape(2, 2), numbers[4:]]


def start():
    return [np.frompyfunc(lambda x: DIGITS.constant(Fraction(x)), 1, 1)(np.array(x, object)) for x in START_POINT]


def values(optimizer, **others):
    """What the hyperparameters are."""
    found = {h.name: CHOSEN.get(h.name, h.default) for h in optimizer.hyperparameters}
    return {name: DIGITS.constant(value) for name, value in (found | others).items()}


def given(optimizer, **functions):
    """What comes from outside: what `functions` compute at each step, numbers that fall at first, the same arrays."""

    def inputs(step):
        any_value = {"step": [Fraction(1, min(step, 3))] * 2, "element": start()}
        return {name: functions[name]() if name in functions else any_value[level] for name, level in optimizer.inputs}

    return inputs


def run(optimizer, hyper, function, **functions):
    inputs = given(optimizer, **functions)
    return interpret(optimizer, start(), function.gradient, STEPS, hyper, numbers=DIGITS, inputs=inputs)


def moved(optimizer, hyper, by, function, **functions):
    """The run of an optimizer with one hyperparameter moved, and where it takes its first gradient."""
    hypers = values(optimizer)
    hypers[hyper] += DIGITS.constant(by)
    snapshots = list(run(optimizer, hypers, function, **functions))
    return snapshots, function.first


def first_direction(made, hypers):
    """The direction before the first step."""
    rhs = made.optimizer.start_of(made.direction) or ZERO
    names = {"t": DIGITS.constant(0), **hypers}
    reader = Reader(DIGITS, [(2, 2), (1,)], [0, 0], {Seq("theta", START): start()}, [names])
    return [reader.filled(reader.value(rhs, tensor), tensor) for tensor in range(2)]


def forward(made, function, **functions):
    """The run of a sensitivity: before each step the Hessian is multiplied with the direction."""
    hypers = values(made.optimizer)
    directions = [] if made.direction is None else [first_direction(made, hypers)]
    if made.direction is not None:
        functions[made.names["g"]] = lambda: function.product(directions[-1])
    for snapshot in run(made.optimizer, hypers, function, **functions):
        directions += [] if made.direction is None else [snapshot.states[made.direction]]
        yield snapshot, directions


def left(snapshot):
    """Everything that a step leaves and that is kept, as flat arrays."""
    return {name: flat(found) for name, found in {"theta": snapshot.theta, **snapshot.states}.items()}


def quotient(up, down):
    return (up - down) / DIGITS.constant(2 * MOVED)


def compared(made, optimizer, function, **functions):
    """The largest error of a derivative against its quotient, and the largest derivative of theta."""
    (above, up), (below, down) = (
        moved(optimizer, made.hyperparameter, by, function(), **functions) for by in (MOVED, -MOVED)
    )
    error = largest = mpmath.mpf(0)
    for high, low, (found, directions) in zip(above, below, forward(made, function(), **functions), strict=True):
        at_high, at_low, at = left(high), left(low), left(found)
        pairs = [(quotient(at_high[x], at_low[x]), at[dx]) for x, dx in made.names.items() if x in at and dx in at]
        if directions:
            pairs += [(quotient(flat(high.point), flat(low.point)), flat(directions[-1]))]
            pairs += [(quotient(up, down), flat(directions[0]))]
        error = max(error, *(max(abs(a - b)) / max(1, *abs(a)) for a, b in pairs))
        largest = max(largest, *abs(at[made.names["theta"]]))
    return error, largest


HERE = Path(__file__).parent
OPTIMIZERS = {
    **load_all(),
    **load_file(HERE.parent / "derive" / "composed.py"),
    **load_file(HERE.parent / "backends" / "unusual.py"),
    "adamw under cosine": adamw.scheduled(lr=warmed_up(cosine)),
    "schedule-free under cosine": schedule_free_sgd.scheduled(lr=warmed_up(cosine)),
    "momentum on plateau": momentum.scheduled(lr=reduce_on_plateau),
}
UNNOTICED = {"high", "low", "p", "smallest_share"}
"""What a constant lr, or gradients that never turn, leave without an effect."""

ALL = [(name, hyper.name) for name, optimizer in OPTIMIZERS.items() for hyper in optimizer.hyperparameters]


def smooth(name, hyper):
    """Whether a derivative is to be expected: not by whole numbers, nor by what conditions alone read."""
    if OPTIMIZERS[name].hyperparameter(hyper).domain.integer:
        return False
    steers = hyper.endswith("threshold") or hyper in ("mu_steps", "lr_steps", "beta_steps")
    return not steers and (name, hyper) not in (("signum", "beta"), ("tensor_branch", "c"))


@pytest.mark.parametrize(("name", "hyper"), [pair for pair in ALL if smooth(*pair)])
def test_derivatives_are_limits_of_quotients(name, hyper):
    made = derived(OPTIMIZERS[name], hyper, constant=dict(OPTIMIZERS[name].inputs))
    found = [compared(made, OPTIMIZERS[name], function) for function in (Quadratic, Quartic)]
    assert max(error for error, _ in found) < TOLERANCE
    assert hyper in UNNOTICED or max(largest for _, largest in found) > 1e-12


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_counts_or_only_steers_has_no_derivative(name):
    (fact,) = sensitivities(OPTIMIZERS[name])
    assert set(fact.data["derivatives"]) == {hyper for other, hyper in ALL if other == name and smooth(name, hyper)}
    assert set(fact.data["none"]) == {hyper for other, hyper in ALL if other == name and not smooth(name, hyper)}


@optimizer(title="Polyak's step size")
def polyak(theta, g, loss: Input(level="step"), *, scale: Positive = 0.5, least: NonNegative = 0.25):
    theta[t] = theta[t - 1] - scale * (loss[t] + least) / dot(g[t], g[t]) * g[t]


def test_an_input_that_depends_on_theta_has_a_derivative_too():
    made = derived(polyak, "least")
    assert made.names["loss"] == "d_loss_least"
    assert dict(made.optimizer.inputs) == {"loss": "step", "d_loss_least": "step", "hv": "element"}
    function = Quartic()

    def loss():
        return [function.value(function.at)] * 2

    hypers = values(polyak)
    above, below = (
        list(run(polyak, hypers | {"least": hypers["least"] + DIGITS.constant(by)}, function, loss=loss))
        for by in (MOVED, -MOVED)
    )
    last = [flat(start()) * 0]
    both = run(
        made.optimizer,
        values(made.optimizer),
        function,
        loss=loss,
        d_loss_least=lambda: [function.slope(function.at) @ last[-1]] * 2,
        hv=lambda: shaped(function.hessian(function.at) @ last[-1]),
    )
    for high, low, found in zip(above, below, both, strict=True):
        last.append(flat(found.states[made.names["theta"]]))
        error = abs(last[-1] - quotient(flat(high.theta), flat(low.theta)))
        assert max(error) < TOLERANCE * max(abs(last[-1]))


def test_an_input_that_does_not_depend_on_theta_has_none():
    made = derived(polyak, "least", constant=["loss"])
    assert dict(made.optimizer.inputs) == {"loss": "step", "hv": "element"}


PROVED = [
    ("adamw", "lr"),
    ("schedule_free_sgd", "beta"),
    ("momentum_clipped", "max_norm"),
]


@pytest.mark.parametrize(("name", "hyper"), PROVED)
def test_a_sensitivity_is_generated_proved_and_runs_as_it_means(name, hyper):
    found = check(sensitivity(load(name), hyper))
    assert not found.faults
    assert dict(found.proofs) == {"cpu": "proved", "cuda": "proved"}
    assert found.oracle_ulp > 0  # the compiled kernel was run against 50 digits


@pytest.mark.parametrize(("name", "stride"), [("nesterov", 2e-4), ("adamw", 1e-3)])
def test_gradient_descent_on_the_learning_rate_lowers_the_loss(name, stride):
    """Each round trains anew, and its end tells which lr would have been better."""
    made = derived(load(name))
    curvature = np.diag([1.0, 4.0, 9.0])
    losses: list[float] = []
    slopes: list[tuple[float, float]] = []
    lr = 0.002
    for _ in range(20):
        theta = [np.array([1.0, -1.0, 1.0])]
        opt = made.optimizer.bind(theta, lr=lr)
        for _ in range(30):
            opt.step([curvature @ theta[0]], hv=[curvature @ opt.state[made.direction][0]])
        opt.to_eval()
        losses.append(float(theta[0] @ curvature @ theta[0]) / 2)
        slopes.append((lr, float(theta[0] @ curvature @ opt.state[made.names["theta"]][0])))
        lr -= stride * np.sign(slopes[-1][1])
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 2
    (lr0, slope0), (lr1, slope1) = slopes[:2]
    assert losses[1] - losses[0] == pytest.approx((lr1 - lr0) * (slope0 + slope1) / 2, rel=0.01)


def test_a_fact_for_a_page():
    (fact,) = sensitivities(load("sgd"))
    assert (fact.kind, fact.verdict, fact.symbols) == ("sensitivity", "proved", ("hv", "theta_lr"))
    assert fact.statement == (
        "Where theta is smooth in lr, its derivative follows a recurrence of its own, "
        "with hv[t] for the Hessian at the gradient point times theta_lr[t-1]."
    )
    assert fact.formula == "theta_lr[t] = theta_lr[t-1] - g[t] - lr * hv[t]"
    assert fact.steps == (fact.formula,)
    assert fact.data == {
        "derivatives": {
            "lr": {
                "of": {"theta": "theta_lr", "g": "hv"},
                "direction": "theta_lr",
                "equations": [fact.formula],
                "starts": {},
            }
        },
        "none": {},
    }


def test_a_corrupted_spec_has_another_derivative():
    @optimizer(title="Ascent")
    def sgd(theta, g, *, lr: Positive = 0.01):
        theta[t] = theta[t - 1] + lr * g[t]

    (fact,) = sensitivities(sgd)
    assert fact.formula == "theta_lr[t] = theta_lr[t-1] + g[t] + lr * hv[t]"


def test_where_nothing_can_be_differentiated():
    @optimizer(title="Constant steps by rhythm")
    def counted(theta, g, *, k: PositiveInt = 2):
        theta[t] = theta[t - 1] - where(every(k), g[t], 0)

    (fact,) = sensitivities(counted)
    assert fact.verdict == "not applicable"
    reason = "it takes whole numbers only"
    assert fact.statement == f"theta has no derivative with respect to a hyperparameter, not to k: {reason}."
    assert fact.data == {"derivatives": {}, "none": {"k": reason}}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_fact_is_plain_data(name):
    (fact,) = sensitivities(OPTIMIZERS[name])
    assert from_json(json.loads(json.dumps(to_json(fact)))) == fact
    assert len(fact.formula) <= 100
