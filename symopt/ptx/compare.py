"""Comparisons, and choices by them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symopt.ptx.floats import flush
from symopt.ptx.rules import BITS, FLOAT, INTEGER, Compute, Rule, Rules, always, words
from symopt.ptx.types import Array, Form

ORDERED: dict[str, Callable[..., Array]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
UNSIGNED = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}
JOINS: dict[str, Callable[..., Array]] = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
_OF_FLOATS = frozenset(ORDERED) | {f"{name}u" for name in ORDERED} | {"num", "nan"}


def _unordered(a: Array, b: Array) -> Array:
    return np.isnan(a) | np.isnan(b)


def comparison(form: Form) -> Compute:
    """The function of a comparison: of floats, one that ends in u holds for a NaN too, the others never do."""
    name = form.flag(_OF_FLOATS | frozenset(UNSIGNED))
    if form.type not in FLOAT:
        return ORDERED[UNSIGNED.get(name, name)]
    if name in ("num", "nan"):
        return lambda a, b: _unordered(a, b) == (name == "nan")
    holds = ORDERED[name.removesuffix("u")]
    if name in ORDERED:
        return lambda a, b: holds(a, b) & ~_unordered(a, b)
    return lambda a, b: holds(a, b) | _unordered(a, b)


def _predicates(form: Form) -> Compute:
    holds, join = comparison(form), JOINS.get(form.flag(JOINS))
    ftz = "ftz" in form.flags

    def run(a: Array, b: Array, *other: Array) -> tuple[Array, Array]:
        found = holds(flush(a), flush(b)) if ftz else holds(a, b)
        return (join(found, *other), join(~found, *other)) if join else (found, ~found)

    return run


def _comparisons(types: frozenset[str], names: frozenset[str], flags: frozenset[str] = frozenset()) -> tuple[Rule, ...]:
    both = ("pred", "pred")
    return (
        Rule(types, ("T", "T"), _predicates, both, flags, (names,)),
        Rule(types, ("T", "T", "pred"), _predicates, both, flags, (names, frozenset(JOINS))),
    )


def _select(a: Array, b: Array, chosen: Array) -> Array:
    return np.where(chosen, a, b)


COMPARISONS: Rules = {
    "setp": (
        *_comparisons(FLOAT, _OF_FLOATS, words("ftz")),
        *_comparisons(INTEGER, frozenset(ORDERED) | frozenset(UNSIGNED)),
        *_comparisons(BITS, words("eq ne")),
    ),
    "selp": (Rule(BITS | INTEGER | FLOAT, ("T", "T", "pred"), always(_select)),),
}
