"""Methods that are known to differ, with the run that shows it: exactly, and in the kernels that were generated.

These are all disagreements of `specs/errata/claims.toml` that have such a run, and a few that are none.
"""

import inspect
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from symopt.derive.training import training_form
from symopt.equivalence import Comparison, again, compare, replayed
from symopt.equivalence.replacing import unprefixed
from symopt.equivalence.sentence import rows
from symopt.errata import compared, disagreements, spec
from symopt.expr import Call, walk
from symopt.interpret import REAL, Reader, interpret
from symopt.reading import read
from symopt.recurrence import Optimizer

CLAIMED = {
    f"{claim.id} {place}": (claim, question)
    for claim in disagreements()
    for place, question in enumerate(claim.questions, 1)
    if question.step
}
OTHERS = {  # the hyperparameters that are replaced, and the step at which they part
    "nesterov nesterov_transformed": ({}, 1),
    "signed signed_by_division": ({}, 1),
    "sgd sgd": ({"A.lr": "lr/t"}, 2),
}


@dataclass(frozen=True)
class Case:
    """Two optimizers, their comparison, and the step at which they should part."""

    a: Optimizer
    b: Optimizer
    found: Comparison
    step: int


@pytest.fixture(scope="module", params=[*CLAIMED, *OTHERS])
def case(request, named):
    if request.param in CLAIMED:
        claim, question = CLAIMED[request.param]
        return Case(spec(claim.a), spec(claim.b), compared(claim, question), question.step)
    (a, b), (hyper, step) = map(named, request.param.split()), OTHERS[request.param]
    return Case(a, b, compare(a, b, hyper=hyper), step)


def test_differ(case):
    example = case.found.counterexample
    assert (example.step, example.where) == (case.step, "theta")
    assert case.found.conditions or case.found.verdict == "refuted"
    x, y = again(case.a, case.b, example)
    assert x != y
    pair, run = replayed(case.a, case.b, example)
    values = {x for row in (run.theta0, *run.gradients, *run.hyper.values()) for x in row}
    assert all(isinstance(value, Fraction) for value in values)
    assert all(value in hyper.domain for hyper in pair.hypers for value in run.hyper[hyper.name])


# ---- the generated kernels ----


def test_the_kernels_differ_as_much(case, kernel, rounding):
    """Each kernel gives what its equations give, within a bound on its rounding, and the two are further apart.

    The bound is the one that `rounding.py` derives for this very run, and the one of `indirectly` where theta is
    recovered. What has no value, as 0/0, is NaN in the kernel too.
    """
    pair, run = replayed(case.a, case.b, case.found.counterexample)
    exact = again(case.a, case.b, case.found.counterexample)
    kernels, bounds = [], []
    for optimizer, side, wanted in zip((case.a, case.b), "AB", exact, strict=True):
        hyper = hyperparameters(optimizer, side, pair, run)
        kernels.append([REAL.constant(float(x)) for x in stepped(kernel(optimizer), run, hyper)])
        bounds.append(bounded(optimizer, run, hyper, rounding))
        for shown, bound, true in zip(kernels[-1], bounds[-1], map(REAL.constant, wanted), strict=True):
            assert abs(shown - true) <= bound or (shown != shown and true != true)
    told = [(x != x) != (y != y) or abs(x - y) > p + q for x, y, p, q in zip(*kernels, *bounds, strict=True)]
    assert any(told)


def hyperparameters(optimizer, side, pair, run):
    """`hyper(step)`: what the hyperparameters of one side are; one that was replaced is what took its place."""
    replaced = {name.removeprefix(f"{side}."): text for name, text in pair.replaced.items()}

    def hyper(step):
        given = {name: values[step - 1] for name, values in run.hyper.items()}
        reader = Reader(REAL, [()], [0], {}, [{name: REAL.constant(x) for name, x in (*given.items(), ("t", step))}])
        given |= {name: reader.value(read(unprefixed(text)), 0) for name, text in replaced.items() if "." not in name}
        return {each.name: given[each.name] for each in optimizer.hyperparameters}

    return hyper


def stepped(module, run, hyper):
    """theta after a run of an emitted file."""
    numbers = lambda step: {name: float(value) for name, value in hyper(step).items()}  # noqa: E731
    arrays, *gradients = ([x.astype(np.float64) for x in run.arrays(row)] for row in (run.theta0, *run.gradients))
    wanted = inspect.signature(module.init).parameters
    state = module.init(arrays, [0] * len(arrays), **{name: x for name, x in numbers(1).items() if name in wanted})
    for step, gradient in enumerate(gradients, 1):
        module.step(arrays, gradient, state, **numbers(step))
    theta = module.deployed(arrays, state) if hasattr(module, "deployed") else arrays
    return np.concatenate([array.ravel() for array in theta])


