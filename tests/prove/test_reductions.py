"""Reductions that no rule shows to be those of the equations: no difference is made up of that, and none is missed."""

import pytest

from symopt import Positive, dot, norm, optimizer, t
from symopt.artifacts import artifact, build
from symopt.expr import ONE, Call, Sym
from symopt.prove import sums
from symopt.prove.algebra import Proved, Refuted, Undecided
from symopt.prove.kernel import prove_kernel
from symopt.prove.operations import _Cut
from symopt.prove.targets import DEVICE, HOST

TARGETS = {"cpu": HOST, "cuda": DEVICE}


@optimizer(title="Normed")
def normed(theta, g, *, lr: Positive = 0.1):
    theta[t] = theta[t - 1] - lr * g[t] / (1 + norm(g[t]) + dot(g[t], theta[t - 1]))


@pytest.fixture
def at_a_loss(monkeypatch):
    """No reduction is found again."""
    monkeypatch.setattr(sums, "decide", lambda a, b, facts: Undecided(64, "the proof was larger than its budget"))


@pytest.mark.parametrize("target", TARGETS)
def test_what_cannot_be_compared_is_not_refuted(target, at_a_loss):
    built = build(normed)
    found = prove_kernel(built[0], artifact(normed, target, built=built).text, TARGETS[target])
    assert not found.holds
    kinds = {type(verdict) for _, verdict in found.failures}
    assert kinds == {Undecided}
    assert {verdict.why for _, verdict in found.failures} == {"no rule shows that a reduction is one of the equations"}


@pytest.mark.parametrize("target", TARGETS)
def test_a_wrong_file_is_refuted_all_the_same(target, at_a_loss):
    @optimizer(title="Normed")
    def other(theta, g, *, lr: Positive = 0.1):
        theta[t] = theta[t - 1] - lr * g[t] / (1 + norm(g[t]) + dot(g[t], g[t]))

    text = artifact(other, target, name="normed").text.replace("Other", "Normed")
    found = prove_kernel(build(normed)[0], text, TARGETS[target])
    assert any(isinstance(verdict, Refuted) for _, verdict in found.failures)


@pytest.mark.parametrize("target", TARGETS)
def test_otherwise_it_is_proved(target):
    built = build(normed)
    found = prove_kernel(built[0], artifact(normed, target, built=built).text, TARGETS[target])
    assert found.holds
    assert all(isinstance(verdict, Proved) for _, verdict in found.verdicts)


def test_a_condition_that_shares_its_parts_is_met_once():
    """Written out, the condition has 2**100 leaves."""
    x = Sym("x")
    for _ in range(100):
        x = Call("+", (x, x))
    above, (a, b, c) = Call(">", (x, ONE)), map(Sym, "abc")
    found = _Cut()(Call("where", (above, Call("where", (Call(">", (x, ONE)), a, b)), c)))
    assert isinstance(found, Call)
    assert found.args[1:] == (a, c)
