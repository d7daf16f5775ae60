"""A place in the tokens of a formula."""

from __future__ import annotations

from symopt.latex.symbols import read_subscripts
from symopt.latex.tokens import Token, tokenize


class Cursor:
    """The tokens of a formula, read one after the other."""

    def __init__(self, latex: str):
        self.tokens = tokenize(latex)
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

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these."""
        return self.now.text in texts and self.now.kind not in ("word", "end")

    def take(self, *texts: str) -> bool:
        """Read the next token if it is one of these."""
        found = self.sees(*texts)
        self.at += found
        return found

    def expect(self, text: str) -> None:
        """Read this token or fail."""
        if not self.take(text):
            raise self.now.error(f"expected {text}, found {self.now.text}")

    def subscript(self) -> tuple[str, ...]:
        """The parts of the subscript that stands here, if one does."""
        if not self.take("_"):
            return ()
        parts, self.at = read_subscripts(self.tokens, self.at)
        return parts
