"""The first step from rest in closed form, and whether it goes down the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from symopt.expr import Call, Expr, Reduction, Seq, sequences, text, walk
from symopt.prove.facts import declared
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.first_step.descent import descent
from symopt.theory.first_step.printed import size
from symopt.theory.first_step.shorter import HELD, Shorter
from symopt.theory.first_step.undefined import without_value
from symopt.theory.first_step.values import OLD, first_values

__all__ = ["first_step"]

KIND = "first step"
_LONG = 25
"""Operations and names of a formula beyond which some of what it is made of keeps its name."""


def first_step(optimizer: Optimizer) -> Iterable[Fact]:
    """theta[1] - theta[0] in closed form, and whether it is a descent direction for every gradient."""
    values = first_values(optimizer)
    change = Shorter(declared(optimizer)).minus(values["theta"], OLD)
    yield from _closed_form(optimizer, values, change)
    yield descent(optimizer, values, change, KIND)


def _closed_form(optimizer: Optimizer, values: Mapping[str, Expr], change: Expr) -> Iterator[Fact]:
    shown, named = (change, {}) if size(change)[0] <= _LONG else _with_names(optimizer)
    nowhere = without_value(optimizer)
    apart = f" (not a number where {nowhere.where})" if nowhere else ""
    statement = f"The first step, at t = 1 from rest, adds this to theta{apart}."
    steps = ("At t = 1, with each state at its start:", *(f"{name}[t] = {text(e)}" for name, e in values.items()))
    steps += nowhere.lines if nowhere else ()
    data: dict[str, Any] = {"change": text(change), "values": {name: text(value) for name, value in values.items()}}
    data |= {"undefined where": nowhere.where} if nowhere else {}
    yield Fact(KIND, "theta", "proved", statement, f"theta[t] - theta[t-1] = {text(shown)}", steps, data=data)
    for seq, value in named.items():
        meant = f"In that step {text(seq)} is this."
        yield Fact(KIND, seq.name, "proved", meant, f"{text(seq)} = {text(value)}", data={"value": text(value)})


def _with_names(optimizer: Optimizer) -> tuple[Expr, dict[Seq, Expr]]:
    """The change with the names of what is long in it, and what these stand for."""
    values = first_values(optimizer, lambda name, value: _keeps_its_name(optimizer, name, value))
    change = Shorter(declared(optimizer)).minus(values["theta"], OLD)
    return change, {seq: values[seq.name] for seq in map(_new, values) if seq in sequences(change)}


def _new(name: str) -> Seq:
    return Seq(name, 0)


def _keeps_its_name(optimizer: Optimizer, name: str, value: Expr) -> bool:
    """Branches, extrema, reductions and long numbers of the step."""
    if name == "theta" or name in optimizer.states:
        return False
    holds = any(isinstance(x, Reduction) or (isinstance(x, Call) and x.op in HELD) for x in walk(value))
    return holds or (optimizer.levels[name] == "step" and size(value)[0] > _LONG // 3)
