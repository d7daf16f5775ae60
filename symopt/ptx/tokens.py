"""From PTX text to tokens with their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symopt.errors import SymoptError
from symopt.ptx.model import fault


@dataclass(frozen=True, slots=True)
class Token:
    """kind: "word", "directive", "number" (whole, or the bits of a float), "decimal", "text", "mark" or "end"."""

    kind: str
    text: str
    line: int

    def error(self, message: str) -> SymoptError:
        """The error that refuses the text at this token."""
        return fault(self.line, message)


_PATTERN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<decimal>\d+\.\d+)"
    r"|(?P<number>0[fF][0-9A-Fa-f]{8}\b|0[dD][0-9A-Fa-f]{16}\b|0[xX][0-9A-Fa-f]+U?\b|\d+U?\b)"
    r"|(?P<word>[A-Za-z_$%][\w$]*(?:(?:\.|::)\w+)*)"
    r"|(?P<directive>\.\w+)"
    r'|(?P<text>"[^"]*")'
    r"|(?P<mark>[{}()\[\]<>,;:|!@+=-])",
    re.DOTALL,
)


def tokenize(text: str) -> list[Token]:
    """The tokens of a PTX text, the last of kind "end"."""
    found: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise fault(line, f"{text[at : at + 20].splitlines()[0]!r} is not known here")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match[0], line))
        line += match[0].count("\n")
        at = match.end()
    return [*found, Token("end", "the end of the text", line)]


class Cursor:
    """The tokens of a PTX text, read one after the other."""

    def __init__(self, text: str):
        self.tokens = tokenize(text)
        self.at = 0

    @property
    def now(self) -> Token:
        """The next token to be read."""
        return self.tokens[self.at]

    def advance(self) -> Token:
        """Read the next token."""
        token = self.now
        self.at += token.kind != "end"
        return token

    def take(self, *texts: str) -> Token | None:
        """Read the next token if it is one of these."""
        return self.advance() if self.now.kind != "text" and self.now.text in texts else None

    def expect(self, text: str) -> Token:
        """Read this mark or directive, or fail."""
        token = self.advance()
        if token.text != text or token.kind == "text":
            raise token.error(f"expected {text}, found {token.text}")
        return token

    def read(self, kind: str, what: str) -> Token:
        """Read a token of this kind, or fail with what was expected."""
        token = self.advance()
        if token.kind != kind:
            raise token.error(f"expected {what}, found {token.text}")
        return token

    def integer(self) -> int:
        """Read a whole number, with its sign."""
        sign = -1 if self.take("-") else 1
        token = self.read("number", "a whole number")
        if token.text[:2].lower() in ("0f", "0d"):
            raise token.error(f"expected a whole number, found {token.text}")
        return sign * whole(token.text)


def whole(text: str) -> int:
    """The value of an integer as PTX writes it: decimal, hexadecimal (0x) or octal (0)."""
    digits = text.rstrip("U")
    octal = digits.startswith("0") and digits.isdigit() and len(digits) > 1
    return int(digits, 8 if octal else 0)
