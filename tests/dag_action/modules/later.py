"""Annotations that are strings until Hamilton evaluates them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A pair."""

    x: int
    y: int


def point(x: int, y: int) -> Point:
    return Point(x, y)


def moved(point: Point, by: int = 1) -> Point:
    return Point(point.x + by, point.y)
