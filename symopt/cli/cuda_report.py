"""`symopt cuda-report`: what the compiler made of CUDA kernels, and the least time of a step. No GPU is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import compress
from typing import Any

from rich.table import Table
from rich.text import Text

from symopt.artifacts import build
from symopt.artifacts.cost import cost_of
from symopt.catalogue import load, names
from symopt.cli.console import columns, console, put
from symopt.cli.failures import complain
from symopt.cli.workers import spread
from symopt.errors import SymoptError
from symopt.gpu import Report, reports, require_tools, times
from symopt.gpu.hardware import GPUS, LAUNCH, architecture
from symopt.gpu.kinds import kinds
from symopt.gpu.roofline import SHOWN, launch_count

Key = tuple[str, str, str]
"""A spec, a dtype and an architecture."""

LEGEND = (
    "regs: registers of a thread; spills: bytes of them in memory; threads: those that a multiprocessor holds "
    "of those that it could; bytes: moved per element by the costliest loop; in flight: loads that a multiprocessor "
    "waits for at a time, of what keeps its memory busy"
)
TIMES = f"A step of {SHOWN} parameters in float32 takes at least, in microseconds:"


@dataclass(frozen=True)
class Found:
    """What was found for a key.

    bytes_per_parameter: declared, in float32; launches: of a step; microseconds: `symopt.gpu.times`
    """

    kernels: tuple[Report, ...]
    bytes_per_parameter: int
    launches: int
    microseconds: dict[str, dict[str, float]]


Outcome = Found | SymoptError


def run(specs: Sequence[str], architectures: str, dtypes: str, as_json: bool) -> int:
    """Compile and report; the exit code."""
    wanted = [
        (spec, dtype, place)
        for spec in dict.fromkeys(specs or names())
        for dtype in _named(dtypes, kinds)
        for place in _named(architectures, architecture)
    ]
    require_tools()
    lines = {"\n".join(key): key for key in wanted}
    done = spread(_found, list(lines), "Compiling")
    outcomes = {key: done[line] for line, key in lines.items()}
    if as_json:
        print(json.dumps([_plain(key, outcome) for key, outcome in outcomes.items()], indent=2))
    else:
        _show(outcomes)
    bad = list(dict.fromkeys(key[0] for key, outcome in outcomes.items() if _faults(key, outcome)))
    if bad and not as_json:
        complain(f"the kernels of {len(bad)} specs are at fault" if len(bad) > 1 else f"{bad[0]} is at fault")
    return int(bool(bad))


def _named(given: str, known: Any) -> list[str]:
    """The names in a list with commas, each of which `known` accepts."""
    found = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip())) or [""]
    for name in found:
        known(name)
    return found


def _found(line: str) -> Found:
    spec, dtype, place = line.split("\n")
    optimizer = load(spec)
    program = build(optimizer)[1]
    kernels = reports(optimizer, dtype, place)
    return Found(kernels, cost_of(program).bytes_per_parameter, launch_count(program), times(program))


def _show(outcomes: Mapping[Key, Outcome]) -> None:
    out = console()
    found = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Found)}
    notes = dict.fromkeys(fault for key, outcome in outcomes.items() for fault in _faults(key, outcome))
    parts = [_kernels(found), Text(f"\n{TIMES}"), _times(found)] if found else []
    put(out, *parts, *([Text()] if found and notes else []), *map(Text, notes))
    if found and out.is_terminal:
        put(out, Text(f"\n{LEGEND}", style="dim"))


def _kernels(found: Mapping[Key, Found]) -> Table:
    """A row per kernel; a dtype or an architecture is shown where there are several."""
    shown = (True, *(len({key[place] for key in found}) > 1 for place in (1, 2)))
    right = ["regs", "spills", "threads", "bytes", "in flight", "faults"]
    table = _folded(columns("spec", "kernel", *right, right=right))
    table.columns[1].no_wrap = True
    for key, outcome in found.items():
        name = " ".join(compress(key, shown))
        for one in outcome.kernels:
            table.add_row(Text(name), *_cells(one))
            name = ""
    return table


def _folded(table: Table) -> Table:
    """Where there is little room, names go on in the next line."""
    for column in table.columns:
        column.no_wrap, column.overflow = column.justify == "right", "fold"
    return table


def _cells(one: Report) -> list[Text]:
    same = one.found == one.declared
    moved = "" if one.declared is None else f"{one.found or 0:g}" + ("" if same else f" not {one.declared:g}")
    flight = f"{one.in_flight / 1000:.0f} of {one.needed / 1000:.0f} kB" if one.declared is not None else ""
    faults = Text(str(len(one.faults)), style="red" if one.faults else "green")
    texts = (one.kernel, str(one.registers), str(one.spilled), f"{one.occupancy:.0%}", moved, flight)
    return [*map(Text, texts), faults]


def _times(found: Mapping[Key, Found]) -> Table:
    """The least time of a step in float32 on each GPU."""
    right = ["bytes", "launches", *(gpu.name for gpu in GPUS)]
    table = _folded(columns("spec", *right, right=right))
    for spec, outcome in {key[0]: outcome for key, outcome in found.items()}.items():
        shown = [f"{outcome.microseconds[gpu.name][SHOWN]:.0f}" for gpu in GPUS]
        table.add_row(Text(spec), str(outcome.bytes_per_parameter), str(outcome.launches), *shown)
    return table


def _faults(key: Key, outcome: Outcome) -> list[str]:
    spec, dtype, place = key
    if isinstance(outcome, SymoptError):
        return [f"{spec}, {dtype}, {place}: {outcome}"]
    return [f"{spec}, {one.kernel}, {dtype}, {place}: {fault}" for one in outcome.kernels for fault in one.faults]


def _plain(key: Key, outcome: Outcome) -> dict[str, Any]:
    spec, dtype, place = key
    plain: dict[str, Any] = {"spec": spec, "dtype": dtype, "architecture": place, "passed": not _faults(key, outcome)}
    if isinstance(outcome, SymoptError):
        return plain | {"faults": [str(outcome)]}
    return plain | asdict(outcome) | {"seconds_per_launch": LAUNCH}
