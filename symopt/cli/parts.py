"""What optimizers are composed with, for `symopt list`: the wrappers and the schedules of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.catalogue import load, load_contents
from symopt.checks.cost import cost
from symopt.dialect import Schedule
from symopt.recurrence import Optimizer

MEASURED = "momentum"
"""The optimizer around which a wrapper's cost is measured; it fits into every wrapper."""


@dataclass(frozen=True)
class Part:
    """A wrapper or a schedule.

    home: the module to import it from
    brings: its hyperparameters; those of a schedule get the name of what it is applied to in front
    bytes_per_parameter, flops: what a wrapper adds to a step
    """

    kind: str
    name: str
    home: str
    brings: list[str]
    summary: str
    bytes_per_parameter: int = 0
    flops: int = 0


def parts() -> list[Part]:
    """Wrappers first, each kind in the order of the files."""
    found = load_contents()
    inner = load(MEASURED)
    wrappers = [
        _wrapper(name, home, make(inner), inner)
        for home, contents in found.items()
        for name, make in contents.combinators.items()
    ]
    schedules = [_schedule(s, home) for home, contents in found.items() for s in contents.schedules.values()]
    return wrappers + schedules


def _wrapper(name: str, home: str, outer: Optimizer, inner: Optimizer) -> Part:
    before, after = cost(inner), cost(outer)
    known = {hyper.name for hyper in inner.hyperparameters}
    brings = [hyper.name for hyper in outer.hyperparameters if hyper.name not in known]
    more = after.bytes_per_parameter - before.bytes_per_parameter, after.flops - before.flops
    return Part("wrapper", name, home, brings, _first_sentence(outer.summary), *more)


def _schedule(schedule: Schedule, home: str) -> Part:
    brings = [hyper.name for hyper in schedule.hyperparameters]
    return Part("schedule", schedule.name, home, brings, _first_sentence(schedule.summary))


def _first_sentence(summary: str) -> str:
    return " ".join(summary.split("\n\n")[0].split())
