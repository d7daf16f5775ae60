"""The family as a picture: which edges are drawn, and where everything stands. Lengths are in points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symopt.theory.family.graph import Edge, Family, Kind
from symopt.theory.family.layout import Layout, arranged, layers

_LETTER, _SMALL = 8.2, 5.8  # widths of a letter of a title and of a row, in the widest fonts that may stand in
_HEAD, _ROW, _PAD, _GAP = 18.0, 12.0, 8.0, 10.0
_BETWEEN = 64.0  # for the curves between two columns


@dataclass(frozen=True)
class Box:
    """A method: its title, and a row for each of its edges, where that edge begins."""

    name: str
    title: str
    rows: tuple[tuple[str, Kind], ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Curve:
    """An edge: the points that it passes, from the row of its source to the box of its target."""

    kind: Kind
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Picture:
    """alone: titles of the methods without a relation"""

    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    alone: tuple[str, ...]
    width: float
    height: float


def picture(family: Family) -> Picture:
    """Simple methods at the left; each edge leads from a method to what it becomes."""
    edges = drawn(family)
    linked = {name for edge in edges for name in (edge.source, edge.target)}
    titles = {node.name: node.title for node in family.nodes}
    outgoing = {name: [edge for edge in edges if edge.source == name] for name in titles if name in linked}
    levels = layers(outgoing.keys(), [(edge.source, edge.target) for edge in edges])
    heights = {name: _HEAD + _ROW * len(found) + (4 if found else 0) for name, found in outgoing.items()}
    layout = arranged(levels, [(edge.source, edge.target) for edge in edges], heights, _GAP)
    widths = {name: _width(titles[name], found) for name, found in outgoing.items()}
    lefts = _columns(levels, widths)
    boxes = {
        name: Box(name, titles[name], tuple((edge.relation, edge.kind) for edge in found),
                  lefts[levels[name]], layout.top[name], widths[name], heights[name])
        for name, found in outgoing.items()
    }  # fmt: skip
    curves = tuple(_curve(edge, outgoing[edge.source].index(edge), boxes, layout, lefts) for edge in edges)
    right = max(box.x + box.width for box in boxes.values())
    low = max(box.y + box.height for box in boxes.values())
    alone = tuple(node.title for node in family.nodes if node.name not in linked)
    return Picture(tuple(boxes.values()), curves, alone, right, low)


def drawn(family: Family) -> list[Edge]:
    """The edges that are shown: one between two methods, and none of several ends where a longer way leads there."""
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in family.edges:
        pairs.setdefault((edge.source, edge.target), []).append(edge)
    kept = {pair: _joined(found) for pair, found in pairs.items()}
    for source, target in sorted(kept):
        if (source, target) in kept and (target, source) in kept:
            del kept[max((source, target), (target, source))]
    steps = set(kept)
    return [edge for pair, edge in kept.items() if edge.relation.count(" = ") < 2 or not _detour(pair, steps)]


def _joined(edges: list[Edge]) -> Edge:
    """One edge for all between two methods: what it wraps, or the plainest relation."""
    return min(edges, key=lambda edge: (edge.kind != "wraps", "oo" in edge.relation, len(edge.relation)))


def _detour(pair: tuple[str, str], steps: Iterable[tuple[str, str]]) -> bool:
    """Whether a longer way leads from one to the other."""
    reached, todo = set[str](), [target for source, target in steps if source == pair[0] and target != pair[1]]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [target for source, target in steps if source == name]
    return pair[1] in reached


def _width(title: str, edges: list[Edge]) -> float:
    return 2 * _PAD + max([_LETTER * len(title), *(_SMALL * len(edge.relation) for edge in edges)])


def _columns(levels: Mapping[str, int], widths: Mapping[str, float]) -> list[float]:
    """The left side of each column."""
    lefts = [0.0]
    for level in range(max(levels.values()) + 1):
        lefts.append(lefts[-1] + max(widths[name] for name in levels if levels[name] == level) + _BETWEEN)
    return lefts


def _curve(edge: Edge, row: int, boxes: Mapping[str, Box], layout: Layout, lefts: list[float]) -> Curve:
    source, target = boxes[edge.source], boxes[edge.target]
    points = [(source.x, source.y + _HEAD + _ROW * (row + 0.5))]
    for level, y in layout.bends[edge.source, edge.target]:
        points += [(lefts[level + 1] - _BETWEEN, y), (lefts[level], y)]
    return Curve(edge.kind, (*points, (target.x + target.width, target.y + _HEAD / 2)))
