"""`symopt check`: what is wrong with specs, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from symopt.catalogue import load, names
from symopt.checks import Facts, check, content, known
from symopt.checks.facts import PROVED, SURVIVED, to_json
from symopt.cli.console import columns, console, progress, put
from symopt.cli.failures import complain
from symopt.cli.several import each
from symopt.cli.workers import attempt, spread
from symopt.errors import SymoptError
from symopt.wording import listed

Outcome = Facts | SymoptError


def run(specs: Sequence[str], as_json: bool, mutants: bool) -> int:
    """Check and report; the exit code."""
    wanted = each(specs) or list(names())
    outcomes = _outcomes(wanted, mutants)
    bad = [spec for spec, outcome in outcomes.items() if isinstance(outcome, Facts) and outcome.faults]
    unchecked = [spec for spec, outcome in outcomes.items() if isinstance(outcome, SymoptError)]
    if as_json:
        print(json.dumps([_plain(spec, outcome) for spec, outcome in outcomes.items()], indent=2))
    else:
        _report(outcomes)
    if (bad or unchecked) and not as_json:
        ends = {"did not pass": bad, "could not be checked": unchecked}
        complain(listed([f"{_counted(those, len(wanted))} {end}" for end, those in ends.items() if those]))
    return int(bool(bad or unchecked))


def _counted(specs: Sequence[str], of: int) -> str:
    return specs[0] if of == 1 else f"{len(specs)} of {of} specs"


def _outcomes(specs: Sequence[str], mutants: bool) -> dict[str, Outcome]:
    """What is known is not computed again, and needs no other process."""
    found = {spec: attempt(partial(_known, mutants=mutants), spec) for spec in specs}
    missing = [spec for spec in specs if found[spec] is None]
    if mutants and len(missing) == 1:
        done: dict[str, Outcome] = {missing[0]: _alone(missing[0])}
    else:
        done = spread(partial(_checked, mutants=mutants), missing, "Checking")
    return {spec: outcome if outcome is not None else done[spec] for spec, outcome in found.items()}


def _known(spec: str, mutants: bool) -> Facts | None:
    found = known(content(load(spec)))
    return None if found is None or (mutants and found.mutants is None and found.passed) else found


def _checked(spec: str, mutants: bool) -> Facts:
    return check(load(spec), mutants)


def _alone(spec: str) -> Facts | SymoptError:
    """One spec and its mutants, with a bar for these."""
    with progress() as bar:
        task = bar.add_task(f"Checking {spec}", total=None)

        def tell(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        return attempt(lambda name: check(load(name), mutants=True, tell=tell), spec)


def _report(outcomes: Mapping[str, Outcome]) -> None:
    """A table of what could be checked, then everything that is wrong or open."""
    found = {spec: outcome for spec, outcome in outcomes.items() if isinstance(outcome, Facts)}
    notes = [*map(Text, dict.fromkeys(note for spec, outcome in outcomes.items() for note in _notes(spec, outcome)))]
    put(console(), *([_table(found)] if found else []), *([Text()] if found and notes else []), *notes)


def _table(found: Mapping[str, Facts]) -> Table:
    kinds = next(([kind for kind, _ in facts.mutants] for facts in found.values() if facts.mutants), [])
    table = columns("spec", "result", "proof", "ulp", *kinds, right=["ulp", *kinds])
    for spec, facts in found.items():
        result = Text("failed", style="red") if facts.faults else Text("passed", style="green")
        proof = Text(facts.proof.partition(":")[0], style="" if facts.proof == PROVED else "yellow")
        share = [str(dict(facts.mutants or ()).get(kind, "")) for kind in kinds]
        table.add_row(Text(spec), result, proof, f"{facts.oracle_ulp:.1f}", *share)
    return table


def _notes(spec: str, outcome: Outcome) -> list[str]:
    """What is wrong, and what is open."""
    if isinstance(outcome, SymoptError):
        text, file = str(outcome), re.sub(r"(?<=\.py):\w+$", "", spec)
        return [text if str(Path(file)) in text else f"{spec}: {text}"]
    open_ = [f"{target} kernel {why}" for target, why in outcome.proofs if why != PROVED and not outcome.faults]
    left = [f"no check notices line {line}: {change} ({why})" for line, change, why in _survivors(outcome)]
    return [f"{spec}: {note}" for note in (*outcome.faults, *open_, *left)]


def _survivors(facts: Facts) -> list[tuple[int, str, str]]:
    return [(line, change, why) for line, change, kind, why in facts.uncaught if kind == SURVIVED]


def _plain(spec: str, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, SymoptError):
        return {"spec": spec, "passed": False, "faults": [str(outcome)]}
    plain = {"proofs": dict(outcome.proofs), "mutants": outcome.mutants and dict(outcome.mutants)}
    keys = ("line", "change", "outcome", "why")
    uncaught = [dict(zip(keys, entry, strict=True)) for entry in outcome.uncaught]
    return {"spec": spec, "passed": outcome.passed} | to_json(outcome) | plain | {"uncaught": uncaught}
