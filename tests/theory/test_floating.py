"""Storage types, cancellation and the bound on a step: held against NumPy's types and against the compiled kernels."""

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from symopt import OpenUnit, Positive, grad, optimizer, sqrt, t
from symopt.artifacts import build
from symopt.catalogue import load_all
from symopt.expr import Seq, text
from symopt.interpret import REAL, Reader
from symopt.ir import Update
from symopt.lower import lower
from symopt.passes.hoist import hoist
from symopt.passes.phases import split_phases
from symopt.recurrence import Optimizer
from symopt.runtime import bind
from symopt.theory.fact import Fact, from_json, to_json
from symopt.theory.floating import floating_point
from symopt.theory.floating.bound import starts, step, ulp
from symopt.theory.floating.cancel import complements, of_scalars, two_words
from symopt.theory.floating.types import BFLOAT16, FLOAT16, FLOAT32, FORMATS

CATALOGUE = load_all()


def facts(name: str) -> list[Fact]:
    return list(floating_point(CATALOGUE[name]))


def about(name: str, key: str) -> Fact:
    """The fact that has something to say under this key of its data."""
    (found,) = (fact for fact in facts(name) if key in fact.data)
    return found


# ---- types ----


def bfloat16(value: float) -> float:
    """The nearest bfloat16 of a float32, by its bits: half of what is cut off is added, ties to even."""
    bits = int(np.float32(value).view(np.uint32))
    cut = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return float(np.uint32(cut).view(np.float32))


def sample() -> list[float]:
    """Numbers of all sizes, ties, the ends of the types, and numbers below their smallest normal ones."""
    rng = np.random.default_rng(0)
    wide = rng.standard_normal(2000) * 10.0 ** rng.integers(-44, 38, 2000)
    ties = [1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 65519.0, 65520.0, 2.0**-24, 2.0**-25, 3e38]
    return [float(np.float32(x)) for x in [*wide, *ties, 0.0, 0.999, 0.9, 1e-8, -0.999]]


def test_rounding_is_that_of_the_types():
    with np.errstate(over="ignore"):
        for x in sample():
            exact = Fraction(x)
            wanted = {"float32": x, "float16": float(np.float16(x)), "bfloat16": bfloat16(x)}
            for kind in FORMATS:
                found = kind.rounded(exact)
                assert (found is None) == np.isinf(wanted[kind.name])
                assert found is None or found == Fraction(wanted[kind.name])


def test_rounding_of_what_float64_holds():
    rng = np.random.default_rng(1)
    for x in map(float, rng.standard_normal(2000) * 10.0 ** rng.integers(-44, 38, 2000)):
        assert FLOAT32.rounded(Fraction(x)) == Fraction(float(np.float32(x)))


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_updates_are_lost_exactly_below_their_limits(kind):
    """For x in [1, 2), an update below this share of it never shows."""
    for x in [Fraction(1), 1 + 2 * kind.always_lost * 2, Fraction(3, 2), 2 - 4 * kind.always_lost]:
        assert kind.rounded(x) == x
        for sign in (1, -1):
            assert kind.rounded(x + sign * x * kind.always_lost * Fraction(99, 100)) == x


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("update", [Fraction(1, 1000), Fraction(3, 1000), Fraction(1, 100), Fraction(1, 300)])
def test_an_update_is_lost_exactly_above_its_limit(kind, update):
    """The numbers of the type next to the limit, and some of each binade around it."""
    end = kind.loses(update)
    for binade in (end / 4, end / 2, end, 2 * end):
        unit = binade / 2 ** (kind.digits - 1)
        for count in (0, 1, 2, 3, 17, 2 ** (kind.digits - 1) - 1):
            x = binade + count * unit
            assert kind.rounded(x) == x
            lost = [kind.rounded(x + update) == x, kind.rounded(x - update) == x]
            assert lost == [x >= end, x > end]  # at the limit itself, half a unit below x is half as much


def test_a_beta2_in_bfloat16_is_1():
    assert BFLOAT16.rounded(Fraction("0.999")) == 1
    assert FLOAT16.rounded(Fraction("1e-8")) == 0
    data = about("adam", "rounded").data["rounded"]
    assert (data["bfloat16"]["beta2"], data["float16"]["beta2"]) == ("1", "0.999023")
    statement = about("adam", "rounded").statement
    assert statement == "Rounded to float16, eps = 1e-08 becomes 0; to bfloat16, beta2 = 0.999 becomes 1."
    assert "becomes infinite" in about("asgd", "rounded").statement
    assert "1 - alpha 17% larger" in about("rmsprop", "rounded").statement


