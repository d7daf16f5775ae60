"""Whether elements know of each other: through which sums and norms, and over what."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

from symopt.expr import Call, Reduction, text, walk
from symopt.interpret import FLOAT
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
    witness = _witness(optimizer, chosen, base)
    if witness is None:
        statement = (
            f"The step of an element may depend on {where}, through {listed(through)}; no run showed that it does."
        )
        return Fact(KIND, "theta", "undecided", statement, data={**data, "tried": len(base)})
    changed, element, step = witness
    steps = (
        f"with {changed} as the first element of g[1], element {element + 1} of theta is another after step {step}",
        *chosen.lines,
    )
    statement = f"The step of an element depends on {where}, through {listed(through)}; {order}."
    data |= {"changed": changed, "element": element, "step": step, **chosen.data}
    return Fact(KIND, "theta", "proved", statement, steps=steps, data=data)


def _counts_axes(optimizer: Optimizer) -> bool:
    return any(isinstance(node, Reduction) and node.op == "axes" for e in optimizer.equations for node in walk(e.rhs))


def _reductions(optimizer: Optimizer) -> Iterator[Reduction]:
    """The reductions of all equations, outermost first; how many axes a tensor has is none."""
    for equation in optimizer.equations:
        yield from (node for node in walk(equation.rhs) if isinstance(node, Reduction) and node.op != "axes")


def _witness(optimizer: Optimizer, chosen: Given, base: list[Values]) -> tuple[str, int, int] | None:
    """(what the first gradient was changed to, another element that this moved, the step)."""
    other = run(optimizer, chosen.but(chosen.gradients[0][0] * 3 + 1))
    found = _first(base, other)
    if found is not None:
        return (str(chosen.gradients[0][0] * 3 + 1), *found)
    if not any(isinstance(node, Call) and node.op == "isfinite" for e in optimizer.equations for node in walk(e.rhs)):
        return None
    found = _first(run(optimizer, chosen, FLOAT), run(optimizer, chosen.but(nan), FLOAT))
    return None if found is None else ("NaN", *found)


def _first(a: list[Values], b: list[Values]) -> tuple[int, int] | None:
    """Another element than the first that differs, and the step after which it does."""
    for step, (one, other) in enumerate(zip(a, b, strict=True), 1):
        for element, (x, y) in enumerate(zip(one["theta"], other["theta"], strict=True)):
            if element and not same(x, y):
                return element, step
    return None
