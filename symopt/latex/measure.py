r"""How wide a formula is on the page, near enough to know where to break it.

TeX alone knows for certain; this reads the commands that our printer writes and adds up widths of the Computer Modern
letters, in em of the surrounding text. It errs on the wide side.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\S", re.DOTALL)
_RELATIONS = frozenset(
    ["=", "<", ">", r"\le", r"\ge", r"\ne", r"\mid", r"\leftarrow", r"\land", r"\lor", r"\in", r"\to", r"\approx"]
)
_BINARY = frozenset(["+", "-", r"\cdot", r"\times"])
_NARROW = {
    "(": 0.39, ")": 0.39, "[": 0.28, "]": 0.28, ",": 0.45, ".": 0.28, "/": 0.5, r"\{": 0.5, r"\}": 0.5, r"\,": 0.17,
    r"\;": 0.28, r"\!": -0.17, r"\quad": 1.0, r"\qquad": 2.0, r"\left": 0.25, r"\right": 0.25, r"\sum": 1.6, "&": 0.0,
    r"\lvert": 0.28, r"\rvert": 0.28, r"\lVert": 0.5, r"\rVert": 0.5, r"\langle": 0.39, r"\rangle": 0.39,
    r"\lfloor": 0.45, r"\rfloor": 0.45, r"\lceil": 0.45, r"\rceil": 0.45, r"\infty": 1.0, r"\nabla": 0.83, r"\ ": 0.33,
    r"\dots": 1.2, r"\lnot": 0.67, r"\colon": 0.45,
}  # fmt: skip
_FUNCTIONS = {r"\exp", r"\log", r"\sin", r"\cos", r"\tan", r"\tanh", r"\max", r"\min"}
_SCRIPT = 0.72  # the size of a subscript against its base, with the space after it


def width(latex: str) -> float:
    """The width of a formula in em; of several lines, the widest."""
    return _row(_TOKEN.findall(latex), 0)[0]


def _row(tokens: list[str], at: int, ends: tuple[str, ...] = ()) -> tuple[float, int]:
    """The width of the tokens up to one of `ends`, and the place of that end."""
    total = 0.0
    while at < len(tokens) and tokens[at] not in ends:
        size, at = _item(tokens, at)
        total += size
    return total, at


def _item(tokens: list[str], at: int) -> tuple[float, int]:
    token = tokens[at]
    if token in ("^", "_"):
        return _scripts(tokens, at)
    if token == "{":
        size, end = _row(tokens, at + 1, ("}",))
        return size, end + 1
    if token == r"\frac":
        above, at = _item(tokens, at + 1)
        below, at = _item(tokens, at)
        return max(above, below) + 0.25, at
    if token == r"\sqrt":
        inside, at = _item(tokens, at + 1)
        return inside + 0.85, at
    if token in (r"\mathrm", r"\text", r"\operatorname"):
        size, end = _item(tokens, at + 1)
        return 0.92 * size + (0.17 if token == r"\operatorname" else 0.0), end
    if token in (r"\hat", r"\bar", r"\tilde", r"\dot"):
        return _item(tokens, at + 1)
    if token == r"\begin":
        return _environment(tokens, at)
    return _glyph(token), at + 1


def _scripts(tokens: list[str], at: int) -> tuple[float, int]:
    """A subscript and a superscript of the same base stand above each other."""
    size, end = _item(tokens, at + 1)
    if end < len(tokens) and tokens[end] in ("^", "_") and tokens[end] != tokens[at]:
        other, end = _item(tokens, end + 1)
        size = max(size, other)
    return _SCRIPT * size + 0.05, end


def _environment(tokens: list[str], at: int) -> tuple[float, int]:
    """The widest cell of each column, and for `cases` the brace and the space between its columns."""
    end = tokens.index("}", at)
    columns: list[float] = [0.0]
    column = 0
    while tokens[end] != r"\end":
        column = column + 1 if tokens[end] == "&" else 0
        size, end = _row(tokens, end + 1, ("&", r"\\", r"\end"))
        columns += [0.0] * (column + 1 - len(columns))
        columns[column] = max(columns[column], size)
    brace = 2.1 if "cases" in "".join(tokens[at : tokens.index("}", at)]) else 0.0
    return sum(columns) + brace, tokens.index("}", end) + 1


def _glyph(token: str) -> float:
    if token in _BINARY:
        return 1.22
    if token in _RELATIONS:
        return 1.34
    if token in _FUNCTIONS:
        return 0.52 * (len(token) - 1) + 0.17
    if token in _NARROW:
        return _NARROW[token]
    if token.isupper():
        return 0.78
    return 0.6 if token.startswith("\\") else 0.54
