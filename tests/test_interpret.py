"""The meaning of an optimizer: recurrences by hand against the same equations as data, and the edges of numbers."""

import math
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from symopt.domains import ALL, ROW, Positive, PositiveInt, Unit
from symopt.errors import SymoptError
from symopt.expr import REDUCTIONS, START, Call, Reduction, Seq, Sym, text
from symopt.interpret import EXACT, FLOAT, REAL, SYMBOLS, interpret, reals
from symopt.notation import axes, clip, every, maxabs, mean, norm, sqrt, t, total, where
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts
from symopt.recurrence import Equation, Hyperparameter, Optimizer
from symopt.runtime import bind
from symopt.terms import Term

F = Fraction


def new(name):
    return Term(Seq(name, 0))


def old(name):
    return Term(Seq(name, -1))


def hyper(name, domain, default):
    return Hyperparameter(name, domain, default if default is None else F(default))


def declare(name, equations, hypers=(), **more):
    return Optimizer(name, name, tuple(Equation(target, rhs.node) for target, rhs in equations), tuple(hypers), **more)


lr, mu, beta1, beta2, eps, k, c = (Term(Sym(name)) for name in "lr mu beta1 beta2 eps k c".split())
g = new("g")
LR, MU = hyper("lr", Positive, F(1, 4)), hyper("mu", Unit, F(1, 2))

MOMENTUM = declare("momentum", [("v", mu * old("v") - lr * g), ("theta", old("theta") + new("v"))], [LR, MU])
ADAM = declare(
    "adam",
    [
        ("m", beta1 * old("m") + (1 - beta1) * g),
        ("v", beta2 * old("v") + (1 - beta2) * g**2),
        ("theta", old("theta") - lr * (new("m") / (1 - beta1**t)) / (sqrt(new("v") / (1 - beta2**t)) + eps)),
    ],
    [LR, hyper("beta1", Unit, "0.9"), hyper("beta2", Unit, "0.999"), hyper("eps", Positive, "1e-8")],
)
NESTEROV = declare(
    "nesterov",
    [("v", mu * old("v") - lr * g), ("theta", old("theta") + new("v"))],
    [LR, MU],
    gradient_point=(old("theta") + mu * old("v")).node,
)
CLIPPED = declare("clipped", [("theta", old("theta") - lr * g * c / norm(g, over=ALL))], [LR, hyper("c", Positive, 1)])
LOOKAHEAD = declare(
    "lookahead",
    [
        ("fast", old("theta") - lr * g),
        ("slow", where(every(k), (old("slow") + new("fast")) / 2, old("slow"))),
        ("theta", where(every(k), new("slow"), new("fast"))),
    ],
    [LR, hyper("k", PositiveInt, 2)],
    starts=(("slow", Seq("theta", START)),),
)


def run(optimizer, params, gradient, steps, *args, **more):
    return list(interpret(optimizer, params, gradient, steps, *args, **more))


def test_momentum_exactly():
    theta, v = [F(1), F(-2)], [F(0), F(0)]
    for snapshot in run(MOMENTUM, [[1, -2]], lambda point: [3 * point[0]], 5, numbers=EXACT):
        v = [b / 2 - 3 * a / 4 for a, b in zip(theta, v, strict=True)]
        theta = [a + b for a, b in zip(theta, v, strict=True)]
        assert list(snapshot.theta[0]) == list(snapshot.point[0]) == theta
        assert list(snapshot.states["v"][0]) == v
    assert snapshot.t == (5,)


@pytest.mark.parametrize(("numbers", "digits"), [(REAL, 45), (reals(30), 25), (FLOAT, 13)])
def test_adam(numbers, digits):
    """Against the closed form for a constant gradient: both averages are exact after their correction."""
    snapshots = run(ADAM, [[1.0], [[2.0, 3.0]]], [[[0.5], [[-0.5, 2.0]]]] * 4, 4, numbers=numbers)
    for step, snapshot in enumerate(snapshots, 1):
        for theta, start, gradient in zip(
            [*snapshot.theta[0], *snapshot.theta[1][0]], (1, 2, 3), (F(1, 2), -F(1, 2), 2), strict=True
        ):
            exact = start - step * F(1, 4) * gradient / (abs(gradient) + F(1, 10**8))
            assert abs(F(str(theta)) - exact) < F(1, 10**digits)
    assert snapshots[0].theta[1].shape == (1, 2)


