"""Scales, signs, shifts and interaction: known answers, each proved one held against runs, each refuted one re-run."""

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

from symopt import Max, Positive, Unit, axes, mean, norm, optimizer, sign, t, where
from symopt.catalogue import load_all
from symopt.expr import Call, Expr, Num, Seq, Sym, substitute
from symopt.interpret import EXACT, REAL, interpret
from symopt.recurrence import Equation
from symopt.runtime import bind
from symopt.theory.fact import Fact, from_json, to_json
from symopt.theory.invariance import invariances
from symopt.theory.invariance.runs import Given, apart, given, run, same

CATALOGUE = load_all()
G = Seq("g", 0)


@cache
def facts_of(name: str) -> list[Fact]:
    return list(invariances(CATALOGUE[name]))


def scale(facts: list[Fact]) -> Fact:
    """What happens where gradients are multiplied."""
    return facts[0]


def sign_of(facts: list[Fact]) -> Fact:
    return facts[-3]


def shift(facts: list[Fact]) -> Fact:
    return facts[-2]


def elements(facts: list[Fact]) -> Fact:
    return facts[-1]


def corrupted(name: str, target: str, old: Expr, new: Expr) -> list[Fact]:
    """The facts of an optimizer of the catalogue with one expression of one equation replaced."""
    source = CATALOGUE[name]
    equations = [
        Equation(e.target, substitute(e.rhs, {old: new} if e.target == target else {})) for e in source.equations
    ]
    assert tuple(equations) != source.equations
    return list(invariances(replace(source, equations=tuple(equations))))


# ---- scales ----


@pytest.mark.parametrize(
    ("name", "degree", "along"),
    [
        ("sgd", "1", {}),
        ("momentum", "1", {}),
        ("nesterov", "1", {}),
        ("sgd_clipped", "1", {"largest": "1"}),
        ("signsgd", "0", {}),
        ("signum", "0", {}),
        ("rprop", "0", {}),
        ("adam", "0", {"eps": "1"}),
        ("adam_inner", "0", {"eps": "2"}),
        ("adam_l2", "0", {"eps": "1", "weight_decay": "1"}),
        ("adamw", "0", {"eps": "1"}),
        ("adagrad", "0", {"eps": "1", "initial": "2"}),
        ("adabound", "0", {"eps": "1", "final_lr": "-1"}),
        ("adadelta", "1", {"eps": "2"}),
        ("asgd", "1", {}),
    ],
)
def test_degrees_in_the_gradient(name, degree, along):
    fact = scale(facts_of(name))
    assert (fact.verdict, fact.data["degree"]) == ("proved", degree)
    hypers = {hyper.name for hyper in CATALOGUE[name].hyperparameters}
    assert {key: value for key, value in fact.data["degrees"].items() if key in hypers} == along
    assert all(key in fact.statement for key in along)


@pytest.mark.parametrize(
    "name",
    [
        "radam",
        "radam_optax",
        "ranger",
        "ranger_centralized",
        "momentum_clipped",
        "adamw_clipped",
        "adamw_clipped_averaged",
    ],
)
def test_steps_that_follow_no_power_of_the_gradient(name):
    """RAdam's first steps are momentum's, its later ones Adam's; torch's clipping adds 1e-6 to a norm."""
    fact = scale(facts_of(name))
    assert fact.verdict == "refuted"
    chosen = read(fact.data)
    one = run(CATALOGUE[name], chosen)
    other = run(CATALOGUE[name], chosen.moved(gradient=2))
    ratios = [move(other, chosen, place) / move(one, chosen, place) for place in fact.data["places"]]
    assert not same(*ratios)
    for ratio, place in zip(ratios, fact.data["places"], strict=True):
        assert same(ratio, REAL.constant(Fraction(place["ratio"])))


def read(data: Mapping[str, Any]) -> Given:
    """What went into a run, from the data of a fact."""
    gradients = tuple(tuple(map(Fraction, g)) for g in data["gradients"])
    hyper = {name: Fraction(value) for name, value in data["hyper"].items()}
    return Given(tuple(map(Fraction, data["theta0"])), gradients, hyper)


