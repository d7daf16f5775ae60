"""Compiled kernels against the meaning of the equations, within the rounding error that `rounding.py` derives."""

import inspect
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symopt.catalogue import load_all, load_file
from symopt.derive.training import training_form
from symopt.expr import START, ZERO, Call, Seq, sequences, walk
from symopt.interpret import interpret

SHAPES, GROUPS = ((3, 2), (), (2, 1), (5,)), (0, 1, 0, 1)
STEPS = 20
HERE = Path(__file__).parent
CATALOGUE = dict(sorted(load_all().items()))
OPTIMIZERS = CATALOGUE | load_file(HERE / "unusual.py")
OPTIMIZERS |= load_file(HERE.parent / "derive" / "composed.py")
# In float64 a third of the catalogue stands for all: the peers hold the rest to 1e-12.
IN_FLOAT64 = [name for place, name in enumerate(OPTIMIZERS) if name not in CATALOGUE or place % 3 == 0]
CASES = [(name, np.float32) for name in OPTIMIZERS] + [(name, np.float64) for name in IN_FLOAT64]


def hyperparameters(optimizer, step):
    """One value per group, inside the domain; halfway all that are no integers change."""
    now = 1 if step <= STEPS // 2 else 0.875
    return {h.name: [_value(h, share * now) for share in (1, 0.75)] for h in optimizer.hyperparameters}


def _value(hyper, factor):
    value = float(hyper.default) if hyper.default is not None else 8.0 if 8 in hyper.domain else 0.5
    return value * factor if not hyper.domain.integer and Fraction(value * factor) in hyper.domain else value


def with_element_starts(optimizer):
    """Start values of element states as 0*theta[0] + value: the number system then knows that they are elements."""
    zero = Call("*", (ZERO, Seq("theta", START)))
    element = {name for name, level in optimizer.levels.items() if level == "element"}
    starts = [(name, Call("+", (zero, value)) if name in element else value) for name, value in optimizer.starts]
    return replace(optimizer, starts=tuple(starts))


class Case:
    """The same run for the kernel and for the interpreter."""

    def __init__(self, optimizer, dtype, rounding, arrays):
        rng = np.random.default_rng(7)
        self.optimizer, self.dtype, self.rounding = optimizer, dtype, rounding
        self.given = arrays(rng, SHAPES, dtype)
        self.params = [array.copy() for array in self.given]  # `init` may move them to the first gradient point
        self.grads = [arrays(rng, SHAPES, dtype) for _ in range(STEPS)]
        self.inputs = [
            {name: arrays(rng, SHAPES, dtype) if level == "element" else [1.5, 0.5] for name, level in optimizer.inputs}
            for _ in range(STEPS)
        ]

    def expected(self):
        exact = self.rounding.elements
        levels = dict(self.optimizer.inputs)

        def inputs(step):
            given = self.inputs[step - 1]
            return {
                name: [exact(x) for x in given[name]] if levels[name] == "element" else [given[name][k] for k in GROUPS]
                for name in levels
            }

        return interpret(
            with_element_starts(self.optimizer),
            [exact(array) for array in self.given],
            [[exact(array) for array in arrays] for arrays in self.grads],
            hyper=lambda step: hyperparameters(self.optimizer, step),
            numbers=self.rounding.bounding(self.dtype),
            groups=GROUPS,
            inputs=inputs if levels else None,
        )

    def start(self, module):
        wanted = inspect.signature(module.init).parameters
        first = hyperparameters(self.optimizer, 1)
        return module.init(self.params, GROUPS, **{name: value for name, value in first.items() if name in wanted})

    def step(self, module, state, step):
        module.step(
            self.params, self.grads[step - 1], state, **self.inputs[step - 1], **hyperparameters(self.optimizer, step)
        )


def stored(module, state, name):
    """A state as the emitted file keeps it."""
    if hasattr(state, name):
        return getattr(state, name)
    if name in module.GROUP:
        return state.numbers[:, module.GROUP.index(name)]
    return state.tensor_numbers[:, module.TENSOR.index(name)]


def distances(rounding, found, wanted):
    """(distance, bound, size) of each number."""
    for a, b in zip(found, wanted, strict=True):
        for x, y in zip(np.ravel(a), np.ravel(np.asarray(b, object)), strict=True):
            apart = rounding.DIGITS.apply("-", rounding.DIGITS.constant(float(x)), y.value)
            yield abs(float(apart)), y.error, abs(float(y.value))


def moved(training):
    """What is not computed as it is declared: theta, the point, and all that is made of a state that is recovered."""
    found = {"theta", "point", training.param}
    found |= {word for name, _ in training.recovered for word in (name, f"{name}_old")}
    while more := {e.target for e in training.equations if {s.name for s in sequences(e.rhs)} & found} - found:
        found |= more
    return found


def operations(training):
    """Operations in the equation of the training point, where it is stored in the place of a state; else 0."""
    found = [e.rhs for e in training.equations if e.target == training.param]
    exchanged = training.param not in {e.target for e in training.source.equations}
    return sum(isinstance(node, Call) for rhs in found for node in walk(rhs)) if exchanged else 0


def largest(snapshot):
    """The largest number among theta, the point and the states."""
    values = [snapshot.theta, snapshot.point, *snapshot.states.values()]
    return max(
        abs(float(x.value)) for arrays in values for array in arrays for x in np.ravel(np.asarray(array, object))
    )


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_every_stored_value_is_within_its_bound(name, dtype, emitted, rounding, arrays):
    """The bound is that of the equations as they are declared.

    Where the point P takes the place of a state, P is P of the step before plus terms whose coefficients are at most 2:
    each of its k operations adds at most u*2*M, M the largest number so far; s steps add s*k*2*u*M to the error of P
    and of what follows from it.
    """
    optimizer = OPTIMIZERS[name]
    case = Case(optimizer, dtype, rounding, arrays)
    module = emitted(optimizer, threads=False)
    state = case.start(module)
    training = training_form(optimizer)
    count, unit, indirect = operations(training), float(np.finfo(dtype).eps) / 2, moved(training)
    checked = undecided = top = 0
    for snapshot in case.expected():
        case.step(module, state, snapshot.step)
        assert list(state.numbers[:, 0]) == [snapshot.step] * 2
        deployed = module.deployed(case.params, state) if hasattr(module, "deployed") else case.params
        pairs = {"theta": (deployed, snapshot.theta), "point": (case.params, snapshot.point)}
        known = {*module.GROUP, *getattr(module, "TENSOR", ()), *vars(state)}
        pairs |= {s: (stored(module, state, s), wanted) for s, wanted in snapshot.states.items() if s in known}
        top = max(top, largest(snapshot)) if count else 0
        for what, (found, wanted) in pairs.items():
            for apart, bound, size in distances(rounding, found, wanted):
                allowed = bound + (snapshot.step * count * 2 * unit * top if what in indirect else 0)
                assert apart <= allowed, f"{what} after step {snapshot.step}: {apart} > {allowed}"
                checked += 1
                undecided += allowed > 2**14 * float(np.spacing(dtype(size)))
        for values in (snapshot.theta, *snapshot.states.values()):
            for array in filter(lambda value: isinstance(value, np.ndarray), values):
                rounding.stored(array)
    assert checked > 100
    assert undecided <= 0.05 * checked  # the bound says something about nearly every number
