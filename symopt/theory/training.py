"""The form in which an optimizer trains: what the array holds in which the gradient is taken."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.derive.training import Training, training_form
from symopt.expr import Expr, Seq, sequences, substitute, symbols, text
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact

TRAINED = "P"
"""What the training array is called where it is none of the declared sequences."""


def training(optimizer: Optimizer) -> Iterator[Fact]:
    """What is trained, its update, and how theta is recovered; nothing where theta itself is trained."""
    form = training_form(optimizer)
    if form.deploy is None:
        return
    if form.param in {equation.target for equation in optimizer.equations}:
        yield _fact(f"The gradient is taken at {form.param}, which is trained; theta is kept beside it and deployed.")
        return
    old: dict[Expr, Expr] = {Seq(seq.name, -1): Seq(seq.name, 0) for seq in optimizer.reads}
    point = substitute(optimizer.gradient_point, old)
    yield _fact("The array that is trained holds the next gradient point.", TRAINED, point)
    names = _names(form)
    if form.recovered and names is not None:
        update = substitute(next(e.rhs for e in form.equations if e.target == form.param), names)
        if Seq(TRAINED, -1) in sequences(update):
            yield _fact("While the hyperparameters are constant this is its update.", TRAINED, update)
        if form.train is not None:
            yield _fact("What is deployed is recovered from it.", "theta", substitute(form.deploy, names))


def _names(form: Training) -> dict[Expr, Expr] | None:
    """The training array under its name here, and each remembered coefficient as what it is."""
    table: dict[Expr, Expr] = {Seq(form.param, shift): Seq(TRAINED, shift) for shift in (0, -1)}
    known = {equation.target for equation in form.source.equations}
    for equation in form.equations:
        if equation.target in form.states and equation.target not in known:
            if sequences(equation.rhs) or "t" in symbols(equation.rhs):
                return None
            table |= {Seq(equation.target, shift): equation.rhs for shift in (0, -1)}
    return table


def _fact(statement: str, name: str = "", rhs: Expr | None = None) -> Fact:
    """The kernels' proof shows it for each target: they run in this form and must equal the declared equations."""
    formula = "" if rhs is None else f"{name}[t] = {text(rhs)}"
    return Fact("training form", name or "theta", "proved", statement, formula, symbols=(TRAINED,))
