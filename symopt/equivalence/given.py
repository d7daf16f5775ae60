"""Equations between states that the user gives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from symopt.equivalence.product import Product, Side
from symopt.errors import SymoptError, suggest
from symopt.expr import Expr, Seq, Sym, sequences, substitute, symbols
from symopt.reading import read

_DOT = "_of_"


def given_states(states: Mapping[str, str], product: Product) -> dict[str, Expr]:
    """State -> what it equals after each step, from "B.v" -> "-lr*b"; names without a side are the other side's."""
    return {_state(key, product).called(key[2:]): _value(key, text, product) for key, text in states.items()}


def _state(key: str, product: Product) -> Side:
    sides = {side.name: side for side in product.sides}
    side = sides.get(key[:1]) if key[1:2] == "." else None
    if side is None:
        raise SymoptError(f"{key}: say whose state it is, A.{key.split('.')[-1]} or B.{key.split('.')[-1]}")
    if key not in side.states:
        own = [name[2:] for name in side.states]
        has = suggest(key[2:], own) or f"; it has {', '.join(own)}"
        raise SymoptError(f"{key}: {side.optimizer.name} has no state {key[2:]}{has}")
    return side


def _value(key: str, text: str, product: Product) -> Expr:
    other = product.sides[1] if key.startswith("A.") else product.sides[0]
    expr = read(re.sub(r"\b([AB])\.(?=[A-Za-z_])", rf"\1{_DOT}", text))
    hypers = {hyper.name for hyper in product.pair.hypers}
    table: dict[Expr, Expr] = {}
    for name in {*symbols(expr), *(seq.name for seq in sequences(expr))} - {"t"}:
        full = name.replace(_DOT, ".", 1) if name[1:].startswith(_DOT) else other.called(name)
        if full in product.states:
            table |= {Sym(name): Seq(full, 0), Seq(name, 0): Seq(full, 0)}
        elif name not in hypers:
            known = [state[2:] for state in other.states] + sorted(hypers)
            has = suggest(name, known) or f"; there is {', '.join(known)}"
            raise SymoptError(f"{key}={text}: {other.optimizer.name} has no state {full[2:]}{has}")
    found = substitute(expr, table)
    if any(seq.shift != 0 or seq.name not in product.states for seq in sequences(found)):
        raise SymoptError(f"{key}={text} reads other moments than the end of a step; write states without an index")
    return found
