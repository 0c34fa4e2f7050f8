"""The plan of a drawing: rank and order of everything, and no coordinate yet.

A drawing is a grid of *cells* (actions, start, end), with a *lane* of state keys on its left and one of what is
given on its right. Between its rows and columns run *channels*: ``h0`` above the first row, ``v0`` left of the
first column, and so on. Each line goes from a port of one item along *tracks*, each in a channel, to a port of
another. Which tracks, and their order in the channel, stand here; ``place`` and the page turn them into
coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from stateflow.lineage.layout.shapes import Box, Face

Hand = Literal["left", "right"]

TAG_SIZE = 11.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """The distances of a drawing in pixels, the same in ``place`` and in the page."""

    margin: float = 20.0  # around everything
    aisle: float = 30.0  # least width of a channel between columns
    wall: float = 16.0  # from the side of such a channel to its first line
    gap: float = 34.0  # least height of a channel between rows
    head: float = 10.0  # from the top of such a channel to its first line
    foot: float = 20.0  # from its last line to its bottom: room for the heads of arrows
    lane: float = 9.0  # from line to line
    shelf: float = 21.0  # from line to line, where a tag stands on the second
    tag: float = 16.0  # height of a tag
    berth: float = 10.0  # between the items of a lane
    clear: float = 5.0  # between the ends of two lines that share a level
    slip: float = 4.0  # how far a line may leave its place at an item of a lane, to go straight
    rounds: int = 8  # how often levels are packed anew


SIZES = Sizes()


@dataclass(frozen=True, slots=True)
class Anchor:
    """The port that an item would like to be level with."""

    item: str
    port: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of the grid; ``open`` and ``shut`` are its two faces, equal if nothing is inside.

    ``left`` and ``right`` are the room its column must have on either side of its middle line.
    """

    id: str
    row: int
    column: int
    open: Face
    shut: Face
    left: float
    right: float
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Berth:
    """An item in a lane; ``ports`` are the heights at which its nets leave its inner side, ``inset`` from its edge."""

    box: Box
    ports: Mapping[str, float]
    inset: float
    anchor: Anchor | None


@dataclass(frozen=True, slots=True)
class Way:
    """The course of an arrow: port, tracks, port. A tag stands beside the first turn."""

    arrow: str
    source: str
    target: str
    style: str
    start: Anchor
    tracks: tuple[str, ...]
    end: Anchor
    tag: str = ""
    tag_width: float = 0.0
    tag_side: Hand = "right"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything but coordinates. ``channels`` lists the tracks of each channel, in order."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    left: tuple[Berth, ...]
    right: tuple[Berth, ...]
    channels: Mapping[str, tuple[str, ...]]
    ways: tuple[Way, ...]

    def with_order(self, channels: Mapping[str, tuple[str, ...]]) -> Plan:
        """Return the plan with the tracks of its channels in another order."""
        return replace(self, channels=channels)
