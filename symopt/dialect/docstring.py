"""The parts of a spec's docstring: a paragraph, the meaning of each name, and the departures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Set
from dataclasses import dataclass
from difflib import get_close_matches

_ENTRY = re.compile(r"(\w+): (.*)")


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
        found = _ENTRY.match(line)
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


def misspelt(text: str | None, names: Set[str]) -> dict[str, str]:
    """Each word that stands where a meaning's name does, nearly as an argument without a meaning: word -> argument."""
    lacking = names - read_docstring(text, names).meanings.keys()
    found: dict[str, str] = {}
    before = ""
    for line in inspect.cleandoc(text or "").partition("Departures:")[0].splitlines():
        entry = _ENTRY.match(line)
        begins = not before or before[0] == " " or before[-1] in ".:" or _ENTRY.match(before)
        meant = _meant(entry[1], lacking) if entry and begins and entry[1] not in names else ""
        found |= {entry[1]: meant} if entry and meant else {}
        before = line.rstrip()
    return found


def _meant(word: str, names: Set[str]) -> str:
    """The name that a word stands for; a capital begins a sentence unless all else is the same."""
    same = [name for name in names if name.lower() == word.lower()]
    near = [] if word[0].isupper() else get_close_matches(word, sorted(names), n=1)
    return next(iter(same + near), "")


def _paragraphs(lines: list[str]) -> str:
    blocks = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())
