"""Other values of hyperparameters under which two optimizers that differ may be equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from symopt.equivalence.pair import Pair
from symopt.equivalence.replacing import replaced
from symopt.equivalence.rescaled import rescaling
from symopt.expr import decimal, text
from symopt.recurrence import Hyperparameter

Variant = tuple[tuple[str, ...], dict[str, str]]
"""Conditions in words, and the replacements that they mean."""

_MOST_OWN = 4


def variants(pair: Pair) -> Iterator[Variant]:
    """What only one side has at its default; then one hyperparameter of B rescaled; then both."""
    fixed = [_at_defaults(pair, chosen) for chosen in _chosen(pair)]
    yield from fixed
    yield from _rescaled(pair)
    for conditions, more in fixed[-1:]:
        for others, scale in _rescaled(_with(pair, more)):
            yield (*conditions, *others), {**more, **scale}


def neutral(pair: Pair) -> Iterator[Variant]:
    """One hyperparameter at an end of its domain, where it often leaves no trace."""
    for hyper in (hyper for hyper in pair.hypers if not _is_given(pair, hyper.name)):
        ends = {hyper.domain.lower, hyper.domain.upper}
        for value in (value for value in (Fraction(0), Fraction(1)) if value in ends and value in hyper.domain):
            yield (f"{hyper.name} = {value}",), {hyper.name: decimal(value)}


def _chosen(pair: Pair) -> list[tuple[Hyperparameter, ...]]:
    """Few of the hyperparameters that only one side has, then all of them."""
    mine, others = ({h.name: h for h in optimizer.hyperparameters} for optimizer in (pair.a, pair.b))
    own = [{**mine, **others}[name] for name in sorted(mine.keys() ^ others.keys())]
    own = [hyper for hyper in own if hyper.default is not None and not _is_given(pair, hyper.name)]
    few = [(hyper,) for hyper in own] + list(combinations(own, 2)) if len(own) <= _MOST_OWN else []
    return [*few, tuple(own)] if len(own) > 2 else few


def _at_defaults(pair: Pair, chosen: tuple[Hyperparameter, ...]) -> Variant:
    values = {hyper.name: decimal(hyper.default or Fraction(0)) for hyper in chosen}
    sides = {name: "A" if any(hyper.name == name for hyper in pair.a.hyperparameters) else "B" for name in values}
    conditions = tuple(f"{name} = {value}" for name, value in values.items())
    return conditions, {f"{sides[name]}.{name}": value for name, value in values.items()}


def _with(pair: Pair, values: dict[str, str]) -> Pair:
    """The pair with hyperparameters replaced by numbers."""
    own, others = ({key[2:]: value for key, value in values.items() if key.startswith(side)} for side in "AB")
    a, b = replaced(pair.a, pair.b, own), replaced(pair.b, pair.a, others)
    left = tuple(hyper for hyper in pair.hypers if hyper.name not in own | others)
    return replace(pair, a=a, b=b, hypers=left, constant=pair.constant - (own | others).keys())


def _is_given(pair: Pair, name: str) -> bool:
    """Whether the user said what takes the place of a hyperparameter of this name."""
    return bool({name, f"A.{name}", f"B.{name}"} & pair.replaced.keys())


def _rescaled(pair: Pair) -> Iterator[Variant]:
    for name, value in rescaling(pair):
        if not _is_given(pair, name):
            yield (f"B.{name} = {text(value)}",), {f"B.{name}": text(value)}
