"""Bounds on the curvature: the known ones, and every stated one held against runs just inside and just outside."""

import json
import math
import os
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from symopt import NonNegative, OpenUnit, Positive, Real, Unit, load, norm, optimizer, sign, sqrt, t, where
from symopt.catalogue import load_all, load_file
from symopt.expr import text
from symopt.interpret import FLOAT, interpret
from symopt.paths import specs_dir
from symopt.reading import read
from symopt.specs.averaging import ema, running_mean
from symopt.specs.lookahead import lookahead
from symopt.specs.momentum import momentum, momentum_ema, momentum_torch
from symopt.specs.nesterov import nesterov, nesterov_torch, nesterov_transformed
from symopt.specs.plateau import reduce_on_plateau
from symopt.specs.schedules import anneal, cosine
from symopt.specs.sgd import sgd
from symopt.specs.weight_decay import l2
from symopt.theory.fact import from_json, to_json
from symopt.theory.stability import stability

CATALOGUE = load_all()
LATE = 10**6
"""A step at which what tends to something is there."""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to a folder of these tests, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def region(spec):
    return next(iter(stability(spec)))


def found(spec, kind):
    """The fact that has an entry in its data."""
    return next((fact for fact in stability(spec) if kind in fact.data), None)


# ---- known answers ----


