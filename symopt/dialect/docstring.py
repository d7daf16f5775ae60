"""The parts of a spec's docstring: a paragraph, the meaning of each name, and the departures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Set
from dataclasses import dataclass


@dataclass(frozen=True)
class Docstring:
    """What a docstring says: `summary` in prose, `meanings` by name, `departures` from the paper."""

    summary: str
    meanings: dict[str, str]
    departures: str


def read_docstring(text: str | None, names: Set[str]) -> Docstring:
    """Split a docstring; a line `name: ...` gives the meaning of a declared name, further lines indented go with it."""
    summary: list[str] = []
    departures: list[str] = []
    meanings: dict[str, list[str]] = {}
    current = summary
    for line in inspect.cleandoc(text or "").splitlines():
        found = re.match(r"(\w+): (.*)", line)
        if line.startswith("Departures:"):
            current = departures
            line = line.removeprefix("Departures:")
        elif found and found[1] in names:
            current = meanings.setdefault(found[1], [])
            line = found[2]
        elif current is not departures and not line.startswith(" "):
            current = summary
        current.append(line.strip())
    return Docstring(
        _paragraphs(summary), {name: _paragraphs(m) for name, m in meanings.items()}, _paragraphs(departures)
    )


def _paragraphs(lines: list[str]) -> str:
    blocks = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())
