"""Places for the nodes of a graph in columns: layers by the longest way, few crossings, neighbours at one height."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 24
_THIN = 6.0  # what a passing edge takes of a column

Link = tuple[str, str]
_Place = str | tuple[str, str, int]
"""A node, or where an edge passes a layer between its ends."""


@dataclass(frozen=True)
class Layout:
    """top: of each node; bends: of each edge, (layer, height) of the layers that it passes, from its source on"""

    top: Mapping[str, float]
    bends: Mapping[Link, list[tuple[int, float]]]


def layers(names: Collection[str], links: Sequence[Link]) -> dict[str, int]:
    """How many edges the longest way from each node has. Edges that close a ring do not count."""
    found: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name not in found:
            below = [target for source, target in links if source == name and target not in (*above, name)]
            found[name] = max((depth(target, (*above, name)) + 1 for target in below), default=0)
        return found[name]

    for name in names:
        depth(name, ())
    return {name: found[name] for name in names}


def arranged(levels: Mapping[str, int], links: Sequence[Link], heights: Mapping[str, float], gap: float) -> Layout:
    """Heights for all nodes and passing edges, each near the middle of its neighbours."""
    ways = {link: _way(link, levels) for link in links}
    columns: list[list[_Place]] = [[] for _ in range(max(levels.values(), default=0) + 1)]
    for name, level in levels.items():
        columns[level].append(name)
    for way in ways.values():
        for place in way[1:-1]:
            assert isinstance(place, tuple)
            columns[place[2]].append(place)
    beside = _neighbours(ways.values())
    sizes = {place: heights[place] if isinstance(place, str) else _THIN for column in columns for place in column}
    middle = {place: float(i * 40) for column in columns for i, place in enumerate(column)}
    for sweep in range(_SWEEPS):
        order = range(len(columns)) if sweep % 2 == 0 else range(len(columns) - 1, -1, -1)
        for level in order:
            _settle(columns[level], beside, sizes, middle, gap)
    first = min(middle[place] - sizes[place] / 2 for place in middle)
    top = {name: middle[name] - heights[name] / 2 - first for name in levels}
    bends = {link: [(p[2], middle[p] - first) for p in way if isinstance(p, tuple)] for link, way in ways.items()}
    return Layout(top, bends)


def _way(link: Link, levels: Mapping[str, int]) -> list[_Place]:
    """The places of an edge, from its source on."""
    source, target = link
    between = range(levels[source] - 1, levels[target], -1)
    return [source, *((source, target, level) for level in between), target]


def _neighbours(ways: Iterable[list[_Place]]) -> dict[_Place, list[_Place]]:
    beside: dict[_Place, list[_Place]] = {}
    for way in ways:
        for a, b in pairwise(way):
            beside.setdefault(a, []).append(b)
            beside.setdefault(b, []).append(a)
    return beside


def _settle(
    column: list[_Place],
    beside: Mapping[_Place, list[_Place]],
    sizes: Mapping[_Place, float],
    middle: dict[_Place, float],
    gap: float,
) -> None:
    """Sort a column by the mean height of its neighbours, and put each as near to that as the others allow."""
    wanted = {place: _mean([middle[other] for other in beside.get(place, [place])]) for place in column}
    column.sort(key=lambda place: (wanted[place], str(place)))
    offsets, total = list[float](), 0.0
    for place in column:
        offsets.append(total + sizes[place] / 2)
        total += sizes[place] + gap
    free = _rising([wanted[place] - offset for place, offset in zip(column, offsets, strict=True)])
    for place, start, offset in zip(column, free, offsets, strict=True):
        middle[place] = start + offset


def _rising(values: list[float]) -> list[float]:
    """The nearest sequence that never falls: neighbours that would are pooled."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, m), (a, n) = pools.pop(), pools.pop()
            pools.append(((a * n + b * m) / (n + m), n + m))
    return [value for value, count in pools for _ in range(count)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
