"""From LaTeX text to tokens: what only spaces or sizes is dropped, and what we don't know is an error with a column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symopt.errors import SymoptError


class LatexError(SymoptError):
    """A formula that cannot be read without guessing; `column` counts from 1."""

    def __init__(self, message: str, column: int):
        super().__init__(f"column {column}: {message}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Token:
    """kind: "command", "word" (upright text), "letter", "number", "mark" or "end"."""

    kind: str
    text: str
    column: int

    def error(self, message: str) -> LatexError:
        """The error that refuses the formula at this token."""
        return LatexError(message, self.column)


SPACING = frozenset(
    r"\, \; \: \! \> \quad \qquad \left \right \bigl \bigr \Bigl \Bigr \biggl \biggr \big \Big \displaystyle "
    r"\textstyle \notag \nonumber \limits \nolimits \thinspace \mleft \mright".split()
) | {"\\ ", "&"}
SYNONYMS = {
    r"\leq": r"\le", r"\geq": r"\ge", r"\neq": r"\ne", r"\times": r"\times", r"\odot": r"\cdot", r"\wedge": r"\land",
    r"\vee": r"\lor", r"\neg": r"\lnot", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\gets": r"\leftarrow", r"\varepsilon": r"\epsilon", r"\varphi": r"\phi", r"\widehat": r"\hat", r"\Vert": r"\|",
    r"\overline": r"\bar", r"\widetilde": r"\tilde", r"\vert": "|",
}  # fmt: skip
CONTINUES = frozenset("+ - = < > , \\cdot \\times \\land \\lor \\le \\ge \\ne \\mid / \\{ ( \\leftarrow".split())
"""What stands before or after a line break, so that a break never hides a product."""

_PATTERN = re.compile(
    r"(?P<space>\s+|~|%[^\n]*\n?)"
    r"|\\(?:mathrm|text|operatorname\*?|textrm|mathit)\s*\{(?P<word>(?:[^{}\\]|\\text\{-\}|\\ )*)\}"
    r"|\\(?P<turn>begin|end)\s*\{(?P<name>[A-Za-z]+\*?)\}(?:\[[tcb]\])?"
    r"|(?P<command>\\[A-Za-z]+|\\\\(?:\[[^\]]*\])?|\\.)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<mark>[-+*/^_{}()\[\]|,=<>&.])"
)
_LINES = frozenset({"align", "aligned", "split", "gathered", "multlined", "alignedat"})


def tokenize(latex: str) -> list[Token]:
    """The tokens of a formula, the last of kind "end"."""
    found: list[Token] = []
    at = 0
    while at < len(latex):
        match = _PATTERN.match(latex, at)
        if match is None:
            raise LatexError(f"unexpected character {latex[at]!r}", at + 1)
        token = _token(match)
        if token is not None:
            found.append(token)
        at = match.end()
    found.append(Token("end", "the end", len(latex) + 1))
    return _paired_bars(_without_layout(found))


def _token(match: re.Match[str]) -> Token | None:
    column = match.start() + 1
    for kind in ("word", "command", "number", "letter", "mark"):
        text = match[kind]
        if text is not None:
            text = "\\\\" if text.startswith("\\\\") else text.strip() if kind == "word" else SYNONYMS.get(text, text)
            return Token(kind, text, column)
    if match["turn"] is not None:
        return Token("command", f"\\{match['turn']}{{{match['name'].rstrip('*')}}}", column)
    return None


def _without_layout(tokens: list[Token]) -> list[Token]:
    """The tokens that mean something: `&` and line breaks do so only inside cases."""
    kept: list[Token] = []
    inside: list[str] = []
    for i, token in enumerate(tokens):
        if token.text.startswith((r"\begin{", r"\end{")) and token.kind == "command":
            name = token.text[token.text.index("{") + 1 : -1]
            if name not in _LINES and name not in ("cases", "dcases"):
                raise token.error(f"unknown environment {name}")
            _turn(token, name, inside)
            if name not in _LINES:
                kept.append(Token("command", token.text.replace("dcases", "cases"), token.column))
        elif token.text == "\\\\" and inside and inside[-1] in _LINES:
            _check_break(kept, tokens[i + 1 :], token)
        elif token.text == "&" and not (inside and inside[-1] in _LINES):
            kept.append(token)
        elif token.text == "." and i and tokens[i - 1].text in (r"\left", r"\right"):
            raise tokens[i - 1].error("a delimiter that is not printed has no meaning here")
        elif token.text not in SPACING:
            kept.append(_directed(token, tokens[i - 1].text if i else ""))
    if inside:
        raise tokens[-1].error(f"\\end{{{inside[-1]}}} is missing")
    return _without_empty_groups(kept)


def _turn(token: Token, name: str, inside: list[str]) -> None:
    if token.text.startswith(r"\begin"):
        inside.append(name)
    elif not inside or inside.pop() != name:
        raise token.error(f"{token.text} closes nothing")


def _check_break(before: list[Token], after: list[Token], token: Token) -> None:
    """Two lines without an operator between them would read as a product."""
    following = next((t for t in after if t.text not in SPACING), after[-1])
    if not (before and before[-1].text in CONTINUES) and following.text not in CONTINUES:
        if following.kind == "command" and following.text.startswith(r"\end{"):
            return
        raise token.error("a line break stands before or after an operator; this one would hide a product")


def _directed(token: Token, before: str) -> Token:
    r"""A bar after \left or \right says itself which side it is."""
    side = {r"\left": "l", r"\bigl": "l", r"\Bigl": "l", r"\right": "r", r"\bigr": "r", r"\Bigr": "r"}.get(before)
    bars = {"|": "vert", r"\|": "Vert"}
    if side is None or token.text not in bars:
        return token
    return Token("command", f"\\{side}{bars[token.text]}", token.column)


def _without_empty_groups(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        if token.text == "}" and kept and kept[-1].text == "{" and not (len(kept) > 1 and kept[-2].text in "_^"):
            kept.pop()
        else:
            kept.append(token)
    return kept


def _paired_bars(tokens: list[Token]) -> list[Token]:
    r"""One pair of bare bars is read as \lvert ... \rvert; more would leave open which of them belong together."""
    for bar, name in (("|", "vert"), (r"\|", "Vert")):
        places = [i for i, token in enumerate(tokens) if token.text == bar]
        if not places:
            continue
        if len(places) != 2:
            raise tokens[places[-1]].error(f"bars leave open which belong together; write \\l{name} ... \\r{name}")
        for i, side in zip(places, "lr", strict=True):
            tokens[i] = Token("command", f"\\{side}{name}", tokens[i].column)
    return tokens
