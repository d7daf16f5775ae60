"""An optimizer on one screen: equations, hyperparameters, states, costs, departures, citation."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, indent

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symopt.artifacts.cost import BYTES, cost
from symopt.backends.interface import domain_test
from symopt.cli import glyphs, typeset
from symopt.cli.console import columns, put, writes_unicode
from symopt.errors import SymoptError
from symopt.expr import ZERO, decimal, text
from symopt.latex.algorithm import gradient_place
from symopt.latex.references import References
from symopt.recurrence import Follows, Optimizer

INDENT = 4
READABLE = 88
"""Columns of a paragraph on a wide terminal."""


def card(optimizer: Optimizer, out: Console) -> None:
    """Print all that a user asks first."""
    pretty, width = writes_unicode(out), min(out.width, READABLE)
    lines = [*_starts(optimizer, pretty), *_equations(optimizer, pretty, width - INDENT)]
    parts: list[Table | Text] = [Text(optimizer.title, style="bold"), Text(fill(optimizer.summary, width) + "\n")]
    parts += [Text(indent("\n".join(lines), " " * INDENT), no_wrap=True, overflow="ignore")]
    tables = [_hyperparameters(optimizer, pretty), _states(optimizer, pretty), _notes(optimizer, width)]
    for part in tables:
        parts += [Text(), part] if part.row_count else []
    put(out, *parts)


def _starts(optimizer: Optimizer, pretty: bool) -> Iterator[str]:
    for name, value in optimizer.starts:
        yield from typeset.start(name, value) if pretty else [f"{name}[0] = {text(value)}"]


def _equations(optimizer: Optimizer, pretty: bool, room: int) -> Iterator[str]:
    place = gradient_place(optimizer)
    for number, equation in enumerate(optimizer.equations):
        if number == place:
            yield from _gradient(optimizer, pretty)
        yield from typeset.equation(equation.target, equation.rhs, room) if pretty else [str(equation)]


def _gradient(optimizer: Optimizer, pretty: bool) -> list[str]:
    point = optimizer.gradient_point
    return typeset.gradient(point) if pretty else [f"g[t] = grad({text(point)})"]


def _hyperparameters(optimizer: Optimizer, pretty: bool) -> Table:
    table = columns("Hyperparameter", "", "Default", "Domain", "Meaning", right=["Default"])
    for hyper in optimizer.hyperparameters:
        default = "required" if hyper.default is None else decimal(hyper.default)
        glyph = glyphs.name(hyper.name) if pretty else ""
        domain = domain_test(hyper.domain)[0]
        table.add_row(hyper.name, "" if glyph == hyper.name else glyph, default, Text(domain), Text(hyper.meaning))
    return table


def _states(optimizer: Optimizer, pretty: bool) -> Table:
    table = columns("State", "", "Level", "Start", "Meaning")
    meanings = dict(optimizer.meanings)
    for name in optimizer.states:
        glyph = glyphs.indexed(name, 0) if pretty else ""
        start = text(optimizer.start_of(name) or ZERO)
        table.add_row(name, glyph, optimizer.levels[name], Text(start), Text(meanings.get(name, "")))
    return table


def _notes(optimizer: Optimizer, width: int) -> Table:
    table = columns("", "")
    table.show_header = False
    notes = {
        "Cost": _cost(optimizer),
        **{f"{one.hyperparameter} follows": _schedule(one, optimizer) for one in optimizer.schedules},
        "Departures": optimizer.departures,
        "Findings": "\n".join(f"{finding} ({finding.kind}, line {finding.line})" for finding in optimizer.findings),
        "Reference": _citation(optimizer.reference, optimizer) if optimizer.reference else "",
    }
    table.columns[1].max_width = width - 2 - max(map(len, notes))
    for title, body in notes.items():
        if body:
            table.add_row(Text(title, style="bold"), Text(body))
    return table


def _schedule(schedule: Follows, optimizer: Optimizer) -> str:
    """The paragraphs of what is said about it."""
    departures = schedule.departures and f"Departures: {schedule.departures}"
    reference = schedule.reference and _citation(schedule.reference, optimizer)
    return "\n\n".join(filter(None, [f"{schedule.title}. {schedule.summary}", departures, reference]))


def _cost(optimizer: Optimizer) -> str:
    spent = cost(optimizer)
    kept = f"{BYTES * len(spent.states)} bytes kept ({', '.join(spent.states)})" if spent.states else "nothing kept"
    return (
        f"{spent.bytes_per_parameter} bytes moved, {spent.flops} operations, {kept}; per parameter and step in float32"
    )


def _citation(key: str, optimizer: Optimizer) -> str:
    try:
        return f"{References.of(optimizer).citation(key)} [{key}]"
    except SymoptError:  # to complain is for `check`
        return key
