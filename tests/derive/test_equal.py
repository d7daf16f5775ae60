"""States that always equal each other: which are found, which are not, and what becomes of the recurrence."""

from dataclasses import replace

import pytest

from symopt import ALL, Max, Positive, Unit, eq, grad, norm, optimizer, sqrt, t, where
from symopt.backends.cpu import emit
from symopt.derive import equal
from symopt.derive.equal import equal_states, merged
from symopt.derive.residues import residue, residues
from symopt.derive.training import training_form
from symopt.expr import Call, Num, Reduction, Seq, Sym, number, text
from symopt.lower import lower
from symopt.passes import run_passes
from symopt.prove.kernel import prove_kernel


@optimizer(title="Step remembered")
def remembered(theta, g, v, move, *, lr: Positive = 0.1, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t] + move[t - 1] / 8
    move[t] = theta[t] - theta[t - 1] - move[t - 1] / 8


@optimizer(title="Equal only together")
def crossed(theta, g, a, b, *, lr: Positive = 0.1):
    a[t] = b[t - 1] / 2 + g[t]
    b[t] = a[t - 1] / 2 + g[t]
    theta[t] = theta[t - 1] - lr * (a[t] + b[t])


@optimizer(title="Under functions")
def functions(theta, g, a, b, *, lr: Positive = 0.1):
    a[t] = Max(a[t - 1], norm(g[t])) / (1 + sqrt(a[t - 1] * b[t - 1])) + where(eq(t, 1), b[t - 1], 0)
    b[t] = Max(b[t - 1], norm(g[t])) / (1 + sqrt(a[t - 1] ** 2)) + where(eq(t, 1), a[t - 1], 0)
    theta[t] = theta[t - 1] - lr * g[t] / (1 + a[t] + b[t])


@optimizer(title="Other start")
def other_start(theta, g, a, b, *, lr: Positive = 0.1):
    b[0] = lr
    a[t] = a[t - 1] / 2 + g[t]
    b[t] = b[t - 1] / 2 + g[t]
    theta[t] = theta[t - 1] - lr * (a[t] + b[t])


@optimizer(title="Other level")
def other_level(theta, g, a, b, *, lr: Positive = 0.1):
    a[t] = a[t - 1] / 2 + norm(g[t])
    b[t] = b[t - 1] / 2 + norm(g[t], over=ALL)
    theta[t] = theta[t - 1] - lr * g[t] / (a[t] + b[t])


@optimizer(title="Parted by what is parted")
def cascade(theta, g, a, b, c, d, *, lr: Positive = 0.1):
    a[t] = a[t - 1] / 2 + g[t]
    b[t] = b[t - 1] / 3 + g[t]
    c[t] = c[t - 1] + a[t - 1]
    d[t] = d[t - 1] + b[t - 1]
    theta[t] = theta[t - 1] - lr * (c[t] + d[t])


@optimizer(title="Trained copy")
def copied(theta, g, x, *, lr: Positive = 0.1):
    x[0] = theta[0]
    g[t] = grad(x[t - 1])
    x[t] = x[t - 1] - lr * g[t]
    theta[t] = x[t]


@optimizer(title="Three alike, one intermediate")
def three(theta, g, half, a, b, c, *, lr: Positive = 0.1):
    a[t] = a[t - 1] / 2 + g[t]
    b[t] = b[t - 1] - a[t - 1] / 2 + g[t]
    half[t] = b[t - 1] / 2
    c[t] = half[t] + g[t]
    theta[t] = theta[t - 1] - lr * (a[t] + b[t] + c[t - 1])


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        (remembered, {"move": "v"}),
        (crossed, {"b": "a"}),
        (other_start, {}),
        (other_level, {}),
        (cascade, {}),
        (copied, {"x": "theta"}),
        (three, {"b": "a", "c": "a"}),
    ],
)
def test_which_states_are_equal(declared, found):
    assert equal_states(declared) == found


def test_functions_of_equal_values_are_equal():
    """sqrt(a*b) and sqrt(a**2) agree where a = b, and a*a is a**2 by arithmetic."""
    assert equal_states(functions) == {"b": "a"}


