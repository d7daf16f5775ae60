"""`symopt derive`: what follows from the equations of an optimizer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent

from rich.console import Console
from rich.text import Text

from symopt.catalogue import load
from symopt.checks.theory import facts
from symopt.cli import typeset
from symopt.cli.card import READABLE
from symopt.cli.console import console, put, writes_unicode
from symopt.cli.paragraphs import formula_lines, paragraph
from symopt.derive.sensitivity import sensitivity
from symopt.errors import SymoptError, suggest
from symopt.reading import read
from symopt.theory.fact import Fact, to_json

_STYLES = {"proved": "green", "refuted": "red", "undecided": "yellow"}
_INDENT = "    "


def run(spec: str, kind: str, steps: bool, as_json: bool) -> None:
    """Print the facts of one kind, or of every kind."""
    optimizer = load(spec)
    found = _of_kind(facts(optimizer), kind.strip().lower())
    if as_json:
        print(json.dumps([to_json(fact) for fact in found], indent=2))
        return
    out = console()
    put(out, Text(optimizer.title, style="bold"), *_listed(found, steps, out))


def tangent(spec: str, hyperparameter: str) -> None:
    """Print a spec file of an optimizer that carries the derivative of its run with respect to a hyperparameter."""
    optimizer = load(spec)
    found = sensitivity(optimizer, hyperparameter)
    path, colon, name = spec.rpartition(":") if ".py:" in spec else (spec, "", "")
    own = path.endswith(".py")
    place = f"{Path(path).resolve()}{colon}{name}" if own else spec
    moved = "\n\nThe spec is loaded by its path: where that file moves, change it here.\n" if own else ""
    print(f'"""{optimizer.title}, with the derivative of its run with respect to {hyperparameter}.{moved}"""\n')
    print("from symopt import load, sensitivity\n")
    print(f"{found.name} = sensitivity(load({json.dumps(place)}), {json.dumps(hyperparameter)})")


def _of_kind(found: Sequence[Fact], kind: str) -> list[Fact]:
    kinds = list(dict.fromkeys(fact.kind for fact in found))
    if kind and kind not in kinds:
        remedy = suggest(kind, kinds) or f"; there is {', '.join(kinds)}"
        raise SymoptError(f"no facts are of the kind {kind!r}{remedy}")
    return [fact for fact in found if kind in ("", fact.kind)]


def _listed(found: Sequence[Fact], steps: bool, out: Console) -> Iterator[Text]:
    width = min(out.width, READABLE)
    for kind in dict.fromkeys(fact.kind for fact in found):
        yield Text()
        yield Text(kind[:1].upper() + kind[1:], style="bold")
        for fact in found:
            if fact.kind == kind:
                yield from _shown(fact, steps, width, writes_unicode(out))


def _shown(fact: Fact, steps: bool, width: int, pretty: bool) -> Iterator[Text]:
    body = "\n".join(paragraph(f"{fact.statement} [{fact.known}]", width, "  "))
    shown = Text(body)
    shown.stylize(_STYLES.get(fact.verdict, "dim"), len(body) - len(fact.known) - 1, len(body) - 1)
    yield shown
    if fact.formula:
        yield Text(indent("\n".join(_formula(fact.formula, pretty, width)), _INDENT), no_wrap=True, overflow="ignore")
    if steps:
        for step in fact.steps:
            yield Text("\n".join(paragraph(step, width, _INDENT, _INDENT * 2)), style="dim")


def _formula(formula: str, pretty: bool, width: int) -> list[str]:
    left, _, right = formula.partition(" = ")
    room = width - len(_INDENT)
    return typeset.formula(read(left), read(right), room) if pretty else formula_lines(formula, room, len(_INDENT))
