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
    fixed = [_at_defaults(chosen) for chosen in _chosen(pair)]
    yield from fixed
    yield from _rescaled(pair)
    for conditions, more in fixed[-1:]:
        for others, scale in _rescaled(_with(pair, more)):
            yield (*conditions, *others), {**more, **scale}


def _chosen(pair: Pair) -> list[tuple[Hyperparameter, ...]]:
    """Few of the hyperparameters that only one side has, then all of them."""
    mine, others = ({h.name: h for h in optimizer.hyperparameters} for optimizer in (pair.a, pair.b))
    own = [{**mine, **others}[name] for name in sorted(mine.keys() ^ others.keys())]
    own = [hyper for hyper in own if hyper.default is not None]
    few = [(hyper,) for hyper in own] + list(combinations(own, 2)) if len(own) <= _MOST_OWN else []
    return [*few, tuple(own)] if len(own) > 2 else few


def _at_defaults(chosen: tuple[Hyperparameter, ...]) -> Variant:
    values = {hyper.name: decimal(hyper.default or Fraction(0)) for hyper in chosen}
    return tuple(f"{name} = {value}" for name, value in values.items()), values


def _with(pair: Pair, values: dict[str, str]) -> Pair:
    """The pair with hyperparameters replaced by numbers."""
    a, b = pair.a, pair.b
    for name, value in values.items():
        a = replaced(a, b, name, value) if any(h.name == name for h in a.hyperparameters) else a
        b = replaced(b, a, name, value) if any(h.name == name for h in b.hyperparameters) else b
    left = tuple(hyper for hyper in pair.hypers if hyper.name not in values)
    return replace(pair, a=a, b=b, hypers=left, constant=pair.constant - values.keys())


def _rescaled(pair: Pair) -> Iterator[Variant]:
    for name, value in rescaling(pair):
        yield (f"B.{name} = {text(value)}",), {f"B.{name}": text(value)}