def test_other_defaults_give_other_facts():
    changed = CATALOGUE["adam"].with_defaults(beta2=0.99, eps=1e-6, lr=0.01)
    found = list(floating_point(changed))
    (update,) = (fact for fact in found if "lr" in fact.data)
    assert update.data["limits"] == {"float32": str(2**18), "float16": "32", "bfloat16": "4"}
    assert "beta2 = 0.99 becomes 0.988281" in found[0].statement
    assert "eps" not in found[0].statement


# ---- decay and updates ----


def test_steps_of_a_thousandth_are_lost_in_bfloat16():
    said = "An update of lr = 0.001 is lost in bfloat16 where |theta| is above 0.5"
    for name in ("adam", "adamw", "nadam_constant", "signum"):
        assert about(name, "lr").statement == f"{said} and in float16 where |theta| is above 4."


@pytest.mark.parametrize("name", ["sgd", "momentum", "adagrad", "rmsprop", "rprop", "adam_uncorrected"])
def test_steps_of_another_length_than_lr_are_not_told_as_such(name):
    assert not any("lr" in fact.data for fact in facts(name))


@pytest.mark.parametrize(
    ("name", "decay", "how"),
    [
        ("adamw", "1e-05", "never form the factor"),
        ("sgd_decayed", "1e-05", "never form the factor"),
        ("adamw_paper", "1e-05", "never form the factor"),
        ("asgd", "1e-06", "two words"),
        ("adam_proximal", "1e-05", "multiply by theta_scale"),
    ],
)
def test_weight_decay_below_half_an_ulp(name, decay, how):
    fact = about(name, "decay")
    assert (fact.data["decay"], fact.data["lost"]) == (decay, ["float16", "bfloat16"])
    assert how in fact.statement
    assert np.float16(1) - np.float16(float(decay)) == 1  # what the statement says, done


def test_a_decay_that_float32_loses_is_kept_by_the_kernel():
    """lr = 1e-6 and a decay of 1e-2: the factor is 1 in float32, and after 2**20 steps theta would not have moved."""
    small = CATALOGUE["adamw"].with_defaults(lr=1e-6)
    (fact,) = (fact for fact in floating_point(small) if "decay" in fact.data)
    assert "float32" in fact.data["lost"]
    assert np.float32(1) - np.float32(1e-8) == 1
    plain = CATALOGUE["sgd"]
    assert not any("decay" in fact.data for fact in floating_point(plain))


# ---- cancellation ----


def test_the_differences_of_adam_and_what_the_kernel_makes_of_them():
    fact = about("adam", "lost")
    assert fact.data["lost"] == {"1 - beta2": {"digits": 3.0, "t": 0}, "1 - beta2**t": {"digits": 3.0, "t": 1}}
    assert "float64, 1 - beta2**t through expm1" in fact.statement
    assert "rhomax[t] - 2 * t * beta2**t / (1 - beta2**t)" in about("radam", "lost").data["lost"]
    assert not any("lost" in fact.data and "kernels" in fact.data for fact in facts("sgd"))


@pytest.mark.parametrize(("name", "node"), [("adam", "1 - beta2"), ("rmsprop", "1 - alpha")])
def test_a_difference_in_float32_loses_so_many_digits(name, node):
    """The float32 difference is off by no more than the loss times half an ulp, and by a tenth of that at least."""
    hyper = {hyper.name: float(hyper.default) for hyper in CATALOGUE[name].hyperparameters}
    (found,) = (one for one in of_scalars(CATALOGUE[name], hyper) if text(one.node) == node)
    beta = hyper[node.removeprefix("1 - ")]
    off = abs(float(np.float32(1) - np.float32(beta)) - (1 - beta)) / (1 - beta)
    assert found.loss * 2.0**-24 / 10 < off <= found.loss * 2.0**-24


def test_no_rewriting_is_claimed_that_the_program_does_not_show():
    """A program that was never stabilised."""
    raw = split_phases(lower(build(CATALOGUE["adam"])[0]))
    assert not complements(raw)
    assert not two_words(hoist(raw))
    assert complements(build(CATALOGUE["adam"])[1])


