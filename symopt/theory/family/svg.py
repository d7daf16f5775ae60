"""The picture of the family as SVG, which looks the same everywhere and is the same text at every run."""

from __future__ import annotations

import re
from html import escape

from symopt.theory.family.graph import Kind
from symopt.theory.family.picture import Box, Curve, Picture

COLOURS: dict[Kind, str] = {
    "end": "#1f5fa8", "limit": "#1f5fa8", "equal": "#2b7a3d", "trains as": "#2b7a3d", "wraps": "#b4541a",
}  # fmt: skip
_DASHES: dict[Kind, str] = {"end": "", "limit": "6 3", "equal": "", "trains as": "2 3", "wraps": ""}
LEGEND: tuple[tuple[Kind, str], ...] = (
    ("end", "special case"), ("limit", "limit"), ("equal", "equal, up to what is said"),
    ("trains as", "same gradient points"), ("wraps", "is made of"),
)  # fmt: skip
_MARGIN, _LINE = 20.0, 16.0


def svg(picture: Picture) -> str:
    """A figure for the documentation; each edge leads from a method to what it becomes."""
    listed = _wrapped(picture.alone, picture.width)
    height = picture.height + 3 * _MARGIN + _LINE * (len(listed) + 1)
    width = picture.width + 2 * _MARGIN
    below = picture.height + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="Helvetica, Arial, sans-serif">',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        f'<g transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">',
        *map(_curve, picture.curves),
        *(line for box in picture.boxes for line in _box(box)),
        *_legend(below),
        *(_text(0, below + _LINE * (i + 1.8), line, 11, "#444444") for i, line in enumerate(listed)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def shown(text: str) -> str:
    """A relation in the letters of mathematics."""
    return re.sub(r"\boo\b", "∞", text).replace("->", "→").replace(" - ", " \N{MINUS SIGN} ")


def _box(box: Box) -> list[str]:
    frame = (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="4" '
        f'fill="#f7f7f4" stroke="#555555"/>'
    )
    title = _text(box.x + 8, box.y + 13, box.title, 12, "#000000", "bold")
    rows = [
        _text(box.x + 8, box.y + 26.5 + 12 * i, shown(relation), 10, COLOURS[kind])
        for i, (relation, kind) in enumerate(box.rows)
    ]
    return [frame, title, *rows]


def _text(x: float, y: float, text: str, size: int, colour: str, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
    )


def _curve(curve: Curve) -> str:
    return _line(curve.kind, _path(curve.points), _arrow(curve.points[-1], curve.kind))


def _line(kind: Kind, path: str, arrow: str) -> str:
    dashes = f' stroke-dasharray="{_DASHES[kind]}"' if _DASHES[kind] else ""
    return f'<path d="{path}" fill="none" stroke="{COLOURS[kind]}" stroke-width="1.2"{dashes} opacity="0.85"/>{arrow}'


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """Level at every point, so that a curve leaves its row and reaches its box at a right angle."""
    (x, y), *rest = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for a, b in rest:
        half = (x + a) / 2
        parts.append(f"C{half:.1f} {y:.1f} {half:.1f} {b:.1f} {a:.1f} {b:.1f}")
        x, y = a, b
    return " ".join(parts)


def _arrow(tip: tuple[float, float], kind: Kind) -> str:
    x, y = tip
    return f'<path d="M{x:.1f} {y:.1f} l7 -3 v6 z" fill="{COLOURS[kind]}"/>'


def _legend(y: float) -> list[str]:
    found: list[str] = []
    for i, (kind, meaning) in enumerate(LEGEND):
        x = 200.0 * i
        found.append(_line(kind, f"M{x + 36:.1f} {y:.1f} H{x:.1f}", _arrow((x, y), kind)))
        found.append(_text(x + 44, y + 4, meaning, 11, "#000000"))
    return found


def _wrapped(titles: tuple[str, ...], width: float) -> list[str]:
    """What stands alone, in lines that fit."""
    lines = ["No relation found:" if titles else ""]
    for i, title in enumerate(titles):
        word = f" {title}{',' if i < len(titles) - 1 else ''}"
        if 5.6 * len(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
    return lines
