"""Dimensional analysis: known units, what has none, and that each unit found is one under which a run is the same."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from symopt.catalogue import load_all
from symopt.expr import Call, Expr, Num, Seq, Sym, T, substitute
from symopt.interpret import REAL
from symopt.latex.sentences import split
from symopt.recurrence import Equation, Optimizer
from symopt.theory.fact import from_json, to_json
from symopt.theory.invariance.runs import Given, apart, given, run, same
from symopt.theory.units import units

CATALOGUE = load_all()
G = Seq("g", 0)


def of(name: str | Optimizer):
    """The facts; the table of units comes first."""
    return list(units(CATALOGUE[name] if isinstance(name, str) else name))


def corrupted(name: str, target: str, old: Expr, new: Expr) -> Optimizer:
    """An optimizer of the catalogue with one expression of one equation replaced."""
    optimizer = CATALOGUE[name]
    equations = [
        Equation(e.target, substitute(e.rhs, {old: new} if e.target == target else {})) for e in optimizer.equations
    ]
    assert tuple(equations) != optimizer.equations
    return replace(optimizer, equations=tuple(equations))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("sgd", {"lr": "theta**2 / f"}),
        ("momentum", {"lr": "theta**2 / f", "v": "theta", "mu": "1"}),
        ("momentum_torch", {"lr": "theta**2 / f", "b": "g", "tau": "1"}),
        ("signsgd", {"lr": "theta"}),
        ("adam", {"lr": "theta", "eps": "g", "m": "g", "v": "g**2", "vhat": "g**2", "beta1": "1"}),
        ("adam_inner", {"lr": "theta", "eps": "g**2"}),
        ("rmsprop", {"eps": "g"}),
        ("rmsprop_inside", {"eps": "g**2"}),
        ("rmsprop_momentum", {"b": "1"}),
        ("rmsprop_momentum_inside", {"b": "theta"}),
        ("adamw", {"weight_decay": "1 / theta"}),
        ("adam_l2", {"weight_decay": "f / theta**2"}),
        ("sgd_decayed", {"weight_decay": "1"}),
        ("asgd", {"decay": "f / theta**2", "rate": "theta**2 / f", "power": "1"}),
        ("adagrad", {"initial": "g**2", "eps": "g", "lr_decay": "1"}),
        ("rprop", {"lr": "theta", "delta": "theta", "largest": "theta", "grow": "1"}),
        ("momentum_clipped", {"max_norm": "g", "h": "g"}),
        ("adadelta", {"lr": "1", "v": "g**2", "dx": "theta", "u": "theta**2"}),
        ("schedule_free_sgd", {"weight": "top[t]**p", "c": "1", "y": "theta"}),
    ],
)
def test_known_units(name, known):
    table = of(name)[0]
    assert table.verdict == "proved"
    assert {key: table.data["units"][key] for key in known} == known


def test_only_the_step_of_adadelta_has_the_unit_of_theta_by_itself():
    """The remark for which AdaDelta was made."""
    assert [name for name in CATALOGUE if of(name)[0].data["by_itself"]] == ["adadelta"]
    assert of("sgd")[0].data["carried_by"] == ["lr"]
    assert "because lr carries one" in of("sgd")[0].statement


def test_the_eps_of_adadelta_serves_in_two_units():
    (fact,) = (fact for fact in of("adadelta") if fact.subject == "eps")
    assert fact.verdict == "refuted"
    assert fact.data["places"] == [["u[t-1]", "theta**2"], ["v[t]", "g**2"]]


@pytest.mark.parametrize(
    ("name", "subject", "found"),
    [
        ("momentum_clipped", "h", ["g", "1"]),  # torch's 1e-6 beside a norm
        ("adamw_clipped", "h", ["g", "1"]),
        ("radam", "theta", ["1", "g"]),  # before its switch RAdam is momentum, after it Adam
        ("radam_optax", "theta", ["1", "g"]),
        ("ranger", "fast", ["1", "g"]),
    ],
)
def test_equations_that_add_different_units(name, subject, found):
    (fact,) = (fact for fact in of(name) if fact.verdict == "refuted")
    assert (fact.subject, fact.data["units"]) == (subject, found)
    assert f"{subject}[t]" in fact.statement


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_table_claims_no_more_than_the_equations_allow(name):
    """Where an equation has no units at all, a step does not come out in theta because of lr."""
    table, *others = of(name)
    failed = [fact for fact in others if "equation" in fact.data]
    assert ("The step comes out in theta" in table.statement) == (not failed)
    assert table.statement.startswith("No units fit every equation") == bool(failed)


def test_a_number_with_two_units_is_left_out_of_the_table():
    assert of("adadelta")[0].statement.startswith("Units of all but eps: ")


def test_a_unit_that_is_left_open_is_told():
    fact = of("adabound")[-1]
    assert fact.data == {"free": "final_lr", "then": {"base_lr": "g * final_lr"}}
    assert "open" in fact.statement


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_same_run_in_other_units(name):
    """theta in thirds of its unit and g in halves: with every hyperparameter in its unit, the run is the same."""
    optimizer, facts = CATALOGUE[name], of(name)
    if any(fact.verdict == "refuted" for fact in facts):
        assert all("scale" in fact.data for fact in facts if fact.verdict == "refuted")
        return
    chosen = given(optimizer)
    scales = {"theta": Fraction(3), "g": Fraction(2), "f": Fraction(6)}
    names = {hyper.name: Fraction(1) for hyper in optimizer.hyperparameters} | scales
    table = facts[0].data["units"]
    hyper = {key: value * eval(table.get(key, "1"), {}, names) for key, value in chosen.hyper.items()}
    moved = Given(chosen.moved(factor=3).theta, chosen.moved(gradient=2).gradients, hyper)
    assert apart(run(optimizer, chosen), run(optimizer, moved), factor=3) is None


@pytest.mark.parametrize("name", ["adadelta", "momentum_clipped", "adamw_clipped", "radam", "ranger_centralized"])
def test_what_disagrees_is_another_run_in_other_units(name):
    """The run that a refuted fact carries, read from its data alone."""
    refuted = [fact.data for fact in of(name) if fact.verdict == "refuted"]
    assert refuted
    for data in refuted:
        hyper = {key: Fraction(value) for key, value in data["hyper"].items()}
        gradients = tuple(tuple(map(Fraction, g)) for g in data["gradients"])
        again = run(CATALOGUE[name], Given(tuple(map(Fraction, data["theta0"])), gradients, hyper))
        one = again[data["step"] - 1]["theta"][data["element"]]
        found, wanted = Fraction(data["found"]), Fraction(data["wanted"])
        assert same(one, REAL.constant(found))
        assert not same(REAL.constant(found), REAL.constant(wanted))


def test_units_change_with_the_equations():
    halved = corrupted("adam", "v", Call("**", (G, Num(Fraction(2)))), G)
    assert of(halved)[0].data["units"]["v"] == "g"
    assert of(halved)[0].data["units"]["eps"] == "g**0.5"
    assert of(halved)[0].data["units"]["lr"] != of("adam")[0].data["units"]["lr"]


def test_a_wrong_power_is_reported():
    """A first moment to which a squared gradient is added."""
    wrong = corrupted("momentum_ema", "m", Seq("m", -1), Call("**", (Seq("m", -1), Num(Fraction(2)))))
    (fact,) = (fact for fact in of(wrong) if fact.verdict == "refuted")
    assert "m[t]" in fact.statement
    assert sorted(fact.data["units"]) == ["g", "g**0.5"]


def test_a_power_of_what_is_no_plain_number_is_reported():
    """lr**t has another unit at every step."""
    wrong = corrupted("signsgd", "theta", Sym("lr"), Call("*", (Sym("lr"), Call("**", (Sym("lr"), T)))))
    (fact,) = (fact for fact in of(wrong) if fact.verdict == "refuted")
    assert "theta[t]" in fact.statement


def test_a_hyperparameter_added_to_itself():
    twice = corrupted("signsgd", "theta", Sym("lr"), Call("+", (Sym("lr"), Sym("lr"))))
    assert of(twice)[0].data["units"] == of("signsgd")[0].data["units"]


def test_a_step_without_a_hyperparameter_has_the_wrong_unit():
    bare = corrupted("sgd", "theta", CATALOGUE["sgd"].equations[0].rhs, Call("-", (Seq("theta", -1), G)))
    table, fact = of(replace(bare, hyperparameters=()))
    assert not table.data["by_itself"]
    assert fact.data["units"] == ["theta", "g"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_units_in_a_statement_read_as_formulas(name):
    for fact in of(name):
        assert from_json(json.loads(json.dumps(to_json(fact)))) == fact
        names = CATALOGUE[name].names | {"theta", "g", "t", *fact.symbols}
        shown = "".join(str(piece) for piece in split(fact.statement, names) if isinstance(piece, str))
        assert "**" not in shown
