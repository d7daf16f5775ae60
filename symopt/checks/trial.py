"""The run on which kernels are tried: parameters, gradients, inputs and hyperparameters, the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.recurrence import Hyperparameter, Optimizer

SHAPES = ((3, 5), (7,), (1,))
STEPS = 24


@dataclass(frozen=True)
class Trial:
    """What goes into a run: float32 values, which every dtype holds exactly.

    gradients: one list of arrays per step; inputs: per step, name -> an array per tensor, or one number
    hyper: the value of each hyperparameter, as float64 has it
    """

    params: list[Any]
    gradients: list[list[Any]]
    inputs: list[dict[str, Any]]
    hyper: dict[str, float]

    def steps(self, dtype: type[Any]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
        """(gradients, inputs) of each step, the arrays in a dtype."""
        for gradients, inputs in zip(self.gradients, self.inputs, strict=True):
            cast = {name: [a.astype(dtype) for a in x] if isinstance(x, list) else x for name, x in inputs.items()}
            yield [gradient.astype(dtype) for gradient in gradients], cast


def trial(optimizer: Optimizer, extremes: bool = False) -> Trial:
    """Normal random numbers; with `extremes`, NaN and infinities among the gradients of one step in the middle."""
    rng = np.random.default_rng(seed=0)

    def arrays() -> list[Any]:
        return [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]

    params, gradients = arrays(), [arrays() for _ in range(STEPS)]
    if extremes:
        gradients[STEPS // 2][0].flat[:3] = np.nan, np.inf, -np.inf
    inputs = [
        {name: arrays() if level == "element" else float(rng.random()) for name, level in optimizer.inputs}
        for _ in range(STEPS)
    ]
    return Trial(params, gradients, inputs, {h.name: _value(h) for h in optimizer.hyperparameters})


def _value(hyper: Hyperparameter) -> float:
    """The default, or the first of a few values that the domain allows."""
    candidates = (hyper.default,) if hyper.default is not None else (100, 0.5, 1, 0, -1)
    return next(float(value) for value in candidates if value in hyper.domain)
