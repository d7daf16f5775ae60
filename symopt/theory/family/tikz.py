"""The picture of the family as TikZ, for the book."""

from __future__ import annotations

from collections.abc import Set

from symopt.latex.escape import prose
from symopt.theory.family.graph import Kind
from symopt.theory.family.picture import Box, Curve, Picture
from symopt.theory.family.svg import COLOURS, LEGEND, shown

_STYLES: dict[Kind, str] = {
    "end": "", "limit": ", dash pattern=on 6pt off 3pt", "equal": "", "trains as": ", dash pattern=on 2pt off 3pt",
    "wraps": "",
}  # fmt: skip


def tikz(picture: Picture, names: Set[str] = frozenset()) -> str:
    """A `tikzpicture` as wide as the picture in points; put it into a \\resizebox. It needs the package tikz.

    names: of hyperparameters, which are printed as formulas
    """
    colours = [
        f"\\definecolor{{{_colour(kind)}}}{{HTML}}{{{hexadecimal[1:].upper()}}}"
        for kind, hexadecimal in COLOURS.items()
    ]
    below = picture.height + 20
    lines = [
        *colours,
        "\\begin{tikzpicture}[x=1pt, y=-1pt, inner sep=0pt, outer sep=0pt, line width=1pt]",
        *map(_curve, picture.curves),
        *(line for box in picture.boxes for line in _box(box, names)),
        *(line for i, (kind, meaning) in enumerate(LEGEND) for line in _example(200.0 * i, below, kind, meaning)),
        _alone(picture, below + 18),
        "\\end{tikzpicture}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _colour(kind: Kind) -> str:
    return f"family{kind.replace(' ', '')}"


def _at(x: float, y: float) -> str:
    return f"({x:.1f}, {y:.1f})"


def _box(box: Box, names: Set[str]) -> list[str]:
    frame = (
        f"\\draw[rounded corners=3pt, fill=black!3, draw=black!65, line width=.6pt] {_at(box.x, box.y)} rectangle "
        f"{_at(box.x + box.width, box.y + box.height)};"
    )
    title = _node(box.x + 8, box.y + 9, f"\\bfseries {prose(box.title)}", 12, "black")
    rows = [
        _node(box.x + 8, box.y + 24 + 12 * i, prose(shown(relation), names), 10, _colour(kind))
        for i, (relation, kind) in enumerate(box.rows)
    ]
    return [frame, title, *rows]


def _node(x: float, y: float, text: str, size: int, colour: str, more: str = "") -> str:
    font = f"\\fontsize{{{size}}}{{{size}}}\\selectfont\\sffamily"
    return f"\\node[anchor=west, text={colour}, font={font}{more}] at {_at(x, y)} {{{text}}};"


def _curve(curve: Curve) -> str:
    (x, y), *rest = curve.points
    path = _at(x, y)
    for a, b in rest:
        half = (x + a) / 2
        path += f" .. controls {_at(half, y)} and {_at(half, b)} .. {_at(a, b)}"
        x, y = a, b
    return f"\\draw[{_colour(curve.kind)}{_STYLES[curve.kind]}, -latex] {path};"


def _example(x: float, y: float, kind: Kind, meaning: str) -> list[str]:
    line = f"\\draw[{_colour(kind)}{_STYLES[kind]}, -latex] {_at(x + 36, y)} -- {_at(x, y)};"
    return [line, _node(x + 44, y, prose(meaning), 11, "black")]


def _alone(picture: Picture, y: float) -> str:
    if not picture.alone:
        return ""
    text = f"No relation found: {prose(', '.join(picture.alone))}."
    width = f", text width={picture.width:.0f}pt, anchor=north west"
    return _node(0, y, text, 11, "black!70", width)
