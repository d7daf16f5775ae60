"""The recurrence over what a kernel stores, as an optimizer of its own: what `interpret` reads beside the kernel."""

from __future__ import annotations

from dataclasses import replace

from symopt.expr import START, ZERO, Call, Seq, substitute
from symopt.recurrence import Equation, Optimizer

WEIGHTS = "weights"
"""The name of what is deployed, where another point is trained."""


def new_names(training) -> dict[str, str]:
    """Declared name -> the name in the stored form, where they differ."""
    return {} if training.param == "theta" else {"theta": WEIGHTS, training.param: "theta"}


def stored_form(training) -> Optimizer:
    """`theta` is the array that is trained, `weights` the declared theta, `deployed` what is made of them for use."""
    source = training.source
    names = new_names(training)
    table = {Seq(old, shift): Seq(new, shift) for old, new in names.items() for shift in (0, -1)}
    equations = [Equation(names.get(e.target, e.target), substitute(e.rhs, table)) for e in training.equations]
    states = [names.get(name, name) for name in training.states]
    if training.deploy is not None:
        equations.append(Equation("deployed", substitute(training.deploy, table)))
        states.append("deployed")
    starts = [(names.get(name, name), rhs) for name, rhs in training.starts]
    found = Optimizer(
        source.name, source.title, tuple(equations), source.hyperparameters, tuple(starts), inputs=source.inputs,
        outputs=tuple(states),
    )  # fmt: skip
    return with_element_starts(found)


def with_element_starts(optimizer):
    """Start values of element states as 0*theta[0] + value: the number system then knows that they are elements."""
    zero = Call("*", (ZERO, Seq("theta", START)))
    known = dict.fromkeys(optimizer.states, ZERO) | dict(optimizer.starts)
    element = {name for name, level in optimizer.levels.items() if level == "element"}
    starts = [(name, Call("+", (zero, value)) if name in element else value) for name, value in known.items()]
    return replace(optimizer, starts=tuple(starts))
