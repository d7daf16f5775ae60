"""Random compositions: what a kernel computes lies in what the equations allow; what is refused is refused in words.

`SYMOPT_COMPOSITIONS=2000 pytest tests/compositions` draws so many, anew each time; the usual run draws the same few.
"""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from symopt.derive.training import training_form
from symopt.errors import SymoptError
from symopt.interpret import interpret, reals
from symopt.prove.floats import in_python

MORE = int(os.environ.get("SYMOPT_COMPOSITIONS", "0"))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.filter_too_much]


def profile(count, phases):
    return settings(
        max_examples=MORE or count, derandomize=not MORE, deadline=None, database=None, phases=phases,
        suppress_health_check=QUIET,
    )  # fmt: skip


@dataclass
class Tally:
    """Numbers compared; undecided: those with more than one class left; wide: those whose interval says little."""

    numbers: int = 0
    undecided: int = 0
    wide: int = 0
    kinds: Counter = field(default_factory=Counter)


def expected(parts, training, case, params):
    """Sets for everything that is stored, step after step."""
    numbers, elements = parts.arithmetic.system(case.dtype), parts.reach.elements
    levels = dict(training.source.inputs)

    def inputs(step):
        given = case.inputs(step)
        return {
            name: [elements(x) for x in given[name]] if levels[name] == "element" else [given[name]] * len(params)
            for name in levels
        }

    gradients = [[elements(array) for array in arrays] for arrays in case.gradients]
    form = parts.stored.stored_form(training)
    hyper = {"hyper": case.hypers, "groups": case.groups, "start": case.start, "inputs": inputs if levels else None}
    for snapshot in interpret(form, [elements(array) for array in params], gradients, numbers=numbers, **hyper):
        yield {"theta": snapshot.theta} | snapshot.states


def compare(parts, made, case, training, run, tally):
    wanted = expected(parts, training, case, [array.copy() for array in run.params])
    for step, sets in enumerate(wanted, 1):
        for name, arrays in run.step(step).items():
            hold(parts, made, case, f"{name} after step {step}", arrays, sets[name], tally)


def hold(parts, made, case, what, arrays, sets, tally):
    reach = parts.reach
    for tensor, (array, wanted) in enumerate(zip(arrays, sets, strict=True)):
        for x, y in zip(np.ravel(array), np.ravel(np.asarray(wanted, object)), strict=True):
            y = reach.point(y)
            left = reach.classes(y, case.dtype if y.element else np.float64)
            tally.numbers += 1
            tally.undecided += len(left) > 1
            tally.kinds[tuple(sorted(left))] += 1
            if left == {"finite"}:
                width = float(y.real[1] - y.real[0])
                tally.wide += width > 2**14 * float(np.spacing(case.dtype(abs(float(x)))))
            assert reach.admits(y, float(x)), f"{made.text}: {what}, tensor {tensor}: {x!r} is not in {shown(y)}"


def shown(y):
    real = "" if y.real is None else f"[{float(y.real[0])!r}, {float(y.real[1])!r}]"
    return " ".join([real, *sorted(y.others)])


def refused_in_words(refusals):
    """One line that says what is wrong and, after a semicolon, what to do or what there is instead."""
    for refusal in refusals:
        wrong, _, remedy = refusal.said.partition("; ")
        assert min(len(wrong), len(remedy)) > 8, refusal
        assert "\n" not in refusal.said, refusal


def check(parts, made, case, make, tally):
    try:
        training, text = parts.runs.text_of(made.optimizer)
    except SymoptError as error:
        refused_in_words([parts.drawn.Refusal("bind", made.text, str(error))])
        return
    run = parts.runs.Run(make(text, case), training, case, parts.stored.new_names(training))
    compare(parts, made, case, training, run, tally)


def assert_decided(tally):
    """Nearly everywhere one class is left, and an interval that says something."""
    assert tally.numbers > 1000
    assert tally.undecided <= 0.05 * tally.numbers
    assert tally.wide <= 0.1 * tally.numbers


def test_kernels_in_python(parts):
    """The emitted file, run as Python on NumPy's floats."""
    tally = Tally()

    @profile(60, (Phase.generate, Phase.shrink))
    @given(st.data())
    def holds(data):
        made = data.draw(parts.drawn.compositions())
        refused_in_words(made.refusals)
        case = data.draw(parts.drawn.cases(made.optimizer))
        check(parts, made, case, lambda text, case: SimpleNamespace(**in_python(text, case.dtype)), tally)

    holds()
    assert_decided(tally)


