"""The terminal: how wide it is, whether it can show Greek, and where progress goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns of a pipe or file: nothing is cut or wrapped there."""


def console() -> Console:
    """Where results go. Only what is marked up is coloured, and only on a terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDE)


def writes_unicode(found: Console) -> bool:
    """Whether the signs of typeset equations can be written there."""
    try:
        "θ̂ₜ₋₁²√∇ε⎧─".encode(found.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns(*names: str, right: Iterable[str] = ()) -> Table:
    """A table without lines."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left")
    return table


def put(out: Console, *parts: Table | Text) -> None:
    """Print parts below each other; the blanks with which Rich fills its lines stay out of files and clipboards."""
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    out.file.flush()


def progress() -> Progress:
    """A bar on stderr while work goes on; gone when it is done, and never there in a pipe."""
    found = Console(stderr=True)
    bar: list[Any] = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    return Progress(*bar, console=found, transient=True, disable=not found.is_terminal)
