"""The one exception that symopt raises for a user's mistake."""

from dataclasses import dataclass


class SymoptError(Exception):
    """A mistake in what the user wrote or passed; its text is one clear sentence, meant to be shown as it stands."""


@dataclass
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
        what = f"{self.symbol}: " if self.symbol else ""
        return f"{where}{what}{self.message}"
