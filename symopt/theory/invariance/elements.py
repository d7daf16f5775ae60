"""Whether elements know of each other: through which sums and norms, and over what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import Any

from symopt.expr import Call, Reduction, text, walk
from symopt.interpret import FLOAT, REAL, Numbers
from symopt.recurrence import LEVELS, REDUCED, Optimizer
from symopt.theory.fact import Fact
from symopt.theory.invariance.runs import Given, Values, run, same
from symopt.wording import listed

KIND = "invariances"
_OVER = {
    "row": ("its row of a tensor", "the order of the elements in a row, and of the rows, changes nothing"),
    "tensor": ("its tensor", "the order of the elements in a tensor changes nothing"),
    "all": ("the whole model", "the order of all elements, and how they are divided into tensors, changes nothing"),
}
_SIZES = ((1, 1), (100, 1), (1, 100), (Fraction(1, 100), Fraction(1, 100)))
"""What theta[0] and the gradients are multiplied by: a bound may hide a norm from a run of one size."""

_ALONE = "Each element moves on its own: the order of elements and how they are divided into tensors change nothing"
_ALONE_ON_AXES = (
    "Each element moves on its own, as the number of axes of its tensor says: the order of elements, and how they are "
    "divided into tensors of as many axes, change nothing"
)


def elements(optimizer: Optimizer, chosen: Given, base: list[Values]) -> Fact:
    """On what the step of an element depends: on itself, its row, its tensor or everything."""
    found = list(dict.fromkeys(_reductions(optimizer)))
    if not found:
        steps = ("no equation has a sum, mean, norm or maximum over elements",)
        said = _ALONE_ON_AXES if _counts_axes(optimizer) else _ALONE
        return Fact(KIND, "theta", "proved", f"{said}.", steps=steps, data={"scope": "element", "through": []})
    scope = max((node.over for node in found), key=lambda over: LEVELS.index(REDUCED[over]))
    through = [text(node) for node in found]
    where, order = _OVER[scope]
    if scope == "all" and any(node.over != "all" for node in found):
        order = "the order of the elements in a tensor changes nothing"
    data = {"scope": scope, "through": through}
    witness = next(_witnesses(optimizer, chosen, base), None)
    if witness is None:
        statement = (
            f"The step of an element may depend on {where}, through {listed(through)}; no run showed that it does."
        )
        return Fact(KIND, "theta", "undecided", statement, data={**data, "tried": len(base)})
    statement = f"The step of an element depends on {where}, through {listed(through)}; {order}."
    return Fact(KIND, "theta", "proved", statement, steps=witness.lines, data=data | witness.data)


def _counts_axes(optimizer: Optimizer) -> bool:
    return any(isinstance(node, Reduction) and node.op == "axes" for e in optimizer.equations for node in walk(e.rhs))


def _reductions(optimizer: Optimizer) -> Iterator[Reduction]:
    """The reductions of all equations, outermost first; how many axes a tensor has is none."""
    for equation in optimizer.equations:
        yield from (node for node in walk(equation.rhs) if isinstance(node, Reduction) and node.op != "axes")


_Change = tuple[str, str, Given]


@dataclass(frozen=True)
class _Witness:
    """Another element that moved, and after which step, when the first of `of` was changed in a run."""

    given: Given
    of: str
    changed: str
    element: int
    step: int

    @property
    def lines(self) -> tuple[str, ...]:
        """As lines of text."""
        moved = f"element {self.element + 1} of theta is another after step {self.step}"
        return (f"with {self.changed} as the first element of {self.of}, {moved}", *self.given.lines)

    @property
    def data(self) -> dict[str, Any]:
        """As plain data."""
        named = {"changed": self.changed, "of": self.of, "element": self.element, "step": self.step}
        return named | self.given.data


def _witnesses(optimizer: Optimizer, chosen: Given, base: list[Values]) -> Iterator[_Witness]:
    """Changes that another element feels: of a gradient or of theta, then in runs of other sizes, then to NaN."""
    for theta, gradient in _SIZES:
        given = chosen.moved(theta, gradient=gradient)
        values = base if given == chosen else run(optimizer, given)
        yield from _felt(optimizer, given, values, REAL, _changes(given))
    if any(isinstance(node, Call) and node.op == "isfinite" for e in optimizer.equations for node in walk(e.rhs)):
        changed = [("g[1]", "NaN", chosen.but(nan))]
        yield from _felt(optimizer, chosen, run(optimizer, chosen, FLOAT), FLOAT, changed)


def _changes(given: Given) -> Iterator[_Change]:
    """What is changed, to what, and the run with that: larger, of the other sign, 0."""
    places = (("g[1]", given.gradients[0][0], given.but), ("theta[0]", given.theta[0], given.from_other))
    for of, first, changed in places:
        for value in (3 * first + 1, -first, 100 * first, Fraction(0)):
            yield of, str(value), changed(value)


def _felt(
    optimizer: Optimizer, given: Given, values: list[Values], numbers: Numbers, changes: Iterable[_Change]
) -> Iterator[_Witness]:
    for of, changed, other in changes:
        found = _first(values, run(optimizer, other, numbers))
        if found is not None:
            yield _Witness(given, of, changed, *found)


def _first(a: list[Values], b: list[Values]) -> tuple[int, int] | None:
    """Another element than the first that differs, and the step after which it does."""
    for step, (one, other) in enumerate(zip(a, b, strict=True), 1):
        for element, (x, y) in enumerate(zip(one["theta"], other["theta"], strict=True)):
            if element and not same(x, y):
                return element, step
    return None
