"""A fingerprint of what an optimizer declares."""

from __future__ import annotations

import hashlib
from typing import Any

from symopt.domains import Domain
from symopt.expr import Expr, Num, Reduction, Seq, Sym, children
from symopt.recurrence import Optimizer


def spec_hash(optimizer: Optimizer) -> str:
    """A fingerprint of what an optimizer declares; where its file lies and how the file is laid out do not matter."""
    parts = [
        *(f"{key} {value!r}" for key, value in _said(optimizer).items()),
        *(f"hyperparameter {h.name} {_bounds(h.domain)} {h.default} {h.meaning!r}" for h in optimizer.hyperparameters),
        *(f"input {name} {level}" for name, level in optimizer.inputs),
        *(f"start {name} {_canonical(rhs)}" for name, rhs in optimizer.starts),
        f"gradient {_canonical(optimizer.gradient_point)}",
        *(f"equation {e.target} {_canonical(e.rhs)}" for e in optimizer.equations),
        *(f"in force {name} {_canonical(expr)}" for name, expr in optimizer.in_force),
        *(f"meaning {name} {meaning!r}" for name, meaning in optimizer.meanings),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _said(optimizer: Optimizer) -> dict[str, Any]:
    return {
        "name": optimizer.name, "title": optimizer.title, "reference": optimizer.reference or "",
        "summary": optimizer.summary, "departures": optimizer.departures, "findings": list(optimizer.findings),
        "constants": list(optimizer.constants),
    }  # fmt: skip


def _bounds(domain: Domain) -> str:
    return f"{domain.name!r} {domain}"


def _canonical(expr: Expr) -> str:
    """A text that tells every two different expressions apart, and that no change of how they are shown can change."""
    match expr:
        case Num(value):
            return f"{value.numerator}/{value.denominator}"
        case Sym(name):
            return name
        case Seq(name, shift):
            return f"{name}[{shift}]"
        case _:
            over = f" over {expr.over}" if isinstance(expr, Reduction) else ""
            return f"({expr.op}{over} {' '.join(map(_canonical, children(expr)))})"
