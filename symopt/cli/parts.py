"""What optimizers are composed with, for `symopt list` and `symopt show`: wrappers and schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from symopt.artifacts.cost import cost
from symopt.catalogue import Contents, contents, load, load_contents
from symopt.dialect import Schedule
from symopt.errors import SymoptError
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer

MEASURED = "momentum"
"""The optimizer around which a wrapper's cost is measured; it fits into every wrapper."""


@dataclass(frozen=True)
class Part:
    """A wrapper or a schedule.

    home: the module to import it from
    brings: its hyperparameters; those of a schedule get the name of what it is applied to in front
    bytes_per_parameter, flops: what a wrapper adds to a step, None where that was not measured
    """

    kind: str
    name: str
    home: str
    brings: list[str]
    summary: str
    bytes_per_parameter: int | None = None
    flops: int | None = None


def parts() -> list[Part]:
    """Wrappers first, each kind in the order of the files."""
    found = [part for home, declares in load_contents().items() for part in parts_of(declares, home)]
    return sorted(found, key=lambda part: part.kind, reverse=True)


def parts_of(declares: Contents, home: str) -> list[Part]:
    """The wrappers of one file, then its schedules."""
    inner = load(MEASURED)
    wrappers = [_wrapper(name, home, make, inner) for name, make in declares.combinators.items()]
    return wrappers + [_schedule(name, home, schedule) for name, schedule in declares.schedules.items()]


def parts_in(path: Path) -> list[Part]:
    """What a file declares that has no optimizers."""
    declares = contents(path)
    folder, home = specs_dir().resolve(), path.resolve()
    inside = home.is_relative_to(folder)
    module = ["symopt.specs", *home.relative_to(folder).with_suffix("").parts] if inside else [path.stem]
    return [] if declares.optimizers else parts_of(declares, ".".join(module))


def _wrapper(name: str, home: str, make: Callable[..., Any], inner: Optimizer) -> Part:
    outer = _around(make, inner)
    if outer is None:
        return Part("wrapper", name, home, [], "")
    before, after = cost(inner), cost(outer)
    known = {hyper.name for hyper in inner.hyperparameters}
    brings = [hyper.name for hyper in outer.hyperparameters if hyper.name not in known]
    more = after.bytes_per_parameter - before.bytes_per_parameter, after.flops - before.flops
    return Part("wrapper", name, home, brings, _first_sentence(outer.summary), *more)


def _around(make: Callable[..., Any], inner: Optimizer) -> Optimizer | None:
    """A wrapper around an optimizer; None where it does not fit, or is made of more than that."""
    if sum(parameter.default is parameter.empty for parameter in signature(make).parameters.values()) != 1:
        return None
    try:
        found = make(inner)
    except SymoptError:
        return None
    return found if isinstance(found, Optimizer) else None


def _schedule(name: str, home: str, schedule: Schedule) -> Part:
    brings = [hyper.name for hyper in schedule.hyperparameters]
    return Part("schedule", name, home, brings, _first_sentence(schedule.summary), 0, 0)


def _first_sentence(summary: str) -> str:
    return " ".join(summary.split("\n\n")[0].split())
