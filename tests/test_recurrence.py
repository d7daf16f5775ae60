"""An optimizer as data: what it checks about itself and what it knows."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest

from symopt import SymoptError
from symopt.catalogue import load_all
from symopt.expr import ONE, START, ZERO, Call, Num, Reduction, Seq, Sym, T
from symopt.notation import Positive, Unit
from symopt.recurrence import LEVELS, RESERVED, Equation, Hyperparameter, Optimizer, level_of

G, THETA, THETA_0 = Seq("g", 0), Seq("theta", -1), Seq("theta", START)
LR = Hyperparameter("lr", Positive, Fraction(1, 10))
SAMPLE = Optimizer(
    name="sample",
    title="Sample",
    equations=(
        Equation("scale", Call("/", (Sym("lr"), T))),
        Equation("m", Call("+", (Seq("m", -1), G))),
        Equation("theta", Call("-", (THETA, Call("*", (Seq("scale", 0), Seq("m", 0)))))),
    ),
    hyperparameters=(LR, Hyperparameter("mu", Unit, Fraction(9, 10))),
    gradient_point=Call("+", (THETA, Call("*", (Sym("mu"), Seq("m", -1))))),
    starts=(("m", Seq("theta", START)),),
)
KNOWN = load_all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"equations": (*SAMPLE.equations, Equation("m", G))}, "there are two things named m"),
        ({"hyperparameters": (*SAMPLE.hyperparameters, LR)}, "there are two things named lr"),
        ({"hyperparameters": (*SAMPLE.hyperparameters, replace(LR, name="m"))}, "there are two things named m"),
        ({"hyperparameters": (*SAMPLE.hyperparameters, replace(LR, name="t"))}, "there are two things named t"),
        ({"inputs": (("m", "step"),)}, "there are two things named m"),
        ({"inputs": (("g", "step"), ("x", "step"))}, "there are two things named g"),
        ({"equations": SAMPLE.equations[:2]}, "theta[t] is never written"),
        ({"hyperparameters": ()}, "lr is neither a sequence nor a hyperparameter"),
        ({"equations": SAMPLE.equations[1:]}, "scale[t] is read by theta[t] before it is written"),
        (
            {"equations": (SAMPLE.equations[0], SAMPLE.equations[2], SAMPLE.equations[1])},
            "m[t] is read by theta[t] before",
        ),
        (
            {"equations": (Equation("theta", Seq("x", -1)),), "starts": ()},
            "x[t-1] is read by theta[t], but it does not exist",
        ),
        (
            {"equations": (*SAMPLE.equations, Equation("n", Seq("m", -2)))},
            "m[t-2] is read by n[t], but it does not exist",
        ),
        (
            {"equations": (*SAMPLE.equations, Equation("n", Seq("m", START)))},
            "m[0] is read by n[t], but it does not exist",
        ),
        ({"equations": (*SAMPLE.equations, Equation("n", Call("gamma", (T,))))}, "gamma(t) is not an operation"),
        ({"equations": (*SAMPLE.equations, Equation("n", Call("sqrt", (T, T))))}, "sqrt(t, t) is not an operation"),
        ({"equations": (*SAMPLE.equations, Equation("n", Call("grad", (T,))))}, "grad(t) is not an operation"),
        ({"gradient_point": Seq("x", -1)}, "the gradient point reads x[t-1], which does not exist"),
        ({"gradient_point": G}, "the gradient point reads g[t], which does not exist"),
        ({"gradient_point": Seq("m", 0)}, "the gradient point depends on the gradient that is taken there"),
        ({"gradient_point": Sym("x")}, "x is neither a sequence nor a hyperparameter"),
        ({"starts": (("x", ZERO),)}, "x[0] = 0 is no start value"),
        ({"starts": (("m", THETA),)}, "m[0] = theta[t-1] is no start value"),
    ],
)
def test_what_makes_no_sense(changes, words):
    with pytest.raises(SymoptError) as caught:
        replace(SAMPLE, **changes)
    assert str(caught.value).startswith(f"sample: {words}")


def test_what_is_derived():
    assert SAMPLE.states == ("m",)
    assert SAMPLE.intermediates == ("scale",)
    assert SAMPLE.levels == {"theta": "element", "g": "element", "scale": "step", "m": "element"}
    assert SAMPLE.names == {"scale", "m", "theta", "lr", "mu"}
    assert SAMPLE.start_of("m") == Seq("theta", START)
    assert SAMPLE.start_of("scale") is None
    assert Seq("m", -1) in SAMPLE.reads
    assert SAMPLE.hyperparameter("lr") is LR
    assert str(SAMPLE).splitlines()[1] == "    scale[t] = lr / t"


@pytest.mark.parametrize(
    ("expr", "level"),
    [
        (Num(Fraction(1)), "step"),
        (Sym("t"), "step"),
        (Seq("m", -1), "element"),
        (Seq("m", START), "element"),
        (Seq("unknown", 0), "step"),
        (Reduction("norm", (Seq("m", 0),), "tensor"), "tensor"),
        (Reduction("norm", (Seq("m", 0),), "all"), "global"),
        (Reduction("norm", (Seq("m", 0),), "row"), "row"),
        (Call("*", (Reduction("axes", (Seq("m", 0),), "tensor"), Reduction("norm", (Seq("m", 0),), "row"))), "row"),
        (Call("*", (Reduction("norm", (Seq("m", 0),), "all"), Sym("lr"))), "global"),
        (Call("+", (Reduction("norm", (Seq("m", 0),), "all"), Reduction("mean", (Seq("m", 0),), "tensor"))), "tensor"),
        (Call("where", (Call(">", (T, ONE)), Seq("m", 0), ZERO)), "element"),
    ],
)
def test_level_of(expr, level):
    assert level_of(expr, {"m": "element"}) == level


def test_levels_rise_through_states_and_starts():
    x = replace(
        SAMPLE,
        equations=(
            Equation("a", Call("+", (Seq("b", -1), ONE))),
            Equation("b", Call("*", (Seq("a", 0), Reduction("norm", (G,), "all")))),
            Equation("c", Call("+", (Seq("c", -1), ONE))),
            Equation("theta", Call("*", (THETA, Call("+", (Seq("b", 0), Seq("c", 0)))))),
        ),
        starts=(("c", Seq("theta", START)),),
        gradient_point=THETA,
    )
    assert {name: x.levels[name] for name in "abc"} == {"a": "global", "b": "global", "c": "element"}
    assert set(x.levels.values()) <= set(LEVELS)


def test_hyperparameters_are_attributes():
    assert (SAMPLE.lr.node, SAMPLE.base.lr.node) == (Sym("lr"), Sym("lr", base=True))
    with pytest.raises(AttributeError, match=r"sample has no hyperparameter lrr; it has lr, mu; did you mean lr\?"):
        _ = SAMPLE.lrr
    with pytest.raises(SymoptError, match=r"sample has no hyperparameter x; it has lr, mu"):
        _ = SAMPLE.base.x
    assert {"name", "title", "lr"} & RESERVED == {"name", "title"}
    assert not hasattr(SAMPLE, "__len__")
    assert not hasattr(SAMPLE.base, "_x")


def test_outside_an_equation_it_cannot_be_called():
    for call in (SAMPLE, SAMPLE.point):
        with pytest.raises(SymoptError, match="as in theta\\[t\\] = inner\\(theta\\[t-1\\]\\)"):
            call(3)


def test_the_gradient_point_in_old_values():
    scale, *others = SAMPLE.equations
    point = Equation("y", Call("*", (Seq("scale", 0), THETA)))
    x = replace(SAMPLE, equations=(scale, point, *others), gradient_point=Seq("y", 0))
    assert x.point_before_step == Call("*", (Call("/", (Sym("lr"), T)), THETA))
    assert SAMPLE.point_before_step == SAMPLE.gradient_point


def test_titled():
    x = SAMPLE.titled("Other", reference="someone2020x")
    assert (x.title, x.reference, x.summary, x.equations) == ("Other", "someone2020x", "", SAMPLE.equations)
    assert x.titled("Third", summary="S").reference == "someone2020x"


def test_renamed_both_ways_at_once():
    x = SAMPLE.renamed(lr="mu", mu="lr")
    assert [hyper.name for hyper in x.hyperparameters] == ["mu", "lr"]
    assert x.hyperparameter("mu").domain == Positive
    assert x.equations[0].rhs == Call("/", (Sym("mu"), T))
    assert x.renamed(lr="mu", mu="lr") == SAMPLE
    assert SAMPLE.renamed() == SAMPLE


@pytest.mark.parametrize("optimizer", KNOWN.values(), ids=KNOWN)
def test_an_optimizer_is_a_value(optimizer):
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer == copy.deepcopy(optimizer)
    assert hash(optimizer) == hash(copy.copy(optimizer))
    assert optimizer.renamed(**{h.name: f"x_{h.name}" for h in optimizer.hyperparameters}) != optimizer
    with pytest.raises(FrozenInstanceError):
        optimizer.title = "Other"


@pytest.mark.parametrize("changes", [{"outputs": ("r",)}, {"starts": (("r", Reduction("mean", (THETA_0,), "row")),)}])
def test_a_number_per_row_cannot_be_remembered(changes):
    of_row = Reduction("mean", (G,), "row")
    rhs = of_row if "outputs" in changes else Call("+", (Seq("r", -1), Num(Fraction(1))))
    equations = (Equation("r", rhs), Equation("theta", Call("-", (THETA, Seq("r", 0)))))
    with pytest.raises(SymoptError, match="sample: r is a number per row, which no step can remember; remember what"):
        Optimizer("sample", "Sample", equations, **changes)
