"""Values under the constant gradient 1, and those of a gain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import Expr, Seq, sequences, symbols
from symopt.interpret import EXACT, REAL, Beyond, Numbers, Reader, interpret
from symopt.recurrence import Optimizer

FIRST = 5
"""Steps whose gains are told."""


def values(
    optimizer: Optimizer, name: str, hyper: Mapping[str, Any], numbers: Numbers = REAL, count: int = FIRST
) -> list[Any]:
    """The first values of a sequence while the gradient is 1; none where arithmetic cannot give them."""
    if optimizer.inputs and optimizer.levels[name] != "step":  # what they bring decides
        return []
    given = {name: [np.array([1]) if level == "element" else 1] for name, level in optimizer.inputs}
    kept = replace(optimizer, outputs=(*optimizer.outputs, *({name} - {*optimizer.states, "theta"})))
    try:
        run = interpret(
            kept, [np.array([0])], [[np.array([1])]] * count, hyper=dict(hyper), numbers=numbers, inputs=lambda _: given
        )
        shown = [snapshot.theta if name == "theta" else snapshot.states[name] for snapshot in run]
    except (SymoptError, OverflowError):
        return []
    return [x[0].flat[0] if isinstance(x[0], np.ndarray) else x[0] for x in shown]


def shares(optimizer: Optimizer, gain: Expr, hyper: Mapping[str, Any], numbers: Numbers = REAL) -> list[Any]:
    """The first values of a number per step; none where arithmetic or the hyperparameters cannot give them."""
    names = list(dict.fromkeys(seq.name for seq in sequences(gain)))
    if not symbols(gain) <= {*hyper, "t"} or any(optimizer.levels.get(name) != "step" for name in names):
        return []
    if names and "step" in dict(optimizer.inputs).values():
        return []
    runs = {name: values(optimizer, name, hyper, numbers) for name in names}
    if any(len(run) < FIRST for run in runs.values()):
        return []
    found: list[Any] = []
    for i in range(FIRST):
        plain = {name: numbers.constant(value) for name, value in {**hyper, "t": Fraction(i + 1)}.items()}
        sequence = {Seq(name, 0): [run[i]] for name, run in runs.items()}
        found.append(Reader(numbers, [()], [0], sequence, [plain]).value(gain, 0))
    return [] if any(isinstance(value, Beyond) for value in found) else found


def usual(optimizer: Optimizer) -> dict[str, Fraction]:
    """The defaults."""
    return {hyper.name: hyper.default for hyper in optimizer.hyperparameters if hyper.default is not None}


def exactly(optimizer: Optimizer, gain: Expr) -> tuple[dict[str, Fraction], list[Fraction]]:
    """Values of hyperparameters near the defaults for which a gain stays rational, and its first values."""
    known = usual(optimizer)
    whole = {
        hyper.name: Fraction(1)
        for hyper in optimizer.hyperparameters
        if Fraction(1) in hyper.domain and hyper.name in known and hyper.name not in ("lr", "eps")
    }
    for chosen in (known, known | whole):
        found = shares(optimizer, gain, chosen, EXACT)
        if found:
            return chosen, found
    return {}, []
