"""The proof of emitted files: the whole catalogue is proved, and a wrong file is not."""

import pytest
from symopt.specs.averaging import ema
from symopt.specs.clipping import clip_by_global_norm
from symopt.specs.nesterov import nesterov
from symopt.specs.schedules import cosine, linear_warmup

from symopt import ALL, OpenUnit, Positive, Unit, catalogue, dot, every, grad, maxabs, mean, norm, optimizer, t, where
from symopt.artifacts import artifact, build
from symopt.errors import SymoptError
from symopt.expr import Call, Num, Sym
from symopt.prove.algebra import Refuted
from symopt.prove.floats import FAULTS
from symopt.prove.kernel import prove_kernel
from symopt.prove.values import Path, Value, explore


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


UNLIKE = {
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


def accepted(training, text):
    try:
        return prove_kernel(training, text).holds
    except FAULTS:
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
