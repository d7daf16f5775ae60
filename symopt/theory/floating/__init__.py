"""What floating-point numbers make of an optimizer: what they cannot hold, what they lose, how far a step is off."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.artifacts import build
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.floating.lost import cancelled, centred, words
from symopt.theory.floating.step import bounded
from symopt.theory.floating.storage import decayed, stored
from symopt.theory.floating.updates import updates


def floating_point(optimizer: Optimizer) -> Iterable[Fact]:
    """Storage types, lost updates, cancellation, and a first-order bound on the error of a step in float32."""
    program = build(optimizer)[1]
    known = {hyper.name: hyper.default for hyper in optimizer.hyperparameters if hyper.default is not None}
    yield from stored(optimizer)
    if len(known) == len(optimizer.hyperparameters):
        yield from updates(optimizer, program.buffers[0].name)
        yield from decayed(optimizer, program)
        yield from cancelled(optimizer, program)
        yield from centred(optimizer, program)
    yield from words(program, known)
    if len(known) == len(optimizer.hyperparameters):
        yield bounded(program, known)
