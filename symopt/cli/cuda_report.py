"""`symopt cuda-report`: what the compiler made of CUDA kernels, and the least time of a step. No GPU is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import compress
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symopt.artifacts import build
from symopt.catalogue import load, names
from symopt.cli.console import WIDE, columns, console, put
from symopt.cli.failures import complain
from symopt.cli.workers import spread
from symopt.errors import SymoptError
from symopt.gpu import Report, reports, require_tools, times
from symopt.gpu.hardware import GPUS, LAUNCH, architecture
from symopt.gpu.kinds import kinds
from symopt.gpu.roofline import SHOWN, launch_count, step_bytes

Key = tuple[str, str, str]
"""A spec, a dtype and an architecture."""

LOOP, STEP = "loop B", "step B"
"""Two columns of bytes."""

LEGEND = f"""
regs: registers of a thread
spills: bytes of them that are kept in memory
threads: those that a multiprocessor holds, of those that it could
{LOOP}: bytes that the kernel's costliest loop moves per element
in flight: loads that a multiprocessor waits for at a time, of what keeps its memory busy
faults: how much is wrong with the kernel; each fault is told below the tables
{STEP}: bytes that all kernels of a step move per parameter
launches: kernels of a step"""
MASTERS = "float16 with masters in float32"


@dataclass(frozen=True)
class Found:
    """What was found for a key.

    bytes_per_parameter: declared, of a step in the key's dtype; launches: of a step; microseconds: `symopt.gpu.times`
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
    return Found(kernels, step_bytes(program, kinds(dtype)), launch_count(program), times(program, dtype))


def _show(outcomes: Mapping[Key, Outcome]) -> None:
    out = console()
    found = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Found)}
    notes = dict.fromkeys(fault for key, outcome in outcomes.items() for fault in _faults(key, outcome))
    parts = [_kernels(found, out), Text(_title(found)), _times(found, out)] if found else []
    put(out, *parts, *([Text()] if found and notes else []), *map(Text, notes))
    if found:
        put(out, Text(LEGEND, style="dim"))


def _title(found: Mapping[Key, Found]) -> str:
    dtypes = {key[1] for key in found}
    told = MASTERS if dtypes == {"masters"} else "".join(dtypes)
    return f"\nA step of {SHOWN} parameters{f' in {told}' * (len(dtypes) == 1)} takes at least, in microseconds:"


def _kernels(found: Mapping[Key, Found], out: Console) -> Table:
    """A row per kernel; a dtype or an architecture is shown where there are several."""
    shown = (True, *(len({key[place] for key in found}) > 1 for place in (1, 2)))
    right = ["regs", "spills", "threads", LOOP, "in flight", "faults"]
    wide, narrow = columns("spec", "kernel", *right, right=right), columns("spec", *right, right=right)
    for key, outcome in found.items():
        name = " ".join(compress(key, shown))
        narrow.add_row(Text(name))
        for one in outcome.kernels:
            kernel, *cells = _cells(one)
            wide.add_row(Text(name), kernel, *cells)
            narrow.add_row(Text(" ").append(kernel), *cells)
            name = ""
    wide.columns[1].no_wrap = True
    return wide if _fits(wide, out) else _folded(narrow)


def _fits(table: Table, out: Console) -> bool:
    return out.measure(table, options=out.options.update(max_width=WIDE)).maximum <= out.width


def _folded(table: Table) -> Table:
    """Where there is little room columns stand closer, and names go on in the next line."""
    table.padding = (0, 1, 0, 0)
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


def _times(found: Mapping[Key, Found], out: Console) -> Table:
    """The least time of a step on each GPU."""
    shown = (True, len({key[1] for key in found}) > 1)
    right = [STEP, "launches", *(gpu.name for gpu in GPUS)]
    table = columns("spec", *right, right=right)
    for key, outcome in {key[:2]: outcome for key, outcome in found.items()}.items():
        times = [f"{outcome.microseconds[gpu.name][SHOWN]:.0f}" for gpu in GPUS]
        numbers = (str(outcome.bytes_per_parameter), str(outcome.launches), *times)
        table.add_row(Text(" ".join(compress(key, shown))), *numbers)
    return table if _fits(table, out) else _folded(table)


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
