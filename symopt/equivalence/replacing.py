"""A hyperparameter replaced: by an expression of others, by a number, or by its limit at infinity."""

from __future__ import annotations

import re
from dataclasses import replace

from symopt.equivalence.infinite import at_infinity
from symopt.errors import SymoptError, suggest
from symopt.expr import Expr, Num, Sym, sequences, symbols
from symopt.reading import read
from symopt.recurrence import Equation, Hyperparameter, Optimizer

INFINITE = ("inf", "oo")


def replaced(optimizer: Optimizer, other: Optimizer, name: str, text: str) -> Optimizer:
    """`optimizer` with what a text says in the place of a hyperparameter; names in it are `other`'s first."""
    own = optimizer.hyperparameter(name)
    rest = {hyper.name: hyper for hyper in optimizer.hyperparameters if hyper.name != name}
    if text.strip() in INFINITE:
        return _without_bound(optimizer, own, rest)
    expr = read(unprefixed(text))
    known = rest | {hyper.name: hyper for hyper in other.hyperparameters}
    _check(f"{name}={text}", expr, own, other, list(known))
    brought = {used: known[used] for used in sorted(symbols(expr) - {"t"})}
    hypers = [brought.pop(name)] if name in brought else []
    kept = [hyper for hyper in optimizer.hyperparameters if hyper.name != name]
    hypers += [*kept, *(hyper for used, hyper in brought.items() if used not in rest)]
    table: dict[Expr, Expr] = {Sym(name): expr, Sym(name, base=True): expr}
    return replace(optimizer, hyperparameters=tuple(hypers), in_force=(), schedules=(), **optimizer.rewritten(table))


def unprefixed(text: str) -> str:
    """A text without the A. and B. before names."""
    return re.sub(r"\b[AB]\.(?=[A-Za-z_])", "", text)


def _check(shown: str, expr: Expr, own: Hyperparameter, other: Optimizer, known: list[str]) -> None:
    if sequences(expr):
        raise SymoptError(f"{shown} reads a sequence; a hyperparameter is replaced by hyperparameters, t and numbers")
    for used in sorted(symbols(expr) - {"t", *known}):
        has = suggest(used, known) or f"; there is {', '.join(known) or 'none'}"
        raise SymoptError(f"{shown}: {other.name} has no hyperparameter {used}{has}")
    closed = replace(own.domain, open_lower=False, open_upper=False)
    if isinstance(expr, Num) and expr.value not in closed:  # an end that is left out is a limit that one may look at
        end = f"; for what it tends to at infinity write {own.name}=inf" if own.domain.upper is None else ""
        raise SymoptError(f"{shown} is outside the domain {own.domain.name} = {own.domain}{end}")


def _without_bound(optimizer: Optimizer, own: Hyperparameter, rest: dict[str, Hyperparameter]) -> Optimizer:
    """What the recurrence tends to as a hyperparameter grows beyond all bounds."""
    if own.domain.upper is not None:
        raise SymoptError(f"{own.name}=inf: {own.name} ends at {own.domain.upper}, since it is in {own.domain}")
    return replace(
        optimizer,
        hyperparameters=tuple(rest.values()),
        equations=tuple(Equation(e.target, at_infinity(e.rhs, own.name, optimizer)) for e in optimizer.equations),
        starts=tuple((name, at_infinity(rhs, own.name, optimizer)) for name, rhs in optimizer.starts),
        gradient_point=at_infinity(optimizer.gradient_point, own.name, optimizer),
        in_force=(),
        schedules=(),
    )