def move(values: list[Any], chosen: Given, place: Mapping[str, int]) -> Any:
    step, element = place["step"], place["element"]
    before = values[step - 2]["theta"][element] if step > 1 else REAL.constant(chosen.theta[element])
    return values[step - 1]["theta"][element] - before


@pytest.mark.parametrize("name", CATALOGUE)
def test_degrees_hold_in_a_run(name):
    """Gradients four times as large, with theta[0] and hyperparameters multiplied as the fact says."""
    data = scale(facts_of(name)).data
    if scale(facts_of(name)).verdict == "refuted":  # the test above runs these again
        return
    chosen = given(CATALOGUE[name])
    factor = {key: 4 ** Fraction(degree) for key, degree in data["degrees"].items()}
    whole = int(factor["theta"])
    moved = chosen.moved(factor=whole, gradient=4, hyper={key: Fraction(value) for key, value in factor.items()})
    one, other = run(CATALOGUE[name], chosen), run(CATALOGUE[name], moved)
    assert apart(one, other, factor=whole) is None
    for state in set(one[0]) - {"theta"}:
        for a, b in zip(one, other, strict=True):
            assert all(
                same(x * REAL.constant(Fraction(factor[state])), y) for x, y in zip(a[state], b[state], strict=True)
            )


@pytest.mark.parametrize(
    ("name", "along"),
    [
        ("adamw", {"lr": "1", "weight_decay": "-1"}),
        ("adam_l2", {"lr": "1", "weight_decay": "-1"}),
        ("sgd_decayed", {"lr": "1"}),
        ("asgd", {"lr": "1", "decay": "-1"}),
    ],
)
def test_degrees_in_the_parameter(name, along):
    fact = facts_of(name)[1]
    assert (fact.verdict, fact.subject, fact.data["degree"]) == ("proved", "theta", "1")
    hypers = {hyper.name for hyper in CATALOGUE[name].hyperparameters}
    degrees = {key: value for key, value in fact.data["degrees"].items() if key in hypers and value != "0"}
    assert degrees == along


@optimizer(title="Scaled sign momentum")
def scaled(theta, g, m, scale, *, lr: Positive = 1e-3, beta: Unit = 0.9, smallest: Positive = 1e-3):
    m[t] = beta * m[t - 1] + (1 - beta) * g[t]
    scale[t] = Max(norm(theta[t - 1]), smallest)
    theta[t] = theta[t - 1] - lr * scale[t] * sign(m[t])


def test_steps_that_grow_with_the_parameter():
    facts = list(invariances(scaled))
    assert facts[1].data["degree"] == "1"
    assert {name for name, degree in facts[1].data["degrees"].items() if degree != "0"} == {
        "theta",
        "scale",
        "smallest",
    }
    assert elements(facts).data["scope"] == "tensor"


# ---- signs and shifts ----


def test_every_method_of_the_catalogue_treats_both_signs_alike():
    assert {sign_of(facts).verdict for facts in map(facts_of, CATALOGUE)} == {"proved"}
    assert sign_of(facts_of("adam")).data == {"negated": ["m"], "kept": ["v"]}
    assert sign_of(facts_of("schedule_free_sgd")).data["negated"] == ["z"]


SHIFTED = {
    "adamw", "adamw_paper", "asgd", "adam_l2", "adam_proximal", "adamw_clipped", "adamw_clipped_averaged",
    "sgd_decayed", "schedule_free_sgd", "schedule_free_adamw",
}  # fmt: skip


def test_only_weight_decay_breaks_translation():
    assert {name for name in CATALOGUE if shift(facts_of(name)).verdict == "refuted"} == SHIFTED
    assert {shift(facts_of(name)).verdict for name in CATALOGUE.keys() - SHIFTED} == {"proved"}
    assert shift(facts_of("lookahead_adam")).data["moved"] == ["slow"]
    assert shift(facts_of("adam")).data["moved"] == []


