"""Whether what a schedule makes of a hyperparameter is a value that the hyperparameter may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from symopt.dialect.called import Recurrence
from symopt.domains import Domain, PositiveInt
from symopt.expr import Expr, Seq, Sym, T, decimal
from symopt.reach import apart, point, reach, within
from symopt.recurrence import Hyperparameter

_STEPS = (1, 2, 10, 10**3, 10**6)
"""Where a schedule is looked at with its defaults."""


def misfit(schedule: Recurrence, hyper: Hyperparameter) -> str | None:
    """Why a hyperparameter cannot follow a schedule, or None.

    A whole number must be shown to stay in its domain. A real one must not be shown to leave it: what it is depends
    on numbers that are not known yet, and the end of an open domain, such as a learning rate of 0, is let pass.
    """
    own = f"its domain {hyper.domain.name} = {hyper.domain}"
    found = _reach(schedule, {T: PositiveInt, **_domains([*schedule.hyperparameters, _as_value(hyper)])})
    if hyper.domain.integer and not within(found, hyper.domain):
        what = f"may leave {own}" if found.integer else f"may be no whole number, which {own} wants"
        return f"under {schedule.name} it {what}; leave it constant, or return {_kept(hyper.domain)} in the schedule"
    if apart(found, hyper.domain):
        return f"under {schedule.name} it is never in {own}; write a schedule that stays inside"
    for step, value in _at_defaults(schedule, hyper):
        if apart(value, hyper.domain):
            shown = decimal(value.lower) if value.lower is not None and value.lower == value.upper else f"in {value}"
            first = next((h.name for h in schedule.hyperparameters if h.default is not None), None)
            other = f", or choose another default, as in {schedule.name}.with_defaults({first}=...)" if first else ""
            message = f"with the defaults of {schedule.name} it is {shown} at t = {step}, outside {own}"
            return f"{message}; write a schedule that stays inside{other}"
    return None


def _at_defaults(schedule: Recurrence, hyper: Hyperparameter) -> Iterator[tuple[int, Domain]]:
    """Some steps, with what is known of the value there; what has no default may be anything in its domain."""
    hypers = [*schedule.hyperparameters, _as_value(hyper)]
    points = {Sym(h.name): point(h.default) for h in hypers if h.default is not None}
    for step in _STEPS:
        yield step, _reach(schedule, {**_domains(hypers), **points, T: point(Fraction(step))})


def _as_value(hyper: Hyperparameter) -> Hyperparameter:
    return Hyperparameter("value", hyper.domain, hyper.default)


def _domains(hypers: list[Hyperparameter]) -> dict[Expr, Domain]:
    return {Sym(hyper.name): hyper.domain for hyper in hypers}


def _reach(schedule: Recurrence, given: Mapping[Expr, Domain]) -> Domain:
    known = dict(given)
    for equation in schedule.equations:
        known[Seq(equation.target, 0)] = reach(equation.rhs, known)
    return reach(schedule.value, known)


def _kept(domain: Domain) -> str:
    """How a whole number of a domain is written."""
    found = "floor(...)"
    found = found if domain.lower is None else f"Max({domain.lower}, {found})"
    return found if domain.upper is None else f"Min({domain.upper}, {found})"
