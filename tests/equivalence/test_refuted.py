"""Methods that are known to differ, with the run that shows it: exactly, and in the kernels that were generated."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest

from symopt.catalogue import load_file
from symopt.equivalence import again, compare, replayed
from symopt.paths import specs_dir
from symopt.runtime import bind


@dataclass(frozen=True)
class Differ:
    """step: of the smallest run; where: what differs there; given: what `compare` is told"""

    a: str
    b: str
    step: int
    where: str = "theta"
    given: dict = field(default_factory=dict)


DIFFER = [
    Differ("momentum_torch", "momentum", 2, given={"hyper": {"tau": "0"}}),
    Differ("nesterov", "nesterov_transformed", 1),
    Differ("amsgrad_torch", "amsgrad_optax", 2),
    Differ("document_000:adam", "adam_inner", 2),
    Differ("document_000:schedule_free", "schedule_free_adamw", 1),
    Differ("document_002:momentum", "momentum", 2),
    Differ("document_003:adagrad", "adagrad_inside", 1),
    Differ("document_003:adadelta", "adadelta", 1, given={"hyper": {"A.alpha": "rho"}}),
]


def test_every_erratum_is_among_them():
    files = sorted((specs_dir() / "errata").glob("document_*.py"))
    errata = {f"{path.stem}:{name}" for path in files for name in load_file(path)}
    assert errata == {case.a for case in DIFFER if ":" in case.a}


@pytest.mark.parametrize("case", DIFFER, ids=lambda case: f"{case.a}!={case.b}")
def test_differ(case, named):
    a, b = named(case.a), named(case.b)
    found = compare(a, b, **case.given)
    example = found.counterexample
    assert (example.step, example.where) == (case.step, case.where)
    assert found.conditions or found.verdict == "refuted"
    x, y = again(a, b, example)
    assert x != y
    pair, run = replayed(a, b, example)
    values = {x for row in (run.theta0, *run.gradients, *run.hyper.values()) for x in row}
    assert all(isinstance(value, Fraction) for value in values)
    assert all(value in hyper.domain for hyper in pair.hypers for value in run.hyper[hyper.name])


@pytest.mark.parametrize("case", DIFFER, ids=lambda case: f"{case.a}!={case.b}")
def test_the_kernels_differ_as_much(case, named):
    """Each kernel gives what its equations give to 1e-12, which is far below what they differ by.

    A run of a few steps rounds some dozens of times, each by 2**-53 of a number of the size of those before it.
    """
    a, b = named(case.a), named(case.b)
    example = compare(a, b, **case.given).counterexample
    pair, run = replayed(a, b, example)
    exact = again(a, b, example)
    kernels = [stepped(optimizer, pair, run) for optimizer in (a, b)]
    for shown, wanted in zip(kernels, exact, strict=True):
        np.testing.assert_allclose(shown, [float(x) for x in wanted], rtol=1e-12, atol=0)
    assert np.max(np.abs(kernels[0] - kernels[1])) > 1e-9 * np.max(np.abs(kernels[0]))


def stepped(optimizer, pair, run):
    """theta after a run of the generated kernel; what was replaced by a number has that number."""
    fixed = {name.removeprefix("A.").removeprefix("B."): text for name, text in pair.replaced.items()}

    def values(step):
        chosen = {}
        for hyper in optimizer.hyperparameters:
            source = fixed.get(hyper.name, hyper.name)
            chosen[hyper.name] = float(run.hyper[source][step]) if source in run.hyper else float(source)
        return chosen

    arrays = [np.array(array, np.float64) for array in run.arrays(run.theta0)]
    opt = bind(optimizer, arrays, **values(0))
    for step, gradient in enumerate(run.gradients):
        for name, value in values(step).items():
            opt.hyper[name] = value
        opt.step([np.array(array, np.float64) for array in run.arrays(gradient)])
    opt.to_eval()
    return np.concatenate([array.ravel() for array in arrays])


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