@pytest.mark.parametrize(
    ("spec", "formula"),
    [
        (sgd, "lr * h < 2"),
        (momentum, "lr * h < 2 * (1 + mu)"),
        (momentum_torch, "lr * (1 - tau) * h < 2 * (1 + mu)"),
        (momentum_ema, "lr * h < 2 * (1 + mu) / (1 - mu)"),
        (nesterov, "lr * h < 2 * (1 + mu) / (1 + 2 * mu)"),
        (nesterov_torch, "lr * h < 2 * (1 + mu) / (1 + 2 * mu)"),
        (nesterov_transformed, "lr * h < 2 * (1 + mu) / (1 + 2 * mu)"),
        (load("adam"), "lr * h / (sqrt(v[t]) + eps) < 2 * (1 + beta1) / (1 - beta1)"),
        (load("adam_inner"), "lr * h / sqrt(v[t] + eps) < 2 * (1 + beta1) / (1 - beta1)"),
        (load("adamw"), "lr * h / (sqrt(v[t]) + eps) < (1 + beta1) * (2 - lr * weight_decay) / (1 - beta1)"),
        (load("nadam_constant"), "lr * h / (sqrt(v[t]) + eps) < 2 * (1 + beta1) / ((1 + 2 * beta1) * (1 - beta1))"),
        (load("adabound"), "final_lr * lr * h / base_lr < 2 * (1 + beta1) / (1 - beta1)"),
        (load("adadelta"), "lr * sqrt(u[t] + eps) * h / sqrt(v[t] + eps) < 2"),
        (load("amsgrad"), "lr * h / (sqrt(t) * (sqrt(vmax[t]) + eps)) < 2 * (1 + beta1) / (1 - beta1)"),
        (load("asgd"), "rate[t] * h < 2 - decay * rate[t]"),
        (load("sgd_decayed"), "lr * h < 2 - weight_decay"),
        (load("adam_l2"), "lr * (curvature + weight_decay) / (sqrt(v[t]) + eps) < 2 * (1 + beta1) / (1 - beta1)"),
        (load("schedule_free_sgd"), "lr * h < 2 / (1 - beta) - lr * weight_decay"),
        (momentum.scheduled(mu=anneal, lr=cosine), "lr_now[t] * h < 2 * (1 + mu_now[t])"),
        (nesterov.scheduled(mu=anneal), "lr * h < 2 * (1 + mu_now[t]) / (1 + 2 * mu_now[t])"),
        (ema(nesterov), "lr * h < 2 * (1 + mu) / (1 + 2 * mu)"),
        (running_mean(momentum), "lr * h < 2 * (1 + mu)"),
        (l2(momentum), "lr * (curvature + weight_decay) < 2 * (1 + mu)"),
        (sgd.scheduled(lr=reduce_on_plateau), "lr_now[t] * h < 2"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_known_bounds(spec, formula):
    fact = region(spec)
    assert (fact.verdict, fact.data["stable"]) == ("proved", formula)
    assert formula in fact.statement


def test_adam_is_stable_up_to_38_over_lr():
    """Cohen et al. 2022: (2 + 2*beta1)/((1 - beta1)*lr), with beta1 = 0.9."""
    fact = region(load("adam"))
    assert fact.data["exact"] == "38"
    assert fact.data["held fixed"] == ["v"]
    assert "with v[t] held fixed" in fact.statement
    assert fact.statement.endswith("at the defaults this bound is 38.")


def test_what_was_taken_for_granted_is_said():
    assert "where psi > 0" in region(load("nadam")).statement
    assert "where 2 / (1 - beta2) - 1 > threshold" in region(load("radam")).statement
    assert "where 1/t counts as 0" in region(load("schedule_free_sgd")).statement
    assert "at the step size of step t" in region(load("amsgrad")).statement
    assert "where nothing is clipped" in region(load("sgd_clipped")).statement


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (load("signsgd"), "sign(g[t])"),
        (load("signum"), "sign(m[t])"),
        (load("rprop"), "g[t] * last[t-1]"),
        (load("adam_cautious"), "move[t] * g[t] < 0"),
        (lookahead(sgd), "every k steps"),
        (load("adam_accumulated"), "every k steps"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_where_there_is_none(spec, why):
    (fact,) = stability(spec)
    assert fact.verdict == "not applicable"
    assert why in fact.statement


# ---- the rate, and what is best ----


def radius(step, mu, curvature):
    """The largest modulus of a root of heavy ball's polynomial."""
    return max(abs(np.roots([1, -(1 + mu - step * curvature), mu])))


def test_the_best_of_heavy_ball():
    fact = found(momentum, "best")
    assert fact.data["best"] == [
        "lr = (2 / (sqrt(h_min) + sqrt(h_max)))**2",
        "mu = ((sqrt(kappa) - 1) / (sqrt(kappa) + 1))**2",
    ]
    assert fact.data["rate"] == "(sqrt(kappa) - 1) / (sqrt(kappa) + 1)"
    low, high = 1.0, 100.0
    mu, step, rate = (9 / 11) ** 2, (2 / 11) ** 2, 9 / 11
    worst = [radius(step, mu, curvature) for curvature in np.linspace(low, high, 50)]
    assert max(worst) == pytest.approx(rate, rel=1e-7)  # a double root: half of the 16 digits
    for other_step in np.linspace(0.5, 1.5, 21) * step:
        for other_mu in np.linspace(0.0, 0.99, 34):
            assert max(radius(other_step, other_mu, h) for h in (low, high)) > rate * (1 - 1e-7)


def test_the_best_of_gradient_descent():
    fact = found(sgd, "best")
    assert fact.formula == "lr = 2 / (h_min + h_max)"
    assert fact.data["rate"] == "(kappa - 1) / (kappa + 1)"
    assert found(momentum_ema, "best").data["best"][0] == "lr * (1 - mu) = (2 / (sqrt(h_min) + sqrt(h_max)))**2"


def test_rates():
    assert found(sgd, "rate").formula == "rate = abs(1 - lr * h)"
    fact = next(fact for fact in stability(nesterov) if "where" in fact.data)
    assert fact.formula == "rate = sqrt(mu * (1 - lr * h))"
    rate, where_ = (
        eval(fact.data[name], {"sqrt": math.sqrt, "mu": 0.9, "lr": 0.1, "h": 5.0}) for name in ("rate", "where")
    )
    matrix = np.array([[1 - 0.5, 0.9 * (1 - 0.5)], [-0.5, 0.9 * (1 - 0.5)]])  # theta and v after a step from 1
    assert where_
    assert max(abs(np.linalg.eigvals(matrix))) == pytest.approx(rate, rel=1e-12)


def test_no_rate_is_stated_for_what_only_follows():
    """The average lags behind what is trained, and a preconditioner moves."""
    assert all(len([*stability(spec)]) == 1 for spec in (ema(momentum), load("schedule_free_sgd"), load("adam")))


# ---- held against runs ----


class Sequence:
    """x[t], a number."""

    def __init__(self, value):
        self.value = value

    def __getitem__(self, index):
        return self.value() if callable(self.value) else self.value


FUNCTIONS = {"sqrt": math.sqrt, "min": min, "max": max, "abs": abs, "norm": lambda *args, **over: 0.0, "ALL": None}
STILL = {
    "eps": 1, "gamma": 10**9, "psi": 1000, "lr_decay": 0, "initial": 0, "decay": 0, "beta2": 0.9, "lr": 0.1,
    "largest": 100,
}  # fmt: skip
"""Values at which denominators hardly move while gradients are small, and at which slow changes are over."""

START, GONE, STEPS = 1e-40, 1e-4, 300
"""Where a run starts: corrections let Adam near its bound grow by 1e14 before it shrinks. A gradient that is gone is as
small as that beside eps, and so is what denominators move by.
"""


def settings(spec):
    """The values of a run: three of what is a momentum, where there is one."""
    plain = {h.name: float(STILL.get(h.name, h.default)) for h in spec.hyperparameters}
    decays = [name for name in ("mu", "beta1", "beta") if name in plain]
    for value in (0.9, 0.5, 0.0) if decays else (0.0,):
        hyper = plain | dict.fromkeys(decays, value)
        if all(hyper[name] in spec.hyperparameter(name).domain for name in decays):
            yield hyper


def names(spec, hyper):
    """What the text of a formula means in a run: states as they are after steps without a gradient."""
    run = interpret(spec, [np.zeros(())], [[np.zeros(())]] * 3, 3, hyper, numbers=FLOAT, start=LATE)
    *_, last = run
    found = {**FUNCTIONS, **hyper, "t": float(LATE), "g": Sequence(0.0), "theta": Sequence(0.0)}
    found |= {name: Sequence(float(np.asarray(values[0]))) for name, values in last.states.items()}
    for equation in spec.equations:
        rhs = text(equation.rhs)
        found.setdefault(equation.target, Sequence(lambda rhs=rhs: eval(rhs, found)))
    return found


def critical(spec, fact, hyper):
    """The curvature at the bound."""
    known = names(spec, hyper)
    name = "h" if "h" in fact.symbols else "curvature"
    at_0, at_1 = (eval(fact.data["scaled curvature"], {**known, name: value}) for value in (0.0, 1.0))
    return (eval(fact.data["bound"], known) - at_0) / (at_1 - at_0)


def stays(sizes):
    """Whether the gradient shrinks: it is watched from the middle on, when corrections are over."""
    seen = []
    for size in sizes:
        seen.append(size)
        if not size < GONE:
            return False
    return max(seen[-20:]) < max(seen[STEPS // 2 : STEPS // 2 + 20])


def interpreted(spec, hyper, curvature):
    run = interpret(spec, [np.array(START)], lambda p: [curvature * p[0]], STEPS, hyper, numbers=FLOAT, start=LATE)
    return (abs(curvature * float(snapshot.point[0])) for snapshot in run)


BOUNDED = {name: fact for name, spec in CATALOGUE.items() if (fact := region(spec)).data.get("bound")}


@pytest.mark.parametrize("name", BOUNDED)
def test_every_bound_is_where_runs_part(name):
    spec, fact = CATALOGUE[name], BOUNDED[name]
    for hyper in settings(spec):
        edge = critical(spec, fact, hyper)
        assert stays(interpreted(spec, hyper, edge * 0.97))
        assert not stays(interpreted(spec, hyper, edge * 1.03))


def compiled():
    """The smallest optimizer of each bound; `SYMOPT_EVERY_KERNEL=1` takes all of the catalogue."""
    if os.environ.get("SYMOPT_EVERY_KERNEL") == "1":
        return list(BOUNDED)
    found = {}
    for name in sorted(BOUNDED, key=lambda name: len(CATALOGUE[name].hyperparameters)):
        shape = BOUNDED[name].data["bound"].replace("beta1", "mu")
        if "weight_decay" not in shape and "decay" not in shape:
            found.setdefault((shape, bool(BOUNDED[name].data["held fixed"])), name)
    return list(found.values())


def stepped(spec, hyper, curvature, start=0):
    """The sizes of the gradient where the generated kernel goes."""
    x = np.array([START])
    opt = spec.bind({"x": x}, **hyper)
    opt.load_state_dict(opt.state_dict() | {"t": np.array([float(start)])})
    for _ in range(STEPS):
        opt.step({"x": curvature * x})
        yield abs(curvature * float(x[0]))


@pytest.mark.parametrize("name", compiled())
def test_generated_kernels_part_there_too(name):
    spec = load(name)
    hyper = next(settings(spec))
    edge = critical(spec, BOUNDED[name], hyper)
    assert stays(stepped(spec, hyper, edge * 0.97, LATE))
    assert not stays(stepped(spec, hyper, edge * 1.03, LATE))


@optimizer(title="Adam with v held fixed")
def adam_linearised(theta, g, m, *, lr: Positive = 1e-3, beta1: Unit = 0.9, v: Positive = 4, eps: Positive = 1e-8):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(v) + eps)


def test_the_linearised_optimizer_as_a_spec_of_its_own():
    fact, of_adam = region(adam_linearised), region(load("adam"))
    assert fact.data["stable"] == of_adam.data["stable"].replace("v[t]", "v")
    assert fact.data["conditions"] == of_adam.data["conditions"]
    edge = 38 * (2 + 1e-8) / 1e-3
    assert stays(stepped(adam_linearised, {}, edge * 0.99))
    assert not stays(stepped(adam_linearised, {}, edge * 1.01))


# ---- corrupted, unusual ----


@optimizer(title="Momentum, kept twice")
def kept_twice(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu**2 * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Momentum, added twice")
def added_twice(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + 2 * v[t]


@optimizer(title="Momentum, up")
def upwards(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] - v[t]


def test_corrupted_specs_have_other_bounds():
    assert region(kept_twice).data["stable"] == "lr * h < 2 * (1 + mu**2)"
    assert region(added_twice).data["stable"] == "2 * lr * h < 2 * (1 + mu)"
    assert "stable for no h > 0" in region(upwards).statement
    for spec, bound in ((kept_twice, 2 * (1 + 0.81)), (added_twice, 1.9)):
        assert stays(interpreted(spec, {}, 0.97 * bound / 0.01))
        assert not stays(interpreted(spec, {}, 1.03 * bound / 0.01))
    assert not stays(interpreted(upwards, {}, 1.0))


def test_a_velocity_that_is_added_to_is_never_stable():
    """Its roots have the product 1 + mu."""
    published = load_file(specs_dir() / "errata" / "document_002.py")["momentum"]
    fact = region(published)
    assert fact.verdict == "proved"
    assert "it is stable for no h > 0" in fact.statement
    assert fact.data["conditions"][-1] == "-mu"


@optimizer(title="Three states")
def third_order(theta, g, m, d, *, lr: Positive = 1e-2, mu: Unit = 0.5, nu: Unit = 0.5):
    m[t] = mu * m[t - 1] + g[t]
    d[t] = nu * d[t - 1] + m[t]
    theta[t] = theta[t - 1] - lr * d[t]


def test_where_no_single_bound_follows_the_conditions_are_stated():
    """Jury's conditions of degree 3, against the roots themselves."""
    fact = region(third_order)
    assert fact.verdict == "proved"
    assert not fact.data["stable"]
    first, second = "q < 2 * (1 + mu) * (1 + nu)", "mu * nu * q < (1 - mu) * (1 - nu) * (1 - mu * nu)"
    assert f"exactly where {first} and {second}, with q = lr * h;" in fact.statement
    for mu in (0.0, 0.5, 0.9):
        for nu in (0.0, 0.3, 0.9):
            for q in np.linspace(0.013, 8.0, 60):
                largest = max(abs(np.roots([1, q - 1 - mu - nu, mu * nu + mu + nu, -mu * nu])))
                holds = all(eval(c, {"mu": mu, "nu": nu, "q": q}) > 0 for c in fact.data["conditions"])
                assert holds == (largest < 1)


@optimizer(title="Two averages in a row, and decay")
def averaged_twice(
    theta,
    g,
    m,
    d,
    *,
    lr: Positive = 1e-2,
    mu: Unit = 0.5,
    nu: Unit = 0.5,
    share: OpenUnit = 0.25,
    decay: OpenUnit = 0.1,
):
    m[t] = mu * m[t - 1] + g[t]
    d[t] = nu * d[t - 1] + share * m[t] + (1 - share) * g[t]
    theta[t] = (1 - decay) * theta[t - 1] - lr * d[t]


def test_long_conditions_stand_below_the_sentence():
    """The formula is above 0 just where the largest root is inside the circle."""
    fact = region(averaged_twice)
    numbered = [line for line in fact.steps if "  (condition " in line]
    count = len(numbered)
    assert count > 1
    assert f"exactly where margin, the least of {count} numbers, is above 0, with q = lr * h; at the" in fact.statement
    left, _, right = fact.formula.partition(" = ")
    names = {"mu": 0.5, "nu": 0.5, "share": 0.25, "decay": 0.1, "min": min}
    assert left == "margin"
    end = float(fact.data["fails at"])
    assert eval(right, {**names, "q": 0.99 * end}) > 0 > eval(right, {**names, "q": 1.01 * end})
    assert len(fact.statement) < 250
    assert len(fact.data["conditions"]) == 6
    limit = float(fact.data["fails at"])
    assert f"(condition {fact.data['fails first']})" in numbered[int(fact.data["fails first"]) - 1]
    assert stays(interpreted(averaged_twice, {}, 0.97 * limit / 0.01))
    assert not stays(interpreted(averaged_twice, {}, 1.03 * limit / 0.01))


def test_a_long_bound_is_one_on_q():
    fact = region(load("adamw_clipped"))
    assert len(fact.statement) < 250
    assert fact.formula.startswith("q = lr * ")
    assert "over=ALL" in fact.formula
    assert "exactly where q < (1 + beta1) * (2 - lr * weight_decay); at the defaults this bound is" in fact.statement
    assert float(fact.data["at_defaults"]) == pytest.approx(1.9 * (2 - 1e-3 * 1e-2), rel=1e-6)


def test_what_is_assumed_of_a_long_bound_is_assumed_of_q():
    assert "where q > 0, it is stable exactly where q < " in region(load("adamw_paper")).statement


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_statement_is_too_long_to_read(name):
    assert all(len(fact.statement) < 300 for fact in stability(CATALOGUE[name]))


def test_the_condition_that_fails_first():
    fact = region(third_order)
    assert (fact.data["fails first"], fact.data["fails at"]) == ("2", "0.75")  # (1 - mu)*(1 - nu)*(1 - mu*nu)/(mu*nu)
    assert fact.statement.endswith("at the defaults the second fails first as the curvature grows, at q = 0.75.")


@optimizer(title="Average of a corrected average")
def two_scales(theta, g, a, b, *, lr: Positive = 1e-3, beta: Unit = 0.9, gamma: Unit = 0.99):
    a[t] = beta * a[t - 1] + (1 - beta) * g[t]
    b[t] = gamma * b[t - 1] + (1 - gamma) * a[t]
    theta[t] = theta[t - 1] - lr * b[t] / (1 - gamma**t)


def test_the_condition_that_fails_first_in_the_own_numbers_of_the_method():
    """(1 - beta*gamma)/(beta*gamma), where q = lr * (1 - beta) * (1 - gamma) * h."""
    fact = region(two_scales)
    assert (fact.data["fails where"], float(fact.data["fails there"])) == (
        "lr * h",
        pytest.approx(0.109 / 0.891, rel=1e-5),
    )
    assert fact.statement.endswith("at q = 0.000122334, where lr * h = 0.122334.")


# ---- steps that grow ----


@optimizer(title="Growing step")
def growing(theta, g, *, lr: Positive = 1e-3, wd: Unit = 0.1):
    theta[t] = (1 - wd) * theta[t - 1] - lr * sqrt(t) * g[t]


@optimizer(title="Growing step of an average")
def growing_average(theta, g, m, *, lr: Positive = 1e-3, beta: Unit = 0.9):
    m[t] = beta * m[t - 1] + (1 - beta) * g[t]
    theta[t] = theta[t - 1] - lr * sqrt(t) * m[t]


@optimizer(title="Growing step and decay")
def growing_decay(theta, g, *, lr: Positive = 1e-3, wd: Unit = 0.1):
    theta[t] = theta[t - 1] - lr * t * (g[t] + wd * theta[t - 1])


def test_a_growing_step_leaves_every_curvature_behind():
    fact = region(growing)
    assert fact.verdict == "proved"
    assert fact.statement.startswith("Not stable in the long run for any curvature: on f = h * x**2 / 2 with h > 0, ")
    names = {"sqrt": math.sqrt, "lr": 1e-3, "wd": 0.1, "h": 7.0}
    thetas = [10.0]
    for snapshot in interpret(growing, [np.array([10.0])], lambda x: [7.0 * x[0]], 20, numbers=FLOAT):
        thetas.append(float(snapshot.theta[0][0]))
    for step, (old, new) in enumerate(pairwise(thetas), 1):
        assert new / old == pytest.approx(eval(fact.data["factor"], {**names, "t": step}), rel=1e-9)


def test_a_growing_step_of_an_average_is_told_step_by_step():
    """Its matrix changes with t, so that the roots of each step decide nothing about all of them together."""
    fact = region(growing_average)
    assert "at the step size of step t, it is stable exactly where lr * sqrt(t) * h < 2 * (1 + beta)" in fact.statement
    assert fact.statement.endswith("and in the long run no h > 0 stays below it.")


def test_what_is_not_known_is_not_called_stable():
    for spec in (growing_decay, load("signsgd")):
        (fact,) = stability(spec)
        assert (fact.verdict, fact.statement[:14]) == ("not applicable", "Not analysed: ")


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("adabound", True),
        ("nadam_torch", True),
        ("nadam", True),
        ("adam", True),
        ("radam", True),
        ("schedule_free_sgd", True),
        ("sgd", False),
        ("momentum_torch", False),  # its first step is another one, and no other
        ("rmsprop", False),
        ("sgd_averaged", False),  # 1/t is in what is deployed, not in what the gradient feels
        ("amsgrad", False),  # t stands in the bound
    ],
)
def test_what_holds_in_the_limit_says_so(name, moves):
    for fact in stability(load(name)):
        assert ("in the limit of large t" in fact.statement.lower()) == moves
    assert ("Powers b**t" in " ".join(region(load(name)).steps)) == moves


@optimizer(title="A falling rate and a correction")
def corrected_and_falling(theta, g, m, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    m[t] = mu * m[t - 1] + (1 - mu) * g[t]
    theta[t] = theta[t - 1] - lr / sqrt(t) * m[t] / (1 - mu**t)


def test_what_is_left_out_beside_a_step_size_is_said():
    assert "at the step size of step t, where b**t counts as 0," in region(corrected_and_falling).statement


def test_powers_in_messages_have_brackets():
    @optimizer(title="A power that grows")
    def grows(theta, g, *, lr: Positive = 0.1, mu: NonNegative = 0.1):
        theta[t] = theta[t - 1] - lr * (1 + mu) ** t * g[t]

    assert "(1 + mu)**(1 * t) has no limit" in region(grows).statement


@optimizer(title="Its own names")
def named(theta, g, v, *, z: Positive = 0.1, q: Unit = 0.9, h: NonNegative = 0.1):
    v[t] = q * v[t - 1] - z * g[t]
    theta[t] = theta[t - 1] + v[t] - z * h * theta[t - 1]


def test_names_of_a_spec_keep_their_meaning():
    fact = region(named)
    assert fact.data["stable"] == "z * curvature < (1 + q) * (2 - h * z)"
    assert fact.symbols[:3] == ("curvature", "root", "scaled")


@optimizer(title="Scaled by norms")
def trust_ratio(theta, g, v, *, lr: Positive = 0.1, mu: OpenUnit = 0.9, eps: Positive = 1e-8):
    v[t] = mu * v[t - 1] + lr * norm(theta[t - 1]) / (norm(g[t]) + eps) * g[t]
    theta[t] = theta[t - 1] - v[t]


@optimizer(title="Sign after a while")
def late_sign(theta, g, *, lr: Positive = 0.1, share: Unit = 0.5):
    theta[t] = theta[t - 1] - lr * where(share**t > Fraction(1, 100), g[t], sign(g[t]))


def test_reductions_are_held_fixed_and_branches_taken_as_they_are_in_the_end():
    assert "with each reduction held fixed" in region(trust_ratio).statement
    assert region(late_sign).verdict == "not applicable"
    assert "sign(g[t])" in region(late_sign).statement


@optimizer(title="A product under two names")
def product_by_two_names(theta, g, next_p, p, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
    p[0] = 1
    next_p[t] = p[t - 1] * mu
    p[t] = next_p[t]
    v[t] = mu * (1 - p[t]) * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="A rate that falls, and that is asked for")
def falling(theta, g, rate, *, lr: Positive = 0.1):
    rate[t] = lr / sqrt(t)
    theta[t] = theta[t - 1] - rate[t] * where(rate[t] < 1, g[t], 0 * g[t])


@optimizer(title="Decay under the preconditioner")
def decay_under_root(
    theta, g, v, *, lr: Positive = 0.1, beta2: Unit = 0.9, eps: Positive = 1e-8, decay: Positive = 0.1
):
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    theta[t] = theta[t - 1] - lr * g[t] / (sqrt(v[t]) + eps) - lr * decay * theta[t - 1] / (sqrt(v[t]) + 2 * eps)


def test_numbers_of_the_step_that_depend_on_each_other():
    assert region(product_by_two_names).data["stable"] == "lr * h < 2 * (1 + mu)"
    assert region(falling).data["stable"] == "rate[t] * h < 2"
    fact = region(decay_under_root)
    assert fact.data["held fixed"] == ["v"]
    known = {"sqrt": math.sqrt, "v": Sequence(4.0), "eps": 1.0, "lr": 0.1, "decay": 0.5, "t": 1}
    assert eval(fact.data["bound"], known) == pytest.approx(2 - 0.5 * 0.1 / (2 + 2 * 1.0), rel=1e-15)


# ---- the whole catalogue ----


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_optimizer_gets_an_answer(name):
    facts = list(stability(CATALOGUE[name]))
    assert 1 <= len(facts) <= 3
    assert {fact.kind for fact in facts} == {"stability"}
    assert all(fact.verdict in ("proved", "not applicable") for fact in facts)
    for fact in facts:
        assert not any(name in str(fact.data) + fact.formula for name in ("the z", "the q", "the share"))
        assert fact.statement.endswith(".")
        assert from_json(json.loads(json.dumps(to_json(fact)))) == fact
        sides = fact.formula.split(" = ") if fact.formula else []
        assert [text(read(side)) for side in sides] == sides
        assert fact.verdict == "not applicable" or fact.steps or "rate" in fact.data


@optimizer(title="Any sign")
def any_sign(theta, g, m, *, lr: Real = 0.1, mu: Real = 0.5):
    m[t] = mu * m[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * (g[t] + mu * m[t])


def test_what_scales_the_curvature_is_taken_for_positive_where_it_need_not_be():
    said = next(iter(stability(any_sign))).statement
    assert "where lr * h > 0" in said
    assert "q = lr * h" in said or " q" not in said
