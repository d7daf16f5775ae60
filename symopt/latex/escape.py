"""Prose from specs as LaTeX: whatever an author writes in a docstring is printed as it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from itertools import zip_longest

from symopt.errors import SymoptError
from symopt.latex.printer import condition
from symopt.latex.sentences import split
from symopt.naming import GREEK

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\textasciigrave{}", '"': r"\textquotedbl{}",
}  # fmt: skip
_MATHEMATICS = {
    "∞": r"\infty", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∇": r"\nabla", "∈": r"\in", "→": r"\to",
    "\N{MULTIPLICATION SIGN}": r"\times", "·": r"\cdot", "\N{MINUS SIGN}": "-", "√": r"\surd", "∑": r"\sum",
    "±": r"\pm", "²": "^2", "³": "^3", "←": r"\leftarrow", "‖": r"\|", "∂": r"\partial", "⊙": r"\odot",
}  # fmt: skip
_TEXT = {
    "\N{EN DASH}": "--", "\N{EM DASH}": "---", "\N{LEFT SINGLE QUOTATION MARK}": "`", "“": "``", "”": "''",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "…": r"\dots{}", "\N{NO-BREAK SPACE}": "~", "\N{NON-BREAKING HYPHEN}": "-",
}  # fmt: skip
_BREAKS = "_/.,=(:"
_STAND_IN = "\x00"


def prose(text: str, names: Set[str] = frozenset()) -> str:
    r"""Text with its special characters escaped; `code` becomes \texttt, "quoted" gets proper quotation marks.

    names: formulas of these names are printed as formulas
    """
    parts = re.split(r"``([^`]+)``|`([^`]+)`", _one_line(text).replace(_STAND_IN, "\N{REPLACEMENT CHARACTER}"))
    pieces: list[str] = []
    for i in range(0, len(parts), 3):
        pieces.append(_sentence(parts[i], names))
        if i + 2 < len(parts):
            pieces.append(code(parts[i + 1] or parts[i + 2]))
    return "".join(pieces)


def _sentence(text: str, names: Set[str]) -> str:
    """Text, formulas and identifiers; the text is quoted as a whole, with a mark where the others go."""
    gaps: list[str] = []
    plain = ""
    for piece in split(text, names):
        if isinstance(piece, str) and "_" not in piece:
            plain += piece
        else:
            gaps.append(code(piece) if isinstance(piece, str) else f"${condition(piece)}$")
            plain += _STAND_IN
    return "".join(a + b for a, b in zip_longest(_quoted(plain).split(_STAND_IN), gaps, fillvalue=""))


def code(text: str) -> str:
    """A name or a piece of code in typewriter letters; long ones may break after a separator."""
    breakable = len(text) > 16
    shown = [_character(c) + (r"\allowbreak{}" if breakable and c in _BREAKS else "") for c in _one_line(text)]
    return f"\\texttt{{{''.join(shown).replace('--', '-{}-')}}}"


def paragraphs(text: str, names: Set[str] = frozenset()) -> list[str]:
    """Prose, one string per paragraph."""
    return [prose(block, names) for block in text.split("\n\n") if block.strip()]


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _quoted(text: str) -> str:
    """Straight quotation marks in pairs become curly ones; a lone one stays."""
    pieces = re.split(r'"([^"]*)"', text)
    shown = ["".join(_character(c) for c in piece).replace("...", r"\dots{}") for piece in pieces]
    return "".join(f"``{piece}''" if i % 2 else piece for i, piece in enumerate(shown))


def _character(character: str) -> str:
    if character == _STAND_IN:
        return character
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character in _TEXT:
        return _TEXT[character]
    formula = _MATHEMATICS.get(character) or _greek(character)
    if formula:
        return f"\\ensuremath{{{formula}}}"
    if ord(character) < 0x180 and character.isprintable():  # ASCII and the Latin letters that T1 fonts have
        return character
    raise SymoptError(f"a page cannot print the character {character!r} (U+{ord(character):04X}); write it in words")


def _greek(character: str) -> str | None:
    """The command of a Greek letter, where LaTeX has one."""
    found = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)", unicodedata.name(character, ""))
    if not found:
        return None
    letter = found[2].lower().replace("lamda", "lambda")
    letter = letter.capitalize() if found[1] == "CAPITAL" else letter
    return f"\\{letter}" if letter in GREEK else None
