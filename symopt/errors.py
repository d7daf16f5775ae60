"""What symopt raises for a user's mistake."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class SymoptError(Exception):
    """A mistake in what the user wrote or passed; its text is one clear sentence, meant to be shown as it stands."""


@dataclass(eq=False)
class DialectError(SymoptError):
    """A spec that breaks a rule of the dialect.

    message: what is wrong and what to write instead
    symbol: the name or text at fault
    file, line: where it stands; filled in by the tracer, which knows the source
    """

    message: str
    symbol: str = ""
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file else ""
        what = f"{self.symbol.removesuffix(':')}: " if self.symbol else ""
        return f"{where}{what}{self.message}"


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?` where a known name is close, else nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