COMPILED = MORE // 20 or 6


@pytest.mark.parametrize("number", range(COMPILED))
def test_compiled_kernels(number, parts, compiled):
    """The compiled file, each with one case in float32 and one in float64; every third has a tensor of two chunks."""
    tally = Tally()
    drawn = parts.drawn

    @seed(number if not MORE else random.randrange(2**32))
    @settings(profile(1, (Phase.generate,)), max_examples=1, derandomize=False)
    @given(st.data())
    def holds(data):
        assume(data.draw(st.integers(0, 1000)) > 0)  # the simplest example comes first, whatever the seed
        made = data.draw(drawn.compositions(fewest=2))
        module = []

        def make(text, case):
            module.append(module[0] if module else compiled(text, f"composition_{number}"))
            return module[0]

        for dtype in (np.float32, np.float64):
            case = data.draw(drawn.cases(made.optimizer, dtype, large=number % 3 == 2))
            check(parts, made, case, make, tally)

    holds()
    assert tally.numbers


def test_what_is_stored_means_what_was_declared(parts):
    """Where a state is recovered from the gradient point, the recurrence over what is stored is the declared one.

    In 300 digits, of which the smallest coefficients that are divided by, 1e-30 a step, leave enough.
    """
    drawn, digits = parts.drawn, reals(300)
    moved = tuple(name for name in sorted(drawn.OPTIMIZERS) if training_form(drawn.OPTIMIZERS[name]).recovered)
    recovered = []

    @profile(15, (Phase.generate, Phase.shrink))
    @given(st.data())
    def holds(data):
        made = data.draw(drawn.compositions(bases=moved, most=3))
        case = data.draw(drawn.cases(made.optimizer, np.float64, palette=drawn.MILD))
        training = training_form(made.optimizer)
        recovered.append(training.recovered is not None)
        inputs = {"inputs": case.inputs} if made.optimizer.inputs else {}
        given = {"hyper": case.hypers, "groups": case.groups, "start": case.start, "numbers": digits, **inputs}
        declared = interpret(made.optimizer, case.params, case.gradients, **given)
        stored = interpret(parts.stored.stored_form(training), case.params, case.gradients, **given)
        for a, b in zip(declared, stored, strict=True):
            name = "deployed" if training.deploy is not None else "theta"
            for x, y in zip(a.theta, b.states.get(name, b.theta), strict=True):
                for p, q in zip(np.ravel(x), np.ravel(y), strict=True):
                    assert abs(p - q) <= 1e-100 * (1 + abs(p)), f"{made.text} at step {a.step}: {p} and {q}"

    holds()
    assert any(recovered)


FAULTS = {
    "a lost element": ("sgd", "for i in range(n):", "for i in range(n - 1):", [0.5]),
    "a sign": ("adam", "- lr * mhat", "+ lr * mhat", [0.5]),
    "an eps that moved": ("adam", "sqrt(vhat) + eps", "sqrt(vhat + eps)", [1e-5]),
    "a factor that is off by a few units in the last place": ("sgd", "- lr * g", "- lr * g * f(1.00001)", [1.0]),
    "a NaN that is dropped": ("adamax", "a > b or a != a", "a > b", [float("nan"), 1.0]),
    "a NaN that is let in": ("adam_skipping", "isfinite(max_g_all)", "(max_g_all == max_g_all)", [float("inf"), 1.0]),
    "an infinity that is held": (
        "sgd_decayed", "theta + (-weight_decay * theta - lr * g)", "(f(1) - weight_decay) * theta - lr * g",
        [float("inf"), 0.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_found(fault, parts):
    """The same comparison, of an emitted file with a fault in it."""
    name, before, after, gradients = FAULTS[fault]
    drawn, optimizer = parts.drawn, parts.drawn.OPTIMIZERS[name]
    made = drawn.Composition(name, optimizer)
    params = [np.array([1.0, -2.0, 0.5], np.float32)]
    values = {hyper.name: [float(hyper.default)] for hyper in optimizer.hyperparameters}
    arrays = [[np.full(3, g, np.float32)] for g in gradients]
    case = drawn.Case(np.float32, params, [0], arrays, [values] * len(arrays), [{}] * len(arrays))

    def make(text, case, change=True):
        assert before in text
        names = in_python(text.replace(before, after) if change else text, np.float32)
        return SimpleNamespace(**names)

    check(parts, made, case, lambda text, case: make(text, case, change=False), Tally())
    with pytest.raises(AssertionError, match="is not in"):
        check(parts, made, case, make, Tally())
