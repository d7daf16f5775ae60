"""What was derived of an optimizer, as facts for its page: the form in which it trains."""

from __future__ import annotations

from symopt.derive.training import Training, training_form
from symopt.expr import Expr, Seq, sequences, substitute, symbols
from symopt.latex.page import Fact
from symopt.latex.printer import lines, target
from symopt.recurrence import Optimizer

TRAINED = "P"
"""What a page calls the training array where it is none of the declared sequences."""

_ONE_LINE = 1000.0  # wide formulas are set apart by the page, not broken


def derived_facts(optimizer: Optimizer) -> list[Fact]:
    """Facts that the derivation found: sentences, or titles with a formula in LaTeX."""
    training = training_form(optimizer)
    if training.deploy is None:
        return []
    if training.param in {equation.target for equation in optimizer.equations}:
        return [f"The gradient is taken at {training.param}, which is trained; theta is kept beside it and deployed."]
    old: dict[Expr, Expr] = {Seq(seq.name, -1): Seq(seq.name, 0) for seq in optimizer.reads}
    point = substitute(optimizer.gradient_point, old)
    facts: list[Fact] = [("The array that is trained holds the next gradient point", _equation(TRAINED, point))]
    names = _names(training)
    if training.recovered and names is not None:
        update = substitute(next(e.rhs for e in training.equations if e.target == training.param), names)
        if Seq(TRAINED, -1) in sequences(update):
            facts.append(("Its update, while the hyperparameters are constant", _equation(TRAINED, update)))
        if training.train is not None:
            theta = _equation("theta", substitute(training.deploy, names))
            facts.append(("What is deployed is recovered from it", theta))
    return facts


def _names(training: Training) -> dict[Expr, Expr] | None:
    """The training array under its name on the page, and each remembered coefficient as what it is."""
    table: dict[Expr, Expr] = {Seq(training.param, shift): Seq(TRAINED, shift) for shift in (0, -1)}
    known = {equation.target for equation in training.source.equations}
    for equation in training.equations:
        if equation.target in training.states and equation.target not in known:
            if sequences(equation.rhs) or "t" in symbols(equation.rhs):
                return None
            table |= {Seq(equation.target, shift): equation.rhs for shift in (0, -1)}
    return table


def _equation(name: str, rhs: Expr) -> str:
    return f"{target(name)} = {lines(rhs, _ONE_LINE)[0]}"
