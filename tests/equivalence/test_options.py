"""What a user says about hyperparameters and states, and what happens where that cannot be."""

from fractions import Fraction

import pytest

from symopt import Max, Min, Positive, clip, exp, norm, optimizer, sqrt, t, where
from symopt.equivalence import compare
from symopt.equivalence.pair import paired
from symopt.errors import SymoptError
from symopt.expr import text

WRONG = {
    "constant": ({"constant": ["l"]}, "there is no hyperparameter l; did you mean lr?"),
    "replaced": ({"hyper": {"A.lrr": "2"}}, "there is no hyperparameter lrr; did you mean lr?"),
    "side": ({"hyper": {"C.lr": "2"}}, "there is no optimizer 'C' here; A.lr is the first optimizer's"),
    "domain": ({"hyper": {"beta1": "2"}}, r"beta1=2 is outside the domain Unit = \[0, 1\)"),
    "domain without end": ({"hyper": {"lr": "-1"}}, r"lr=-1 is outside the domain Positive = \(0, inf\)$"),
    "domain of an expression": ({"hyper": {"beta1": "t"}}, r"beta1=t is outside the domain Unit = \[0, 1\)"),
    "infinite": ({"hyper": {"beta1": "inf"}}, "beta1 ends at 1"),
    "unknown name": ({"hyper": {"A.lr": "lrr*2"}}, "lr=lrr\\*2: adam_hat has no hyperparameter lrr; did you mean lr?"),
    "sequence": ({"hyper": {"A.lr": "m[t]"}}, "a hyperparameter is replaced by hyperparameters, t and numbers"),
    "syntax": ({"hyper": {"A.lr": "2*("}}, "is no expression of the dialect"),
    "diverges": ({"hyper": {"A.lr": "inf"}}, "no rule says|grows beyond all bounds"),
    "state without side": ({"states": {"v": "v"}}, "say whose state it is, A.v or B.v"),
    "state": ({"states": {"B.vv": "v"}}, "adam_hat has no state vv; did you mean v?"),
    "value": ({"states": {"B.v": "vv"}}, "adam has no state vv; did you mean v?"),
    "moment": ({"states": {"B.v": "g[t]"}}, "g"),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_are_one_sentence(named, given, message):
    with pytest.raises(SymoptError, match=message) as error:
        compare(named("adam"), named("adam_hat"), **given)
    assert "\n" not in str(error.value)


def test_domains_without_a_common_value(named):
    with pytest.raises(SymoptError, match="no value that both counted and small allow"):
        compare(named("counted"), named("small"))


def test_a_name_without_a_side_means_both(named):
    pair = paired(named("adam"), named("adam_hat"), (), {"beta1": "0"})
    assert all("beta1" not in [h.name for h in optimizer.hyperparameters] for optimizer in (pair.a, pair.b))


def test_hyperparameters_keep_to_both_domains(named):
    pair = paired(named("amsgrad"), named("amsgrad_torch"), (), {})
    (eps,) = (hyper for hyper in pair.hypers if hyper.name == "eps")
    assert Fraction(0) not in eps.domain


def test_a_map_is_proved_and_not_believed(named):
    a, b = named("rms_from_one"), named("rms_inverse")
    assert compare(a, b, states={"B.w": "1/v"}).verdict == "proved"
    assert compare(a, b, states={"B.w": "1/A.v"}).verdict == "proved"
    assert compare(b, a, states={"A.w": "1/v"}).verdict == "proved"
    wrong = compare(a, b, states={"B.w": "2/v"})
    assert (wrong.verdict, wrong.map) == ("undecided", {})
    assert wrong.advice == "B.w = 2 / A.v does not hold in every run; correct it or leave it out."


def test_what_is_undecided_says_what_to_try(named):
    found = compare(named("rms_from_one"), named("rms_inverse"))
    assert (found.verdict, found.counterexample) == ("undecided", None)
    assert found.tried >= 18
    assert "--map 'B.w=...'" in found.advice


@optimizer(title="Ends")
def ends(theta, g, a, b, c, d, *, lr: Positive = 0.1, top: Positive = 1.0):
    a[t] = clip(g[t], -top, top)
    b[t] = Min(1, top / (norm(g[t]) + 1)) * a[t]
    c[t] = where(b[t] < top, b[t], 0) + Max(b[t], -top) + Min(-top, b[t]) / top
    d[t] = c[t] * exp(-top) + sqrt(g[t] ** 2) / (1 + top) + c[t]
    theta[t] = theta[t - 1] - lr * d[t]


def test_limits_at_infinity():
    pair = paired(ends, ends, (), {"A.lr": "1", "B.top": "2"})
    assert "top" in [h.name for h in pair.a.hyperparameters]
    with pytest.raises(SymoptError, match="no rule says what min"):
        paired(ends, ends, (), {"A.top": "inf"})


@optimizer(title="Bounded")
def bounded(theta, g, a, b, c, *, lr: Positive = 0.1, top: Positive = 1.0):
    a[t] = clip(g[t], -top, top)
    b[t] = Min(1, top / (norm(g[t]) + 1)) * a[t] + where(a[t] < top, a[t], 0)
    c[t] = Max(b[t], -top) + b[t] * exp(-top) + g[t] / (1 + top)
    theta[t] = theta[t - 1] - lr * c[t]


def test_each_end_by_its_rule():
    shown = [text(e.rhs) for e in paired(bounded, bounded, (), {"A.top": "inf"}).a.equations]
    assert shown[0] == "g[t]"
    assert shown[1] == "1 * a[t] + where(0 < 1, a[t], 0)"
    assert shown[2] == "b[t] + b[t] * 0 + 0"


def test_a_budget_ends_a_proof(named):
    found = compare(named("adam"), named("adam_hat"), hyper={"A.eps": "eps/sqrt(1 - beta2**t)"}, budget=20)
    assert (found.verdict, found.counterexample) == ("undecided", None)
    assert found.advice.startswith("The budget of 20 elementary products is used up; --budget 4000000 allows more.")


def test_the_budget_is_that_of_the_whole_question(named):
    hyper = {"A.eps": "eps/sqrt(1 - beta2**t)"}
    whole = compare(named("adam"), named("adam_hat"), hyper=hyper)
    assert whole.work > 0
    assert compare(named("adam"), named("adam_hat"), hyper=hyper, budget=whole.work).verdict == "proved"
    less = compare(named("adam"), named("adam_hat"), hyper=hyper, budget=whole.work // 20)
    assert less.verdict == "undecided"
    assert less.work < whole.work


def test_constants_stay_constant_where_hyperparameters_are_replaced(named):
    found = compare(named("momentum_torch"), named("momentum"), constant=["lr", "tau"])
    assert (found.verdict, found.conditions) == ("proved", ("tau = 0",))


@optimizer(title="Cubic")
def cubic(theta, g, *, lr: Positive = 1e-3, eps: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] - eps * lr * g[t] ** 3


@optimizer(title="Half the cube")
def half(theta, g, *, lr: Positive = 1e-3, eps: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] - eps * lr / 2 * g[t] ** 3


@optimizer(title="Twice")
def twice(theta, g, *, lr: Positive = 1e-3, eps: Positive = 1e-2):
    theta[t] = theta[t - 1] - 2 * lr * g[t] - eps * g[t] ** 3


@optimizer(title="Turned")
def turned(theta, g, *, lr: Positive = 1e-3, eps: Positive = 1e-2):
    theta[t] = theta[t - 1] - 2 * eps * g[t] - lr * g[t] ** 3


@pytest.mark.parametrize("order", [("B.eps", "B.lr"), ("B.lr", "B.eps")])
def test_hyperparameters_are_replaced_all_at_once(order):
    values = {"B.eps": "eps*lr", "B.lr": "lr/2"}
    hyper = {name: values[name] for name in order}
    assert compare(cubic, twice, hyper=hyper).verdict == "proved"
    assert compare(half, twice, hyper=hyper).verdict == "refuted"
    assert compare(turned, twice, hyper={"A.lr": "eps", "A.eps": "lr"}).verdict == "proved"


def test_what_is_said_of_one_side_goes_before_what_is_said_of_both():
    pair = paired(cubic, twice, (), {"A.lr": "eps", "lr": "2"})
    assert "eps" in text(pair.a.equations[-1].rhs)
    assert "lr" not in text(pair.b.equations[-1].rhs)


@pytest.mark.parametrize(("other", "hyper"), [("adamw", "B.beta1"), ("adamw", "A.lr"), ("adam_hat", "A.eps")])
def test_a_number_for_one_side_only(other, hyper):
    value = "0" if hyper == "B.beta1" else "1"
    assert compare("adam", other, hyper={hyper: value}).verdict == "refuted"


def test_a_comparison_is_true_where_equality_is_proved():
    assert compare("adam", "adam")
    assert not compare("adam", "sgd")
