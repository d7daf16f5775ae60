"""For which curvatures h of f = h*x**2/2 an optimizer converges, how fast, and what is best for a range of them."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.stability.facts import best_fact, growing_fact, rate_fact, region_fact
from symopt.theory.stability.matrix import model
from symopt.theory.stability.orders import NoMatrixError
from symopt.theory.stability.region import region
from symopt.theory.stability.signs import Scalars
from symopt.theory.stability.wording import Wording

__all__ = ["stability"]


def stability(optimizer: Optimizer) -> Iterable[Fact]:
    """The region of stability and, for a linear method, the rate and the best hyperparameters where they are closed."""
    scalars = Scalars(optimizer)
    try:
        found = model(optimizer, scalars)
        reduced = region(found.polynomial, scalars, found.faded)
    except NoMatrixError as error:
        yield Fact("stability", "theta", "not applicable", f"Not analysed: {error}.")
        return
    words = Wording(found, scalars)
    if found.states == ("theta",) and found.grows(scalars):
        yield growing_fact(reduced, words)
        return
    yield region_fact(reduced, words)
    if found.is_linear and reduced.bound is not None and len(reduced.factors) == 1:
        yield from rate_fact(reduced.factors[0], words)
        yield from best_fact(reduced.factors[0], words)
