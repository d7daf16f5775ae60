"""An emitted file run in plain Python on NumPy floats: the same text without its compiler."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.prove.model import GROUPS, SHAPES
from symopt.prove.symbolic import Memory

STEPS = 6
EXTREMES = (0.0, -0.0, 1.5, -2.25, 1e-40, -1e18, float("inf"), float("nan"))
FAULTS = (SymoptError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, AssertionError)
"""What running a broken file can raise."""


def run_in_python(training: Training, text: str) -> bytes | str:
    """The bits of everything stored after each of some float32 steps, the last with extreme gradients; or the error."""
    try:
        with np.errstate(all="ignore"):
            runs = [_run(training, text, hypers) for hypers in _settings(training)]
            return b"".join(bits for run in runs for bits in run)
    except FAULTS as error:
        return f"{type(error).__name__}: {error}"


def _run(training: Training, text: str, hypers: dict[str, float]) -> list[bytes]:
    memory = Memory(np.float32)
    names = memory.run(ast.parse(text), {})

    def bind(plan: Any, *buffers: Any) -> None:
        for column, arrays in enumerate(buffers):
            for tensor, array in enumerate(arrays):
                plan.table[tensor, column] = memory.address(array)

    names["Plan"].bind = bind
    random = np.random.default_rng(0)
    params = [np.array(random.standard_normal(shape), np.float32) for shape in SHAPES]
    init = names["init"]
    wanted = init.__code__.co_varnames[: init.__code__.co_argcount]
    state = init(params, list(GROUPS), **{name: value for name, value in hypers.items() if name in wanted})
    found: list[bytes] = []
    for step in range(STEPS):
        scale = EXTREMES[step % len(EXTREMES)] if step >= STEPS - 2 else 1.0
        grads = [np.array(random.standard_normal(shape) * scale, np.float32) for shape in SHAPES]
        names["step"](params, grads, state, **_inputs(training, step), **hypers)
        found += _bits(training, names, params, state)
    return found


def _settings(training: Training) -> list[dict[str, float]]:
    """The defaults, and each hyperparameter at the lower end of its domain where that belongs to it."""
    hypers = training.source.hyperparameters
    usual = {h.name: _inside(h.domain) for h in hypers if h.default is None}
    ends = {h.name: float(h.domain.lower) for h in hypers if h.domain.lower is not None and not h.domain.open_lower}
    return [usual, {**usual, **ends}]


def _inside(domain: Any) -> float:
    return next(float(value) for value in (5, 0.5, 1, 0, -1) if value in domain)


def _inputs(training: Training, step: int) -> dict[str, Any]:
    return {
        name: [np.full(shape, 1.0 / (step + 1), np.float32) for shape in SHAPES]
        if level == "element"
        else 1.0 / (step + 1)
        for name, level in training.source.inputs
    }


def _bits(training: Training, names: dict[str, Any], params: list[Any], state: Any) -> list[bytes]:
    found = [array.tobytes() for array in params]
    for name in training.states:
        if training.levels[name] == "element":
            found += [array.tobytes() for array in getattr(state, name)]
        elif training.levels[name] == "tensor":
            found.append(state.tensor_numbers[:, names["TENSOR"].index(name)].tobytes())
        else:
            found.append(state.numbers[:, names["GROUP"].index(name)].tobytes())
    if "deployed" in names:
        found += [array.tobytes() for array in names["deployed"](params, state)]
    return found
