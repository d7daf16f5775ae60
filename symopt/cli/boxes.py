"""Rectangles of text that stand beside and above each other, aligned at the line on which an equation runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import combining


def cells(text: str) -> int:
    """The columns that a text takes; accents take none."""
    return sum(not combining(letter) for letter in text)


@dataclass(frozen=True)
class Box:
    """Lines of equal width; `axis` is the one on which the equation runs."""

    lines: tuple[str, ...]
    axis: int = 0

    @property
    def width(self) -> int:
        """The columns that the box takes."""
        return cells(self.lines[0])

    @property
    def below(self) -> int:
        """The number of lines under the axis."""
        return len(self.lines) - self.axis - 1

    def raised_to(self, above: int, below: int) -> tuple[str, ...]:
        """The lines with empty ones added, so that there are so many above and below the axis."""
        blank = (" " * self.width,)
        return blank * (above - self.axis) + self.lines + blank * (below - self.below)


def flat(text: str) -> Box:
    """A text on one line."""
    return Box((text,))


def beside(boxes: Iterable[Box]) -> Box:
    """Boxes from left to right on one axis."""
    boxes = list(boxes)
    above, below = max(box.axis for box in boxes), max(box.below for box in boxes)
    rows = zip(*(box.raised_to(above, below) for box in boxes), strict=True)
    return Box(tuple("".join(row) for row in rows), above)


def fraction(top: Box, bottom: Box) -> Box:
    """A quotient with its bar on the axis, which sticks out by one column on each side."""
    width = max(top.width, bottom.width) + 2
    lines = [*_centered(top, width), "─" * width, *_centered(bottom, width)]
    return Box(tuple(lines), len(top.lines))


def _centered(box: Box, width: int) -> list[str]:
    left = (width - box.width) // 2
    return [" " * left + line + " " * (width - box.width - left) for line in box.lines]


def fenced(box: Box, left: str, right: str) -> Box:
    """A box between delimiters that are as tall as it is."""
    return beside([_tall(left, box), box, _tall(right, box)])


_PIECES = {"(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "{": "⎧⎪⎩", "}": "⎫⎪⎭"}


def _tall(mark: str, box: Box) -> Box:
    height = len(box.lines)
    if height == 1 or not mark:
        return Box((mark,) * height, box.axis)
    top, middle, bottom = _PIECES.get(mark, mark * 3)
    return Box((top, *(middle,) * (height - 2), bottom), box.axis)


def cases(rows: list[tuple[Box, Box]]) -> Box:
    """A choice: each row is a value and the condition under which it is taken, behind one brace."""
    widths = [max(pair[i].width for pair in rows) for i in (0, 1)]
    lines: list[str] = []
    for pair in rows:
        row = beside(_widened(box, width) for box, width in zip(pair, widths, strict=True))
        lines += [*([""] if len(row.lines) > 1 and lines else []), *row.lines]
    width = max(cells(line) for line in lines)
    lines = [line + " " * (width - cells(line)) for line in lines]
    if len(lines) % 2 == 0:  # a brace has its point on a line of its own
        lines.insert(len(rows[0][0].lines) if len(rows) == 2 else len(lines) // 2, " " * width)
    axis = len(lines) // 2
    brace = ["⎧", *"⎪" * (len(lines) - 2), "⎩"]
    brace[axis] = "⎨"
    return Box(tuple(f"{mark} {line}" for mark, line in zip(brace, lines, strict=True)), axis)


def _widened(box: Box, width: int) -> Box:
    return Box(tuple(line + " " * (width - box.width) for line in box.lines), box.axis)