def bounded(optimizer, run, hyper, rounding):
    """How far each element of theta may be off after the run, in float64."""
    element = np.frompyfunc(lambda x: replace(rounding.bounded(x), element=True), 1, 1)
    theta0, *gradients = ([element(x) for x in run.arrays(row)] for row in (run.theta0, *run.gradients))
    snapshots = list(interpret(optimizer, theta0, gradients, hyper=hyper, numbers=rounding.bounding(np.float64)))
    errors = [x.error for array in snapshots[-1].theta for x in array.flat]
    return [error + indirectly(optimizer, snapshots) for error in errors]


def indirectly(optimizer, snapshots):
    """What is added where the kernel stores the gradient point P in the place of a state, and recovers theta from it.

    The coefficients in P and of the way back are at most 2, so that each of their k operations is off by at most
    2**-53 * 2 * M, with M the largest number of the run; n steps add n * k * 2**-52 * M.
    """
    training = training_form(optimizer)
    if training.deploy is None:
        return 0.0
    point = [e.rhs for e in training.equations if e.target == training.param]
    count = sum(isinstance(node, Call) for rhs in (*point, training.deploy) for node in walk(rhs))
    largest = max(
        abs(float(x.value))
        for snapshot in snapshots
        for arrays in (snapshot.theta, snapshot.point, *snapshot.states.values())
        for array in arrays
        for x in np.ravel(np.asarray(array, object))
    )
    return len(snapshots) * count * 2.0**-52 * largest


# ---- what only shows in tensors of some shape, and what only shows late ----


def test_rows_and_tensors_are_told_apart(named):
    found = compare(named("normalized"), named("normalized_by_row"))
    assert found.verdict == "refuted"
    assert found.counterexample.shapes == ((2, 2),)
    assert again(named("normalized"), named("normalized_by_row"), found.counterexample) is not None


def test_what_happens_every_sixth_step_is_seen(named):
    found = compare(named("ranger"), named("radam"), hyper={"A.k": "6"})
    assert found.verdict == "refuted"
    assert found.counterexample.step == 6


def test_differences_below_all_thresholds_are_seen(named):
    found = compare(named("radam"), named("radam_optax"))
    assert (found.verdict, found.counterexample.step) == ("refuted", 5)


def test_a_run_in_which_nothing_differs_is_none(named):
    example = compare(named("amsgrad_torch"), named("amsgrad_optax")).counterexample
    assert again(named("amsgrad_torch"), named("amsgrad_torch"), example) is None


def test_a_side_without_a_value_differs(named):
    example = compare(named("signed"), named("signed_by_division")).counterexample
    assert (example.step, example.gradients, example.values) == (1, ((Fraction(0),),), ("0.0", "not a number"))


def test_defaults_and_simple_gradients_come_first(named):
    example = compare(named("sgd_clipped"), named("sgd")).counterexample
    assert (example.hyper["largest"], example.gradients) == (Fraction(1), ((Fraction(2),),))


def test_what_comes_from_outside_is_part_of_a_run(named):
    example = compare(named("sgd_plateau"), named("sgd")).counterexample
    assert len(example.inputs["metric"]) == example.step == 3
    assert again(named("sgd_plateau"), named("sgd"), example) is not None


# ---- what happens late, or in tensors of one axis only ----


@pytest.mark.parametrize(("name", "step"), [("seldom_twice", 50), ("late_twice", 1001)])
def test_what_happens_late_is_seen(named, name, step):
    found = compare(named(name), named("momentum_sum"))
    assert (found.verdict, found.counterexample.step) == ("refuted", step)
    assert again(named(name), named("momentum_sum"), found.counterexample) is not None
    assert rows(found.counterexample)[1:] == [[f"1 to {step}", "1"]]


def test_what_happens_later_than_any_run_is_undecided(named):
    assert compare(named("never_seen"), named("momentum_sum")).verdict == "undecided"


def test_tensors_of_one_axis_are_among_the_runs(named):
    found = compare(named("of_vectors_twice"), named("sgd"))
    assert (found.verdict, found.counterexample.shapes) == ("refuted", ((2, 2), (2,)))


# ---- in what two that differ are still the same ----


@pytest.mark.parametrize(
    ("a", "b", "remarks"),
    [
        ("momentum_whole", "momentum_ema", ("They differ only in the first step: from equal states after that on",)),
        ("momentum_from_one", "momentum_ema", ("They differ only in their starts: from equal states on they stay",)),
        ("adam", "adamw", ("With weight_decay = 0 they are equal.",)),
        ("momentum_from_one", "momentum_whole", ("They differ only in the first step:", "With mu = 0 they are equal.")),
        ("adam", "adagrad", ()),
        ("momentum", "nesterov_torch", ("With mu = 0 they are equal",)),
    ],
)
def test_remarks(named, a, b, remarks):
    found = compare(named(a), named(b))
    assert found.verdict == "refuted"
    assert all(any(said.startswith(remark) for said in found.remarks) for remark in remarks)
    assert bool(remarks) == bool(found.remarks)
