"""Updates of the size of the learning rate that a type of storage rounds away."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from symopt.errors import SymoptError
from symopt.expr import decimal
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.floating.types import BFLOAT16, FLOAT16, FORMATS, Format
from symopt.theory.invariance.runs import Given, run

KIND = "floating point"
_STEPS = 5
_SIZES = (Fraction(1, 100), Fraction(100))
_COUNT = 5


def updates(optimizer: Optimizer, trained: str) -> Iterator[Fact]:
    """From which |theta| on an update of lr does not change it, for methods that step about so far whatever g is."""
    lr = next((hyper.default for hyper in optimizer.hyperparameters if hyper.name == "lr"), None)
    if not lr or trained != "theta" or not _steps_by(lr, optimizer):
        return
    ends = {kind: kind.loses(lr) for kind in FORMATS}
    told = " and ".join(f"in {kind.name} where |theta| is above {decimal(ends[kind])}" for kind in (BFLOAT16, FLOAT16))
    limits = {kind.name: str(end) for kind, end in ends.items()}
    steps = tuple(_why(kind, end) for kind, end in ends.items())
    said = f"An update of lr = {decimal(lr)} is lost {told}."
    yield Fact(KIND, "lr", "proved", said, steps=steps, data={"lr": str(lr), "limits": limits})


def _why(kind: Format, end: Fraction) -> str:
    return (
        f"{kind.name} has {kind.digits} binary digits: above {decimal(end)} half a unit in the last place is "
        f"{float(end / 2**kind.digits):.3g} or more, and below it at most {float(end / 2 ** (kind.digits + 1)):.3g}"
    )


def _steps_by(lr: Fraction, optimizer: Optimizer) -> bool:
    """Whether the first steps away from 0 are between lr/2 and 2*lr long, under a small and a large gradient."""
    hyper = {hyper.name: hyper.default for hyper in optimizer.hyperparameters if hyper.default is not None}
    return all(1 / 2 <= length / lr <= 2 for size in _SIZES for length in _lengths(optimizer, size, hyper))


def _lengths(optimizer: Optimizer, size: Fraction, hyper: dict[str, Fraction]) -> Iterator[Fraction]:
    zero = (Fraction(0),) * _COUNT
    try:
        found = run(optimizer, Given(zero, ((size,) * _COUNT,) * _STEPS, hyper))
    except SymoptError:  # what has no value at 0 steps by no fixed length
        yield Fraction(0)
        return
    places = [Fraction(0), *(Fraction(str(values["theta"][0])) for values in found)]
    yield from (abs(b - a) for a, b in pairwise(places))
