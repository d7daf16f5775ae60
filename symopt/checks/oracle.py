"""The compiled kernel against the meaning of the equations, over a run of two dozen steps.

The unit of an error is the unit in the last place (ulp) of max(|x|, s), where x is the true value and s the scale of
its run: 1 for theta, which starts from standard normal numbers, and for a state the largest absolute value that its
tensor has in the run. A value far below the scale may carry the rounding errors of the larger ones that it came from.

How large an error may be follows from the equations: they are run again, several times, with every element-level
result off by a random relative error of up to one rounding (2**-24), which is what any kernel in that precision does
in some order. `ALLOWED` times the largest error of these runs, and a few units for the numbers that a kernel rounds
once per step, bounds what a correct kernel can show; it grows and shrinks with the conditioning of the optimizer,
where a constant could not. Errors scale with the size of a rounding, so the same number of ulp bounds float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symopt.artifacts import build
from symopt.checks.trial import STEPS, Trial, trial
from symopt.interpret import FLOAT, REAL, Numbers, Snapshot, interpret
from symopt.recurrence import Optimizer
from symopt.runtime import bind

ALLOWED = 8.0
ROUNDED_ONCE = 4.0
NOISY_RUNS = 4
_EXACT = frozenset("neg abs sign max min where clip floor ceil < <= > >= eq ne and or not every isfinite pi".split())

Values = dict[str, list[Any]]
"""theta and the states of element level, an array per tensor each."""


@dataclass(frozen=True)
class Reference:
    """What the equations give in the runs on which kernels are tried.

    allowed: name -> how many ulp a kernel may be off; exact: whether infinities must be told from NaN
    """

    given: Trial
    true: list[Values]
    allowed: dict[str, float]
    extreme: Trial
    wanted: list[Values]
    exact: bool


Run = Callable[[Trial, type[Any]], Iterator[Values]]
"""What a kernel gives in a run, in arrays of a dtype."""


def oracle(optimizer: Optimizer, target: str, wanted: Reference | None = None) -> tuple[float, list[str]]:
    """(largest error of theta in float32, in ulp; what is wrong); `wanted`: its `reference`, where it is known."""

    def run(given: Trial, dtype: type[Any]) -> Iterator[Values]:
        return _kernel(optimizer, given, target, dtype)

    return compared(wanted or reference(optimizer), run, f"the {target} kernel")


def reference(optimizer: Optimizer) -> Reference:
    """What the equations give."""
    with np.errstate(all="ignore"):  # NaN and infinities are given on purpose
        given, extreme = trial(optimizer), trial(optimizer, extremes=True)
        true = list(_meaning(optimizer, given, REAL))
        noise = [list(_meaning(optimizer, given, _noisy(seed))) for seed in range(NOISY_RUNS)]
        most = {name: max(worst(run, true, name, np.float32) for run in noise) for name in true[0]}
        allowed = {name: ROUNDED_ONCE + ALLOWED * error for name, error in most.items()}
        wanted = list(_meaning(optimizer, extreme, FLOAT))
        return Reference(given, true, allowed, extreme, wanted, not build(optimizer)[0].recovered)


def compared(wanted: Reference, run: Run, what: str) -> tuple[float, list[str]]:
    """(largest error of theta in float32, in ulp; what is wrong) of the runs of a kernel."""
    faults: list[str] = []
    errors: dict[str, float] = {}
    with np.errstate(all="ignore"):
        for dtype in (np.float64, np.float32):
            found = list(run(wanted.given, dtype))
            errors = {name: worst(found, wanted.true, name, dtype) for name in found[0]}
            faults += [
                f"{name} of {what} ({np.dtype(dtype)}) is {error:.1f} ulp off; {wanted.allowed[name]:.1f} may be"
                for name, error in errors.items()
                if not error <= wanted.allowed[name]
            ]
            faults += _extremes(wanted, run(wanted.extreme, dtype), f"{what} is", np.dtype(dtype))
    return errors["theta"], faults


def worst(run: list[Values], true: list[Values], name: str, dtype: type[Any]) -> float:
    """The largest error of a sequence over a run, in ulp of `dtype`."""
    found = 0.0
    for tensor, first in enumerate(true[0][name]):
        wanted = np.array([values[name][tensor] for values in true], object).reshape(len(true), first.size)
        size = np.abs(wanted.astype(np.float64))
        scale = max(1.0 if name == "theta" else float(np.max(size)), float(np.finfo(dtype).tiny))
        values = np.array([values[name][tensor] for values in run], object).reshape(wanted.shape)
        # The subtraction is done in the numbers of `wanted`, which are finer.
        error = np.abs((np.frompyfunc(REAL.constant, 1, 1)(values) - wanted).astype(np.float64))
        found = max(found, float(np.max(error / np.spacing(np.maximum(size, scale).astype(dtype)))))
    return found


def _extremes(wanted: Reference, run: Iterator[Values], what: str, dtype: Any) -> Iterator[str]:
    """A gradient that is NaN or infinite must give what the equations give.

    Where a state, or theta, is not stored but recovered from what is, inf - inf can make NaN of an infinity: what must
    agree there is which values are finite.
    """
    kind = _kind if wanted.exact else np.isfinite
    for step, (found, meant) in enumerate(zip(run, wanted.wanted, strict=True), 1):
        for name, arrays in found.items():
            for x, y in zip(map(np.ravel, arrays), map(np.ravel, meant[name]), strict=True):
                different = np.flatnonzero(kind(x) != kind(y))
                if different.size:
                    at = different[0]
                    yield (
                        f"after a NaN or infinite gradient, {name} of {what} {x[at]:g} at step {step} "
                        f"({dtype}), where the equations give {y[at]:g}"
                    )
                    return


def _kind(x: Any) -> Any:
    """NaN, either infinity or finite, as a number each."""
    return np.where(np.isnan(x), 2.0, np.where(np.isinf(x), np.sign(x), 0.0))


def _kernel(optimizer: Optimizer, given: Trial, target: str, dtype: type[Any]) -> Iterator[Values]:
    """The run as the compiled kernel does it."""
    arrays = [array.astype(dtype) for array in given.params]
    hyper: dict[str, Any] = dict(given.hyper)
    bound = bind(optimizer, arrays, target=target, **hyper)
    stored = [name for name in optimizer.states if optimizer.levels[name] == "element" and name in bound.state]
    for gradients, inputs in given.steps(dtype):
        bound.step(gradients, **inputs)
        bound.to_eval()
        values = {"theta": [array.copy() for array in arrays]}
        bound.to_train()
        yield values | {name: [array.copy() for array in bound.state[name]] for name in stored}


def _meaning(optimizer: Optimizer, given: Trial, numbers: Numbers) -> Iterator[Values]:
    """The run as the equations mean it."""

    def inputs(step: int) -> dict[str, Any]:
        return {
            name: x if isinstance(x, list) else [x] * len(given.params) for name, x in given.inputs[step - 1].items()
        }

    run = interpret(optimizer, given.params, given.gradients, STEPS, given.hyper, numbers=numbers, inputs=inputs)
    return map(_values(optimizer), run)


def _values(optimizer: Optimizer) -> Callable[[Snapshot], Values]:
    element = [name for name in optimizer.states if optimizer.levels[name] == "element"]
    return lambda snapshot: {"theta": snapshot.theta} | {name: snapshot.states[name] for name in element}


def _noisy(seed: int) -> Numbers:
    """float64 in which each result of an element-level operation is off by a random rounding error of float32."""
    rng = np.random.default_rng(seed)

    def off(operation: Callable[..., Any]) -> Callable[..., Any]:
        def rounded(*args: Any) -> Any:
            value = operation(*args)
            if not isinstance(value, np.ndarray):  # a number per step or tensor, which kernels compute in float64
                return value
            return value * (1 + rng.uniform(-1, 1, value.shape) * 2.0**-24)

        return rounded

    table = {op: function if op in _EXACT else off(function) for op, function in FLOAT.operations.items()}
    return replace(FLOAT, operations=table)
