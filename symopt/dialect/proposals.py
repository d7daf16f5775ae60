"""Where a name cannot be used, one that can."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Iterator
from keyword import iskeyword

from symopt.naming import GREEK, SUFFIXES, unusable

_FIELD = {"lambda": "lam", "Λ": "Lambda", "λ": "lam"}
_STEP = re.compile(r"_t(?=_|$)")


def proposal(name: str, refused: Callable[[str], object] = unusable) -> str:
    """A name that says the same and is not refused, or "" where none was found."""
    return next((other for other in _alike(name) if other != name and not unusable(other) and not refused(other)), "")


def choose(name: str, refused: Callable[[str], object] = unusable) -> str:
    """`choose another, such as my_stream`: the end of an error about a name."""
    other = proposal(name, refused)
    return f"choose another, such as {other}" if other else "choose another"


def misused_word(text: str, line: int) -> str:
    """The word of Python in that line of a text that would be Python if another name stood there, or ""."""
    lines = text.splitlines()
    for word in re.findall(r"\w+", lines[line - 1]) if 0 < line <= len(lines) else ():
        pattern, other = re.compile(rf"\b{word}\b"), proposal(word)
        once = [*lines[: line - 1], pattern.sub(other, lines[line - 1]), *lines[line:]]
        if iskeyword(word) and (_is_python(pattern.sub(other, text)) or _is_python("\n".join(once))):
            return word
    return ""


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _alike(name: str) -> Iterator[str]:
    if name in _FIELD:
        yield _FIELD[name]
    plain = re.sub(r"[^A-Za-z0-9]+", "_", "".join(map(_spelt, name))).strip("_")
    yield plain
    yield _STEP.sub("", plain)
    for suffix in SUFFIXES:
        if plain.endswith(suffix):
            yield f"{suffix[1:]}_{plain.removesuffix(suffix)}"
    yield f"my_{plain}"
    yield f"my_{_STEP.sub('', plain)}"


def _spelt(letter: str) -> str:
    """A Greek letter as its name, one with an accent without it, and all others as they are."""
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(letter, ""))
    word = greek[2].lower().replace("lamda", "lambda") if greek else ""
    word = word.capitalize() if greek and greek[1] == "CAPITAL" else word
    return word if word in GREEK else unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
