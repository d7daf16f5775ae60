"""States that are a multiple of each other: the factor is the ratio of what the newest gradient adds to either."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sympy as sp

from symopt.canonical import sympy_symbol, to_sympy
from symopt.equivalence.data import Data, everywhere
from symopt.equivalence.linear import tidy, without_branches
from symopt.equivalence.product import Product
from symopt.equivalence.scenario import apart
from symopt.expr import Call, Expr, Num, Seq, Sym, multiply, negate
from symopt.prove.sample import UnclearError

G = Seq("g", 0)


def multiples(data: Data, product: Product, known: Collection[str]) -> dict[str, Expr]:
    """Each state of B that is a multiple of one of A in all runs, with that multiple."""
    found: dict[str, Expr] = {}
    factors: list[Expr] = []
    mine, others = ([name for name in side.states if name not in known] for side in reversed(product.sides))
    for name in mine:
        wanted = data.signature(Seq(name, 0))
        for other in others:
            if wanted is None or not _proportional(data, name, other):
                continue
            for factor in [*_ratios(product, name, other), *factors]:
                value = _times(factor, Seq(other, 0))
                if data.signature(value) == wanted:
                    found[name] = value
                    factors.append(factor)
                    break
    return found


def _proportional(data: Data, name: str, other: str) -> bool:
    """Whether at each step one number times one state gives the other, for all elements."""
    some = False
    for reader in data.readers:
        try:
            pairs = list(zip(everywhere(reader, Seq(name, 0)), everywhere(reader, Seq(other, 0)), strict=True))
        except UnclearError:
            return False
        x, y = max(pairs, key=lambda pair: abs(pair[1]))
        some = some or y != 0
        if any(apart(p * y, q * x) for p, q in pairs):
            return False
    return some


def _ratios(product: Product, name: str, other: str) -> Iterator[Expr]:
    """What the gradient adds to one state over what it adds to the other, where that is free of both."""
    allowed = {sympy_symbol(Sym(hyper.name)) for hyper in product.pair.hypers} | {sympy_symbol(Sym("t"))}
    slopes: list[Any] = [
        sp.diff(to_sympy(without_branches(product.late[state])), sympy_symbol(G)) for state in (name, other)
    ]
    if slopes[1] != 0:
        ratio = sp.cancel(sp.together(slopes[0] / slopes[1]))
        if ratio.free_symbols <= allowed and ratio != 0:
            factor = tidy(ratio)
            if factor is not None:
                yield factor


def _times(factor: Expr, state: Expr) -> Expr:
    """A product, written as people do."""
    match factor:
        case Num(value) if value == -1:
            return negate(state)
        case Call("/", (Num(value), below)) if abs(value) == 1:
            return negate(Call("/", (state, below))) if value < 0 else Call("/", (state, below))
        case _:
            return multiply(factor, state)
