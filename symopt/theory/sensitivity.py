"""How theta moves with each hyperparameter: a recurrence of its own, which can be generated, proved and run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symopt.derive.sensitivity import Sensitivity, attempt, derived, sensitivity
from symopt.expr import text
from symopt.recurrence import Equation, Optimizer
from symopt.theory.fact import Fact
from symopt.wording import listed

__all__ = ["derived", "sensitivities", "sensitivity"]

LONGEST = 100
"""Characters of a formula that stands below the sentence; a longer one is among the steps."""

NAMED = "d_"
"""How derivatives of sequences begin that have a word for a name; formulas of them are hard to read."""

_KIND = "sensitivity"


def sensitivities(optimizer: Optimizer) -> Iterator[Fact]:
    """One fact: by which hyperparameters the trajectory can be differentiated, and the recurrence for lr."""
    tried = {hyper.name: attempt(optimizer, hyper) for hyper in optimizer.hyperparameters}
    found = {name: made for name, made in tried.items() if isinstance(made, Sensitivity)}
    reasons = {name: made for name, made in tried.items() if isinstance(made, str)}
    data = {"derivatives": {name: _data(optimizer, made) for name, made in found.items()}, "none": reasons}
    if not found:
        why = "".join(f", not to {name}: {reason}" for name, reason in reasons.items())
        said = f"theta has no derivative with respect to a hyperparameter{why}."
        yield Fact(_KIND, "theta", "not applicable", said, data=data)
        return
    shown = found.get("lr") or next(iter(found.values()))
    none = f" (it is not in {listed([*reasons], 'or')})" if reasons else ""
    said = f"Where theta is smooth in {listed([*found], 'or')}{none}, its derivative follows a recurrence of its own"
    formula = str(next(e for e in shown.optimizer.equations if e.target == shown.names["theta"]))
    names = {name for made in found.values() for name in (*made.names.values(), made.direction) if name}
    yield Fact(
        kind=_KIND,
        subject="theta",
        verdict="proved",
        statement=f"{said}{_product(shown)}.",
        formula=formula if len(formula) <= LONGEST and NAMED not in formula else "",
        steps=tuple(map(str, _added(optimizer, shown))),
        symbols=tuple(sorted(names)),
        data=data,
    )


def _product(shown: Sensitivity) -> str:
    if shown.direction is None:
        return f", for {shown.hyperparameter} without a Hessian"
    product = shown.names["g"]
    return f", with {product}[t] for the Hessian at the gradient point times {shown.direction}[t-1]"


def _added(optimizer: Optimizer, made: Sensitivity) -> list[Equation]:
    """The equations that the optimizer did not have."""
    old = {equation.target for equation in optimizer.equations}
    return [equation for equation in made.optimizer.equations if equation.target not in old]


def _data(optimizer: Optimizer, made: Sensitivity) -> dict[str, Any]:
    old = {*dict(optimizer.starts)}
    return {
        "of": dict(made.names),
        "direction": made.direction,
        "equations": [str(equation) for equation in _added(optimizer, made)],
        "starts": {name: text(rhs) for name, rhs in made.optimizer.starts if name not in old},
    }
