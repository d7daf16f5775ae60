"""`symopt list`. Costs are computed once per content of the catalogue; later calls load only what is imported here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from symopt.checks import cache, content, known
from symopt.checks.facts import PROVED, Facts
from symopt.cli.console import columns, console, progress, put

_KIND = "catalogue"
ROOM = {"title": 110, "states": 72, "proof": 56, "ulp": 56}
"""Columns of a terminal from which on some columns of the table are shown; names and what a step costs always are."""

UNKNOWN = "not checked"
GPU, PARAMETERS = "H100", "25.6 million"
LEGEND = (
    "bytes (moved) and flops are per parameter and step in float32; ulp is the largest error in a run; "
    f"{GPU}: microseconds that its memory needs at least for a step of {PARAMETERS} parameters"
)


@dataclass(frozen=True)
class Row:
    """One optimizer of the catalogue.

    microseconds: the least time of a step, by GPU and number of parameters; key: what its check is kept under
    """

    name: str
    title: str
    states: list[str]
    bytes_per_parameter: int
    flops: int
    microseconds: dict[str, dict[str, float]]
    targets: list[str]
    key: str


def run(as_json: bool) -> None:
    """Print the catalogue."""
    rows, parts = _catalogue()
    found = [(row, known(row.key)) for row in rows]
    if as_json:
        print(json.dumps([*(_plain(row, facts) for row, facts in found), *parts], indent=2))
    else:
        _table(found)
        for table in part_tables(parts):
            put(console(), Text(""), table)


def _catalogue() -> tuple[list[Row], list[dict[str, Any]]]:
    key = cache.digest(cache.catalogue(), cache.engine(), cache.commands(), cache.bibliography(), cache.surroundings())
    stored = cache.read(_KIND, key)
    try:
        return [Row(**row) for row in stored["optimizers"]], list(stored["parts"])
    except (TypeError, KeyError):  # nothing stored, or something else
        from symopt.cli.parts import parts

        rows, others = _computed(), [asdict(part) for part in parts()]
    cache.store(_KIND, key, {"optimizers": [asdict(row) for row in rows], "parts": others})
    return rows, others


def _computed() -> list[Row]:
    from symopt.artifacts import build
    from symopt.artifacts.cost import cost_of
    from symopt.backends import BACKENDS
    from symopt.catalogue import load_all
    from symopt.gpu import times

    rows: list[Row] = []
    with progress() as bar:
        for name, optimizer in bar.track(sorted(load_all().items()), description="Reading the catalogue"):
            program = build(optimizer)[1]
            spent = cost_of(program)
            key = content(optimizer)
            numbers = (list(spent.states), spent.bytes_per_parameter, spent.flops, times(program))
            rows.append(Row(name, optimizer.title, *numbers, [*BACKENDS, "latex"], key))
    return rows


def _table(rows: list[tuple[Row, Facts | None]]) -> None:
    out = console()
    lines = [_line(row, facts) for row, facts in rows]
    shown = [name for name in lines[0] if out.width >= ROOM.get(name, 0)]
    table = columns(*shown, right=["bytes", "flops", GPU, "ulp"])
    for line in lines:
        table.add_row(*(line[name] for name in shown))
    put(out, table)
    if out.is_terminal:
        put(out, Text(f"\n{LEGEND}", style="dim"))


def _line(row: Row, facts: Facts | None) -> dict[str, Text | str]:
    """The cells of an optimizer, by column; where there is no room for all, words are cut short."""
    proof, error = _status(facts)
    words = {"name": row.name, "title": row.title, "states": ", ".join(row.states)}
    return {
        **{column: Text(shown, no_wrap=True, overflow="ellipsis") for column, shown in words.items()},
        "bytes": str(row.bytes_per_parameter),
        "flops": str(row.flops),
        GPU: f"{row.microseconds[GPU][PARAMETERS]:.0f}",
        "proof": proof,
        "ulp": error,
    }


def part_tables(parts: Sequence[Mapping[str, Any]]) -> Iterator[Table]:
    """The wrappers and the schedules, each with what it brings; nothing for a kind of which there is none."""
    for kind, numbers in (("wrapper", ("bytes_per_parameter", "flops")), ("schedule", ())):
        added = [f"+ {number.partition('_')[0]}" for number in numbers]
        table = columns(kind, "import from", "brings", *added, right=added)
        for part in (part for part in parts if part["kind"] == kind):
            shown = ["" if part[number] is None else str(part[number]) for number in numbers]
            table.add_row(part["name"], part["home"], ", ".join(part["brings"]), *shown)
        if table.row_count:
            yield table


def _status(facts: Facts | None) -> tuple[Text, str]:
    if facts is None:
        return Text(UNKNOWN, style="dim"), ""
    good = facts.passed and facts.proof == PROVED
    word = "failed" if facts.faults else facts.proof.partition(":")[0]
    return Text(word, style="green" if good else "red" if facts.faults else "yellow"), f"{facts.oracle_ulp:.1f}"


def _plain(row: Row, facts: Facts | None) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": "optimizer"}
    found |= {name: value for name, value in asdict(row).items() if name != "key"}
    proofs = dict(facts.proofs) if facts else {target: UNKNOWN for target in row.targets if target != "latex"}
    faults = list(facts.faults) if facts else []
    return found | {"proofs": proofs, "oracle_ulp": facts.oracle_ulp if facts else None, "faults": faults}