def test_the_variance_of_a_constant_gradient_cancels():
    fact = about("rmsprop_centered", "difference")
    assert fact.data["difference"] == "v[t] - gbar[t]**2"
    left = 0.99**1000 - 0.99**2000  # v = 1 - 0.99**t and gbar = 1 - 0.99**t for g = 1
    assert fact.data["digits"] == pytest.approx(np.log10((1 - 0.99**1000) / left), abs=0.006)
    assert "as it stands" in fact.statement
    assert not any("difference" in fact.data for fact in facts("rmsprop"))


@optimizer(title="Running mean as its paper has it")
def averaged(theta, g, z, *, lr: Positive = 1.0):
    z[0] = theta[0]
    g[t] = grad(z[t - 1])
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (1 - 1 / t) * theta[t - 1] + z[t] / t


def test_coefficients_in_two_words():
    fact = about("adam", "shift")
    assert fact.data["held"] == ["beta1", "beta2"]
    beta = float(np.float32(0.999))
    assert float(fact.data["shift"]["beta2"]) == pytest.approx((beta - 0.999) / (1 - beta), rel=0.01)
    (late,) = (fact for fact in floating_point(averaged) if "shift" in fact.data)
    assert late.data["held"] == ["1 - 1 / t"]
    kept = float(np.float32(1 - 1e-6))
    assert float(late.data["shift"]["1 - 1 / t"]) == pytest.approx((kept - (1 - 1e-6)) / (1 - kept), rel=0.01)


# ---- the bound ----

KERNELS = ("sgd", "momentum", "adam", "adamw", "adam_inner", "adagrad", "adadelta", "rmsprop", "nadam", "adamax")
COUNT = 400


def exact_step(source: Optimizer, hyper: dict[str, float], count: int, old: dict[str, Any], g: Any) -> Any:
    """theta after one step of the declared equations, in 50 digits."""
    constant = np.frompyfunc(REAL.constant, 1, 1)
    values = {Seq(name, -1): [constant(x) if np.ndim(x) else REAL.constant(x)] for name, x in old.items()}
    values[Seq("g", 0)] = [constant(g)]
    plain = {name: REAL.constant(value) for name, value in {**hyper, "t": float(count)}.items()}
    reader = Reader(REAL, [g.shape], [0], values, [plain])
    for equation in source.equations:
        values[Seq(equation.target, 0)] = [reader.value(equation.rhs, 0)]
    return values[Seq("theta", 0)][0]


@pytest.mark.parametrize("name", KERNELS)
def test_the_bound_holds_the_error_of_the_kernel_and_not_by_much(name):
    """Random parameters of all sizes and random gradients, state by state as the kernel has them.

    No element is off by more than its bound; and the bound is no more than 20 times the largest error, in ulp.
    """
    source = CATALOGUE[name]
    program = build(source)[1]
    hyper = {h.name: float(h.default) for h in source.hyperparameters}
    rng = np.random.default_rng(0)
    theta = (rng.standard_normal(COUNT) * 10.0 ** rng.integers(-3, 3, COUNT)).astype(np.float32)
    bound = bind(source, [theta])
    scalars = starts(program, hyper, theta.astype(np.float64))
    used = 0.0
    for count in range(1, 5):
        g = rng.standard_normal(COUNT).astype(np.float32)
        states = {key: value[0].copy() for key, value in bound.state.items() if isinstance(value, list | tuple)}
        old = {"theta": theta.copy(), **states}
        numbers = {b.name: scalars[b.name] for b in program.buffers if b.level == "step"}
        given = {key: value.astype(np.float64) for key, value in {**old, "g": g}.items()}
        predicted = step(program, hyper, count, {**given, **numbers})
        true = exact_step(source, hyper, count, {**old, **numbers}, g)
        bound.step([g])
        off = np.abs((np.frompyfunc(REAL.constant, 1, 1)(theta) - true).astype(np.float64))
        assert np.all(off <= predicted["theta"].error)
        used = max(used, float(np.max(off / predicted["theta"].error)))
        scalars = {key: near.value for key, near in predicted.items()}
    assert used > 1 / 20


