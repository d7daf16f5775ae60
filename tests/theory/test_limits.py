"""Limits and special cases: the known answers, the rules behind them, and what a changed spec is no more."""

from fractions import Fraction

import numpy as np
import pytest

from symopt import Abs, Positive, Unit, optimizer, sqrt, t, where
from symopt.catalogue import load, load_all, load_contents
from symopt.checks.theory import facts
from symopt.domains import NonNegative, OpenUnit, PositiveInt
from symopt.domains import Positive as PositiveDomain
from symopt.expr import ONE, ZERO, Call, Num, Seq, Sym, T, number, text
from symopt.interpret import FLOAT, interpret
from symopt.theory.ends.case import End
from symopt.theory.ends.folding import FALSE, TRUE, fold
from symopt.theory.ends.growing import after_many_steps, once_settled
from symopt.theory.ends.special import ends, special
from symopt.theory.ends.tails import INFINITE, Ground
from symopt.theory.ends.tends import Limits, UnknownLimitError
from symopt.theory.limits import KIND, limits, limits_among
from symopt.theory.limits.matching import known

CATALOGUE = load_all()


@pytest.fixture(scope="module")
def found():
    """The facts of every optimizer of the catalogue."""
    return {name: [fact for fact in facts(each) if fact.kind == KIND] for name, each in CATALOGUE.items()}


# ---- the known answers ----

KNOWN = [
    ("adam", "At beta1 = 0 it is bias-corrected RMSProp with eps outside the root, with beta2 for alpha."),
    ("adam_inner", "At beta1 = 0 it is bias-corrected RMSProp (eps inside) with beta2 for alpha."),
    ("adam", "As t grows it tends to Adam without correction."),
    ("adam", "At beta1 = 0 and beta2 = 0, as eps tends to 0 it is signSGD."),
    ("adam_uncorrected", "At beta1 = 0 it is RMSProp with beta2 for alpha."),
    ("radam", "As t grows it tends to Adam (eps hat), where 2 / (1 - beta2) - 1 > threshold."),
    ("radam_optax", "As t grows it tends to Adam, where 2 / (1 - beta2) - 1 > threshold."),
    ("adabound", "As t grows it tends to Momentum (averaged) with beta1 for mu and final_lr * lr / base_lr for lr."),
    ("amsbound", "As t grows it tends to Momentum (averaged) with beta1 for mu and final_lr * lr / base_lr for lr."),
    ("momentum", "At mu = 0 it is SGD."),
    ("momentum", "It is Momentum (averaged) with lr / (1 - mu) for lr, while lr and mu are constant."),
    ("momentum_ema", "It is Momentum with lr * (1 - mu) for lr, while lr is constant."),
    ("momentum_torch", "At tau = 0 it is Momentum, while lr is constant."),
    ("nesterov", "It trains like Nesterov momentum (transformed), while mu is constant; what it deploys differs."),
    ("nesterov_transformed", "It is Nesterov momentum (torch), while lr is constant."),
    ("adamw", "At weight_decay = 0 it is Adam."),
    ("adamw_paper", "At weight_decay = 0 it is Adam with lr * multiplier for lr."),
    ("adam_l2", "At weight_decay = 0 it is Adam."),
    ("adam_accumulated", "At k = 1 it is Adam."),
    ("lookahead_adam", "At alpha = 1 it is Adam."),
    ("lookahead_adam", "At k = 1 it is Adam with alpha * lr for lr."),
    ("lookahead_momentum", "At alpha = 1 it is Momentum."),
    ("ranger", "At alpha = 1 it is RAdam."),
    ("sgd_clipped", "As largest grows without bound it is SGD."),
    ("sgd_averaged", "It trains like SGD; what it deploys differs."),
    ("asgd", "At decay = 0 it trains like SGD; what it deploys differs."),
    ("rmsprop_momentum", "At mu = 0 it is RMSProp."),
    ("rmsprop_centered", "At alpha = 0 it is SGD with lr / eps for lr."),
    ("signum", "At beta = 0 it is signSGD."),
    ("adamax", "At beta1 = 0, beta2 = 0 and eps = 0 it is signSGD, wherever neither divides by zero."),
]


