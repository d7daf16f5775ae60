"""`symopt prove`: whether two optimizers are equal, with the proof or the smallest run in which they differ."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from symopt.catalogue import load
from symopt.cli.console import columns, console, put
from symopt.equivalence import BUDGET, Comparison, Counterexample, compare, to_json
from symopt.equivalence.sentence import outcome, rows, sentence, setting
from symopt.errors import SymoptError

CODES = {"proved": 0, "refuted": 3, "undecided": 4}
"""Exit codes; 1 and 2 are those of mistakes."""
_STYLES = {"proved": "bold green", "refuted": "bold red", "undecided": "bold yellow"}


def run(
    a: str,
    b: str,
    maps: Sequence[str],
    assume: Sequence[str],
    hyper: Sequence[str],
    budget: int | None,
    *,
    as_json: bool,
) -> int:
    """Compare and report; the exit code says the verdict."""
    constant = [_constant(given) for given in assume]
    states, values = _equations(maps, "--map"), _equations(hyper, "--hyper")
    found = compare(load(a), load(b), constant=constant, hyper=values, states=states, budget=budget or BUDGET)
    if as_json:
        print(json.dumps({**to_json(found), "sentence": sentence(found)}, indent=2))
    else:
        _report(found, console())
    return CODES[found.verdict]


def _constant(given: str) -> str:
    name, equals, value = (part.strip() for part in given.partition("="))
    if not equals or value != "constant":
        number = f"; for a number write --hyper {name}={value}" if value else ""
        raise SymoptError(f"--assume {given}: write --assume {name or 'lr'}=constant{number}")
    return name


def _equations(lists: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in (_equation(given, option) for given in lists):
        if found.setdefault(name, value) != value:
            raise SymoptError(f"{option} {name} is given twice, as {found[name]} and as {value}")
    return found


def _equation(given: str, option: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in given.partition("="))
    if not equals or not name or not value:
        example = "B.v=-lr*b" if option == "--map" else "A.eps=eps/sqrt(1 - beta2**t)"
        raise SymoptError(f"{option} {given}: write a name, =, and an expression, as in {option} '{example}'")
    return name, value


def _report(found: Comparison, out: Console) -> None:
    """The verdict, what the states have to do with each other, why, and where it fails."""
    word, _, rest = sentence(found).partition(":")
    parts: list[Text] = [Text.assemble((word, _STYLES[found.verdict]), ":", rest)]
    if any("A." in shown or "B." in shown for shown in (*found.conditions, *found.map, *found.map.values())):
        parts.append(Text(f"A is {found.a}, B is {found.b}."))
    put(out, *parts)
    if found.map:
        table = columns("State", "equals, after each step")
        for name, value in found.map.items():
            table.add_row(Text(name), Text(value))
        put(out, Text(), table)
    if found.steps:
        put(out, Text(), *(Text(f"{number}. {line}") for number, line in enumerate(found.steps, 1)))
    if found.counterexample:
        lead = "Otherwise they differ:" if found.points != "refuted" and found.deployed != "refuted" else "They differ:"
        _counterexample(found, found.counterexample, lead, out)
    if found.remarks:
        put(out, Text(), *map(Text, found.remarks))
    if found.advice:
        put(out, Text(), Text(found.advice))


def _counterexample(found: Comparison, example: Counterexample, lead: str, out: Console) -> None:
    heading, *lines = rows(example)
    table = columns(*heading, right=heading)
    for line in lines:
        table.add_row(*map(Text, line))
    put(out, Text(), Text(f"{lead} from {setting(example)}"), table, Text(f"{outcome(example, found.a, found.b)}."))
