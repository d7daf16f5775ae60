"""An induction shows what is true, and nothing else."""

import pytest

from symopt import Positive, Unit, optimizer, t
from symopt.equivalence.induction import Induction
from symopt.equivalence.pair import paired
from symopt.equivalence.product import Product
from symopt.equivalence.relate import kept, settled
from symopt.equivalence.scenario import POINT, THETA
from symopt.expr import Call, Seq, Sym, negate, number

A_THETA, A_B, LR = Seq("A.theta", 0), Seq("A.b", 0), Sym("lr")
V = Call("*", (negate(LR), A_B))


@pytest.fixture
def product(named):
    def make(*constant):
        return Product(paired(named("momentum_sum"), named("momentum"), constant, {}))

    return make


def test_the_true_relation(product):
    relation = {"B.theta": A_THETA, "B.v": V}
    found = Induction(product("lr"), relation)
    assert not found.failing()
    assert found.gives(THETA)
    assert found.gives(POINT)


def test_a_relation_with_lr_means_the_lr_of_its_step(product):
    assert Induction(product(), {"B.theta": A_THETA, "B.v": V}).failing() == {"B.theta", "B.v"}


def test_a_relation_that_does_not_hold_at_first(product):
    more = Call("+", (V, number(1)))
    assert Induction(product("lr"), {"B.theta": A_THETA, "B.v": more}).failing() == {"B.v"}


def test_a_relation_that_a_step_breaks(product):
    assert "B.v" in Induction(product("lr"), {"B.v": A_B}).failing()
    assert Induction(product("lr"), {"B.theta": A_THETA}).failing() == {"B.theta"}


def test_what_gives_no_output(product):
    found = Induction(product("lr"), {"B.v": V})
    assert not found.failing()
    assert not found.gives(THETA)
    assert not found.gives(POINT)


def test_only_what_holds_together_is_kept(product):
    wrong = {"B.theta": A_THETA, "B.v": V, "A.theta": A_B}
    assert kept(product("lr"), settled(wrong), 0) == {"B.v": V, "A.theta": Seq("B.theta", 0)}  # not b, but each other


@optimizer(title="Sum")
def summed(theta, g, a, *, lr: Positive = 0.1):
    a[t] = a[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * a[t]


@optimizer(title="Sum over t - 3")
def divided(theta, g, b, *, lr: Positive = 0.1):
    b[t] = ((t - 4) * b[t - 1] + g[t]) / (t - 3)
    theta[t] = theta[t - 1] - lr * (t - 3) * b[t]


def test_a_relation_does_not_lead_over_a_step_without_value():
    product = Product(paired(summed, divided, (), {}))
    relation = {"B.theta": A_THETA, "B.b": Call("/", (Seq("A.a", 0), Call("-", (Sym("t"), number(3)))))}
    assert Induction(product, relation).failing() == {"B.b"}


@optimizer(title="Momentum that looks ahead with the mu of its step")
def looking(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


def test_points_are_made_with_the_values_of_the_step_before(named):
    product = Product(paired(named("nesterov"), looking, (), {}))
    assert Seq("mu", -1) in set(_nodes(product.points[0]))
    held = Product(paired(named("nesterov"), looking, ("mu",), {}))
    assert Sym("mu") in set(_nodes(held.points[0]))


def _nodes(expr):
    yield expr
    for arg in getattr(expr, "args", ()):
        yield from _nodes(arg)
