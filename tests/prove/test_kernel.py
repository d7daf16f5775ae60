"""The proof of emitted files: the whole catalogue is proved, and a wrong file is not."""

import math
import re
from functools import reduce

import pytest

from symopt import (
    ALL,
    Abs,
    Max,
    OpenUnit,
    Positive,
    PositiveInt,
    Rational,
    Unit,
    catalogue,
    dot,
    every,
    exp,
    grad,
    isfinite,
    log,
    maxabs,
    mean,
    norm,
    optimizer,
    sqrt,
    t,
    where,
)
from symopt.artifacts import artifact, build
from symopt.domains import NonNegative
from symopt.errors import SymoptError
from symopt.expr import ZERO, Call, Num, Sym, add, number
from symopt.prove.algebra import Refuted
from symopt.prove.facts import Facts
from symopt.prove.kernel import prove_kernel
from symopt.prove.places import element
from symopt.prove.sums import Sums
from symopt.prove.values import Path, Value, explore
from symopt.specs.averaging import ema
from symopt.specs.clipping import clip_by_global_norm
from symopt.specs.nesterov import nesterov
from symopt.specs.schedules import cosine, linear_warmup


@optimizer()
def averaged_iterates(theta, g, z, *, lr: Positive = 1.0, beta: OpenUnit = 0.9):
    z[0] = theta[0]
    g[t] = grad((1 - beta) * z[t - 1] + beta * theta[t - 1])
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (1 - 1 / t) * theta[t - 1] + z[t] / t


@optimizer()
def every_reduction(theta, g, r, s, *, lr: Positive = 0.1, decay: Unit = 0.9):
    """A state per tensor, a state of all tensors, and each kind of reduction."""
    r[t] = decay * r[t - 1] + (1 - decay) * norm(g[t] - mean(g[t]))
    s[t] = decay * s[t - 1] + maxabs(g[t], over=ALL) + dot(g[t], theta[t - 1], over=ALL)
    theta[t] = theta[t - 1] - where(every(3), lr, 2 * lr) * g[t] / (r[t] + s[t] ** 2 + 1)


@optimizer()
def started(theta, g, s, r, q, *, lr: Positive = 1e-3, initial: Positive = 0.1):
    """Start values by functions, of arrays and of numbers, with comparisons and a constant that is no decimal."""
    s[0] = exp(log(initial)) + Abs(theta[0]) + Max(theta[0], Rational(1, 3)) + where(theta[0] > initial, 1, theta[0])
    r[0] = sqrt(initial) * norm(theta[0])
    q[0] = maxabs(theta[0], over=ALL) + mean(theta[0])
    s[t] = s[t - 1] + g[t] ** 2
    r[t] = r[t - 1] + norm(g[t])
    q[t] = q[t - 1] + maxabs(g[t])
    theta[t] = theta[t - 1] - lr * g[t] / (1 + s[t] ** 2 + r[t] ** 2 + q[t] ** 2)


@optimizer()
def centralized(theta, g, m, u, h, *, lr: Positive = 0.1, mu: Unit = 0.9):
    """The sum and the maximum over a tensor of one element equal its new states, and norm(h) is 0 there."""
    m[t] = mu * m[t - 1] + g[t]
    u[t] = Max(u[t - 1], Abs(g[t]))
    h[t] = m[t] - mean(m[t])
    theta[t] = theta[t - 1] - lr * where(norm(h[t]) > 0, norm(theta[t - 1]) / norm(h[t]), 1) * h[t] / maxabs(u[t])


def accumulated(inner):
    @optimizer()
    def accumulated(theta, g, gathered, h, *, k: PositiveInt = 4):
        g[t] = grad(inner.point(theta[t - 1]))
        h[t] = gathered[t - 1] + g[t] / k
        gathered[t] = where(every(k), 0, h[t])
        theta[t] = inner(theta[t - 1], h[t], when=every(k))

    return accumulated


def finite_only(inner):
    @optimizer()
    def finite_only(theta, g):
        g[t] = grad(inner.point(theta[t - 1]))
        theta[t] = inner(theta[t - 1], g[t], when=isfinite(maxabs(g[t], over=ALL)))

    return finite_only


@optimizer()
def trust_ratio(theta, g, m, v, d, *, lr: Positive = 1e-3, beta: Unit = 0.9, eps: Positive = 1e-6):
    """A norm of what depends on everything else in the element loop."""
    m[t] = beta * m[t - 1] + (1 - beta) * g[t]
    v[t] = beta * v[t - 1] + (1 - beta) * g[t] ** 2
    d[t] = m[t] / (1 - beta**t) / (sqrt(v[t] / (1 - beta**t)) + eps) + theta[t - 1] / 100
    theta[t] = theta[t - 1] - lr * where(norm(d[t]) > 0, norm(theta[t - 1]) / norm(d[t]), 1) * d[t]


UNLIKE = {
    "started": started,
    "centralized": centralized,
    "trust_ratio": trust_ratio,
    "accumulated": accumulated(finite_only(catalogue.load("adam"))),  # names longer than a line
    "averaged_iterates": averaged_iterates,
    "every_reduction": every_reduction,
    "clipped_ema_of_nesterov": clip_by_global_norm(ema(nesterov)),
    "scheduled": nesterov.scheduled(mu=linear_warmup, lr=cosine),
}


def emitted(declared):
    training, _ = build(declared)
    return training, artifact(declared, "cpu").text


@pytest.mark.parametrize("name", catalogue.names())
def test_the_catalogue_is_proved(name):
    proof = prove_kernel(*emitted(catalogue.load(name)))
    assert proof.holds, proof.failures[:3]