def test_numbers_part_but_never_join(monkeypatch):
    """Where all numbers agree, what is not shown equal is told apart all the same."""
    monkeypatch.setattr(equal, "residues", lambda equations: {name: 0 for name, _ in equations})
    monkeypatch.setattr(equal, "residue", lambda expr, known: 0)
    assert equal_states(cascade) == equal_states(other_start) == {}
    assert equal_states(three) == {"b": "a", "c": "a"}


def test_most_optimizers_need_no_algebra(monkeypatch):
    def refuse(a, b):
        raise AssertionError("SymPy was asked")

    monkeypatch.setattr(equal, "_zero", refuse)
    assert equal_states(cascade) == equal_states(other_level) == equal_states(other_start) == {}


def test_what_nothing_needs_any_more_goes():
    found = merged(three, equal_states(three))
    assert {e.target: text(e.rhs) for e in found.equations} == {
        "a": "a[t-1] / 2 + g[t]",
        "theta": "theta[t-1] - lr * (a[t] + a[t] + a[t-1])",
    }
    assert found.states == ("a",)


def test_an_equal_state_stays_within_the_step_where_it_comes_first():
    found = training_form(copied)
    assert (found.param, found.states, found.deploy) == ("theta", (), None)
    assert {e.target: text(e.rhs) for e in found.equations} == {"x": "theta[t-1] - lr * g[t]", "theta": "x[t]"}
    assert found.recovered == (("x", Seq("theta", -1)),)
    assert found.equal == {"x": "theta"}


def test_the_declared_equations_stay_the_source():
    found = training_form(remembered)
    assert found.source is remembered
    assert found.states == ("v",)
    assert found.equal == {"move": "v"}
    assert [e.target for e in found.equations] == ["v", "theta"]


def emitted(form):
    return emit(run_passes(lower(form)), form, "For a test.")


@pytest.mark.parametrize("declared", [remembered, crossed, copied, three, functions])
def test_the_proof_shows_each_equality(declared):
    form = training_form(declared)
    proof = prove_kernel(form, emitted(form))
    assert proof.holds
    proved = {what.partition(" of ")[0] for what, _ in proof.verdicts}
    assert set(form.equal) <= proved


def test_the_proof_refuses_a_wrong_equality():
    wrong = merged(cascade, {"d": "c"})
    claimed = (("d", Seq("c", -1)),)
    form = replace(training_form(wrong), source=cascade, recovered=claimed, levels=dict(cascade.levels))
    failures = prove_kernel(form, emitted(form)).failures
    assert any(what.startswith("d of tensor 0") for what, _ in failures)


X, Y = Seq("x", -1), Sym("y")


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        (Call("*", (Call("+", (X, Y)), Y)), Call("+", (Call("**", (Y, number(2))), Call("*", (Y, X)))), True),
        (Call("/", (Call("*", (X, Y)), Y)), X, True),
        (Call("neg", (X,)), Call("-", (number(0), X)), True),
        (Call("sqrt", (Call("+", (X, Y)),)), Call("sqrt", (Call("+", (Y, X)),)), True),
        (Call("sqrt", (X,)), Call("exp", (X,)), False),
        (Call("-", (X, Y)), Call("-", (Y, X)), False),
        (Call("/", (X, Y)), Call("/", (Y, X)), False),
        (Call("**", (X, Num(number(1).value / 2))), Call("**", (X, number(2))), False),
        (Reduction("norm", (X,), "all"), Reduction("norm", (X,), "tensor"), False),
        (Reduction("norm", (X,), "all"), Reduction("norm", (Call("*", (X, number(1))),), "all"), True),
        (X, Seq("x", 0), False),
        (Call("/", (X, number(0))), X, False),
    ],
)  # fmt: skip
def test_residues(a, b, alike):
    assert (residue(a, {}) == residue(b, {})) == alike


def test_residues_of_new_values_are_those_of_their_equations():
    found = residues([("a", Call("+", (X, Y))), ("b", Call("*", (Seq("a", 0), number(2))))])
    assert found["b"] == residue(Call("+", (Call("+", (X, Y)), Call("+", (Y, X)))), {})