def test_an_irrational_step_is_named():
    with pytest.raises(SymoptError, match=r"adam: theta\[t\] cannot be exact: sqrt\(.*\) is not rational"):
        run(ADAM, [[1]], [[[1]], [[2]]], 2, numbers=EXACT)


def test_the_gradient_is_taken_at_its_point():
    seen = []

    def gradient(point):
        seen.append(point[0][0])
        return point

    snapshots = run(NESTEROV, [[1]], gradient, 3, numbers=EXACT)
    theta, v = F(1), F(0)
    for snapshot, point in zip(snapshots, seen, strict=True):
        assert point == theta + v / 2
        v = v / 2 - point / 4
        theta = theta + v
        assert snapshot.theta[0][0] == theta
        assert snapshot.point[0][0] == theta + v / 2


def test_a_point_is_made_with_the_values_in_force_when_the_step_before_ends():
    changing = run(NESTEROV, [[1]], lambda point: point, 2, lambda step: {"mu": F(step, 4)}, numbers=EXACT)
    first = -F(1, 4)
    assert changing[0].point[0][0] == 1 + first + F(1, 4) * first
    assert changing[1].states["v"][0][0] == F(2, 4) * first - changing[0].point[0][0] / 4


def test_a_reduction_over_all_tensors_and_groups():
    snapshots = run(CLIPPED, [[1, 1], [1]], [[[3, 0], [4]]], 1, {"lr": [F(1), F(10)]}, numbers=EXACT, groups=[0, 1])
    assert [list(theta) for theta in snapshots[0].theta] == [[1 - F(3, 5), 1], [1 - F(40, 5)]]


CENTRED = declare("centred", [("theta", old("theta") - where(axes(g) > 1, g - mean(g, over=ROW), g))])
GRADIENTS = [[[3, 1, 2], [5, 0, 1]], [1, 3], 7, [[[1, 2], [3, 6]], [[0, 0], [0, 4]]], [[4], [6]]]
CENTRED_GRADIENTS = [[[1, -1, 0], [3, -2, -1]], [1, 3], 7, [[[-2, -1], [0, 3]], [[-1, -1], [-1, 3]]], [[0], [0]]]


@pytest.mark.parametrize("numbers", [EXACT, REAL, FLOAT], ids=lambda numbers: numbers.name)
def test_a_reduction_over_rows(numbers):
    """A row is a slice along the first axis; a tensor of fewer than two axes is left alone by its number of axes."""
    first = run(CENTRED, [np.zeros(np.shape(x)) for x in GRADIENTS], [GRADIENTS], 1, numbers=numbers)[0]
    for theta, expected in zip(first.theta, CENTRED_GRADIENTS, strict=True):
        assert np.shape(theta) == np.shape(expected)
        assert np.all(theta == -np.array(expected))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (2, 0, 3), (0,)])
def test_rows_of_nothing(shape):
    nothing = np.zeros(shape)
    assert run(CENTRED, [nothing], [[nothing]], 1, numbers=FLOAT)[0].theta[0].shape == shape


def test_a_vector_is_a_single_row():
    declared = declare("scaled", [("theta", old("theta") - total(g, over=ROW) - maxabs(g, over=ROW))])
    thetas = run(declared, [[0, 0], 0], [[[1, -3], -2]], 1, numbers=EXACT)[0].theta
    assert [list(thetas[0]), thetas[1][()]] == [[-1, -1], 0]


def test_rows_on_symbols():
    a, b, c, d = (Sym(name) for name in "abcd")
    theta = run(CENTRED, [np.zeros((2, 2))], [[np.array([[a, b], [c, d]], object)]], 1, numbers=SYMBOLS)[0].theta[0]
    assert text(theta[1, 0]) == "-(c - (c + d) / 2)"


EMPTY = [("norm", 0), ("total", 0), ("maxabs", 0), ("dot", 0), ("mean", math.nan)]


def reduced(over):
    """A state per reduction, so that what it comes to is seen."""
    of_g = {op: Term(Reduction(op, (g.node, g.node)[: REDUCTIONS[op]], over)) for op, _ in EMPTY}
    shift = sum(new(f"{op}_of_g") for op in of_g)
    states = [(f"{op}_of_g", lr * old(f"{op}_of_g") + value) for op, value in of_g.items()]
    return declare("reduced", [*states, ("theta", old("theta") - shift)], [LR])


