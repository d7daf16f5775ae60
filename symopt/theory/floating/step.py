"""How far one step of the float32 kernel is off at most: the bound of `bound` on a sample of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.ir import Program
from symopt.theory.fact import Fact
from symopt.theory.floating.bound import starts, step, ulp

KIND = "floating point"
_STEPS, _COUNT = 8, 256


def bounded(program: Program, known: Mapping[str, Fraction]) -> Fact:
    """The largest bound on the error of what is trained, in ulp, for parameters in [1, 2) and normal gradients."""
    name = program.buffers[0].name
    try:
        worst = max(_bounds(program, {hyper: float(value) for hyper, value in known.items()}, name))
    except SymoptError as error:
        return Fact(KIND, "theta", "undecided", f"No bound on the error of a step is known: {error}.")
    what = "theta" if name == "theta" else "the point that is trained"
    statement = (
        f"At the first {_STEPS} steps of {_COUNT} parameters in [1, 2) with normal random gradients, the float32 "
        f"kernel leaves {what} off by at most {worst:.2f} ulp a step to first order; of other inputs nothing is shown."
    )
    data = {"ulp": round(worst, 4), "buffer": name, "steps": _STEPS, "parameters": _COUNT}
    return Fact(KIND, "theta", "undecided", statement, data=data)


def _bounds(program: Program, hyper: Mapping[str, float], name: str) -> Iterator[float]:
    """The largest bound of each step, in ulp of the parameter or of what becomes of it, the larger of the two."""
    rng = np.random.default_rng(0)
    buffers = starts(program, hyper, _float32(1 + rng.random(_COUNT)))
    outside = [buffer for buffer in program.buffers if buffer.role in ("grad", "input")]
    with np.errstate(all="ignore"):
        for t in range(1, _STEPS + 1):
            given = {b.name: _float32(rng.standard_normal(_COUNT)) if b.level == "element" else 0.5 for b in outside}
            made = step(program, hyper, t, {**buffers, **given})
            size = np.maximum(np.abs(buffers[name]), np.abs(made[name].value))
            yield float(np.max(made[name].error / ulp(size)))
            buffers = {buffer: _float32(made[buffer].value) for buffer in buffers}


def _float32(values: Any) -> Any:
    """Values that float32 holds; a number per step stays as it is."""
    return values.astype(np.float32).astype(np.float64) if np.ndim(values) else values
