"""Every question that is asked of an optimizer, in the order of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symopt.recurrence import Optimizer
from symopt.theory.bias import bias_correction
from symopt.theory.cost import cost
from symopt.theory.fact import Fact
from symopt.theory.first_step import first_step
from symopt.theory.floating import floating_point
from symopt.theory.invariance import invariances
from symopt.theory.limits import limits
from symopt.theory.sensitivity import sensitivities
from symopt.theory.stability import stability
from symopt.theory.training import training
from symopt.theory.units import units

FACTS: tuple[Callable[[Optimizer], Iterable[Fact]], ...] = (
    training, first_step, bias_correction, limits, stability, invariances, units, sensitivities, floating_point, cost,
)  # fmt: skip
"""Who answers which question."""


def derived(optimizer: Optimizer) -> list[Fact]:
    """Every fact that can be derived of an optimizer."""
    return [fact for answer in FACTS for fact in answer(optimizer)]
