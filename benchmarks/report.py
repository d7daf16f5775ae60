"""The command line of a benchmark, and its tables for a terminal and for a README."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from rich.table import Table


def table(title: str, head: list[str], rows: list[list[str]]) -> Table:
    """For a terminal."""
    result = Table(*head, title=title)
    for row in rows:
        result.add_row(*row)
    return result


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """For a README; all columns but the first hold numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def turned(head: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The same table with a column for each row: where there are many columns it fits a terminal better."""
    first, *rest = map(list, zip(head, *rows, strict=True))
    return first, rest


def command_line(description: str, workloads: Collection[str]) -> argparse.Namespace:
    """The command line of a benchmark that times workloads; an unknown one ends it with a sentence."""
    listed = ", ".join(workloads)
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"any of {listed}; all if none")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--markdown", action="store_true", help="print a table for a README")
    found = parser.parse_args()
    if unknown := set(found.workloads) - set(workloads):
        parser.error(f"there is no workload {', '.join(sorted(unknown))}; there are {listed}")
    return found


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.3g}"


def ratio(theirs: float | None, ours: float) -> str:
    """Above 1 ours is the faster one."""
    return "-" if theirs is None else f"{theirs / ours:.3g}"
