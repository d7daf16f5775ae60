"""The first step in closed form, and whether it goes down: known answers, faults that must be caught, the catalogue."""

import json
from fractions import Fraction

import numpy as np
import pytest

from symopt import NonNegative, Positive, PositiveInt, Unit, every, load, mean, norm, optimizer, sqrt, t, tanh, where
from symopt.catalogue import load_all
from symopt.expr import ONE, START, ZERO, Call, Reduction, Seq, Sym, T, substitute, text, walk
from symopt.interpret import EXACT, REAL, SYMBOLS, interpret
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import declared
from symopt.reading import read
from symopt.recurrence.parts import written_out
from symopt.specs.adam import adam
from symopt.specs.adamw import adamw
from symopt.specs.centralization import centralize
from symopt.specs.momentum import momentum
from symopt.specs.schedules import anneal, linear_warmup, linear_warmup_torch
from symopt.specs.sgd import sgd
from symopt.specs.weight_decay import proximal_weight_decay
from symopt.theory.fact import from_json, to_json
from symopt.theory.first_step import first_step
from symopt.theory.first_step.runs import moved, points
from symopt.theory.first_step.shorter import Shorter
from symopt.theory.first_step.values import GRADIENT, OLD, first_values

CATALOGUE = load_all()


def change(spec):
    """The closed form."""
    return next(iter(first_step(spec))).data["change"]


def direction(spec):
    return list(first_step(spec))[-1]


# ---- known answers ----


