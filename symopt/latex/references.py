"""Bibliographies, read by pybtex: which keys there are, and a line for terminals."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pybtex.database import BibliographyData, Entry, Person, parse_file
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from symopt.errors import SymoptError
from symopt.paths import bibliographies
from symopt.recurrence import Optimizer

VENUES = ("journal", "booktitle", "howpublished", "publisher")


@dataclass(frozen=True)
class References:
    """The entries of bibliographies; of two with one key, that of the first file."""

    entries: Mapping[str, Entry]

    @staticmethod
    def load(*paths: Path) -> References:
        """The entries of .bib files; without a path, of the catalogue's own."""
        found = [_parsed(path) for path in paths or bibliographies()]
        return References({key: entry for data in reversed(found) for key, entry in data.entries.items()})

    @staticmethod
    def of(optimizer: Optimizer) -> References:
        """What a spec may refer to: entries of a references.bib beside its file, and of the catalogue's."""
        return References.load(*bibliographies(optimizer.origin.file if optimizer.origin else None))

    def entry(self, key: str) -> Entry:
        """The entry of a key; an error that suggests a similar one if there is none."""
        if key in self.entries:
            return self.entries[key]
        close = difflib.get_close_matches(key, list(self.entries), n=1)
        remedy = f"did you mean {close[0]}?" if close else "a references.bib beside the spec is read too"
        raise SymoptError(f"there is no reference {key}; {remedy}")

    def citation(self, key: str) -> str:
        """One line of plain text: Kingma and Ba (2015). Adam: A method for stochastic optimization. ICLR."""
        entry = self.entry(key)
        venue = next((entry.fields[field] for field in VENUES if field in entry.fields), "")
        year = entry.fields.get("year", "n.d.")
        parts = [f"{_authors(entry.persons.get('author', []))} ({year})", _plain(entry.fields["title"]), _plain(venue)]
        return " ".join(f"{part}." for part in parts if part)


def _parsed(path: Path) -> BibliographyData:
    try:
        return parse_file(path, bib_format="bibtex", encoding="utf-8")
    except (PybtexError, OSError) as error:
        raise SymoptError(f"{path} cannot be read: {error}") from error


def _authors(persons: list[Person]) -> str:
    names = [_plain(" ".join([*person.prelast_names, *person.last_names])) for person in persons]
    if len(names) > 2:
        return f"{names[0]} et al."
    return " and ".join(names) or "Anonymous"


def _plain(latex: str) -> str:
    return Text.from_latex(latex).render_as("text").replace("$", "")
