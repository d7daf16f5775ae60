"""Short runs on small rationals, as they are and moved: what may be true is guessed here, and what is not refuted."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.interpret import EXACT, REAL, Numbers, interpret
from symopt.recurrence import Hyperparameter, Optimizer

STEPS = 8
"""Enough for every branch of the usual methods to be taken: RAdam's switch, the fifth step of a Lookahead."""
_SHAPES = ((2, 2), (1,))
_CANDIDATES = (100, Fraction(1, 2), 1, 0, -1)
_STEP = Fraction(1, 8)
_CLEAR = 10**30

Values = Mapping[str, tuple[Any, ...]]
"""theta and each state of element level after a step: their elements, tensor after tensor."""


@dataclass(frozen=True)
class Given:
    """What goes into a run: theta[0] and the gradient of each step, element by element, and the hyperparameters."""

    theta: tuple[Fraction, ...]
    gradients: tuple[tuple[Fraction, ...], ...]
    hyper: Mapping[str, Fraction] = field(default_factory=dict[str, Fraction])

    def moved(
        self,
        factor: int | Fraction = 1,
        shift: int = 0,
        gradient: int | Fraction = 1,
        hyper: Mapping[str, Fraction] | None = None,
    ) -> Given:
        """theta[0] scaled and shifted, by once, twice, ... the shift, and the gradients and hyperparameters scaled."""
        theta = tuple(factor * x + shift * number for number, x in enumerate(self.theta, 1))
        chosen = {name: value * (hyper or {}).get(name, 1) for name, value in self.hyper.items()}
        return Given(theta, tuple(tuple(gradient * x for x in g) for g in self.gradients), chosen)

    def but(self, value: Any) -> Given:
        """With another gradient for the first element of the first step."""
        first, *others = self.gradients
        return Given(self.theta, ((value, *first[1:]), *others), self.hyper)

    def from_other(self, value: Any) -> Given:
        """With another first element of theta[0]."""
        return Given((value, *self.theta[1:]), self.gradients, self.hyper)

    @property
    def data(self) -> dict[str, Any]:
        """As plain data; numbers as texts such as 1/3."""
        gradients = [[str(x) for x in g] for g in self.gradients]
        hyper = {name: str(value) for name, value in self.hyper.items()}
        shapes = [list(shape) for shape in _SHAPES]
        return {"theta0": [str(x) for x in self.theta], "gradients": gradients, "hyper": hyper, "shapes": shapes}

    @property
    def lines(self) -> tuple[str, ...]:
        """As lines of text."""
        hyper = ", ".join(f"{name} = {value}" for name, value in self.hyper.items())
        gradients = (f"g[{step}]: {_texts(g)}" for step, g in enumerate(self.gradients, 1))
        return (f"theta[0]: {_texts(self.theta)}", *gradients, *([hyper] if hyper else []))


def _texts(values: Iterable[Fraction]) -> str:
    """Tensor after tensor, in brackets as NumPy has them."""
    return ", ".join(_nested(tensor.tolist()) for tensor in _tensors(values))


def _nested(values: Any) -> str:
    return f"[{', '.join(map(_nested, values))}]" if isinstance(values, list) else str(values)


def given(optimizer: Optimizer) -> Given:
    """Small rationals, the same every time; hyperparameters at their defaults, or just inside where that is an end."""
    dice = random.Random(0)
    count = sum(int(np.prod(shape)) for shape in _SHAPES)

    def some() -> tuple[Fraction, ...]:
        return tuple(Fraction(dice.choice([-3, -2, -1, 1, 2, 3]), dice.choice([1, 2])) for _ in range(count))

    hyper = {h.name: _value(h) for h in optimizer.hyperparameters}
    return Given(some(), tuple(some() for _ in range(STEPS)), hyper)


def _value(hyper: Hyperparameter) -> Fraction:
    default, domain = hyper.default, hyper.domain
    if default is None:
        return next(Fraction(value) for value in _CANDIDATES if value in domain)
    inside = [default + step for step in (_STEP, -_STEP) if default in (domain.lower, domain.upper)]
    return next((value for value in inside if value in domain), default)


def run(optimizer: Optimizer, chosen: Given, numbers: Numbers = REAL, steps: int = STEPS) -> list[Values]:
    """What the equations give, step by step; exact numbers end the run where they do not suffice."""
    gradients = [_tensors(gradient) for gradient in chosen.gradients[:steps]]
    levels = dict(optimizer.inputs)

    def inputs(_: int) -> dict[str, Any]:
        ones = {"element": [np.ones(shape) for shape in _SHAPES]}
        return {name: ones.get(level, [1] * len(_SHAPES)) for name, level in levels.items()}

    found: list[Values] = []
    try:
        for snapshot in interpret(
            optimizer, _tensors(chosen.theta), gradients, hyper=dict(chosen.hyper), numbers=numbers, inputs=inputs
        ):
            states = {n: x for n, x in snapshot.states.items() if optimizer.levels[n] == "element"}
            found.append({name: _flat(arrays) for name, arrays in {"theta": snapshot.theta, **states}.items()})
    except SymoptError:
        if numbers is not EXACT:
            raise
    return found


def _tensors(values: Iterable[Any]) -> list[Any]:
    rest = iter(values)
    arrays: list[Any] = []
    for shape in _SHAPES:
        array = np.empty(shape, object)
        for i in range(array.size):
            array.flat[i] = next(rest)
        arrays.append(array)
    return arrays


def _flat(arrays: list[Any]) -> tuple[Any, ...]:
    return tuple(x for array in arrays for x in array.flat)


def same(a: Any, b: Any) -> bool:
    """Whether two numbers agree in many digits; NaN agrees with NaN."""
    return bool((a != a and b != b) or abs(a - b) * _CLEAR <= max(abs(a), abs(b), 1))


@dataclass(frozen=True)
class Apart:
    """The first place at which a run is not as it should be: the step, the element, what is and what should be."""

    step: int
    element: int
    found: Any
    wanted: Any

    @property
    def data(self) -> dict[str, Any]:
        """As plain data; exact numbers as texts such as 1/3, others in 50 digits."""
        return {"step": self.step, "element": self.element, "found": str(self.found), "wanted": str(self.wanted)}

    @property
    def shown(self) -> tuple[str, str]:
        """What is and what should be, in as many digits as tell them apart."""
        return told_apart(self.found, self.wanted)


def told_apart(a: Any, b: Any) -> tuple[str, str]:
    """Two numbers in six digits, or as many as tell them apart."""
    texts = ((f"{float(a):.{digits}g}", f"{float(b):.{digits}g}") for digits in range(6, 18))
    return next((pair for pair in texts if pair[0] != pair[1]), (str(a), str(b)))


def apart(a: list[Values], b: list[Values], factor: int = 1, shift: int = 0) -> Apart | None:
    """Where theta of the second run is first not that of the first as `Given.moved` moves it."""
    for step, (first, second) in enumerate(zip(a, b, strict=False), 1):
        for element, (x, y) in enumerate(zip(first["theta"], second["theta"], strict=True)):
            wanted = factor * x + shift * (element + 1)
            if not same(wanted, y):
                return Apart(step, element, y, wanted)
    return None