@pytest.mark.parametrize("numbers", [REAL, FLOAT], ids=lambda numbers: numbers.name)
def test_reductions_of_nothing(numbers):
    """Zero, and the mean is 0/0; a tensor without elements does not disturb the others."""
    first = run(reduced("tensor"), [[], [1.0]], [[[], [2.0]]], 1, numbers=numbers)[0].states
    whole = run(reduced("all"), [[], []], [[[], []]], 1, numbers=numbers)[0].states
    for op, expected in EMPTY:
        for value in (first[f"{op}_of_g"][0], whole[f"{op}_of_g"][0]):
            assert value == expected or (math.isnan(value) and math.isnan(expected))
        assert first[f"{op}_of_g"][1] == (4 if op == "dot" else 2)


@pytest.mark.parametrize("over", ["tensor", "all"])
def test_reductions_of_nothing_are_the_kernels(over):
    declared, nothing = reduced(over), np.zeros(0, np.float32)
    bound = bind(declared, [nothing.copy()])
    bound.step([nothing])
    meant = run(declared, [[]], [[[]]], 1, numbers=FLOAT)[0].states
    assert {name: float(np.ravel(value)[0]) for name, value in meant.items()} == pytest.approx(
        {name: float(np.ravel(bound.state[name])[0]) for name in meant}, rel=0, abs=0, nan_ok=True
    )


def test_an_exact_mean_of_nothing_is_named():
    with pytest.raises(SymoptError, match=r"mean_of_g\[t\] cannot be exact: 0/0 is no number"):
        run(reduced("tensor"), [[]], [[[]]], 1, numbers=EXACT)


def test_conditions_on_the_step():
    thetas = [snapshot.theta[0][0] for snapshot in run(LOOKAHEAD, [[8]], [[[4]]] * 5, 5, numbers=EXACT)]
    assert thetas == [7, 7, 6, 6, 5]


def test_groups_count_their_own_steps():
    snapshots = run(LOOKAHEAD, [[8], [8]], [[[4], [4]]] * 2, 2, numbers=EXACT, groups=[0, 1], start=[0, 1])
    assert [snapshot.t for snapshot in snapshots] == [(1, 2), (2, 3)]
    assert [[theta[0] for theta in snapshot.theta] for snapshot in snapshots] == [[7, F(15, 2)], [7, F(13, 2)]]


def test_states_of_each_level():
    total = declare(
        "levels",
        [
            ("count", old("count") + lr),
            ("size", old("size") + norm(g)),
            ("theta", old("theta") - g / (new("count") + new("size"))),
        ],
        [LR],
    )
    snapshot = run(total, [[0, 0], [0]], [[[3, 4], [2]]], 1, {"lr": [1, 2]}, numbers=EXACT, groups=[1, 0])[0]
    assert snapshot.states == {"count": [1, 2], "size": [5, 2]}
    assert list(snapshot.theta[0]) == [-F(3, 7), -F(4, 7)]


def test_inputs():
    halving = declare(
        "halving",
        [("theta", old("theta") - where(new("metric") > 1, lr, lr / 2) * g)],
        [LR],
        inputs=(("metric", "step"),),
    )
    metrics = [2, 0]
    snapshots = run(halving, [[1]], [[[4]]] * 2, 2, inputs=lambda step: {"metric": [metrics[step - 1]]}, numbers=EXACT)
    assert [snapshot.theta[0][0] for snapshot in snapshots] == [0, -F(1, 2)]


def test_symbols():
    values = {"lr": Term(Sym("lr")), "mu": Term(Sym("mu"))}
    names = [[Term(Sym("a")), Term(Sym("b"))]]
    snapshots = run(MOMENTUM, [[Sym("x"), 1]], [names] * 2, 2, values, numbers=SYMBOLS)
    for value, name in zip(snapshots[1].states["v"][0], names[0], strict=True):
        assert isinstance(decide(value, (-lr * name * (1 + mu)).node, Facts()), Proved)


def test_symbolic_gradients_are_terms():
    def gradient(point):
        return [[x * Term(Sym("h")) for x in point[0]]]

    snapshot = run(MOMENTUM, [[Sym("x")]], gradient, 1, {"mu": 0}, numbers=SYMBOLS)[0]
    assert text(snapshot.theta[0][0]).replace("(", "").replace(")", "") == "x + -0.25 * x * h"


