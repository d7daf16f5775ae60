"""A hyperparameter replaced: by an expression of others, by a number, or by its limit at infinity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from symopt.domains import Domain, NonNegative, Positive
from symopt.equivalence.infinite import without_bound
from symopt.errors import SymoptError, suggest
from symopt.expr import Call, Expr, Num, Sym, sequences, symbols
from symopt.prove.facts import Facts
from symopt.prove.invariants import inside
from symopt.reading import read
from symopt.recurrence import Hyperparameter, Optimizer

INFINITE = ("inf", "oo")


def replaced(optimizer: Optimizer, other: Optimizer, texts: Mapping[str, str]) -> Optimizer:
    """`optimizer` with texts in the place of hyperparameters, all at once; names in them are `other`'s first."""
    finite = {name: text for name, text in texts.items() if text.strip() not in INFINITE}
    for name in (name for name in texts if name not in finite):
        optimizer = _without_bound(optimizer, optimizer.hyperparameter(name))
    exprs = {name: read(unprefixed(text)) for name, text in finite.items()}
    kept = [hyper for hyper in optimizer.hyperparameters if hyper.name not in exprs]
    known = {hyper.name: hyper for hyper in (*kept, *other.hyperparameters)}
    for name, expr in exprs.items():
        _check(f"{name}={finite[name]}", expr, optimizer.hyperparameter(name), other, known)
    used = sorted({name for expr in exprs.values() for name in symbols(expr)} - {"t"})
    brought = {name: known[name] for name in used if name not in {hyper.name for hyper in kept}}
    first = [brought.pop(name) for name in exprs if name in brought]
    table: dict[Expr, Expr] = {Sym(name, base): expr for name, expr in exprs.items() for base in (False, True)}
    hypers = (*first, *kept, *brought.values())
    return replace(optimizer, hyperparameters=hypers, in_force=(), schedules=(), **optimizer.rewritten(table))


def unprefixed(text: str) -> str:
    """A text without the A. and B. before names."""
    return re.sub(r"\b[AB]\.(?=[A-Za-z_])", "", text)


def _check(shown: str, expr: Expr, own: Hyperparameter, other: Optimizer, known: Mapping[str, Hyperparameter]) -> None:
    if sequences(expr):
        raise SymoptError(f"{shown} reads a sequence; a hyperparameter is replaced by hyperparameters, t and numbers")
    for used in sorted(symbols(expr) - {"t", *known}):
        has = suggest(used, known) or f"; there is {', '.join(known) or 'none'}"
        raise SymoptError(f"{shown}: {other.name} has no hyperparameter {used}{has}")
    if _is_outside(expr, own.domain, Facts({name: hyper.domain for name, hyper in known.items()})):
        raise SymoptError(f"{shown} is outside the domain {own.domain.name} = {own.domain}")


def _is_outside(expr: Expr, domain: Domain, facts: Facts) -> bool:
    """Whether no value of an expression is in a domain; the end that a domain leaves out is a limit to look at."""
    if isinstance(expr, Num):
        return expr.value not in replace(domain, open_lower=False, open_upper=False)
    ends = ((domain.lower, domain.open_lower, False), (domain.upper, domain.open_upper, True))
    known = [(Num(end), is_open, is_upper) for end, is_open, is_upper in ends if end is not None]
    return any(
        inside(Call("-", (expr, end) if is_upper else (end, expr)), NonNegative if is_open else Positive, facts)
        for end, is_open, is_upper in known
    )


def _without_bound(optimizer: Optimizer, own: Hyperparameter) -> Optimizer:
    """What the recurrence tends to as a hyperparameter grows beyond all bounds."""
    if own.domain.upper is not None:
        raise SymoptError(f"{own.name}=inf: {own.name} ends at {own.domain.upper}, since it is in {own.domain}")
    return replace(
        optimizer,
        hyperparameters=tuple(hyper for hyper in optimizer.hyperparameters if hyper != own),
        **without_bound(optimizer, own.name),
        in_force=(),
        schedules=(),
    )
