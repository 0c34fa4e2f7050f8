"""Draws up the plan: what stands where in grid and lanes, and along which channels each arrow goes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from stateflow.lineage.layout.block import SKEW, container, single, size
from stateflow.lineage.layout.block import label as shown
from stateflow.lineage.layout.cells import Spot, is_free, is_open, spots
from stateflow.lineage.layout.plan import TAG_SIZE, Anchor, Berth, Cell, Hand, Plan, Way
from stateflow.lineage.layout.shapes import Arrow, Box, Face, Leg, Side, Sketch
from stateflow.lineage.layout.text import fitted, width

_LANES: dict[str, Side] = {"state": "left", "input": "right", "resource": "right", "config": "right"}
_TAG_LIMIT = 205
_EXIT = 16.0
_ABREAST = 11.0
_CHEVRON = 8.0  # room in a collapsed action for the mark that it can be opened


def draw_up(sketch: Sketch) -> Plan:
    """Return the plan of a sketch, with the tracks of each channel in the order in which they were needed."""
    return _Draft(sketch).plan()


class _Draft:
    """The plan while it is drawn up: first the grid, then the lanes, then the ways, and last the faces."""

    def __init__(self, sketch: Sketch) -> None:
        self.elements = sketch.elements
        self.top = [element for element in sketch.elements.values() if not element.parent]
        self.lane: dict[str, Side] = {item.id: _LANES[item.kind] for item in self.top if item.kind in _LANES}
        self.arrows = [arrow for arrow in sketch.arrows if not self._is_nested(arrow)]
        self.inner = [arrow for arrow in self.arrows if self._block(arrow.source) == self._block(arrow.target)]
        self.inner = [arrow for arrow in self.inner if self.elements[arrow.source].parent]
        self.outer = [arrow for arrow in self.arrows if arrow not in self.inner]
        self.flow = [arrow for arrow in self.outer if not {arrow.source, arrow.target} & self.lane.keys()]
        self.data = [arrow for arrow in self.outer if arrow not in self.flow]
        grid = [item.id for item in self.top if item.id not in self.lane]
        self.spot = spots(grid, self._leading("transition", "depends"), self._leading("on error"))
        self.taken: dict[Spot, str] = {spot: item for item, spot in self.spot.items()}
        self.columns = max((column for _, column in self.spot.values()), default=-1) + 1
        self.rows = max((row for row, _ in self.spot.values()), default=-1) + 1
        self.near: dict[str, Anchor] = {}
        self.legs: dict[str, dict[str, Leg]] = {item: {} for item in grid}
        self.channels: dict[str, list[str]] = {}
        self.ways: list[Way] = []

    def plan(self) -> Plan:
        """Return the plan."""
        self._settle_near()
        lanes = self._lanes()
        for arrow in sorted(self.data, key=lambda arrow: self._height(arrow, lanes)):
            self.ways.append(self._data_way(arrow))
        exits = self._exits()
        for arrow in self.flow:
            self.ways.append(self._flow_way(arrow, *exits.get(arrow.id, (0.0, "right"))))
        self.ways.sort(key=lambda way: int(way.arrow[1:]))
        cells = tuple(self._cell(item) for item in (*self.legs,))
        left, right = ([self._berth(item) for item in lanes if self.lane[item] == side] for side in ("left", "right"))
        channels = {name: tuple(tracks) for name, tracks in sorted(self.channels.items())}
        return Plan(self.rows, self.columns, cells, tuple(left), tuple(right), channels, tuple(self.ways))

    # -- who stands where --------------------------------------------------------------------------

    def _block(self, key: str) -> str:
        return self.elements[key].parent or key

    def _is_nested(self, arrow: Arrow) -> bool:
        """Whether the arrow joins an action with what is inside it, which being inside says already."""
        return self.elements[arrow.source].parent == arrow.target or self.elements[arrow.target].parent == arrow.source

    def _leading(self, *styles: str) -> list[tuple[str, str]]:
        """Return which block stands before which: by control flow, or else by who writes what the other reads."""
        pairs = [(self._block(arrow.source), self._block(arrow.target)) for arrow in self.flow if arrow.style in styles]
        if not self.flow:
            writers: dict[str, list[str]] = {}
            for arrow in self.data:
                writers.setdefault(arrow.target, []).append(self._block(arrow.source))
            place = {key: index for index, key in enumerate(self.elements) if key not in self.lane}
            pairs = [
                (writer, self._block(arrow.target))
                for arrow in self.data
                for writer in writers.get(arrow.source, ())
                if place.get(writer, 0) < place.get(self._block(arrow.target), 0)  # actions are named in their order
            ]
        return list(dict.fromkeys(pairs))

    def _settle_near(self) -> None:
        """Put each resource that one action alone takes into the free cell on its right, if there is one."""
        for item in [item for item, side in self.lane.items() if side == "right"]:
            arrows = [arrow for arrow in self.data if item in (arrow.source, arrow.target)]
            blocks = {self._block(arrow.target) for arrow in arrows}
            if len(blocks) != 1 or not blocks <= self.spot.keys():
                continue
            row, column = self.spot[blocks.pop()]
            if column + 1 < self.columns and (row, column + 1) not in self.taken:
                self.taken[row, column + 1] = item
                self.spot[item] = (row, column + 1)
                self.near[item] = Anchor(self._block(arrows[0].target), _key(arrows[0], arrows[0].target))
                self.legs[item] = {}
                del self.lane[item]

    def _lanes(self) -> list[str]:
        """Return the items of both lanes, from top to bottom: each by its first writer, else its first reader."""
        index = {key: place for place, key in enumerate(self.elements)}

        def height(item: str) -> tuple[int, ...]:
            made = [arrow.source for arrow in self.data if arrow.target == item and arrow.source not in self.lane]
            used = [arrow.target for arrow in self.data if arrow.source == item and arrow.target not in self.lane]
            asked = [arrow.source for arrow in self.flow if item in arrow.reads]
            places = [(*self.spot[self._block(key)], index[key]) for key in made or used or asked]
            return *min(places, default=(self.rows, 0, 0)), index[item]

        return sorted(self.lane, key=height)

    def _height(self, arrow: Arrow, lanes: Sequence[str]) -> tuple[int, ...]:
        ends = [end for end in (arrow.source, arrow.target) if end in self.lane]
        return (min((lanes.index(end) for end in ends), default=-1), int(arrow.id[1:]))

    # -- ways --------------------------------------------------------------------------------------

    def _track(self, channel: str, net: str) -> str:
        track = f"{channel}|{net}"
        tracks = self.channels.setdefault(channel, [])
        if track not in tracks:
            tracks.append(track)
        return track

    def _leg(self, leg: Leg, block: str) -> Anchor:
        self.legs[block].setdefault(leg.key, leg)
        return Anchor(block, leg.key)

    def _data_way(self, arrow: Arrow) -> Way:
        outward = arrow.target in self.lane or arrow.target in self.near
        item, other = (arrow.target, arrow.source) if outward else (arrow.source, arrow.target)
        net = f"{item}|{arrow.style}"
        if other in self.lane:
            return self._between_lanes(arrow, net)
        if item in self.near:
            home = self._leg(Leg(net, net, "left", item), item)
            tracks = [self._track(f"v{self.spot[item][1]}", net)]
            side: Side = "right"
        else:
            home, side = Anchor(item, net), self.lane[item]
            tracks = self._lane_tracks(net, self._block(other), side, outward)
        away = self._leg(Leg(_key(arrow, other), net, side, other), self._block(other))
        ends = (away, home) if outward else (home, away)
        return Way(
            arrow.id, arrow.source, arrow.target, arrow.style, ends[0], tuple(tracks[:: -1 if outward else 1]), ends[1]
        )

    def _lane_tracks(self, net: str, block: str, side: Side, outward: bool) -> list[str]:
        """Return the tracks from a lane to the side of a block."""
        row, column = self.spot[block]
        tracks = [self._track("v0" if side == "left" else f"v{self.columns}", net)]
        between = (0, column) if side == "left" else (column + 1, self.columns)
        if is_free(self.taken, row, *between):
            return tracks
        tracks.append(self._track(f"h{row + 1 if outward else row}", net))
        tracks.append(self._track(f"v{column if side == 'left' else column + 1}", f"{net}|{row}"))
        return tracks

    def _between_lanes(self, arrow: Arrow, net: str) -> Way:
        channel = {"left": "v0", "right": f"v{self.columns}"}
        sides = [self.lane[arrow.source], self.lane[arrow.target]]
        names = [channel[sides[0]]] if sides[0] == sides[1] else [channel[sides[0]], "h0", channel[sides[1]]]
        tracks = tuple(self._track(name, net) for name in names)
        ends = Anchor(arrow.source, net), Anchor(arrow.target, net)
        return Way(arrow.id, arrow.source, arrow.target, arrow.style, ends[0], tracks, ends[1])

    def _exits(self) -> dict[str, tuple[float, Hand]]:
        """Return how far from the middle of its block's lower side each arrow leaves it, and where its tag stands."""
        leaving: dict[str, list[tuple[int, int, str]]] = {}
        for arrow in self.flow:
            source, target = self._block(arrow.source), self._block(arrow.target)
            if not self._leaves_sideways(arrow):
                leaving.setdefault(source, []).append((self._bearing(source, target), int(arrow.id[1:]), arrow.id))
        exits: dict[str, tuple[float, Hand]] = {}
        for found in leaving.values():
            found.sort()
            middle = next((place for place, (bearing, _, _) in enumerate(found) if not bearing), (len(found) - 1) / 2)
            for place, (bearing, _, arrow_id) in enumerate(found):
                is_crowded = place == middle == 0 < len(found) - 1  # all others turn right
                side: Hand = "left" if bearing < 0 or (is_crowded and not bearing) else "right"
                exits[arrow_id] = ((place - middle) * _EXIT, side)
        return exits

    def _bearing(self, source: str, target: str) -> int:
        """Return how far to the right an arrow turns; one that goes back turns furthest, to get around everything."""
        (row, column), (to_row, to_column) = self.spot[source], self.spot[target]
        if to_row <= row:
            return self.columns + (source != target)
        is_blocked = to_column == column and not is_open(self.taken, column, row + 1, to_row)
        return 1 if is_blocked else to_column - column

    def _leaves_sideways(self, arrow: Arrow) -> bool:
        source, target = self._block(arrow.source), self._block(arrow.target)
        row, column = self.spot[source]
        is_back = self.spot[target][0] <= row and not arrow.label
        return is_back and (source == target or is_free(self.taken, row, column + 1, self.columns))

    def _flow_way(self, arrow: Arrow, offset: float, side: Hand) -> Way:
        source, target = self._block(arrow.source), self._block(arrow.target)
        net = f"{target}|{arrow.style}"
        own = f"{net}|{arrow.id}" if arrow.label else net
        row, _ = self.spot[source]
        tag = fitted(arrow.label, _TAG_LIMIT, TAG_SIZE)
        wide = float(math.ceil(width(tag, TAG_SIZE))) + 6 if tag else 0.0
        tracks: list[str] = []
        if self._leaves_sideways(arrow):
            start = self._leg(Leg("out", "out", "right", source), source)
        else:
            out = Leg(f"out|{arrow.id}", arrow.id, "bottom", source, offset, wide if side == "right" else -wide)
            start = self._leg(out, source)
            tracks.append(self._track(f"h{row + 1}", own))
        rest, end = self._arrival(source, target, net)
        tracks += [self._track(*track) for track in rest if not (tracks and track[0] == f"h{row + 1}")]
        return Way(arrow.id, arrow.source, arrow.target, arrow.style, start, tuple(tracks), end, tag, wide, side)

    def _arrival(self, source: str, target: str, net: str) -> tuple[list[tuple[str, str]], Anchor]:
        """Return the tracks after the first turn, and the port that they lead to."""
        (row, column), (to_row, to_column) = self.spot[source], self.spot[target]
        mark = "!" if net.endswith("error") else ""
        above = Leg(f"in{mark}", f"in{mark}", "top", target, 14.0 if mark else 0.0)
        beside = Leg("in-right", "in-right", "right", target)
        if source == target:
            return [(f"v{column + 1}", net)], self._leg(beside, target)
        if to_row <= row:
            rail = (f"v{self.columns}", net)
            if is_free(self.taken, to_row, to_column + 1, self.columns):
                return [rail], self._leg(beside, target)
            return [rail, (f"h{to_row}", net)], self._leg(above, target)
        end = self._leg(above, target)
        if to_row == row + 1 or self._is_claimed(to_column, row + 1, to_row):
            return [(f"h{row + 1}", net)], end
        if self._is_claimed(column, row + 1, to_row):
            return [(f"h{to_row}", net)], end
        aisle = to_column + (to_column <= column)
        return [(f"h{row + 1}", net), (f"v{aisle}", net), (f"h{to_row}", net)], end

    def _is_claimed(self, column: int, first: int, last: int) -> bool:
        """Claim the empty cells of a column for a line that runs straight through; say whether they could be had."""
        if not is_open(self.taken, column, first, last):
            return False
        self.taken.update({(row, column): "" for row in range(first, last)})
        return True

    # -- faces -------------------------------------------------------------------------------------

    def _cell(self, item: str) -> Cell:
        element, legs = self.elements[item], self._sorted(self.legs[item].values())
        children = [child for child in self.elements.values() if child.parent == item]
        shut = single(element, legs)
        opened: Face = shut
        if children:
            shut = single(element, legs, room=_CHEVRON)
            inner = [arrow for arrow in self.inner if self._block(arrow.source) == item]
            opened = container(element, children, inner, legs)
        row, column = self.spot[item]
        left = max((7 - leg.label - leg.offset for leg in legs if leg.label < 0), default=0.0)
        right = max((7 + leg.label + leg.offset for leg in legs if leg.label > 0), default=0.0)
        return Cell(item, row, column, opened, shut, left, right, self.near.get(item))

    def _sorted(self, legs: Iterable[Leg]) -> list[Leg]:
        return sorted(legs, key=lambda leg: (leg.key != "in-right", leg.key == "out"))

    def _berth(self, item: str) -> Berth:
        element, side = self.elements[item], self.lane[item]
        own = [way for way in self.ways if item in (way.source, way.target)]
        nets = dict.fromkeys(anchor.port for way in own for anchor in (way.start, way.end) if anchor.item == item)
        order = sorted(nets, key=lambda net: net.endswith("reads"))
        w, h = size(element)
        h = max(h, _ABREAST * len(order) + 6)
        ports = {net: h / 2 + (place - (len(order) - 1) / 2) * _ABREAST for place, net in enumerate(order)}
        anchors = [way.start if way.target == item else way.end for way in own]
        made = [way.start for way in own if way.target == item]
        reads = {arrow.id for arrow in self.flow if item in arrow.reads}
        asked = [way.start for way in self.ways if way.arrow in reads]
        anchor = next((anchor for anchor in (*made, *anchors, *asked) if anchor.item not in self.lane), None)
        inset = SKEW / 2 if element.kind == "input" and side == "right" else 0.0
        return Berth(Box(item, element.kind, 0, 0, w, h, shown(element)), ports, inset, anchor)


def _key(arrow: Arrow, element: str) -> str:
    """Return the key of the leg by which a data arrow reaches an element."""
    item = arrow.source if element == arrow.target else arrow.target
    return f"{item}|{arrow.style}|{element}"