def test_gradients_end_the_run():
    assert len(run(MOMENTUM, [[1]], [[[1]]] * 3, None, numbers=EXACT)) == 3
    assert len(list(islice(interpret(MOMENTUM, [[1]], lambda point: point, numbers=FLOAT), 7))) == 7


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mu": 1}, r"mu must be in \[0, 1\); it is 1"),
        ({"mu": math.nan}, "mu must be in"),
        ({"lr": [1.0, -1.0]}, r"lr must be in \(0, inf\); it is -1.0"),
        ({"alpha": 1}, "momentum has no hyperparameter alpha; it has lr, mu"),
    ],
)
def test_bad_hyperparameters(values, message):
    with pytest.raises(SymoptError, match=message):
        run(MOMENTUM, [[1.0], [1.0]], [[[1.0], [1.0]]], 1, values, groups=[0, 1])


def test_a_hyperparameter_without_a_default_must_be_given():
    with pytest.raises(SymoptError, match="lr must be in"):
        run(declare("plain", [("theta", old("theta") - lr * g)], [hyper("lr", Positive, None)]), [[1]], [[[1]]], 1)


INF, NAN = math.inf, math.nan
EDGES = [
    ("/", (1, 0), INF), ("/", (-1, 0), -INF), ("/", (0, 0), NAN), ("/", (1, INF), 0), ("*", (0, INF), NAN),
    ("-", (INF, INF), NAN), ("log", (0,), -INF), ("log", (-1,), NAN), ("log1p", (-2,), NAN), ("sqrt", (-1,), NAN),
    ("sqrt", (INF,), INF), ("exp", (-INF,), 0), ("**", (NAN, 0), 1), ("**", (INF, 0), 1), ("**", (1, NAN), 1),
    ("**", (0, -1), INF), ("**", (-8, 0.5), NAN), ("**", (-2, 3), -8), ("max", (NAN, 1), NAN), ("max", (1, NAN), NAN),
    ("min", (NAN, 1), NAN), ("max", (-INF, 1), 1), ("<", (NAN, 1), False), (">=", (NAN, NAN), False),
    ("eq", (NAN, NAN), False), ("ne", (NAN, NAN), True), ("isfinite", (INF,), False), ("isfinite", (NAN,), False),
    ("isfinite", (1,), True),
    ("sign", (NAN,), NAN), ("sign", (-INF,), -1), ("abs", (-INF,), INF), ("floor", (-0.5,), -1), ("sin", (INF,), NAN),
    ("tanh", (INF,), 1), ("clip", (NAN, 0, 1), NAN), ("clip", (5, 0, 1), 1), ("where", (True, 1, NAN), 1),
    ("every", (6, 3), True), ("every", (7, 3), False),
]  # fmt: skip


@pytest.mark.parametrize("numbers", [REAL, FLOAT], ids=lambda numbers: numbers.name)
@pytest.mark.parametrize(("op", "args", "expected"), EDGES, ids=str)
def test_edges(numbers, op, args, expected):
    brought = [arg if isinstance(arg, bool) else numbers.constant(arg) for arg in args]
    value = numbers.apply(op, *brought)
    assert value == expected or (math.isnan(value) and math.isnan(expected))
    spread = numbers.apply(op, *[np.array([arg], dtype=object if numbers is REAL else None) for arg in brought])
    assert spread[0] == expected or math.isnan(spread[0])


def test_real_numbers_have_fifty_digits():
    assert str(REAL.apply("sqrt", REAL.constant(2)))[:40] == "1.41421356237309504880168872420969807856"
    assert abs(REAL.apply("log1p", REAL.constant(F(1, 10**40))) * 10**40 - 1) < 1e-35


def test_floats_enter_the_rationals_exactly():
    assert EXACT.constant(0.1) == F(0.1) != F(1, 10)
    assert EXACT.constant(np.float32(0.5)) == F(1, 2)


def test_what_is_not_taken_may_be_undefined():
    guarded = declare("guarded", [("theta", where(g > 0, 1 / g, clip(g, -1, 1)))])
    assert run(guarded, [[0, 0, 0]], [[[2, 0, -3]]], 1, numbers=EXACT)[0].theta[0].tolist() == [F(1, 2), 0, -1]


def test_an_unknown_operation_is_named():
    odd = declare("odd", [("theta", Term(Call("below", (g.node,))))])
    with pytest.raises(SymoptError, match="below has no meaning in exact arithmetic"):
        run(odd, [[1]], [[[1]]], 1, numbers=EXACT)
