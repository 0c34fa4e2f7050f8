"""Turns a plan into coordinates. ``assets/page.js`` does the same when an action is collapsed; a test compares them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stateflow.lineage.layout.plan import SIZES, Anchor, Berth, Cell, Plan, Way
from stateflow.lineage.layout.shapes import Box, Face, Layout, Point, Port, Route, Tag
from stateflow.lineage.layout.spread import half, spread

Extent = tuple[float, float]


@dataclass(slots=True)
class Ground:
    """Coordinates of a plan for one choice of collapsed actions."""

    plan: Plan
    faces: Mapping[str, Face]
    levels: dict[str, int]
    corners: dict[str, Point] = field(default_factory=dict)
    tracks: dict[str, float] = field(default_factory=dict)
    courses: dict[str, list[Point]] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    slips: dict[Anchor, float] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def place(plan: Plan, collapsed: Collection[str] = ()) -> Layout:
    """Return the layout of a plan in which some actions, by id, are shown as a single box."""
    ground = settle(plan, collapsed)
    boxes: dict[str, Box] = {}
    routes = [_route(ground, way) for way in plan.ways]
    for cell in plan.cells:
        face, (x, y) = ground.faces[cell.id], ground.corners[cell.id]
        boxes.update({box.id: box.moved(x, y) for box in face.boxes})
        routes += [route.moved(x, y) for route in face.routes]
    for berth in (*plan.left, *plan.right):
        boxes[berth.box.id] = berth.box.moved(*ground.corners[berth.box.id])
    routes.sort(key=lambda route: int(route.id[1:]))
    return Layout(ground.width, ground.height, boxes, tuple(routes))


def settle(plan: Plan, collapsed: Collection[str] = ()) -> Ground:
    """Return the coordinates of a plan: lines of a channel that do not meet come to share a level."""
    faces = {cell.id: cell.shut if cell.id in collapsed else cell.open for cell in plan.cells}
    levels = {track: level for tracks in plan.channels.values() for level, track in enumerate(tracks)}
    for _ in range(SIZES.rounds):
        ground = _measured(Ground(plan, faces, levels))
        packed = _packed(plan, extents(ground))
        if packed == levels:
            break
        levels = packed
    return _measured(Ground(plan, faces, levels))


def extents(ground: Ground) -> dict[str, Extent]:
    """Return from where to where each track is used; one that only lets a straight line through is left out."""
    found: dict[str, Extent] = {}
    for way in ground.plan.ways:
        course = ground.courses[way.arrow]
        for index, track in enumerate(way.tracks):
            axis = 1 if track[0] == "v" else 0
            ends = [course[index + 1][axis], course[index + 2][axis]]
            tag = ground.tags.get(way.arrow) if index == 0 else None
            if tag:
                ends += [tag.x, tag.x + tag.w]
            if min(ends) < max(ends) or track in found:
                low, high = found.get(track, (ends[0], ends[0]))
                found[track] = (min(low, *ends), max(high, *ends))
    return found


def _packed(plan: Plan, extents: Mapping[str, Extent]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for tracks in plan.channels.values():
        for index, track in enumerate(tracks):
            levels[track] = 0
            for other in tracks[:index] if track in extents else ():
                if other in extents and _meet(extents[track], extents[other]):
                    levels[track] = max(levels[track], levels[other] + 1)
    return levels


def _meet(a: Extent, b: Extent) -> bool:
    return a[0] - SIZES.clear < b[1] and b[0] - SIZES.clear < a[1]


# -- one pass ------------------------------------------------------------------------------------------------------


def _measured(ground: Ground) -> Ground:
    middles = _across(ground)
    tops = _down(ground)
    for cell in ground.plan.cells:
        face = ground.faces[cell.id]
        ground.corners[cell.id] = (middles[cell.column] - face.w / 2, tops[cell.row])
    for cell in ground.plan.cells:
        if cell.anchor:
            x, _ = ground.corners[cell.id]
            port = min(ground.faces[cell.id].ports.values(), key=lambda port: port.y)
            ground.corners[cell.id] = (x, _level_with(ground, cell.anchor) - port.y)
    _moor(ground, ground.plan.left)
    _moor(ground, ground.plan.right)
    for way in ground.plan.ways:
        _steer(ground, way)
    return ground


def _across(ground: Ground) -> list[float]:
    plan = ground.plan
    x = SIZES.margin + max((berth.box.w for berth in plan.left), default=0)
    for berth in plan.left:
        ground.corners[berth.box.id] = (x - berth.box.w, 0)
    middles = []
    for column in range(plan.columns + 1):
        tracks = plan.channels.get(f"v{column}", ())
        lanes = max((ground.levels[track] for track in tracks), default=-1) + 1
        for track in tracks:
            ground.tracks[track] = x + SIZES.wall + ground.levels[track] * SIZES.lane
        is_edge = not tracks and column in {0, plan.columns}
        x += 0 if is_edge else max(SIZES.aisle, 2 * SIZES.wall + (lanes - 1) * SIZES.lane)
        if column < plan.columns:
            own = [cell for cell in plan.cells if cell.column == column]
            middles.append(x + max((_reach(ground, cell, cell.left) for cell in own), default=0))
            x = middles[-1] + max((_reach(ground, cell, cell.right) for cell in own), default=0)
    for berth in plan.right:
        ground.corners[berth.box.id] = (x, 0)
    ground.width = x + max((berth.box.w for berth in plan.right), default=0) + SIZES.margin
    return middles


def _reach(ground: Ground, cell: Cell, least: float) -> float:
    return max(ground.faces[cell.id].w / 2, least)


def _down(ground: Ground) -> list[float]:
    plan, y = ground.plan, SIZES.margin
    tagged = {way.tracks[0] for way in plan.ways if way.tag}
    tops = []
    for row in range(plan.rows + 1):
        tracks = plan.channels.get(f"h{row}", ())
        lanes: dict[int, float] = {}
        for track in tracks:
            level = ground.levels[track]
            lanes[level] = max(lanes.get(level, 0), SIZES.shelf if track in tagged else SIZES.lane)
        lines, depth = [], SIZES.head
        for level in range(len(lanes)):
            depth += lanes[level]
            lines.append(depth)
        for track in tracks:
            ground.tracks[track] = y + lines[ground.levels[track]]
        y += max(SIZES.gap if 0 < row < plan.rows else 0, depth + SIZES.foot if tracks else 0)
        if row < plan.rows:
            tops.append(y)
            y += max(ground.faces[cell.id].h for cell in plan.cells if cell.row == row and not cell.anchor)
    ground.height = y + SIZES.margin
    return tops


def _moor(ground: Ground, berths: Sequence[Berth]) -> None:
    wanted = [
        _level_with(ground, berth.anchor) - _mooring(berth) if berth.anchor else ground.height for berth in berths
    ]
    room = [berth.box.h + SIZES.berth for berth in berths]
    for berth, y in zip(berths, spread(wanted, room, least=SIZES.margin), strict=True):
        ground.corners[berth.box.id] = (ground.corners[berth.box.id][0], y)
        ground.height = max(ground.height, y + berth.box.h + SIZES.margin)
        slip = _level_with(ground, berth.anchor) - _mooring(berth) - y if berth.anchor else 0.0
        if abs(slip) <= SIZES.slip and berth.ports:  # a line that is all but straight becomes so
            ground.slips[Anchor(berth.box.id, min(berth.ports, key=berth.ports.__getitem__))] = slip


def _mooring(berth: Berth) -> float:
    return min(berth.ports.values(), default=berth.box.h)


def _level_with(ground: Ground, anchor: Anchor) -> float:
    return ground.corners[anchor.item][1] + ground.faces[anchor.item].ports[anchor.port].y


def _point(ground: Ground, anchor: Anchor) -> Point:
    x, y = ground.corners[anchor.item]
    if anchor.item in ground.faces:
        port = ground.faces[anchor.item].ports[anchor.port]
        return x + port.x, y + port.y
    slip = ground.slips.get(anchor, 0.0)
    for berth in ground.plan.left:
        if berth.box.id == anchor.item:
            return x + berth.box.w - berth.inset, y + berth.ports[anchor.port] + slip
    berth = next(berth for berth in ground.plan.right if berth.box.id == anchor.item)
    return x + berth.inset, y + berth.ports[anchor.port] + slip


def _steer(ground: Ground, way: Way) -> None:
    """Lay the course of an arrow: two points for each of its tracks, between its two ports."""
    start, end = _point(ground, way.start), _point(ground, way.end)
    course = [start]
    for track in way.tracks:
        x, y = course[-1]
        course.append((ground.tracks[track], y) if track[0] == "v" else (x, ground.tracks[track]))
    x, y = course[-1]
    course.append((x, end[1]) if way.tracks[-1][0] == "v" else (end[0], y))
    ground.courses[way.arrow] = [*course, end]
    if way.tag:
        line = ground.tracks[way.tracks[0]]
        x = start[0] + 6 if way.tag_side == "right" else start[0] - 6 - way.tag_width
        ground.tags[way.arrow] = Tag(way.tag, x, half(line - SIZES.tag - 2), way.tag_width, SIZES.tag)


# -- what is drawn -------------------------------------------------------------------------------------------------


def _route(ground: Ground, way: Way) -> Route:
    points = [*_trail(ground, way.start)[::-1], *ground.courses[way.arrow], *_trail(ground, way.end)]
    return Route(
        way.arrow, way.source, way.target, way.style, tuple(bends(points)), "angular", ground.tags.get(way.arrow)
    )


def _trail(ground: Ground, anchor: Anchor) -> list[Point]:
    if anchor.item not in ground.faces:
        return []
    x, y = ground.corners[anchor.item]
    port: Port = ground.faces[anchor.item].ports[anchor.port]
    return [(x + px, y + py) for px, py in port.trail]


def bends(points: Sequence[Point]) -> list[Point]:
    """Return the points without those at which a line does not turn."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        while len(kept) > 1 and _is_straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def _is_straight(a: Point, b: Point, c: Point) -> bool:
    return a[0] == b[0] == c[0] or a[1] == b[1] == c[1]
