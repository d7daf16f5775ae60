"""A run in other units: where the units of an optimizer agree, it is the same run with other numbers in it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

from symopt.interpret import EXACT
from symopt.recurrence import Optimizer
from symopt.theory.invariance.runs import Apart, Given, apart, given, run
from symopt.theory.units.solve import Unit


def differs(optimizer: Optimizer, hypers: Mapping[str, Unit]) -> tuple[Given, int, Apart] | None:
    """A run whose theta differs from that of the same run with the gradient in a smaller unit.

    hypers: the unit of each hyperparameter. The number is how many times smaller the unit is: 2, or a power of it that
    has the roots that are needed.
    """
    exponents = {name: unit.get("g", Fraction(0)) for name, unit in hypers.items()}
    scale = 2 ** lcm(*(exponent.denominator for exponent in exponents.values()))
    chosen = given(optimizer)
    factors = {name: Fraction(_root(scale, e.denominator)) ** e.numerator for name, e in exponents.items()}
    moved = chosen.moved(gradient=scale, hyper=factors)
    found = apart(run(optimizer, chosen, EXACT), run(optimizer, moved, EXACT)) or apart(
        run(optimizer, chosen), run(optimizer, moved)
    )
    return None if found is None else (moved, scale, found)


def _root(power_of_two: int, degree: int) -> int:
    """The exact root: the exponent of 2 is a multiple of the degree."""
    return 2 ** ((power_of_two.bit_length() - 1) // degree)