@pytest.mark.parametrize("name", UNLIKE)
def test_what_the_catalogue_has_not_is_proved_too(name):
    proof = prove_kernel(*emitted(UNLIKE[name]))
    assert proof.holds, proof.failures[:3]


def test_every_stored_number_is_an_obligation():
    training, text = emitted(every_reduction)
    owed = {what.split(" of ")[0] for what, _ in prove_kernel(training, text).verdicts}
    assert owed >= {training.param, *training.states, "t"}


def body_line(text, target):
    return next(line for line in text.splitlines() if line.strip().startswith(f"{target} = "))


@pytest.mark.parametrize(
    ("target", "old", "new"),
    [("m_new", " + ", " - "), ("theta_new", "lr *", "lr * lr *"), ("vhat", "v_new", "v")],
)
def test_a_wrong_line_is_refuted_with_a_counterexample(target, old, new):
    training, text = emitted(catalogue.load("adam"))
    line = body_line(text, target)
    assert old in line
    proof = prove_kernel(training, text.replace(line, line.replace(old, new, 1), 1))
    assert not proof.holds
    assert all(isinstance(verdict, Refuted) for _, verdict in proof.failures)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("= rows[group, ", "= rows[0, "),  # the numbers of another group
        ("for i in range(n)", "for i in range(n - 1)"),  # the last element of a chunk
        ("tensor, start, n, group = work", "start, tensor, n, group = work"),
        ("range(len(blocks) - 1)", "range(len(blocks) - 2)"),  # the last share
        ("state.m, state.v)", "state.v, state.m)"),
    ],
)
def test_a_wrong_launcher_is_caught(old, new):
    """Not only the body: chunks, rows of groups and the order of buffers are proved."""
    training, text = emitted(catalogue.load("adam"))
    assert old in text
    assert not accepted(training, text.replace(old, new))


def test_a_value_that_only_the_equations_have_is_missed():
    """1 - beta**t as -expm1(t*log(beta)) without its guard: equal wherever beta > 0."""
    training, text = emitted(catalogue.load("adam"))
    guard = "select(beta1 > 0, beta1, 1.0)"
    line = next(line for line in text.splitlines() if guard in line)
    unguarded = re.sub(r"select\(beta1 > 0, (-expm1\(.*\)), 1\.0\)", r"\1", line.replace(guard, "beta1"))
    assert unguarded != line.replace(guard, "beta1")
    proof = prove_kernel(training, text.replace(line, unguarded))
    assert proof.failures
    for _, verdict in proof.failures:
        assert verdict.point["beta1"] == 0
        assert math.isnan(verdict.values[0])
        assert math.isfinite(verdict.values[1])


def test_what_every_step_keeps_is_known():
    """The second moment is never negative, so that its absolute value is itself."""
    training, text = emitted(catalogue.load("adam"))
    line = body_line(text, "vhat")
    assert prove_kernel(training, text.replace(line, line.replace("v_new", "abs(v_new)"))).holds
    line = body_line(text, "mhat")
    assert not prove_kernel(training, text.replace(line, line.replace("m_new", "abs(m_new)"))).holds


def accepted(training, text):
    try:
        return prove_kernel(training, text).holds
    except (SymoptError, ArithmeticError, LookupError, NameError, TypeError, ValueError):
        return False


def test_reading_past_an_array_is_an_error():
    training, text = emitted(catalogue.load("sgd"))
    with pytest.raises(SymoptError, match="past the end"):
        prove_kernel(training, text.replace("min(CHUNK, n - at)", "CHUNK"))


def test_both_outcomes_of_a_condition_are_run():
    condition = Call("<", (Sym("a"), Sym("b")))

    def run(path: Path):
        return {"x": Num(1) if Value(condition, path) else Num(2)}

    assert explore(run) == {"x": Call("where", (condition, Num(1), Num(2)))}


def test_each_way_through_the_conditions_is_run_once():
    seen = []

    def run(path: Path):
        seen.append([bool(Value(Sym(name), path)) for name in ("a", "b", "a")])
        return {"x": number(len(set(seen[-1])))}

    found = explore(run)["x"]
    assert sorted(seen) == [[a, b, a] for a in (False, True) for b in (False, True)]
    first, second = Sym("a"), Sym("b")
    same, other = number(1), number(2)
    assert found == Call("where", (first, Call("where", (second, same, other)), Call("where", (second, other, same))))


def test_conditions_without_end_are_an_error():
    def run(path: Path):
        return {"x": number(sum(bool(Value(Sym(f"c{i}"), path)) for i in range(20)))}

    with pytest.raises(SymoptError, match="more conditions than can be followed"):
        explore(run)


def add_up(terms):
    return reduce(lambda a, b: Call("+", (a, b)), terms, ZERO)


def test_a_sum_is_compared_term_by_term():
    """One question is asked for all elements, whatever the order in which they are added."""
    x = [element("x", 0, i) for i in range(9)]
    squares = [Call("*", (a, a)) for a in x]
    powers = [Call("**", (a, number(2))) for a in reversed(x)]
    sums = Sums(Facts())
    symbol = sums.symbol(add(*squares), positive=True)
    assert sums.abstracted(add_up(powers)) == symbol
    assert len(sums.answers) == 1
    scaled = [Call("*", (Call("*", (number(2), a)), Call("*", (number(2), a)))) for a in x]
    parts = [Call("/", (add_up(scaled[at : at + 3]), number(4))) for at in range(0, 9, 3)]
    assert sums.abstracted(add_up(parts)) == symbol  # parts of the sum, scaled and scaled back
    assert len(sums.answers) == 2
    assert sums.facts.domain(symbol.name) == NonNegative
    assert sums.abstracted(add(*powers)) != symbol  # a formula that adds up nothing from 0 stays one
