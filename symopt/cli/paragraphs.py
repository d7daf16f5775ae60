"""Lines of a terminal: sentences break between words, formulas at sums and after "=", and inside brackets last."""

# ruff: noqa: RUF001 - the signs of mathematics are meant

from __future__ import annotations

import re
from itertools import accumulate
from textwrap import wrap

from symopt.cli.boxes import cells

_HELD, _PRODUCT, _SUM = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{FIGURE SPACE}"
_SIGN = re.compile(r" ([-−+]|[*/]|==|[<>]=?|=) ")
_MOST = 32  # a formula of more characters may break inside a sentence
_NESTING = {"(": 1, "[": 1, ")": -1, "]": -1}


def paragraph(text: str, width: int, margin: str = "", further: str | None = None) -> list[str]:
    """A text in lines of at most `width` columns. margin: in front of each; further: of each but the first"""
    rest = margin if further is None else further
    rows = wrap(_held(text), width, initial_indent=margin, subsequent_indent=rest, break_on_hyphens=False)
    return [re.sub(rf"[{_HELD}{_PRODUCT}{_SUM}]", " ", row) for row in rows]


def _held(text: str) -> str:
    """The blanks of a formula at which no line is to end as others: of a short one all, else those in its terms."""
    signs = list(text)
    for start, end in _short_brackets(text):
        signs[start:end] = [_HELD if sign == " " else sign for sign in signs[start:end]]
    held = _SIGN.sub(_around, "".join(signs))
    return " ".join(map(_released, held.split(" ")))


def _around(found: re.Match[str]) -> str:
    sign = found[1]
    if sign in "*/":
        return f"{_PRODUCT}{sign}{_HELD}"
    return f"{_SUM}{sign}{_HELD}" if sign in "-−+" else f"{_HELD}{sign}{_SUM}"


def _released(part: str) -> str:
    if len(part) <= _MOST:
        return part
    return " ".join(term if len(term) <= _MOST else term.replace(_PRODUCT, " ") for term in part.split(_SUM))


def _short_brackets(text: str) -> list[tuple[int, int]]:
    """Where brackets stand that hold a short formula."""
    opened: list[int] = []
    found: list[tuple[int, int]] = []
    for place, sign in enumerate(text):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            start = opened.pop()
            if place - start < _MOST and _SIGN.search(text, start, place):
                found.append((start, place))
    return found


def formula_lines(line: str, width: int, indent: int = 0) -> list[str]:
    """A formula in lines of at most `width` columns where it has places to break; all but the first are indented."""
    places = _places(line, indent)
    if cells(line) <= width or not places:
        return [line]
    fitting = [place for place in places if place <= width] or [min(places)]
    best = min(fitting, key=lambda place: (place * 3 < width, places[place], -place))
    return [line[:best], *formula_lines(" " * indent + line[best + 1 :], width, indent)]


def _places(line: str, indent: int) -> dict[int, float]:
    """The blanks at which a line may end: how many brackets are around each, and more inside a product."""
    depth = [*accumulate(_NESTING.get(sign, 0) for sign in line)]
    blanks = (found.start() for found in re.finditer(r"(?<![-−+*/<>≤≥]) ", line) if found.start() > indent)
    return {place: depth[place] + (0 if _is_between_terms(line, place) else 0.5) for place in blanks}


def _is_between_terms(line: str, place: int) -> bool:
    return line[place - 1] in ",=" or line[place + 1 : place + 3] in ("- ", "− ", "+ ")
