"""The first step at rational points: counterexamples, each run by the interpreter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import Reduction, walk
from symopt.interpret import EXACT, REAL, interpret
from symopt.recurrence import Hyperparameter, Optimizer

Element = tuple[Fraction, ...]
_VALUES = tuple(Fraction(n, d) for n, d in [(1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-10, 1), (1, 10)])
_OLD = tuple(map(Fraction, (0, 1, -1, 100, -100)))
_ROW = sorted(product(map(Fraction, (1, 2, 3, -1, -2)), repeat=3), key=lambda row: sum(map(abs, row)))
_MOST = 150

CLEAR = Fraction(1, 10**30)
"""More than rounding makes of 0 in 50 digits, at numbers as these."""


@dataclass(frozen=True)
class Point:
    """One gradient at one place: one element, or a tensor of one row where elements are seen together.

    hyper: the values that are not the defaults
    """

    theta: Element
    g: Element
    hyper: Mapping[str, Fraction]

    @property
    def shape(self) -> tuple[int, ...]:
        """One element has no axis."""
        return () if len(self.g) == 1 else (1, len(self.g))


def points(optimizer: Optimizer) -> Iterator[Point]:
    """Points at the defaults, the simplest first."""
    together = any(isinstance(node, Reduction) for e in optimizer.equations for node in walk(e.rhs))
    some = ((old, (g,)) for g, old in product(_VALUES, _OLD)) if not together else ((Fraction(0), row) for row in _ROW)
    yield from islice((Point((old,) * len(g), g, given(optimizer)) for old, g in some), _MOST)


def given(optimizer: Optimizer) -> dict[str, Fraction]:
    """Values for the hyperparameters that have no default."""
    return {h.name: inside(h) for h in optimizer.hyperparameters if h.default is None}


def inside(hyper: Hyperparameter) -> Fraction:
    """A simple number of a domain."""
    tried = [*_VALUES, *(end + Fraction(k, 2) for end in (hyper.domain.lower,) if end is not None for k in range(3))]
    return next(value for value in tried if value in hyper.domain)


def elsewhere(optimizer: Optimizer, gradient: int = 1) -> Iterator[Point]:
    """A gradient at the defaults, then with one hyperparameter at an end of its domain or at 1."""
    one, g = (Fraction(1),), (Fraction(gradient),)
    yield Point(one, g, given(optimizer))
    for hyper in optimizer.hyperparameters:
        for value in (hyper.domain.lower, hyper.domain.upper, Fraction(1)):
            if value is not None and value in hyper.domain and value != hyper.default:
                yield Point(one, g, {**given(optimizer), hyper.name: value})


def moved(optimizer: Optimizer, point: Point, g: Element | None = None) -> list[Any]:
    """theta[1] - theta[0], exactly or, where that is not rational, in 50 digits."""
    try:
        return _moved(optimizer, point, point.g if g is None else g, EXACT)
    except SymoptError:
        return _moved(optimizer, point, point.g if g is None else g, REAL)


def _moved(optimizer: Optimizer, point: Point, g: Element, numbers: Any) -> list[Any]:
    theta, gradient = (np.array(list(values), dtype=object).reshape(point.shape) for values in (point.theta, g))
    after = interpret(
        optimizer, [theta], [[gradient]], 1, point.hyper, numbers=numbers, inputs=lambda _: _inputs(optimizer)
    )
    old = [numbers.constant(value) for value in point.theta]
    return [new - before for new, before in zip(next(after).theta[0].flat, old, strict=True)]


def _inputs(optimizer: Optimizer) -> dict[str, list[Any]]:
    return {name: [Fraction(1)] for name, _ in optimizer.inputs}


def along(optimizer: Optimizer, point: Point) -> Fraction | None:
    """How far the change that the gradient makes goes along the gradient, up above 0; None where it has no value."""
    still = (Fraction(0),) * len(point.g)
    changes = [*zip(moved(optimizer, point), moved(optimizer, point, still), point.g, strict=True)]
    if not all(math.isfinite(x) for a, b, _ in changes for x in (a, b)):
        return None
    return sum(((_number(a) - _number(b)) * g for a, b, g in changes), start=Fraction(0))


def _number(value: Any) -> Fraction:
    """A Fraction stays one, 50 digits are read as they are."""
    return value if isinstance(value, Fraction) else Fraction(str(value))
