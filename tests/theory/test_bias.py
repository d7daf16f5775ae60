"""Bias correction: the known gains, the closed forms against runs, and what a wrong correction is told."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from symopt import Abs, Positive, Real, Unit, debias, optimizer, schedule, sensitivity, sqrt, t, where
from symopt.catalogue import load, load_all
from symopt.expr import Seq
from symopt.interpret import EXACT, REAL, Reader, interpret
from symopt.paths import specs_dir
from symopt.reading import read
from symopt.theory.bias import bias_correction, is_corrected
from symopt.theory.bias.averages import Average, average
from symopt.theory.bias.weights import reads_only_gradient, weight_of

CATALOGUE = load_all()


def fact(given, subject):
    return next(fact for fact in bias_correction(given) if fact.subject == subject)


def run_of_ones(given, names, numbers, steps=6, **hyper):
    """The values of sequences in each step while the gradient is 1."""
    kept = replace(given, outputs=tuple(names))
    for snapshot in interpret(kept, [np.array([0])], [[np.array([1])]] * steps, hyper=hyper, numbers=numbers):
        yield {name: np.ravel(value[0])[0] for name, value in snapshot.states.items()}


# ---- the known answers ----


@pytest.mark.parametrize(
    ("given", "gains"),
    [
        (load("nadam_torch"), "1.056 0.784 0.732 0.731 0.746"),
        (load("nadam_torch").with_defaults(psi=1), "1.063 0.774 0.711 0.702 0.710"),  # Keras
        (load("nadam"), "1.310 1.085 1.032 1.013 1.006"),
        (load("nadam_constant"), "1.474 1.157 1.078 1.047 1.031"),
    ],
    ids=["torch", "Keras", "Dozat", "optax"],
)
def test_gains_of_nadam(given, gains):
    found = fact(given, "mbar")
    assert found.verdict == "refuted"
    assert found.data["gains"] == gains.split()
    assert ", ".join(gains.split()) in found.statement
    assert found.data["limit"] == "1"


@pytest.mark.parametrize("name", ["nadam", "nadam_torch", "nadam_constant"])
def test_a_bias_is_refuted_by_a_rational_run(name):
    example = fact(load(name), "mbar").data["counterexample"]
    hyper = {name: Fraction(value) for name, value in example["hyper"].items()}
    run = [step["mbar"] for step in run_of_ones(load(name), ["mbar"], EXACT, **hyper)]
    assert run[example["t"] - 1] == Fraction(example["value"]) != 1


def test_adam():
    m, v, theta = bias_correction(load("adam"))
    assert (m.data["closed form"], v.data["closed form"]) == (
        "m[t] = (1 - beta1**t) * g[t]",
        "v[t] = (1 - beta2**t) * g[t]**2",
    )
    assert (m.data["corrected in"], v.data["corrected in"]) == (["mhat"], ["vhat"])
    assert theta.data == {"step": "lr"}
    assert {fact.verdict for fact in (m, v, theta)} == {"proved"}


def test_a_correction_inside_the_step():
    assert fact(load("adam_hat"), "theta").data == {"step": "lr"}
    steps = fact(load("adam_uncorrected"), "theta").data
    assert steps["steps"][0] == "3.162"  # 0.1/sqrt(0.001)
    assert fact(load("radam"), "theta").data["steps"][:5] == ["1.000"] * 4 + ["0.0173"]
    assert fact(load("rmsprop"), "theta").data["steps"][0] == "10.000"
    assert "nothing divides by that" in fact(load("rmsprop"), "v").statement


def test_scheduled_decays_give_products():
    assert fact(load("nadam"), "m").data["closed form"] == "m[t] = (1 - product[t]) * g[t]"

    @schedule(title="Rising")
    def rising(t, value):
        return value * (1 - 0.5**t)

    scheduled = fact(load("adam").scheduled(beta2=rising), "v")
    assert scheduled.verdict == "proved"
    assert (scheduled.data["closed form"], scheduled.steps[0]) == (
        "v[t] = (1 - kept[t]) * g[t]**2",
        "kept[t] = beta2_now[t] * kept[t-1] with kept[0] = 1",
    )
    assert "kept" in scheduled.symbols


def test_sums_tend_to_their_limit():
    assert fact(load("momentum"), "v").data["limit"] == "-lr / (1 - mu)"
    assert fact(load("momentum_torch"), "b").data["limit"] == "(1 - tau) / (1 - mu)"
    assert fact(load("momentum"), "theta").data["steps"][:3] == ["1.000", "1.900", "2.710"]


def test_what_grows_has_no_limit():
    """The velocity of a published form that lacks its decay."""
    grows = load(f"{specs_dir() / 'errata' / 'document_002.py'}:momentum")
    found = fact(grows, "velocity")
    assert found.verdict == "proved"
    assert found.data["correction"] == "lr / mu * (1 - (1 + mu)**t)"
    assert found.data["limit"] is None
    assert "tends" not in found.statement


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("amsgrad", "vmax", "maximum"),
        ("adamax", "u", "maximum"),
        ("adagrad", "s", "adds up g[t]**2 and forgets nothing"),
        ("rprop", "delta", "held between bounds"),
        ("rprop_minus", "last", "averages nothing"),
        ("adadelta", "u", "no sum of a share of the old one"),
        ("lookahead_adam", "slow", "starts at theta[0]"),
        ("adam_accumulated", "collected", "begins anew"),
    ],
)
def test_what_needs_no_correction(name, state, reason):
    found = fact(load(name), state)
    assert found.verdict == "not applicable"
    assert reason in found.statement


def test_averages_that_count_their_own_steps():
    for name in ("adam_accumulated", "adam_skipping", "lookahead_adam_reset"):
        found = fact(load(name), "m")
        assert found.data["correction"] == "1 - beta1**updates[t]"
        assert found.data["corrected in"] == ["mhat"]


# ---- wrong ones ----


@optimizer(title="Corrected with the other decay")
def crossed(theta, g, m, mhat, *, lr: Positive = 0.1, beta1: Unit = 0.9, beta2: Unit = 0.99):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    mhat[t] = m[t] / (1 - beta2**t)
    theta[t] = theta[t - 1] - lr * mhat[t]


@optimizer(title="Corrected one step late")
def late(theta, g, m, mhat, *, lr: Positive = 0.1, beta1: Unit = 0.9):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    mhat[t] = m[t] / (1 - beta1 ** (t + 1))
    theta[t] = theta[t - 1] - lr * mhat[t]


@optimizer(title="Squares that lack their factor")
def unscaled(theta, g, v, vhat, *, lr: Positive = 0.1, beta2: Unit = 0.99):
    v[t] = beta2 * v[t - 1] + g[t] ** 2
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t - 1] - lr * g[t] / sqrt(vhat[t])


@pytest.mark.parametrize(
    ("given", "corrected", "first"), [(crossed, "mhat", 10), (late, "mhat", Fraction(10, 19)), (unscaled, "vhat", 100)]
)
def test_a_wrong_correction_is_refuted(given, corrected, first):
    found = fact(given, corrected)
    assert found.verdict == "refuted"
    assert found.data["counterexample"]["t"] == 1
    assert Fraction(found.data["counterexample"]["value"]) == first
    assert not is_corrected(given)


@optimizer(title="Corrected by the dialect")
def derived(theta, g, m, v, mhat, *, lr: Positive = 0.1, beta: Unit = 0.9, mu: Unit = 0.5):
    m[t] = beta * m[t - 1] + (1 - beta) * g[t]
    v[t] = mu * v[t - 1] + (1 - mu) * g[t] ** 2
    mhat[t] = debias(m[t])
    theta[t] = theta[t - 1] - lr * mhat[t] / sqrt(debias(v[t]))


def test_what_the_dialect_derives_is_right():
    assert fact(derived, "m").data["corrected in"] == ["mhat"]
    assert fact(derived, "theta").data == {"step": "lr"}


# ---- properties of the whole catalogue ----


@pytest.mark.parametrize("name", CATALOGUE)
def test_closed_forms_are_what_a_run_gives(name):
    """What was proved of a state, evaluated in 50 digits at the defaults, is its value in a run on ones."""
    given = CATALOGUE[name]
    found = {state: average(given, state) for state in given.states if given.levels[state] == "element"}
    weights = {state: weight_of(given, each) for state, each in found.items() if isinstance(each, Average)}
    hyper = {each.name: REAL.constant(each.default) for each in given.hyperparameters}
    for number, step in enumerate(run_of_ones(given, [*given.states, *given.intermediates], REAL), 1):
        sequences = {Seq(known, 0): [value] for known, value in step.items()} | {Seq("g", 0): [REAL.constant(1)]}
        reader = Reader(REAL, [()], [0], sequences, [hyper | {"t": REAL.constant(number)}])
        for state, weight in weights.items():
            if weight is None or "kept" in str(weight.value) or not reads_only_gradient(given, found[state].u):
                continue
            claimed = reader.value(weight.value, 0) * reader.value(found[state].u, 0)
            # of 50 digits a few are lost where 1 - 0.999**t cancels
            assert abs(step[state] - claimed) <= abs(claimed) * REAL.constant(10) ** -44


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_state_is_answered(name):
    given = CATALOGUE[name]
    found = list(bias_correction(given))
    states = [state for state in given.states if given.levels[state] == "element"]
    assert [each.subject for each in found if each.subject in states] == states
    assert all(each.verdict != "undecided" or each.subject in ("v", "vmax") for each in found)
    assert all(each.statement.endswith(".") and each.kind == "bias correction" for each in found)
    assert all("counterexample" in each.data for each in found if each.verdict == "refuted")


@optimizer(title="Sum")
def summed(theta, g, m, *, lr: Positive = 0.1, mu: Real = 1):
    m[t] = mu * m[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * m[t]


@optimizer(title="Mixed")
def mixed(theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9, wd: Positive = 0.1):
    m[t] = mu * m[t - 1] - g[t] + wd * theta[t - 1]
    theta[t] = theta[t - 1] + lr * m[t]


def test_a_decay_that_may_be_1_is_excepted():
    assert fact(summed, "m").statement.startswith("Where mu is not 1, under a constant gradient m[t] is")
    assert fact(load("momentum"), "v").statement.startswith("Under a constant gradient")


def test_an_input_of_several_terms_stands_in_brackets():
    assert "* (-g[t] + wd * theta[t-1])" in fact(mixed, "m").statement


# ---- how it reads ----


@optimizer(title="Corrected after decay was added")
def corrected_sum(theta, g, m, mhat, *, lr: Positive = 0.1, mu: Unit = 0.9, wd: Positive = 0.1):
    m[t] = mu * m[t - 1] + (1 - mu) * (g[t] + wd * theta[t - 1])
    mhat[t] = m[t] / (1 - mu**t)
    theta[t] = theta[t - 1] - lr * mhat[t]


@optimizer(title="Corrected by a number that has a name")
def corrected_by_name(theta, g, m, v, size, *, lr: Positive = 0.1, beta1: Unit = 0.9, beta2: Unit = 0.99):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    size[t] = lr * sqrt(1 - beta2**t) / (1 - beta1**t)
    theta[t] = theta[t - 1] - size[t] * m[t] / sqrt(v[t])


@optimizer(title="Corrected in other words")
def corrected_in_other_words(theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9):
    m[t] = mu * m[t - 1] + (1 - mu) * g[t]
    theta[t] = theta[t - 1] - lr / ((1 - mu) * (1 - mu**t)) * m[t]


@optimizer(title="Looks up alone")
def one_sided(theta, g, m, mhat, *, lr: Positive = 0.1, mu: Unit = 0.9):
    m[t] = mu * m[t - 1] + (1 - mu) * g[t]
    mhat[t] = m[t] / (1 - mu**t)
    theta[t] = theta[t - 1] - lr * mhat[t] / Abs(mhat[t]) * where(mhat[t] > 0, 1, 2)


def test_formulas_in_steps_read_as_what_they_mean():
    """A sum in a product has its brackets: each claim, read back, holds in a run of other numbers than 1."""
    m = fact(corrected_sum, "m")
    corrected = next(step for step in m.steps if step.startswith("mhat[t] = ")).split(", where")[0]
    shown = read(corrected.removeprefix("mhat[t] = "))
    names = {Seq("g", 0): [Fraction(3)], Seq("theta", -1): [Fraction(20)]}
    plain = {"mu": Fraction(1, 2), "wd": Fraction(1, 10), "t": Fraction(2)}
    assert Reader(EXACT, [()], [0], names, [plain]).value(shown, 0) == 5
    assert "(1 - mu**t) * (g[t] + wd * theta[t-1]);" in m.statement


def test_what_divides_is_found_behind_a_name():
    for state in ("m", "v"):
        assert "that factor" in fact(corrected_by_name, state).statement
    assert fact(corrected_by_name, "m").statement.endswith("; the equation of theta[t] divides by that factor.")
    assert fact(corrected_by_name, "v").statement.endswith("; the equation of theta[t] has that factor too.")
    assert "at t = 1 it is (1 - alpha) * g[t]**2." in fact(load("rmsprop"), "v").statement
    assert "nothing divides" not in fact(corrected_in_other_words, "m").statement


def test_the_length_of_steps_holds_for_either_sign():
    assert "under a constant gradient other than 0 every" in fact(load("adam"), "theta").statement.lower()
    assert not any("every step" in found.statement for found in bias_correction(one_sided))


def test_the_derivative_of_a_run():
    """Each average of a sensitivity: the 2 of a squared gradient is no bias, and sums have none to correct."""
    found = {each.subject: each for each in bias_correction(sensitivity(load("adam"), "lr"))}
    assert [each.verdict for each in found.values()] == ["proved"] * 4 + ["not applicable", "proved"]
    assert found["v_lr"].data["correction"] == "1 - beta2**t"
    assert found["v_lr"].data["corrected in"] == ["vhat_lr"]
    assert "2 * g[t] * hv[t] were constant" in found["v_lr"].statement
    beta = {each.subject: each for each in bias_correction(sensitivity(load("adam"), "beta1"))}
    assert (
        beta["m_beta1"].data["correction"] == "1 / (1 - beta1) * (1 - beta1**t)"
    )  # mhat_beta1 divides by 1 - beta1**t


@optimizer(title="Variance around the new average")
def around_new(theta, g, m, s, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    s[t] = beta2 * s[t - 1] + (1 - beta2) * (g[t] - m[t]) ** 2
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(s[t] / (1 - beta2**t)) + eps)


@optimizer(title="Variance around the old average")
def around_old(theta, g, m, s, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8):
    m[t] = m[t - 1] + (1 - beta1) * (g[t] - m[t - 1])
    s[t] = beta2 * s[t - 1] + (1 - beta2) * beta1**2 * (g[t] - m[t - 1]) ** 2
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(s[t] / (1 - beta2**t)) + eps)


def test_one_method_in_two_ways_is_told_one_thing():
    """g - m[t] is beta1*(g - m[t-1]), and 1 - (1 - beta1) is beta1."""
    for given in (around_new, around_old):
        for state, power in (("m", "beta1"), ("s", "beta2")):
            found = fact(given, state)
            assert (found.verdict, found.data["correction"]) == ("proved", f"1 - {power}**t")
            assert found.statement.endswith("; the equation of theta[t] divides by that factor.")


def test_what_is_divided_is_not_said_to_need_nothing():
    found = fact(load("amsgrad_torch"), "vmax")
    assert found.verdict == "undecided"
    assert found.statement.startswith("The equations correct vmax[t], and no correction was derived: it is a maximum")


def test_a_bias_beside_an_input_is_still_run():
    """The factors of NAdam do not depend on what is multiplied with the Hessian."""
    found = fact(sensitivity(load("nadam"), "beta1"), "mbar")
    assert found.verdict == "refuted"
    assert found.data["gains"] == fact(load("nadam"), "mbar").data["gains"]


@pytest.mark.parametrize("name", ["adam", "nadam", "adam_l2", "rmsprop_momentum", "adamw_clipped", "schedule_free_sgd"])
def test_no_sentence_of_a_derivative_has_a_hole(name):
    for hyper in load(name).hyperparameters:
        if hyper.name in ("lr", "beta1", "mu", "weight_decay"):
            for each in bias_correction(sensitivity(load(name), hyper.name)):
                assert not any(hole in each.statement for hole in ("  ", " is ,", "by  ", ": ;", "None"))
                assert "something else" not in each.statement


def test_no_length_is_told_that_does_not_exist():
    assert not any("nan" in found.statement for found in bias_correction(summed))