@pytest.mark.parametrize(("name", "statement"), KNOWN, ids=[f"{n}-{i}" for i, (n, _) in enumerate(KNOWN)])
def test_known_answers(found, name, statement):
    assert statement in [fact.statement for fact in found[name]]


def test_lookahead_of_one_step_all_the_way_is_inner():
    case = special(load("lookahead_adam"), [End("k", Fraction(1), True), End("alpha", Fraction(1), True)])
    assert case.optimizer.states == ("m", "v")
    assert [str(e) for e in case.optimizer.equations][-1] == "theta[t] = fast[t]"


@pytest.mark.parametrize("name", CATALOGUE)
def test_facts_of_the_catalogue(found, name):
    """Every fact is proved, once, and a special case with a name runs as what it is called."""
    facts = found[name]
    assert len(facts) <= 6
    assert len({fact.statement for fact in facts}) == len(facts)
    for fact in facts:
        assert fact.verdict == "proved"
        assert fact.kind == "limits"
        assert fact.data["to"] != name


def run(given, hyper, steps=7):
    draw = np.random.default_rng(11)
    params = [np.array([0.5, -1.0, 2.0])]
    gradients = [[draw.normal(0, 1, 3)] for _ in range(steps)]
    return np.array([s.theta[0] for s in interpret(given, params, gradients, hyper=hyper, numbers=FLOAT)])


@pytest.mark.parametrize("name", CATALOGUE)
def test_ends_that_are_reached_run_as_what_they_are_called(found, name):
    """The optimizer itself, with the end as a value, against the other: nothing of the derivation is used."""
    given = CATALOGUE[name]
    for fact in found[name]:
        taken = [end.split(" = ") for end in fact.data["ends"] if " = " in end]
        if fact.data["to"] is None or fact.data["how"] != "as it is" or len(taken) < len(fact.data["ends"]):
            continue
        other = CATALOGUE[fact.data["to"]]
        hyper = {each.name: 0.5 if 0.5 in each.domain else 3 for each in given.hyperparameters}
        hyper |= {each.name: 4 for each in given.hyperparameters if hyper[each.name] not in each.domain}
        hyper |= {end: Fraction(value) for end, value in taken}
        rate = eval(fact.data["lr"], {}, {name: float(value) for name, value in hyper.items()})
        theirs = {h.name: hyper[fact.data["same"].get(h.name, h.name)] for h in other.hyperparameters if h.name != "lr"}
        assert np.allclose(run(given, hyper), run(other, theirs | {"lr": rate}), rtol=1e-9, atol=0)


# ---- changed specs ----


@optimizer(title="Adam whose correction is of the other decay")
def miscorrected(
    theta, g, m, v, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    vhat[t] = v[t] / (1 - beta2 ** (t + 1))
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(vhat[t]) + eps)


@optimizer(title="Momentum with a wrong sign")
def wrong_sign(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] + lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Weight decay that stays")
def stays(theta, g, *, lr: Positive = 1e-2, weight_decay: Unit = 0.1):
    theta[t] = theta[t - 1] - lr * g[t] - lr * (weight_decay + 1 / 1000) * theta[t - 1]


def test_a_wrong_correction_is_not_called_one():
    told = {fact.data["how"]: fact.data["to"] for fact in limits(miscorrected)}
    assert told["after many steps"] == "adam_uncorrected"  # there it makes no difference
    assert "less its corrections" not in told


@pytest.mark.parametrize("given", [wrong_sign, stays], ids=lambda given: given.name)
def test_a_changed_spec_has_no_name_any_more(given):
    assert not [fact for fact in limits(given) if fact.data["to"]]


