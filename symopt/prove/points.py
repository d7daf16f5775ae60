"""Points of the domains at which expressions are compared, and those at the edges of the domains."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.domains import Domain
from symopt.expr import Seq, Sym, text
from symopt.prove.facts import Facts
from symopt.recurrence import LEVELS

Values = dict[Sym | Seq, list[Any]]
"""A value or an array per tensor."""

_TENSOR, _ROW = LEVELS.index("tensor"), LEVELS.index("row")
_NICE = [Fraction(n, d) for n, d in [(1, 1), (1, 2), (2, 1), (-1, 1), (0, 1), (3, 1), (-1, 2), (9, 10), (1, 10)]]


def edges(names: list[Sym | Seq], facts: Facts, shapes: list[tuple[int, ...]]) -> Iterator[Values]:
    """For each end that a domain includes, a point with one name at that end and all others inside theirs."""
    inside = {name: drawn(name, facts, shapes, 2) for name in names}
    for name in names:
        domain = facts.domain(name.name)
        for end in (domain.lower, domain.upper):
            if end is not None and end in domain:
                yield {**inside, name: [value * 0 + end for value in inside[name]]}


def drawn(name: Sym | Seq, facts: Facts, shapes: list[tuple[int, ...]], number: int) -> list[Any]:
    """A value or an array per tensor, the same at every run: at every third point any, at the others simple ones."""
    dice = random.Random(zlib.crc32(f"{text(name)} {number}".encode()))
    domain = facts.domain(name.name)
    level = facts.level(name.name, isinstance(name, Seq))
    if level < _TENSOR or shapes == [()]:
        return [_number(domain, dice, number)] * len(shapes)
    if level == _TENSOR or (level == _ROW and all(len(shape) < 2 for shape in shapes)):
        return [_number(domain, dice, number) for _ in shapes]
    own = [shape if level > _ROW else (*shape[:1], *(1 for _ in shape[1:])) for shape in shapes]
    return [_array(shape, lambda: _number(domain, dice, number)) for shape in own]


def _array(shape: tuple[int, ...], draw: Callable[[], Fraction]) -> Any:
    made = np.empty(shape, object)
    for i in range(made.size):
        made.flat[i] = draw()
    return made


def _number(domain: Domain, dice: random.Random, number: int) -> Fraction:
    nice = [
        value for value in (*_NICE, domain.lower, domain.lower, domain.upper) if value is not None and value in domain
    ]
    if nice and number % 3 < 2:
        return dice.choice(nice)
    if domain.integer:
        return _within(domain, Fraction(dice.randint(-4, 40)))
    return _within(domain, Fraction(dice.randint(-600, 600), dice.randint(1, 240)))


def _within(domain: Domain, value: Fraction) -> Fraction:
    """A value moved into a domain."""
    lower, upper = domain.lower, domain.upper
    if lower is not None and upper is not None:
        share = abs(value) % 1 if abs(value) % 1 else Fraction(1, 3)
        return lower + (upper - lower) * share if not domain.integer else lower + abs(value) % (upper - lower + 1)
    if lower is not None and value not in domain:
        return lower + abs(value - lower) if value != lower else lower + 1
    if upper is not None and value not in domain:
        return upper - abs(value - upper) if value != upper else upper - 1
    return value


def shown(values: list[Any]) -> Any:
    """A value as a counterexample shows it: one number where all are the same."""
    if all(isinstance(value, Fraction) and value == values[0] for value in values):
        return values[0]
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
