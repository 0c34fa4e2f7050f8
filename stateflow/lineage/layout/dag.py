"""Draws the DAG inside an action: ranks from top to bottom, and free ways in and out at both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from stateflow.lineage.layout.layers import Ranks, listed, lowered, ordered, ranked, returning
from stateflow.lineage.layout.shapes import Arrow, Leg, Point, Route, Side
from stateflow.lineage.layout.spread import half, spread

_WIDEST = 5
_GAP, _STRAND_GAP, _STRAND = 20.0, 12.0, 4.0
_CHANNEL, _TRACK = 24.0, 8.0
_SWEEPS = 10
_STIFF = 10_000.0
_APART = 14.0


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of an action: places of the boxes, routes between them, and trails from the sides to them."""

    w: float
    h: float
    places: Mapping[str, Point]
    routes: Sequence[Route]
    trails: Mapping[str, Sequence[Point]]


@dataclass(slots=True)
class _Grid:
    """A layering in which each edge joins neighbouring ranks: longer ones pass through strands."""

    sizes: dict[str, tuple[float, float]]
    ranks: Ranks
    links: list[tuple[str, str]]
    chains: dict[str, list[str]]
    x: dict[str, float] = field(default_factory=dict)
    top: list[float] = field(default_factory=list)
    height: list[float] = field(default_factory=list)

    def is_strand(self, item: str) -> bool:
        return item.startswith("~")

    def room(self, left: str, right: str) -> float:
        gap = _STRAND_GAP if self.is_strand(left) or self.is_strand(right) else _GAP
        return (self.sizes[left][0] + self.sizes[right][0]) / 2 + gap


def inside(
    sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow], legs: Sequence[Leg], top: float
) -> Inside:
    """Return the drawing of the DAG; ``legs`` tells which lines arrive from outside, in order from the top."""
    grid = _layered(sizes, arrows, legs)
    _abscissas(grid)
    tracks = _tracks(grid, legs)
    bottom = _ordinates(grid, tracks, top)
    level = {item: index for index, row in enumerate(grid.ranks) for item in row}
    places = {}
    for item in sizes:
        w, h = grid.sizes[item]
        row = level[item]
        places[item] = (grid.x[item] - w / 2, grid.top[row] + half((grid.height[row] - h) / 2))
    routes = [_route(grid, level, places, arrow) for arrow in arrows]
    right = max(grid.x[item] + grid.sizes[item][0] / 2 for row in grid.ranks for item in row)
    trails = {leg.key: _trail(grid, level, places, tracks, legs, leg) for leg in legs}
    return Inside(right, bottom, places, _separated(grid, routes), trails)


def _layered(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow], legs: Sequence[Leg]) -> _Grid:
    edges = list(dict.fromkeys((arrow.source, arrow.target) for arrow in arrows))
    back = returning(sizes, edges)
    forward = [edge for edge in edges if edge not in back]
    leaning = {leg.element: -1 if leg.side == "left" else 1 for leg in reversed(legs)}
    nodes = sorted(sizes, key=lambda item: leaning.get(item, 0))
    ranks = listed(lowered(ranked(nodes, forward), forward), _WIDEST)
    level = {item: index for index, row in enumerate(ranks) for item in row}
    grid = _Grid(dict(sizes), ranks, [], {})
    for arrow in arrows:
        first, last = sorted((arrow.source, arrow.target), key=level.__getitem__)
        strands = [f"~{arrow.id}~{row}" for row in range(level[first] + 1, level[last])]
        for strand, row in zip(strands, range(level[first] + 1, level[last]), strict=True):
            grid.sizes[strand] = (_STRAND, 0)
            ranks[row].append(strand)
        grid.chains[arrow.id] = [first, *strands, last]
        grid.links += pairwise(grid.chains[arrow.id])
    grid.ranks = ordered(ranks, grid.links)
    return grid


def _abscissas(grid: _Grid) -> None:
    near: dict[str, tuple[list[str], list[str]]] = {item: ([], []) for row in grid.ranks for item in row}
    for above, below in grid.links:
        near[below][0].append(above)
        near[above][1].append(below)
    for row in grid.ranks:
        room = [grid.room(*pair) for pair in pairwise(row)]
        for item, place in zip(row, spread([0.0] * len(row), room), strict=True):
            grid.x[item] = place
    for sweep in range(_SWEEPS):
        last = sweep >= _SWEEPS - 2
        for row in grid.ranks if sweep % 2 == 0 else reversed(grid.ranks):
            sides = (0, 1) if last else (sweep % 2,)
            wanted = [_wish(grid, item, [other for side in sides for other in near[item][side]]) for item in row]
            weights = [1.0 if grid.is_strand(item) else _STIFF for item in row]
            room = [grid.room(*pair) for pair in pairwise(row)]
            grid.x.update(zip(row, spread(wanted, room, weights), strict=True))
    for chain in grid.chains.values():
        _straighten(grid, chain)
    least = min((grid.x[item] - grid.sizes[item][0] / 2 for item in near), default=0)
    grid.x = {item: half(place - least) for item, place in grid.x.items()}


def _wish(grid: _Grid, item: str, others: Sequence[str]) -> float:
    if not others:
        return grid.x[item]
    boxes = [other for other in others if not grid.is_strand(other)]
    others = boxes if boxes and not grid.is_strand(item) else others
    weights = [1.0 if grid.is_strand(other) else _STIFF for other in others]
    return sum(grid.x[other] * weight for other, weight in zip(others, weights, strict=True)) / sum(weights)


