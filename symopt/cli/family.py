"""`symopt family`: which optimizers of the catalogue are special cases, limits, twins or wrappers of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.text import Text

from symopt.artifacts.files import write_file
from symopt.catalogue import load, load_all, load_contents, names
from symopt.checks.theory import facts
from symopt.cli.console import columns, console, put
from symopt.cli.workers import spread
from symopt.errors import SymoptError
from symopt.theory.fact import Fact
from symopt.theory.family import Family, family, picture, svg, tikz, to_json
from symopt.theory.family.picture import Picture

_WORDS = {"end": "is", "limit": "tends to", "equal": "is", "trains as": "trains as", "wraps": "wraps"}


def run(out: Path | None, as_json: bool) -> None:
    """Print the relations, or draw them."""
    if out is not None and out.suffix not in _FIGURES:
        raise SymoptError(f"{out}: a figure is written to a file whose name ends with {' or '.join(_FIGURES)}")
    found = _family()
    if out is not None:
        changed = write_file(out, _FIGURES[out.suffix](picture(found)).encode())
        print(f"wrote {out}" if changed else f"{out} is unchanged")
    elif as_json:
        print(json.dumps(to_json(found), indent=2))
    else:
        _listed(found)


def _family() -> Family:
    """The family; what is not known yet is derived on all cores."""
    known = spread(_told, names(), "Comparing")
    wrong = next((found for found in known.values() if isinstance(found, SymoptError)), None)
    if wrong is not None:
        raise wrong
    return family(load_contents(), told=facts)


def _tikz(drawn: Picture) -> str:
    return tikz(
        drawn, frozenset(hyper.name for optimizer in load_all().values() for hyper in optimizer.hyperparameters)
    )


_FIGURES: Mapping[str, Callable[[Picture], str]] = {".svg": svg, ".tex": _tikz}


def _told(name: str) -> list[Fact]:
    return facts(load(name))


def _listed(found: Family) -> None:
    table = columns("optimizer", "", "of the catalogue", "where")
    for edge in found.edges:
        where = "; ".join([edge.relation, *edge.conditions]).replace("equal; ", "")
        table.add_row(*map(Text, (edge.source, _WORDS[edge.kind], edge.target, where)))
    put(console(), table)