def test_a_step_in_the_naive_form_breaks_the_bound():
    """AdamW with theta*(1 - lr*weight_decay), which rounds theta once more: the bound is of the kernel's own form."""
    source = CATALOGUE["adamw"]
    program = build(source)[1]
    hyper = {h.name: float(h.default) for h in source.hyperparameters}
    rng = np.random.default_rng(0)
    theta, g = ((1 + rng.random(COUNT)).astype(np.float32), rng.standard_normal(COUNT).astype(np.float32))
    zero = np.zeros(COUNT)
    bound = step(program, hyper, 1, {"theta": theta.astype(float), "g": g.astype(float), "m": zero, "v": zero})["theta"]
    f = np.float32
    naive = theta * f(1 - 1e-3 * 1e-2) - f(1e-3) * (g / (np.abs(g) + f(1e-8)))
    assert np.any(np.abs(naive - bound.value) > bound.error)


def test_the_bound_of_a_sum_counts_each_rounding():
    """theta - lr*g by hand: the rounding of lr, of the product and of the difference."""
    program = build(CATALOGUE["sgd"])[1]
    theta, g = np.array([1.5]), np.array([1.0])
    found = step(program, {"lr": 0.01}, 1, {"theta": theta, "g": g})["theta"]
    lr = abs(float(np.float32(0.01)) - 0.01)
    by_hand = lr + ulp(0.01) / 2 + ulp(1.49) / 2
    assert found.error[0] == pytest.approx(by_hand, rel=1e-6)


def test_sums_over_elements_have_no_bound():
    fact = facts("momentum_clipped")[-1]
    assert fact.verdict == "undecided"
    assert fact.statement == "No bound on the error of a step is known: sums over elements have no rule."


def test_a_program_with_worse_arithmetic_has_a_larger_bound():
    """The decay of AdamW as a factor of theta: one more rounding of theta."""
    program = build(CATALOGUE["adamw"])[1]
    update = program.update
    (loop,) = update.loops
    changed = [replace(a, value=_factored(a.value)) if a.name == "theta_new" else a for a in loop.assigns]
    stages = [Update((replace(loop, assigns=tuple(changed)),)) if s is update else s for s in program.stages]
    hyper = {h.name: float(h.default) for h in CATALOGUE["adamw"].hyperparameters}
    given = {name: np.full(1, 1.7) for name in ("theta", "g", "m", "v")}
    one, other = (step(p, hyper, 3, given)["theta"].error[0] for p in (program, program.with_stages(stages)))
    assert other > 1.8 * one


def _factored(value: Any) -> Any:
    """theta + (d*theta - r) as (theta + d*theta) - r."""
    theta, rest = value.args
    decay, step_ = rest.args
    return replace(rest, args=(replace(value, args=(theta, decay)), step_))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_optimizer_has_its_facts(name):
    found = facts(name)
    assert 1 <= len(found) <= 6
    assert [from_json(json.loads(json.dumps(to_json(fact)))) for fact in found] == found
    *others, bound = found
    assert {fact.verdict for fact in others} <= {"proved"}
    assert bound.verdict == "undecided"
    if "ulp" in bound.data:
        assert 0.5 <= bound.data["ulp"] < 100


def test_a_bound_on_a_sample_of_steps_is_no_proof():
    (bound,) = (fact for fact in facts("adam") if "ulp" in fact.data)
    assert bound.verdict == "undecided"
    assert bound.statement.startswith("At the first 8 steps of 256 parameters")
    assert bound.statement.endswith("of other inputs nothing is shown.")


def test_one_coefficient_is_told_as_one():
    assert about("rmsprop", "held").statement.startswith("As a coefficient of old values, alpha is held")
    assert about("adam", "held").statement.startswith("As coefficients of old values, beta1 and beta2 are held")


def test_a_required_hyperparameter_leaves_what_can_be_said():
    """Without a value there is no step to bound, but types have their limits."""
    source = CATALOGUE["adam"]
    hypers = tuple(replace(h, default=None) if h.name == "lr" else h for h in source.hyperparameters)
    found = list(floating_point(replace(source, hyperparameters=hypers)))
    assert [fact.subject for fact in found] == ["hyperparameters", "beta2"]


@optimizer(title="Tangent")
def unbounded(theta, g, v, *, lr: Positive = 0.1, beta: OpenUnit = 0.9):
    v[t] = beta * v[t - 1] + (1 - beta) * sqrt(sqrt(g[t] ** 2) ** 3)
    theta[t] = theta[t - 1] - lr * v[t] ** beta


def test_an_operation_without_a_rule_is_not_bounded():
    fact = list(floating_point(unbounded))[-1]
    assert fact.verdict == "undecided"
    assert fact.statement.startswith("No bound on the error of a step is known: ")
