"""How pieces of a formula stand next to each other: brackets, dots, lines. Text in, text out."""

from __future__ import annotations

from enum import IntEnum
from itertools import pairwise

from symopt.latex.measure import width


class Level(IntEnum):
    """How tightly a text binds. GREEDY takes in all factors to its right (a big sum, a quotient with a slash); CASES
    ends where a reader hardly sees it; BASE can carry an exponent."""

    OR, AND, NOT, COMPARISON, SUM, CASES, GREEDY, PRODUCT, FACTOR, BASE = range(10)


Shown = tuple[str, Level]
"""A text and how tightly it binds."""

_TALL = (r"\frac", r"\begin", r"\left", r"\sum")
_OPERATORS = ("+", "-", r"\cdot", r"\land", r"\lor")


def group(inside: str) -> str:
    """What TeX takes as one argument."""
    return inside if len(inside) == 1 else f"{{{inside}}}"


def bracketed(inside: str, left: str = "(", right: str = ")") -> str:
    """A text between delimiters that are as tall as it is."""
    if any(mark in inside for mark in _TALL):
        return f"\\left{left} {inside} \\right{right}"
    before = " " if left[-1].isalpha() else ""
    after = " " if right[-1].isalpha() else ""
    return f"{left}{before}{inside}{after}{right}"


def called(name: str, inside: str, left: str = "(", right: str = ")") -> str:
    r"""A function's name with its argument; \! takes back the space that TeX puts before \left."""
    shown = bracketed(inside, left, right)
    return f"{name}\\!{shown}" if shown.startswith(r"\left") else name + shown


def multiplied(shown: list[str]) -> list[str]:
    """Factors, each with the sign of multiplication that keeps it from running into the one before."""
    return shown[:1] + [_between(a, b) + b for a, b in pairwise(shown)]


def _between(before: str, after: str) -> str:
    word = before.startswith(r"\mathrm") or after.startswith(r"\mathrm")
    bars = before[0].isdigit() or before.startswith(r"\frac")
    opens = after.startswith(("(", r"\left("))
    if after[0].isdigit() or (bars and after.startswith(r"\frac")) or (before.startswith(r"\mathrm") and opens):
        return r"\cdot "
    return r"\, " if word and not opens else ""


def filled(pieces: list[str], room: float, indent: float) -> list[str]:
    """Lines with as many pieces as fit, the later ones indented; a line that continues a product starts with a dot."""
    rows = pieces[:1]
    for piece in pieces[1:]:
        if width(f"{rows[-1]} {piece}") <= room - (indent if len(rows) > 1 else 0):
            rows[-1] += f" {piece}"
        else:
            rows.append(piece if piece.startswith(_OPERATORS) else r"\cdot " + piece.removeprefix(r"\, "))
    return rows


def joined(pieces: list[str], room: float) -> str:
    """The pieces of a sum or product on one line if there is room, else on lines of their own."""
    whole = " ".join(pieces)
    if len(pieces) == 1 or width(whole) <= room:
        return whole
    return aligned(filled(pieces, room, 0.0))


def listed(shown: list[str], room: float) -> str:
    """Arguments with commas between them, each on its own line if there is no room on one."""
    whole = ", ".join(shown)
    if len(shown) == 1 or width(whole) <= room:
        return whole
    return aligned([*(f"{row}," for row in shown[:-1]), shown[-1]])


def aligned(rows: list[str]) -> str:
    """Lines below each other, flush left."""
    return r"\begin{aligned} " + r" \\ ".join(f"&{row}" for row in rows) + r" \end{aligned}"
