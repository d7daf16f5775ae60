"""A fingerprint of what an optimizer declares."""

from __future__ import annotations

import hashlib
from typing import Any

from symopt.expr import Expr, Num, Reduction, Seq, Sym, children
from symopt.recurrence import Hyperparameter, Optimizer


def spec_hash(optimizer: Optimizer) -> str:
    """A fingerprint of what an optimizer declares; where its file lies and how the file is laid out do not matter."""
    return _hash(
        [
            *(f"{key} {value!r}" for key, value in _said(optimizer).items()),
            *map(_hyperparameter, optimizer.hyperparameters),
            *_recurrence(optimizer),
            *(f"in force {name} {_canonical(expr)}" for name, expr in optimizer.in_force),
            *(f"schedule {schedule!r}" for schedule in optimizer.schedules),
            *(f"meaning {name} {meaning!r}" for name, meaning in optimizer.meanings),
        ]
    )


def recurrence_hash(optimizer: Optimizer) -> str:
    """A fingerprint of what an optimizer computes; what is said about it, and its defaults, do not matter."""
    hypers = [f"hyperparameter {hyper.name}" for hyper in optimizer.hyperparameters]
    return _hash([f"name {optimizer.name}", *hypers, *_recurrence(optimizer)])


def _recurrence(optimizer: Optimizer) -> list[str]:
    return [
        *(f"input {name} {level}" for name, level in optimizer.inputs),
        *(f"output {name}" for name in optimizer.outputs),
        *(f"start {name} {_canonical(rhs)}" for name, rhs in optimizer.starts),
        f"gradient {_canonical(optimizer.gradient_point)}",
        *(f"equation {e.target} {_canonical(e.rhs)}" for e in optimizer.equations),
    ]


def _hash(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _said(optimizer: Optimizer) -> dict[str, Any]:
    return {
        "name": optimizer.name, "title": optimizer.title, "reference": optimizer.reference or "",
        "summary": optimizer.summary, "departures": optimizer.departures,
        "findings": [f"{finding.kind} {finding}" for finding in optimizer.findings],
        "constants": list(optimizer.constants),
    }  # fmt: skip


def _hyperparameter(hyper: Hyperparameter) -> str:
    return f"hyperparameter {hyper.name} {hyper.domain.name!r} {hyper.domain} {hyper.default} {hyper.meaning!r}"


def _canonical(expr: Expr) -> str:
    """A text that tells every two different expressions apart, and that no change of how they are shown can change."""
    match expr:
        case Num(value):
            return f"{value.numerator}/{value.denominator}"
        case Sym(name, base):
            return f"{name} base" if base else name
        case Seq(name, shift):
            return f"{name}[{shift}]"
        case _:
            over = f" over {expr.over}" if isinstance(expr, Reduction) else ""
            return f"({expr.op}{over} {' '.join(map(_canonical, children(expr)))})"
