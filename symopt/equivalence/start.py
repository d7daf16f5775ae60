"""Two recurrences that part, but only in how they start: equal states stay equal from some step on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import permutations

from symopt.equivalence.induction import Induction
from symopt.equivalence.product import Product
from symopt.expr import Expr, Seq

_LATEST = 2
_MOST_OWN = 3


def same_after(product: Product, outputs: Collection[str]) -> int | None:
    """The first step after which equal states stay equal, and give equal outputs; None where that was not shown."""
    for first, relation in _tries(product):
        if Induction(product, relation, first, product.declared).goes_on(outputs):
            return first
    return None


def _tries(product: Product) -> Iterator[tuple[int, dict[str, Expr]]]:
    """(step, relation); equal starts are no reason why two should differ."""
    for first in range(_LATEST + 1):
        for relation in _relations(product):
            starts = [(product.starts[name], product.starts[rhs.name]) for name, rhs in relation.items()]
            if first or any(a != b for a, b in starts):
                yield first, {**relation}


def _relations(product: Product) -> Iterator[dict[str, Seq]]:
    """Each state of B with the one of A that has its name, those of other names in any order."""
    mine, others = ([name[2:] for name in side.states] for side in product.sides)
    shared = [name for name in others if name in mine]
    own, left = ([name for name in names if name not in shared] for names in (mine, others))
    if len(own) != len(left) or len(own) > _MOST_OWN:
        return
    for order in permutations(own):
        pairs = [*zip(shared, shared, strict=True), *zip(left, order, strict=True)]
        yield {f"B.{name}": Seq(f"A.{other}", 0) for name, other in pairs}