@pytest.mark.parametrize(
    ("hyper", "schedule", "statement"),
    [
        ("lr", "cosine", "As lr_total grows without bound it is Adam."),
        ("lr", "linear", "As t grows it tends to Adam without correction, with lr * lr_floor for lr."),
        ("lr", "linear_warmup", "As t grows it tends to Adam without correction."),
        ("beta2", "exponential", "As beta2_steps grows without bound it is Adam."),
    ],
)
def test_schedules(hyper, schedule, statement):
    known = {name: each for file in load_contents().values() for name, each in file.schedules.items()}
    scheduled = load("adam").scheduled(**{hyper: known[schedule]})
    assert statement in [fact.statement for fact in limits(scheduled)]


@optimizer(title="RAdam with another threshold in its root")
def shifted(theta, g, rho, r, m, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999):
    rho[t] = 2 / (1 - beta2) - 2 * t * beta2**t / (1 - beta2**t)
    r[t] = where(rho[t] > 4, rho[t] * (1 - beta2) / 3, 1)
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    theta[t] = theta[t - 1] - lr * r[t] * m[t]


def test_another_limit_is_another_answer():
    told = [fact.statement for fact in limits(shifted)]
    where = "2 / (1 - beta2) > 4"
    assert f"As t grows it tends to Momentum (averaged) with beta1 for mu and 2 * lr / 3 for lr, where {where}." in told


def test_a_users_spec_is_matched_under_other_names():
    @optimizer(title="Mine")
    def mine(theta, g, average, step, *, eta: Positive = 0.1, rho: Unit = 0.9, small: Positive = 1e-6):
        average[t] = average[t - 1] + (1 - rho) * (g[t] ** 2 - average[t - 1])
        step[t] = eta * g[t] / sqrt(average[t])
        theta[t] = theta[t - 1] - step[t] / (1 + small)

    told = [fact.statement for fact in limits(mine)]
    assert "At rho = 0 it is signSGD with eta / (small + 1) for lr, wherever neither divides by zero." in told


# ---- where it divides by zero ----


@optimizer(title="One side or the other")
def one_sided(theta, g, *, lr: Positive = 0.1):
    theta[t] = theta[t - 1] - lr * where(g[t] > 0, 1, -1)


@optimizer(title="It rests at a gradient of 0, and less so at a smaller eps")
def resting(theta, g, *, lr: Positive = 0.1, eps: Positive = 1e-8):
    theta[t] = theta[t - 1] - lr * where(g[t] > 0, 1, -1) * (Abs(g[t]) / (Abs(g[t]) + eps))


@optimizer(title="A gradient over its average size")
def over_average(theta, g, v, *, lr: Positive = 0.1, beta: Unit = 0.9):
    v[t] = beta * v[t - 1] + (1 - beta) * Abs(g[t])
    theta[t] = theta[t - 1] - lr * g[t] ** 2 / v[t]


@pytest.mark.parametrize(
    ("given", "statement"),
    [
        (resting, "As eps tends to 0 it is One side or the other, wherever neither divides by zero."),
        (over_average, "At beta = 0 it needs no v, wherever it does not divide by zero."),
    ],
    ids=lambda given: getattr(given, "name", None),
)
def test_what_has_no_value_is_not_told(given, statement):
    assert statement in [fact.statement for fact in limits_among(given, known([one_sided]))]


@pytest.mark.parametrize("name", CATALOGUE)
def test_gradients_of_zero_are_what_is_said(found, name):
    """At gradients that are 0, an end that is taken has no value only where the sentence says so."""
    for fact in found[name]:
        taken = [end.split(" = ") for end in fact.data["ends"] if " = " in end]
        if fact.data["to"] is not None and taken and len(taken) == len(fact.data["ends"]):
            still = [[np.zeros(3)]] * 3
            hyper = {each.name: 0.5 if 0.5 in each.domain else 4 for each in CATALOGUE[name].hyperparameters}
            hyper |= {end: Fraction(value) for end, value in taken}
            way = interpret(CATALOGUE[name], [np.ones(3)], still, hyper=hyper, numbers=FLOAT)
            defined = np.isfinite([s.theta[0] for s in way]).all()
            assert defined or "neither divides by zero" in fact.data["conditions"]


# ---- the parts ----

