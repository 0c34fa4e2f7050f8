"""The facts that a layout is made of, from a single label up to the whole drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Point = tuple[float, float]
Side = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class Element:
    """One thing to draw: a node of the lineage graph, with what shows of it."""

    id: str
    kind: str
    label: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Arrow:
    """One line to draw: an edge of the lineage graph.

    ``style`` is its kind, or ``on error``; ``reads`` are the state keys, by id, that its condition looks at.
    """

    id: str
    source: str
    target: str
    style: str
    label: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is to be drawn, in a stable order."""

    elements: Mapping[str, Element]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """An element and its rectangle. ``label`` is what shows; it is cut in the middle where it would not fit."""

    id: str
    kind: str
    x: float
    y: float
    w: float
    h: float
    label: str
    parent: str | None = None
    shape: Literal["container", "single"] = "single"

    def moved(self, x: float, y: float) -> Box:
        """Return the box that much further to the right and down."""
        return Box(self.id, self.kind, self.x + x, self.y + y, self.w, self.h, self.label, self.parent, self.shape)


@dataclass(frozen=True, slots=True)
class Tag:
    """The text at an arrow, and its rectangle."""

    text: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow and its way. ``angular`` turns at its points; ``curved`` leaves and reaches each vertically."""

    id: str
    source: str
    target: str
    style: str
    points: tuple[Point, ...]
    shape: Literal["angular", "curved"] = "angular"
    tag: Tag | None = None

    def moved(self, x: float, y: float) -> Route:
        """Return the route that much further to the right and down."""
        points = tuple((px + x, py + y) for px, py in self.points)
        return Route(self.id, self.source, self.target, self.style, points, self.shape, self.tag)


@dataclass(frozen=True, slots=True)
class Leg:
    """The wish of a line to reach ``element`` through one side of the block that holds it.

    Legs of one ``net`` carry the same thing, and may share a line.
    """

    key: str
    net: str
    side: Side
    element: str
    offset: float = 0.0
    label: float = 0.0


@dataclass(frozen=True, slots=True)
class Port:
    """Where a line meets the border of a block, and the points by which it goes on to the element inside."""

    x: float
    y: float
    trail: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """One way to draw a block, with all coordinates from its upper left corner."""

    w: float
    h: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    ports: Mapping[str, Port]


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing with every coordinate settled."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    routes: tuple[Route, ...] = field(default=())