@pytest.mark.parametrize(
    ("spec", "closed"),
    [
        (sgd, "-lr * g[t]"),
        (momentum, "-lr * g[t]"),
        (load("momentum_torch"), "-lr * g[t]"),
        (load("momentum_ema"), "-lr * (1 - mu) * g[t]"),
        (load("nesterov"), "-lr * g[t]"),
        (load("nesterov_torch"), "-lr * (1 + mu) * g[t]"),
        (adam, "-lr * g[t] / (abs(g[t]) + eps)"),
        (load("adam_inner"), "-lr * g[t] / sqrt(g[t]**2 + eps)"),
        (load("adam_hat"), "-lr * sqrt(1 - beta2) * g[t] / (sqrt(1 - beta2) * abs(g[t]) + eps)"),
        (load("adam_uncorrected"), "-lr * (1 - beta1) * g[t] / (sqrt(1 - beta2) * abs(g[t]) + eps)"),
        (adamw, "-lr * g[t] / (abs(g[t]) + eps) - lr * weight_decay * theta[t-1]"),
        (load("adagrad"), "-lr * g[t] / (sqrt(initial + g[t]**2) + eps)"),
        (load("radam"), "-lr * g[t]"),
        (load("ranger"), "where(k == 1, -alpha * lr * g[t], -lr * g[t])"),
        (load("rprop"), "-clip(lr, smallest, largest) * sign(g[t])"),
        (load("signum"), "-lr * sign(g[t])"),
        (load("schedule_free_sgd"), "-lr * (g[t] + weight_decay * theta[t-1])"),
        (load("adam_accumulated"), "where(k == 1, -lr * g[t] / (abs(g[t]) + k * eps), 0)"),
        (load("adam_skipping"), "-lr * g[t] / (abs(g[t]) + eps)"),
        (sgd.scheduled(lr=linear_warmup_torch), "-lr * lr_start * g[t]"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_known_first_steps(spec, closed):
    assert change(spec) == closed


def test_what_a_page_shows():
    fact = next(iter(first_step(adam)))
    assert (fact.verdict, fact.kind) == ("proved", "first step")
    assert fact.statement == "The first step, at t = 1 from rest, adds this to theta."
    assert fact.formula == "theta[t] - theta[t-1] = -lr * g[t] / (abs(g[t]) + eps)"
    assert "mhat[t] = g[t]" in fact.steps
    assert "vhat[t] = g[t]**2" in fact.steps


def test_what_is_long_keeps_its_name():
    fact, named, _ = first_step(load("adamw_clipped"))
    assert fact.formula.endswith("= -lr * h[t] / (abs(h[t]) + eps) - lr * weight_decay * theta[t-1]")
    assert named.formula == "h[t] = g[t] * min(1, max_norm / (norm(g[t], over=ALL) + 1e-06))"
    assert named.subject == "h"


# ---- directions ----


def test_descent_on_the_whole_domain():
    fact = direction(adam)
    assert (fact.verdict, fact.data["direction"]) == ("proved", "descent")
    assert "for every gradient other than 0" in fact.statement


@optimizer(title="Ranger of pytorch_optimizer")
def ranger_without_guard(
    theta, g, rho, rhomax, r, m, v, fast, slow, *, k: PositiveInt = 6, alpha: Unit = 0.5, lr: Positive = 1e-3,
    beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8,
):  # fmt: skip
    """Its r is -1 before the variance is finite, and nothing keeps the step from being multiplied by it."""
    slow[0] = theta[0]
    rhomax[t] = 2 / (1 - beta2) - 1
    rho[t] = rhomax[t] - 2 * t * beta2**t / (1 - beta2**t)
    r[t] = where(
        rho[t] >= 5,
        sqrt((rho[t] - 4) * (rho[t] - 2) * rhomax[t] / ((rhomax[t] - 4) * (rhomax[t] - 2) * rho[t])),
        -1,
    )
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    fast[t] = theta[t - 1] - lr * r[t] / (1 - beta1**t) * where(rho[t] >= 5, m[t] / (sqrt(v[t]) + eps), m[t])
    slow[t] = where(every(k), slow[t - 1] + alpha * (fast[t] - slow[t - 1]), slow[t - 1])
    theta[t] = where(every(k), slow[t], fast[t])


def test_the_ranger_that_ascends_is_caught():
    fact = direction(ranger_without_guard)
    assert (fact.verdict, fact.data["direction"]) == ("refuted", "ascent")
    assert "goes up the gradient, for every gradient" in fact.statement
    assert fact.data["change"] == ["1/1000"]
    assert direction(load("ranger")).verdict == "proved"  # its own form has a guard
    one = [np.array(Fraction(1), dtype=object)]
    run = interpret(ranger_without_guard, one, lambda p: p, 5, {"lr": Fraction(1, 10), "k": 100}, numbers=REAL)
    values = [round(float(snapshot.theta[0]), 3) for snapshot in run]
    assert values == sorted(values)
    assert values[0] == 1.1  # on x**2/2 from 1, as the package was seen to do


def test_maximizing_goes_up():
    fact = direction(load("adam_maximizing"))
    assert (fact.verdict, fact.data["direction"]) == ("refuted", "ascent")
    assert "only where f is maximized" in fact.statement


def test_weight_decay_is_left_aside():
    fact = direction(adamw)
    assert fact.verdict == "proved"
    assert "all but -lr * weight_decay * theta[t-1]" in fact.statement


def test_l2_is_part_of_the_gradient():
    """Of the objective alone it is no descent direction: theta may be large."""
    fact = direction(load("adam_l2"))
    assert fact.verdict == "proved"
    assert fact.statement.startswith("With h[t] = g[t] + weight_decay * theta[t-1] as the gradient")


def test_where_it_does_not_move():
    waits = direction(load("adam_accumulated"))
    assert waits.verdict == "proved"
    assert waits.statement.endswith("never goes up the gradient, and does not move at the defaults.")
    assert direction(load("adamw_paper")).statement.endswith("and does not move where multiplier = 0.")
    cold = sgd.scheduled(lr=linear_warmup_torch).with_defaults(lr_start=0)
    assert direction(cold).statement.endswith("and does not move at the defaults.")
    warm = direction(momentum.scheduled(lr=linear_warmup, mu=anneal))
    assert warm.statement.endswith("other than 0, whatever the hyperparameters.")


@optimizer(title="At rest at first")
def late(theta, g, v, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * v[t - 1]
    v[t] = g[t]


def test_a_gradient_that_is_used_a_step_late():
    assert change(late) == "0"
    assert direction(late).statement == "The first step does not move, whatever the gradient is."


@optimizer(title="Up in part")
def partly(theta, g, *, lr: Positive = 1e-2, share: Unit = 0.5):
    theta[t] = theta[t - 1] - lr * (g[t] - share)


def test_refuted_where_it_goes_up_for_some_gradients_only():
    """What does not depend on g is left aside, so that this one descends; with a square it does not."""
    assert direction(partly).verdict == "proved"
    fact = direction(squared)
    assert (fact.verdict, fact.data["direction"]) == ("refuted", "either")
    again = run(squared, fact.data)
    assert again == [Fraction(value) for value in fact.data["change"]]


@optimizer(title="Squared")
def squared(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] ** 2


@optimizer(title="Bounded smoothly")
def smooth(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * tanh(g[t])


def test_an_open_question_says_how_much_was_tried():
    fact = direction(smooth)
    assert fact.verdict == "undecided"
    assert fact.data["tried"] >= 30
    assert f"at the {fact.data['tried']} points that were tried" in fact.statement


def run(spec, data):
    """The change of a counterexample, once more."""
    theta, g = (list(map(Fraction, data[name])) for name in ("theta", "g"))
    shape = () if len(g) == 1 else (1, len(g))
    arrays = [np.array(values, dtype=object).reshape(shape) for values in (theta, g)]
    hyper = {name: Fraction(value) for name, value in data["hyper"].items()}
    after = next(interpret(spec, arrays[:1], [arrays[1:]], 1, hyper, numbers=EXACT)).theta[0]
    return [new - old for new, old in zip(after.flat, theta, strict=True)]


def test_centralized_adam_can_go_up():
    """Signs of centred gradients need not agree with the gradients: a tensor of one row shows it."""
    fact = direction(load("adam_centralized"))
    assert "at g = [[2, 2, 3]] and theta = [[0, 0, 0]]" in fact.statement  # one row
    assert fact.verdict == "refuted"
    made = run(load("adam_centralized"), fact.data)
    assert made == [Fraction(value) for value in fact.data["change"]]
    assert sum(a * Fraction(b) for a, b in zip(made, fact.data["g"], strict=True)) > 0
    x = np.array([[0.0, 0.0, 0.0]])
    load("adam_centralized").bind([x]).step([np.array([[float(Fraction(value)) for value in fact.data["g"]]])])
    assert x[0] == pytest.approx([float(value) for value in made], rel=1e-12)


def test_centralized_gradients_alone_descend_over_each_row():
    fact = direction(load("ranger_centralized"))
    assert fact.verdict == "proved"
    assert fact.statement == "Over each row of a tensor, the first step never goes up the gradient."
    decaying = direction(proximal_weight_decay(centralize(momentum)))
    assert decaying.verdict == "proved"
    assert "the part of the first step that depends on h[t] never goes up" in decaying.statement


# ---- corrupted specs ----


@optimizer(title="Momentum, one sign wrong")
def wrong_sign(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] + lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Adam, corrected twice")
def corrected_twice(
    theta, g, m, v, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) ** 2 / (sqrt(v[t] / (1 - beta2**t)) + eps)


@optimizer(title="Centred once more")
def centred_over_all(theta, g, h, *, lr: Positive = 1e-2):
    h[t] = g[t] - 2 * mean(g[t])
    theta[t] = theta[t - 1] - lr * h[t]


def test_corrupted_specs_are_told_apart():
    assert direction(wrong_sign).data["direction"] == "ascent"
    assert change(corrected_twice) == "-lr * g[t] / (1 - beta1) / (abs(g[t]) + eps)"
    assert direction(centred_over_all).verdict == "refuted"


# ---- the whole catalogue ----


def raw(spec):
    """theta[1] - theta[0] by substitution alone."""
    expr = written_out(Seq("theta", 0), spec.equations)
    table = {Seq(name, -1): spec.start_of(name) or ZERO for name in spec.states} | {T: ONE}
    expr = substitute(substitute(expr, table), {Seq("theta", START): OLD})
    return Call("-", (expr, OLD))


def decided(expr):
    """What a real number and a first step know: every number is finite, and k divides 1 if it is 1."""
    if isinstance(expr, Call) and expr.op == "isfinite":
        return Call("eq", (ONE, ONE))
    if isinstance(expr, Call) and expr.op == "every":
        return Call("eq", (expr.args[1], ONE))
    if isinstance(expr, Call | Reduction):
        args = tuple(map(decided, expr.args))
        return Call(expr.op, args) if isinstance(expr, Call) else Reduction(expr.op, args, expr.over)
    return expr


@pytest.mark.parametrize("name", CATALOGUE)
def test_closed_forms_are_proved_and_agree_with_runs(name):
    spec = CATALOGUE[name]
    closed = Shorter(declared(spec)).minus(first_values(spec)["theta"], OLD)
    assert text(closed) == change(spec)
    assert isinstance(decide(closed, decided(raw(spec)), declared(spec)), Proved)
    assert not any(isinstance(node, Seq) and node.name not in ("theta", "g") for node in walk(closed))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_optimizer_gets_its_answers(name):
    spec = CATALOGUE[name]
    facts = list(first_step(spec))
    assert 2 <= len(facts) <= 4
    assert {fact.kind for fact in facts} == {"first step"}
    assert all(fact.verdict == "proved" for fact in facts[:-1])
    for fact in facts:
        assert from_json(json.loads(json.dumps(to_json(fact)))) == fact
        sides = fact.formula.split(" = ") if fact.formula else []
        assert [text(read(side)) for side in sides] == sides
    assert facts[-1].verdict in ("proved", "refuted")
    assert all("held " not in line for fact in facts for line in (fact.statement, fact.formula, *fact.steps))
    if facts[-1].verdict == "refuted":
        assert Fraction(facts[-1].data["along"]) > 0


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_run_on_symbols_says_the_same(name):
    """The interpreter, from the symbols theta[t-1] and g[t] of one element, makes the closed form."""
    spec = CATALOGUE[name]
    if any(isinstance(node, Reduction) for equation in spec.equations for node in walk(equation.rhs)):
        point = next(points(spec))
        assert all(value == value for value in moved(spec, point))
        return
    theta, g = np.empty((), object), np.empty((), object)
    theta[()], g[()] = OLD, GRADIENT
    hyper = {h.name: Sym(h.name) for h in spec.hyperparameters}
    ran = next(interpret(spec, [theta], [[g]], 1, hyper, numbers=SYMBOLS)).theta[0][()]
    closed = Shorter(declared(spec)).minus(first_values(spec)["theta"], OLD)
    assert isinstance(decide(decided(Call("-", (ran, OLD))), closed, declared(spec)), Proved)


# ---- where it has no value ----


@optimizer(title="No eps")
def no_eps(theta, g, v, *, lr: Positive = 1e-3, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] + (1 - mu) * g[t] ** 2
    theta[t] = theta[t - 1] - lr * g[t] / sqrt(v[t])


@optimizer(title="Normalized")
def normalized(theta, g, *, lr: Positive = 1e-3):
    theta[t] = theta[t - 1] - lr * g[t] / norm(g[t])


@optimizer(title="Guarded")
def guarded(theta, g, *, lr: Positive = 1e-3):
    theta[t] = theta[t - 1] - where(g[t] ** 2 > 0, lr * g[t] / abs(g[t]), 0)


@optimizer(title="An eps that may be 0")
def eps_of_0(theta, g, *, lr: Positive = 1e-3, eps: NonNegative = 0):
    theta[t] = theta[t - 1] - lr * g[t] / (abs(g[t]) + eps)


@pytest.mark.parametrize(
    ("spec", "where_not"),
    [
        (no_eps, "g[t] = 0"),
        (normalized, "g[t] = 0 throughout"),
        (eps_of_0, "g[t] = 0, at the defaults"),
        (load("adamax"), "g[t] = 0 and eps = 0"),
        (guarded, None),
        (adam, None),
        (sgd, None),
    ],
)
def test_where_the_first_step_has_no_value(spec, where_not):
    fact = next(iter(first_step(spec)))
    assert fact.data.get("undefined where") == where_not
    said = f" (not a number where {where_not})" if where_not else ""
    assert fact.statement == f"The first step, at t = 1 from rest, adds this to theta{said}."


def test_a_run_from_there_has_no_value_either():
    values = [
        float(next(interpret(spec, [np.zeros(2)], [[np.zeros(2)]])).theta[0][0])
        for spec in (no_eps, normalized, eps_of_0, guarded)
    ]
    assert [value == value for value in values] == [False, False, False, True]