LR, BETA, K, PSI = (Sym(name) for name in ("lr", "beta", "k", "psi"))
DOMAINS = {LR: PositiveDomain, BETA: OpenUnit, K: PositiveInt, PSI: NonNegative}


def call(op, *args):
    return Call(op, tuple(number(arg) if isinstance(arg, int) else arg for arg in args))


def limit(expr, growing=T):
    ground = Ground(DOMAINS, {"lr": Fraction(1, 10), "beta": Fraction(1, 2), "psi": Fraction(1)})
    tail = Limits({growing: INFINITE}, ground).of(expr)
    return tail.sign * float("inf") if tail.value is None else text(tail.value), ground.assumed


POWER = call("**", BETA, T)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (call("-", 1, POWER), "1"),
        (call("*", T, POWER), "0"),
        (call("/", call("*", T, POWER), call("-", 1, POWER)), "0"),
        (call("/", LR, call("sqrt", T)), "0"),
        (call("-", 1, call("/", 1, call("+", call("*", LR, T), 1))), "1"),
        (call("min", T, K), "k"),
        (call("max", 1, call("-", K, T)), "1"),
        (call("clip", Seq("m", 0), call("-", LR, call("/", 1, T)), call("+", LR, call("/", 1, T))), "lr"),
        (call("where", call("eq", T, 1), 0, LR), "lr"),
        (call("where", call(">", K, T), 0, LR), "lr"),
        (call("*", Seq("m", 0), call("-", 1, POWER)), "m[t]"),
        (call("**", call("/", 1, 2), call("neg", T)), float("inf")),
        (call("neg", call("*", LR, T)), -float("inf")),
    ],
    ids=lambda value: text(value) if isinstance(value, Call) else None,
)
def test_limits(expr, expected):
    assert limit(expr) == (expected, [])


def test_limits_that_hang_on_a_condition():
    assert limit(call("**", BETA, call("*", T, PSI))) == ("0", ["psi > 0"])
    settles = call("+", LR, call("/", 1, T))
    assert limit(call("where", call(">", settles, BETA), 1, 2)) == ("2", ["lr < beta"])
    assert limit(call("where", call("every", T, K), 1, 2), K) == ("2", [])


@pytest.mark.parametrize(
    "expr",
    [
        call("-", T, T),
        call("*", T, call("/", 1, T)),
        call("where", call("every", T, K), 1, 2),
        call("where", call(">", call("+", LR, call("/", 1, T)), LR), 1, 2),
        call("sin", T),
        call("**", LR, T),
        call("*", T, Seq("m", 0)),
        call("*", T, call("/", 1, call("+", T, POWER))),
        call("*", POWER, call("max", T, call("**", call("/", 1, 2), call("neg", T)))),
    ],
    ids=text,
)
def test_limits_that_no_rule_tells(expr):
    with pytest.raises(UnknownLimitError):
        limit(expr)


X, Y = Seq("x", 0), Seq("y", 0)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (call("+", X, call("-", Y, X)), Y),
        (call("-", X, call("-", X, Y)), Y),
        (call("-", call("-", X, Y), X), call("neg", Y)),
        (call("+", X, call("*", 0, Y)), X),
        (call("*", 1, call("/", X, 1)), X),
        (call("**", 0, T), ZERO),
        (call("**", X, 0), ONE),
        (call("sqrt", call("**", X, 2)), call("abs", X)),
        (call("/", call("*", LR, X), call("abs", X)), call("*", LR, call("sign", X))),
        (call("max", 0, call("abs", X)), call("abs", X)),
        (call("every", T, 1), TRUE),
        (call("where", call(">", 1, 2), X, Y), Y),
        (
            call("where", call("eq", T, 1), call("where", call("eq", T, 1), X, Y), Y),
            call("where", call("eq", T, 1), X, Y),
        ),
        (call("and", call(">", X, 0), call(">", 1, 2)), FALSE),
        (call("clip", X, LR, LR), LR),
        (call("sqrt", call("/", 4, 9)), Num(Fraction(2, 3))),
        (call("sqrt", 2), call("sqrt", 2)),
        (call("/", X, 0), call("/", X, 0)),
        (call("/", 0, 0), call("/", 0, 0)),
        (call("/", call("neg", X), call("-", 1, call("+", 1, Y))), call("/", X, Y)),
        (call("-", 1, call("/", K, K)), ZERO),
    ],
    ids=lambda value: text(value) if isinstance(value, Call) else None,
)
def test_folding(expr, expected):
    assert fold(expr) == expected


