"""Where an answer would easily be wrong: limits only approached, values that are missing, digits that cancel."""

from dataclasses import replace

import pytest

from symopt import Abs, Input, Max, NonNegative, Positive, Unit, exp, optimizer, sign, sqrt, t, tanh, where
from symopt.equivalence import compare, sentence
from symopt.errors import SymoptError
from symopt.expr import Call, Seq, substitute


@optimizer(title="Gradient descent")
def plain(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * g[t]


# ---- limits ----


@optimizer(title="Scaled down and up again")
def rescaled(theta, g, e, *, lr: Positive = 1.0, c: Positive = 10.0):
    e[t] = (Abs(g[t]) + 1) / c
    theta[t] = theta[t - 1] - lr * g[t] * c * e[t]


@optimizer(title="Compares with what tends to 0")
def compared_with_little(theta, g, e, *, lr: Positive = 1.0, c: Positive = 10.0):
    e[t] = (Abs(g[t]) + 1) / c
    theta[t] = theta[t - 1] - lr * where(e[t] > 0, g[t], 0)


@optimizer(title="Divides by what tends to 0")
def divided_by_little(theta, g, e, *, lr: Positive = 1.0, c: Positive = 10.0):
    e[t] = (Abs(g[t]) + 1) / c
    theta[t] = theta[t - 1] - lr * (g[t] / c) / e[t]


@pytest.mark.parametrize("spec", [rescaled, compared_with_little, divided_by_little], ids=lambda spec: spec.name)
def test_what_a_limit_of_parts_does_not_tell_is_refused(spec):
    with pytest.raises(SymoptError, match=r"no rule says what .* tends to as c grows; give c a number"):
        compare(spec, plain, hyper={"c": "inf"})


@optimizer(title="A share that vanishes")
def vanishing(theta, g, e, *, lr: Positive = 1.0, c: Positive = 10.0):
    e[t] = g[t] / c
    theta[t] = theta[t - 1] - lr * (g[t] + e[t]) / (2 + 1 / c)


def test_what_is_only_approached_may_be_added_and_divide_where_it_is_not_0():
    assert compare(vanishing, plain, hyper={"A.c": "inf", "A.lr": "2*lr"}).verdict == "proved"


# ---- values that are missing ----


@optimizer(title="Has no value from t = 51 on")
def ending(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * g[t] * sqrt(1 - t / 50) ** 2


@optimizer(title="The same without a root")
def going_on(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * g[t] * (1 - t / 50)


def test_equal_is_said_of_where_both_have_a_value():
    found = compare(ending, going_on)
    assert (found.verdict, found.everywhere) == ("proved", False)
    assert sentence(found) == "Proved: ending and going_on are equal wherever both have a value."


def test_what_always_has_a_value_needs_no_such_words(named):
    hyper = {"A.eps": "eps/sqrt(1 - beta2**t)"}
    assert compare(named("adam"), named("adam_hat"), hyper=hyper).everywhere


@optimizer(title="No value at 0")
def divided(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * g[t] ** 2 / g[t]


def test_equal_starts_are_no_difference():
    found = compare(divided, plain)
    assert (found.verdict, found.remarks) == ("refuted", ())


# ---- what holds from some starts only ----


@optimizer(title="Counts up from 0")
def counting(theta, g, n, *, lr: Positive = 1.0):
    n[t] = n[t - 1] + 1
    theta[t] = theta[t - 1] - lr * g[t] / n[t]


@optimizer(title="Counts up from -3, and divides by 1 at least")
def counting_from_below(theta, g, n, *, lr: Positive = 1.0):
    n[0] = -3
    n[t] = n[t - 1] + 1
    theta[t] = theta[t - 1] - lr * g[t] / Max(n[t], 1)


@pytest.mark.parametrize(("a", "b"), [(counting, counting_from_below), (counting_from_below, counting)])
def test_equal_states_are_any_states(a, b):
    found = compare(a, b)
    assert (found.verdict, found.remarks) == ("refuted", ())


@optimizer(title="Steps by a sign")
def signed_with_0(theta, g, *, lr: NonNegative = 1.0):
    theta[t] = theta[t - 1] - lr * sign(g[t])


@optimizer(title="Steps by the gradient")
def plain_with_0(theta, g, *, lr: NonNegative = 1.0):
    theta[t] = theta[t - 1] - lr * g[t]


def test_that_nothing_moves_is_no_remark():
    assert compare(signed_with_0, plain_with_0).remarks == ()


# ---- digits ----


@optimizer(title="Cancels to nothing in a hundred digits")
def cancelling(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * (1 - tanh(100 * g[t])) * exp(200 * g[t])


@optimizer(title="The same, written well")
def written_well(theta, g, *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * 2 * exp(200 * g[t]) / (exp(200 * g[t]) + 1)


def test_rounding_refutes_nothing_and_makes_no_condition():
    found = compare(cancelling, written_well)
    assert found.verdict != "refuted"
    assert found.conditions == ()


# ---- names ----


@optimizer(title="A loss from outside")
def with_a_loss(theta, g, loss: Input(level="step"), *, lr: Positive = 1.0):
    theta[t] = theta[t - 1] - lr * g[t] * where(loss[t] < 100, 1, 0)


@optimizer(title="A loss as a hyperparameter")
def with_a_number(theta, g, *, lr: Positive = 1.0, loss: Unit = 0.5):
    theta[t] = theta[t - 1] - lr * g[t] * where(loss < 2, 1, 0)


def test_one_name_for_two_things():
    for pair in ((with_a_loss, with_a_number), (with_a_number, with_a_loss)):
        with pytest.raises(SymoptError, match="loss comes from outside in with_a_loss and is a hyperparameter of"):
            compare(*pair)


def test_what_was_given_is_said(named):
    found = compare(named("momentum_torch"), named("momentum"), hyper={"A.tau": "0"}, constant=["lr"])
    assert sentence(found).startswith("Proved with A.tau = 0 and lr constant: momentum_torch and momentum are equal")


# ---- what SymPy cannot sort ----


def test_factors_that_hold_a_comparison(named):
    right = named("schedule_free_sgd")
    mass = {e.target: e for e in right.equations}["c"].rhs
    now, before = (Call("/", (Seq("weight", 0), Seq("mass", shift))) for shift in (0, -1))
    early = substitute(mass, {now: before})
    assert early != mass
    wrong = replace(right, equations=tuple(replace(e, rhs=early) if e.target == "c" else e for e in right.equations))
    assert compare(right, wrong).verdict == "refuted"