@pytest.mark.parametrize("name", sorted(SHIFTED))
def test_a_refuted_translation_runs_again(name):
    """The run that the fact carries, by the interpreter, in exact numbers where they reach that far."""
    source, data = CATALOGUE[name], shift(facts_of(name)).data
    chosen = read(data)
    exact = run(source, chosen.moved(shift=1), EXACT)
    numbers = EXACT if len(exact) >= data["step"] else REAL
    moved, there = (
        run(source, given_, numbers)[data["step"] - 1]["theta"] for given_ in (chosen.moved(shift=1), chosen)
    )
    found, wanted = moved[data["element"]], there[data["element"]] + data["element"] + 1
    assert (str(found), str(wanted)) == (data["found"], data["wanted"])
    assert found != wanted


@pytest.mark.parametrize("name", ["adamw", "sgd_decayed", "asgd"])
def test_a_refuted_translation_runs_again_in_the_kernel(name):
    source, data = CATALOGUE[name], shift(facts_of(name)).data
    chosen = read(data)
    ends = []
    for moved in (chosen, chosen.moved(shift=1)):
        params = [np.array([float(x) for x in moved.theta])]
        hyper = {key: float(value) for key, value in chosen.hyper.items()}
        bound = bind(source, params, **hyper)
        for g in moved.gradients[: data["step"]]:
            bound.step([np.array([float(x) for x in g])])
        bound.to_eval()
        ends.append(params[0][data["element"]])
    assert ends[1] == pytest.approx(float(Fraction(data["found"])), rel=1e-14)  # one step in float64
    assert abs(ends[1] - ends[0] - data["element"] - 1) > 1e-7


@optimizer(title="Pulled to the mean")
def gathered(theta, g, *, lr: Positive = 1e-2, pull: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] - pull * (theta[t - 1] - mean(theta[t - 1]))


def test_elements_may_start_anywhere_each():
    """A shift of all elements by one number is not enough."""
    facts = list(invariances(gathered))
    assert shift(facts).verdict == "refuted"
    assert elements(facts).data["scope"] == "tensor"


# ---- elements ----


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("adam", "element"),
        ("momentum_clipped", "tensor"),
        ("adam_cautious", "tensor"),
        ("adam_centralized", "row"),
        ("ranger_centralized", "row"),
        ("adamw_clipped", "all"),
        ("adam_skipping", "all"),
    ],
)
def test_what_a_step_of_an_element_depends_on(name, scope):
    fact = elements(facts_of(name))
    assert (fact.verdict, fact.data["scope"]) == ("proved", scope)


@pytest.mark.parametrize("name", CATALOGUE)
def test_elements_that_are_said_to_be_alone_are(name):
    """Two tensors in one run, and each in a run of its own: the same where no tensor knows of another."""
    source = CATALOGUE[name]
    chosen = given(source)
    first = [np.array(chosen.theta[:4], object).reshape(2, 2)]
    gradients = [[np.array(g[:4], object).reshape(2, 2)] for g in chosen.gradients]
    *_, last = interpret(source, first, gradients, hyper=dict(chosen.hyper))
    together = run(source, chosen)[-1]["theta"][:4]
    alone = all(same(x, y) for x, y in zip(together, last.theta[0].flat, strict=True))
    assert alone == (elements(facts_of(name)).data["scope"] != "all" or name == "adam_skipping")  # gradients are finite


def test_a_run_shows_which_tensors_it_has():
    """Two tensors, of 2 x 2 and of 1 element; the first line, read as lists, is the run of the data."""
    fact = elements(facts_of("adam_centralized"))
    told, *lines = fact.steps
    assert told == "with 7 as the first element of g[1], element 2 of theta is another after step 1"
    assert lines[0].startswith("theta[0]: [[")
    assert lines[1].startswith("g[1]: [[")
    tensors = eval(f"[{lines[0].removeprefix('theta[0]: ')}]", {}, {})
    assert [list(np.shape(tensor)) for tensor in tensors] == fact.data["shapes"] == [[2, 2], [1]]
    flat = [x for tensor in tensors for x in np.ravel(tensor)]
    assert flat == [float(Fraction(x)) for x in fact.data["theta0"]]


@optimizer(title="Signs with a trust ratio")
def trusted_signs(theta, g, *, lr: Positive = 1e-3, smallest: Positive = 1e-3):
    theta[t] = theta[t - 1] - lr * Max(norm(theta[t - 1]), smallest) * sign(g[t])


