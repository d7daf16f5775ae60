"""The tables of a page: hyperparameters with their domains, and states."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import START, Expr, Num
from symopt.latex.escape import code, prose
from symopt.latex.printer import latex, target
from symopt.naming import indexed, symbol
from symopt.recurrence import Optimizer

LEVELS = {"step": "one number", "global": "one number", "tensor": "per tensor", "element": "per element"}  # of a state


@dataclass(frozen=True)
class HyperparameterRow:
    """A line of the table of hyperparameters, every cell ready to print."""

    symbol: str
    name: str
    meaning: str
    default: str
    domain: str


@dataclass(frozen=True)
class StateRow:
    """A line of the table of states, every cell ready to print."""

    symbol: str
    name: str
    meaning: str
    level: str
    start: str


def hyperparameter_rows(optimizer: Optimizer, names: Set[str]) -> list[HyperparameterRow]:
    """The hyperparameters in the order of the signature."""
    return [
        HyperparameterRow(
            f"${symbol(hyper.name)}$",
            code(hyper.name),
            prose(hyper.meaning, names),
            "required" if hyper.default is None else f"${_number(hyper.default)}$",
            f"${domain_set(hyper.domain)}$",
        )
        for hyper in optimizer.hyperparameters
    ]


def state_rows(optimizer: Optimizer, names: Set[str]) -> list[StateRow]:
    """The states in the order of their equations."""
    meanings = dict(optimizer.meanings)
    rows: list[StateRow] = []
    for name in optimizer.states:
        start = optimizer.start_of(name)
        shown = f"${indexed(name, START)} = {'0' if start is None else latex(start, inline=True)}$"
        level = LEVELS[optimizer.levels[name]]
        rows.append(StateRow(f"${target(name)}$", code(name), prose(meanings.get(name, ""), names), level, shown))
    return rows


def domain_set(domain: Domain) -> str:
    r"""A domain as a set: [0, 1), \{1, 2, \dots\}, \mathbb{R}."""
    low, high = domain.lower, domain.upper
    if domain.integer:
        return _integers(low, high)
    if low is None and high is None:
        return r"\mathbb{R}"
    left = r"(-\infty" if low is None else f"{'(' if domain.open_lower else '['}{_number(low)}"
    right = r"\infty)" if high is None else f"{_number(high)}{')' if domain.open_upper else ']'}"
    return f"{left}, {right}"


def domain_relation(domain: Domain) -> str:
    r"""What a hyperparameter of this domain satisfies: > 0, \ge 0, \in [0, 1)."""
    if domain.lower is not None and domain.upper is None and not domain.integer:
        return f"{'>' if domain.open_lower else chr(92) + 'ge'} {_number(domain.lower)}"
    return rf"\in {domain_set(domain)}"


def _integers(low: Fraction | None, high: Fraction | None) -> str:
    if low is None and high is None:
        return r"\mathbb{Z}"
    if low is None:
        return rf"\{{\dots, {_number(high or Fraction(0))}\}}"
    first = f"{_number(low)}, {_number(low + 1)}, \\dots"
    return rf"\{{{first}\}}" if high is None else rf"\{{{_number(low)}, \dots, {_number(high)}\}}"


def _number(value: Fraction) -> str:
    expr: Expr = Num(value)
    return latex(expr, inline=True)