def test_a_division_by_zero_is_no_special_case():
    assert special(load("adabound"), [End("gamma", Fraction(0), False)]) is None
    assert special(load("adam"), [End("eps", Fraction(0), False)]) is not None


def test_ends_of_domains():
    told = {hyper.name: [str(end) for end in ends(hyper)] for hyper in load("lookahead_adam").hyperparameters}
    assert told == {
        "k": ["k = 1", "k -> oo"], "alpha": ["alpha -> 0", "alpha = 1"], "lr": ["lr -> 0", "lr -> oo"],
        "beta1": ["beta1 = 0"], "beta2": ["beta2 = 0"], "eps": ["eps -> 0", "eps -> oo"],
    }  # fmt: skip


def test_forms_of_radam():
    settled, final = once_settled(load("radam")), after_many_steps(load("radam"))
    assert str(settled.optimizer.equations[-1]).endswith(" * sqrt(1 - beta2**t) * mhat[t] / (sqrt(v[t]) + eps)")
    assert "where" not in str(settled.optimizer)
    assert settled.assumed == final.assumed == ("2 / (1 - beta2) - 1 > threshold",)
    assert after_many_steps(load("sgd")) is None


# ---- a single end that suffices ----


@optimizer(title="Two time scales")
def twoscale(theta, g, fast, slow, *, lr: Positive = 1e-2, beta: Unit = 0.9, gamma: Unit = 0.99, mix: Unit = 0.5):
    fast[t] = beta * fast[t - 1] + (1 - beta) * g[t]
    slow[t] = gamma * slow[t - 1] + (1 - gamma) * g[t]
    theta[t] = theta[t - 1] - lr * (mix * fast[t] + (1 - mix) * slow[t])


@optimizer(title="AdaBelief")
def belief(theta, g, m, s, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    s[t] = beta2 * s[t - 1] + (1 - beta2) * (g[t] - m[t]) ** 2 + eps
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(s[t] / (1 - beta2**t)) + eps)


@optimizer(title="AdaBelief without eps in its average")
def bare_belief(theta, g, m, s, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    s[t] = beta2 * s[t - 1] + (1 - beta2) * (g[t] - m[t]) ** 2
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta1**t) / (sqrt(s[t] / (1 - beta2**t)) + eps)


@pytest.mark.parametrize(
    ("spec", "statement"),
    [
        (twoscale, "At mix = 0 it is Momentum (averaged) with gamma for mu."),
        (belief, "At beta1 = 0 it is SGD with lr / (eps + sqrt(eps / (1 - beta2))) for lr."),
        (bare_belief, "At beta1 = 0 it is SGD with lr / eps for lr."),
    ],
    ids=["twoscale", "belief", "bare_belief"],
)
def test_one_end_suffices(spec, statement):
    assert statement in [fact.statement for fact in limits(spec)]


def test_an_average_of_a_constant_needs_no_state():
    case = special(belief, [End("beta1", Fraction(0), True)])
    assert case is not None
    assert not case.optimizer.states
    rng = np.random.default_rng(0)
    gradients = [[rng.normal(size=3)] for _ in range(5)]
    full, short = (
        [snapshot.theta[0] for snapshot in interpret(each, [np.ones(3)], gradients, hyper=hyper, numbers=FLOAT)]
        for each, hyper in (
            (belief, {"beta1": 0, "beta2": 0.5, "eps": 0.1}), (case.optimizer, {"beta2": 0.5, "eps": 0.1}),
        )
    )  # fmt: skip
    np.testing.assert_allclose(full, short, rtol=1e-13)  # some 50 roundings of 1.1e-16