@optimizer(title="Signs where gradients are large")
def loud(theta, g, *, lr: Positive = 1e-3, loudest: Positive = 200):
    theta[t] = theta[t - 1] - lr * Max(norm(g[t]), loudest) * sign(g[t])


@pytest.mark.parametrize(("spec", "of"), [(trusted_signs, "g[1]"), (loud, "g[1]")], ids=["trusted_signs", "loud"])
def test_a_sum_behind_signs_and_bounds_is_felt(spec, of):
    """Three times a gradient and 1 more leaves every sign, and every norm below its bound, as it is."""
    fact = elements(list(invariances(spec)))
    assert (fact.verdict, fact.data["of"]) == ("proved", of)
    told = Given(
        tuple(map(Fraction, fact.data["theta0"])),
        tuple(tuple(map(Fraction, g)) for g in fact.data["gradients"]),
        {name: Fraction(x) for name, x in fact.data["hyper"].items()},
    )
    step, element = fact.data["step"] - 1, fact.data["element"]
    one, other = (run(spec, each)[step]["theta"] for each in (told, told.but(Fraction(fact.data["changed"]))))
    assert element > 0
    assert not same(one[element], other[element])
    plain = told.but(3 * told.gradients[0][0] + 1)
    if spec is trusted_signs:
        assert all(map(same, run(spec, told)[step]["theta"], run(spec, plain)[step]["theta"]))


@optimizer(title="Decay of matrices alone")
def matrices_decay(theta, g, *, lr: Positive = 1e-2, decay: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] - where(axes(theta[t - 1]) > 1, decay, 0) * theta[t - 1]


def test_elements_that_see_the_axes_of_their_tensor():
    """Divided into tensors of other axes they move in another way."""
    fact = elements(list(invariances(matrices_decay)))
    assert "divided into tensors of as many axes" in fact.statement
    ends = [
        [float(x) for x in next(interpret(matrices_decay, [np.ones(shape)], [[np.ones(shape)]])).theta[0].flat]
        for shape in ((2, 1), (2,))
    ]
    assert ends[0] != ends[1]
    assert "of as many axes" not in elements(facts_of("adam")).statement


# ---- corrupted specs ----


def test_a_squared_gradient_changes_the_degree():
    facts = corrupted("momentum", "v", G, Call("*", (G, G)))
    assert scale(facts).data["degree"] == "2"


def test_the_size_of_the_gradient_breaks_the_symmetry_of_sign():
    facts = corrupted("momentum", "v", G, Call("abs", (G,)))
    assert sign_of(facts).verdict == "refuted"
    assert shift(facts).verdict == "proved"


def test_a_parameter_in_the_step_breaks_translation():
    facts = corrupted("signsgd", "theta", G, Call("+", (G, Seq("theta", -1))))
    assert shift(facts).verdict == "refuted"


def test_a_switch_on_the_gradient_breaks_the_degree():
    facts = corrupted("sgd", "theta", G, switched(Num(Fraction(2))))
    assert scale(facts).verdict == "refuted"
    assert sign_of(facts).verdict == "proved"


def test_a_switch_that_no_run_reaches_is_undecided():
    """Gradients of 1/2 and more never come below lr, and no degrees fit."""
    fact = scale(corrupted("sgd", "theta", G, switched(Sym("lr"))))
    assert (fact.verdict, fact.data["tried"]) == ("undecided", 40)


def switched(limit: Expr) -> Expr:
    """g where it is small, else its sign."""
    return Call("where", (Call("<", (Call("abs", (G,)), limit)), G, Call("sign", (G,))))


@pytest.mark.parametrize("name", CATALOGUE)
def test_facts_are_plain_data(name):
    found = facts_of(name)
    assert [from_json(json.loads(json.dumps(to_json(fact)))) for fact in found] == found


def test_nothing_of_the_catalogue_is_left_undecided():
    assert {fact.verdict for facts in map(facts_of, CATALOGUE) for fact in facts} == {"proved", "refuted"}


def test_an_optimizer_whose_letters_are_taken_gets_another_one():
    assert "c" in CATALOGUE["schedule_free_sgd"].names
    assert scale(facts_of("schedule_free_sgd")).symbols == ("k",)