def _straighten(grid: _Grid, chain: Sequence[str]) -> None:
    strands = chain[1:-1]
    if len(strands) < 2:
        return
    row_of = {item: row for row in grid.ranks for item in row}
    for place in sorted({grid.x[strand] for strand in strands}, key=lambda x: (-abs(x - grid.x[chain[0]]), x)):
        if all(_fits(grid, row_of[strand], strand, place) for strand in strands):
            grid.x.update(dict.fromkeys(strands, place))
            return


def _fits(grid: _Grid, row: Sequence[str], strand: str, place: float) -> bool:
    index = row.index(strand)
    after_left = index == 0 or place - grid.x[row[index - 1]] >= grid.room(row[index - 1], strand)
    return after_left and (index == len(row) - 1 or grid.x[row[index + 1]] - place >= grid.room(strand, row[index + 1]))


# -- heights, and the tracks above a rank for lines that cannot come straight from the side ------------------------

_Tracks = dict[tuple[int, Side], list[str]]


def _tracks(grid: _Grid, legs: Sequence[Leg]) -> _Tracks:
    """Return, for each rank and side, the nets that reach it from above, the lowest first."""
    found: _Tracks = {}
    for index, row in enumerate(grid.ranks):
        for item in row:
            for leg in legs:
                if leg.element == item and not _is_outermost(grid, row, leg):
                    nets = found.setdefault((index, leg.side), [])
                    if leg.net not in nets:
                        nets.append(leg.net)
    for (_, side), nets in found.items():
        if side == "right":
            nets.reverse()
    return found


def _is_outermost(grid: _Grid, row: Sequence[str], leg: Leg) -> bool:
    boxes = [item for item in row if not grid.is_strand(item)]
    return leg.element == boxes[0 if leg.side == "left" else -1]


def _ordinates(grid: _Grid, tracks: _Tracks, top: float) -> float:
    for index, row in enumerate(grid.ranks):
        lanes = sum(len(tracks.get((index, side), ())) for side in ("left", "right"))
        if index:
            top += _gap(grid, grid.ranks[index - 1])
        top += lanes * _TRACK + (4 if lanes else 0)
        grid.top.append(top)
        grid.height.append(max(grid.sizes[item][1] for item in row))
        top += grid.height[-1]
    return top


def _gap(grid: _Grid, row: Sequence[str]) -> float:
    above = set(row)
    widest = max((abs(grid.x[a] - grid.x[b]) for a, b in grid.links if a in above), default=0)
    return half(_CHANNEL + min(20.0, widest / 10))


def _trail(
    grid: _Grid,
    level: Mapping[str, int],
    places: Mapping[str, Point],
    tracks: _Tracks,
    legs: Sequence[Leg],
    leg: Leg,
) -> list[Point]:
    row = level[leg.element]
    x, y = places[leg.element]
    w, h = grid.sizes[leg.element]
    nets = list(dict.fromkeys(other.net for other in legs if other.element == leg.element and other.side == leg.side))
    place = nets.index(leg.net)
    if _is_outermost(grid, grid.ranks[row], leg):
        return [(x if leg.side == "left" else x + w, half(y + h / 2 + (place - (len(nets) - 1) / 2) * 9))]
    lane = tracks[row, leg.side].index(leg.net) + (len(tracks.get((row, "left"), ())) if leg.side == "right" else 0)
    above = grid.top[row] - _TRACK * (lane + 1) - 4
    drop = x + 9 + 8 * place if leg.side == "left" else x + w - 9 - 8 * place
    return [(drop, above), (drop, y)]


# -- edges ---------------------------------------------------------------------------------------------------------


def _route(grid: _Grid, level: Mapping[str, int], places: Mapping[str, Point], arrow: Arrow) -> Route:
    chain = grid.chains[arrow.id]
    points: list[Point] = [(grid.x[chain[0]], places[chain[0]][1] + grid.sizes[chain[0]][1])]
    for strand in chain[1:-1]:
        row = level[strand]
        points += [(grid.x[strand], grid.top[row]), (grid.x[strand], grid.top[row] + grid.height[row])]
    points.append((grid.x[chain[-1]], places[chain[-1]][1]))
    if chain[0] != arrow.source:
        points.reverse()
    return Route(arrow.id, arrow.source, arrow.target, arrow.style, tuple(points), "curved")


def _separated(grid: _Grid, routes: Sequence[Route]) -> list[Route]:
    """Return the routes with their ends at each box set side by side; a straight one keeps the middle."""
    ends: dict[tuple[str, float], list[tuple[float, int, int]]] = {}
    for index, route in enumerate(routes):
        for item, end, inner in ((route.source, 0, 1), (route.target, -1, -2)):
            key = (item, route.points[end][1])
            ends.setdefault(key, []).append((route.points[inner][0], index, end))
    moved = [list(route.points) for route in routes]
    for (item, y), found in ends.items():
        found.sort()
        x, w = grid.x[item], grid.sizes[item][0]
        middle = next((place for place, (far, _, _) in enumerate(found) if far == x), (len(found) - 1) / 2)
        reach = max(middle, len(found) - 1 - middle)
        step = min(_APART, half((w / 2 - 10) / reach)) if reach else 0
        for place, (_, index, end) in enumerate(found):
            moved[index][end] = (x + half((place - middle) * step), y)
    return [
        Route(route.id, route.source, route.target, route.style, tuple(points), route.shape)
        for route, points in zip(routes, moved, strict=True)
    ]
