"""What is stored while training: the gradient point, which state it replaces, and the way to theta and back."""

from fractions import Fraction

import pytest

from symopt import ROW, Input, NonNegative, OpenUnit, Positive, Unit, axes, cos, grad, mean, optimizer, schedule, t
from symopt.derive.linear import linear_form, recombine
from symopt.derive.nonzero import never_zero
from symopt.derive.training import POINT, training_form
from symopt.errors import SymoptError
from symopt.expr import START, ZERO, Call, Num, Seq, Sym, T, number, text
from symopt.notation import Real


@optimizer(title="Plain")
def plain(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * v[t]


@optimizer(title="Ahead")
def ahead(theta, g, v, *, lr: Positive = 0.01, mu: Unit = 0.9):
    g[t] = grad(theta[t - 1] + mu * v[t - 1])
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Beside")
def beside(theta, g, x, *, lr: Positive = 0.01, decay: Unit = 0.5):
    x[0] = theta[0]
    g[t] = grad(x[t - 1])
    x[t] = x[t - 1] - lr * g[t]
    theta[t] = decay * theta[t - 1] + (1 - decay) * x[t]


@optimizer(title="Between")
def between(theta, g, z, *, lr: Positive = 0.5, beta: OpenUnit = 0.25):
    z[0] = theta[0]
    g[t] = grad((1 - beta) * z[t - 1] + beta * theta[t - 1])
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (1 - 1 / t) * theta[t - 1] + z[t] / t


@optimizer(title="Bent")
def bent(theta, g, v, *, lr: Positive = 0.01):
    g[t] = grad(theta[t - 1] + cos(v[t - 1]))
    v[t] = v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Perhaps")
def perhaps(theta, g, v, *, lr: Positive = 0.01, a: NonNegative = 2.0):
    v[0] = theta[0]
    g[t] = grad(a * theta[t - 1] + (1 - a) * v[t - 1])
    v[t] = v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


def equations(training):
    return {e.target: text(e.rhs) for e in training.equations}


def test_a_gradient_at_theta_changes_nothing():
    found = training_form(plain)
    assert (found.param, found.states, found.deploy, found.train) == ("theta", ("v",), None, None)
    assert found.equations == plain.equations


def test_theta_gives_way_to_the_point_where_coefficients_tie():
    found = training_form(ahead)
    assert (found.param, found.states) == (POINT, ("v", "mu_made"))
    assert equations(found) == {
        "v": "mu * v[t-1] - lr * g[t]",
        "mu_made": "mu",
        POINT: "point[t-1] - mu_made[t-1] * v[t-1] + (mu_made[t] + 1) * v[t]",
    }
    assert text(found.deploy) == "point[t] - mu_made[t] * v[t]"
    assert text(found.train) == "theta[t] + mu_made[t] * v[t]"
    assert dict(found.starts) == {"mu_made": Sym("mu")}


def test_a_state_that_is_the_point_lives_in_the_users_array():
    found = training_form(beside)
    assert (found.param, found.states) == ("x", ("theta",))
    assert found.deploy == Seq("theta", 0)
    assert found.train is None
    assert dict(found.starts) == {"theta": Seq("theta", START)}


def test_the_largest_coefficient_gives_way():
    found = training_form(between)
    assert "z" not in found.states
    assert "theta" in found.states
    assert found.deploy == Seq("theta", 0)
    assert found.train is None  # theta is stored, so the two change places


def test_where_the_point_is_no_sum_everything_is_kept():
    found = training_form(bent)
    assert found.states == ("v", "theta")
    assert text(found.equations[-1].rhs) == "theta[t] + cos(v[t])"
    assert dict(found.starts)[POINT] != Seq("theta", START)


def test_a_coefficient_that_may_be_zero_gives_nothing_up():
    assert set(training_form(perhaps).states) >= {"v", "theta"}


def test_a_schedule_is_made_with_the_next_step():
    @schedule(title="Slower")
    def slower(t, value):
        return value / t

    found = training_form(ahead.scheduled(mu=slower))
    assert equations(found)["mu_made"] == "mu / (t + 1)"
    assert text(dict(found.starts)["mu_made"]) == "mu / (t + 1)"


@optimizer(title="Too late")
def too_late(theta, g, v, metric: Input(level="step"), *, lr: Positive = 0.01):
    g[t] = grad(theta[t - 1] + metric[t] * v[t - 1])
    v[t] = v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


def test_a_point_that_is_not_known_in_time_is_an_error():
    with pytest.raises(SymoptError, match=r"depends on metric\[t\], which is not known until then"):
        training_form(too_late)


# ---- linear forms ----

LEVELS = {"x": "element", "y": "element", "c": "step"}
X, Y, C = Seq("x", -1), Seq("y", -1), Seq("c", -1)


def test_linear_form():
    expr = Call("+", (Call("*", (C, Call("-", (X, Y)))), Call("+", (X, Sym("lr")))))
    found = linear_form(expr, LEVELS)
    assert {name: text(c) for name, c in found.coefficients} == {"x": "c[t-1] + 1", "y": "-c[t-1]"}
    assert found.rest == Sym("lr")


@pytest.mark.parametrize("expr", [Call("*", (X, Y)), Call("sqrt", (X,)), Call("*", (X, X)), Seq("x", 0)])
def test_what_is_not_linear_has_no_form(expr):
    assert linear_form(expr, LEVELS) is None


def test_recombine_collects_like_terms():
    expr = Call("-", (Call("*", (C, Call("+", (X, Y)))), Call("*", (C, X))))
    assert text(recombine(expr, LEVELS)) == "c[t-1] * y[t-1]"
    assert recombine(Call("-", (X, X)), LEVELS) == ZERO
    assert recombine(Call("sqrt", (Call("+", (X, Y)),)), LEVELS) is None


DOMAINS = {"p": Positive, "u": Unit, "o": OpenUnit, "n": NonNegative, "r": Real}


@pytest.mark.parametrize(
    ("expr", "never"),
    [
        (number(2), True),
        (ZERO, False),
        (Sym("p"), True),
        (Sym("u"), False),
        (Sym("n"), False),
        (Call("*", (Sym("p"), Sym("o"))), True),
        (Call("*", (Sym("p"), Sym("u"))), False),
        (Call("-", (number(1), Sym("u"))), True),
        (Call("-", (number(1), Sym("r"))), False),
        (Call("-", (number(1), Sym("n"))), False),
        (Call("neg", (Call("/", (number(1), Sym("p"))),)), True),
        (Call("+", (Sym("r"), Num(Fraction(1)))), False),
        (Call("+", (Sym("n"), number(1))), True),
        (Call("+", (Sym("u"), Sym("p"))), True),
        (Call("-", (Sym("u"), Sym("o"))), False),
        (Call("/", (number(1), Sym("u"))), False),
        (Call("**", (Sym("o"), T)), False),
        (Call("+", (Call("**", (X, number(2))), number(1))), False),
        (Sym("unknown"), False),
    ],
)
def test_never_zero(expr, never):
    assert never_zero(expr, DOMAINS) == never


@optimizer(title="Scaled by rows")
def by_rows(theta, g, r, v, *, lr: Positive = 0.01):
    r[t] = mean(v[t - 1], over=ROW)
    g[t] = grad(theta[t - 1] + r[t] * v[t - 1])
    v[t] = v[t - 1] / 2 - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


def test_a_coefficient_that_is_a_number_per_row_leaves_everything_stored():
    form = training_form(by_rows)
    assert (form.param, form.states, form.recovered) == (POINT, ("v", "theta"), ())


@optimizer(title="Ahead by the number of axes")
def by_axes(theta, g, v, *, lr: Positive = 0.01):
    g[t] = grad(theta[t - 1] + axes(v[t - 1]) * cos(v[t - 1]))
    v[t] = v[t - 1] / 2 - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


def test_a_tensor_of_zeros_has_its_axes():
    assert text(dict(training_form(by_axes).starts)[POINT]) == "theta[0] + axes(0) * cos(0)"
