"""The layout: nothing overlaps, nothing is cut, no line runs through a box, and every machine draws the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.lineage import Lineage
from stateflow.lineage.layout import Box, Layout, Route, Tag, layout
from stateflow.lineage.layout.layers import listed, lowered, ordered, ranked, returning
from stateflow.lineage.layout.shapes import Point
from stateflow.lineage.layout.spread import spread
from stateflow.lineage.layout.text import fitted, width
from tests.lineage.drawings import CASES, Drawing, lineages

SLACK = 0.5


def meets(a: Box | Tag, b: Box | Tag) -> bool:
    """Return whether two rectangles have more than their borders in common."""
    return a.x + a.w > b.x + SLACK and b.x + b.w > a.x + SLACK and a.y + a.h > b.y + SLACK and b.y + b.h > a.y + SLACK


def encloses(outer: Box, inner: Box | Tag) -> bool:
    """Return whether one rectangle holds another."""
    right, bottom = outer.x + outer.w, outer.y + outer.h
    return outer.x < inner.x and outer.y < inner.y and inner.x + inner.w < right and inner.y + inner.h < bottom


def path(route: Route) -> Iterator[Point]:
    """Yield points along a route, so close together that no box fits between them."""
    for (ax, ay), (bx, by) in pairwise(route.points):
        steps = max(2, int(max(abs(ax - bx), abs(ay - by)) / 4))
        for step in range(steps + 1):
            t = step / steps
            if route.shape == "curved":  # a Bezier curve whose inner points lie half way down
                middle = (ay + by) / 2
                near, far = (1 - t) ** 3 + 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2 + t**3
                y = (1 - t) ** 3 * ay + (3 * (1 - t) ** 2 * t + 3 * (1 - t) * t**2) * middle + t**3 * by
                yield near * ax + far * bx, y
            else:
                yield ax + (bx - ax) * t, ay + (by - ay) * t


def crossed(route: Route, boxes: list[Box]) -> list[str]:
    """Return the boxes that a route runs through."""
    points = list(path(route))
    return [
        box.id
        for box in boxes
        for edge in [6 if box.kind == "input" else 1]  # the slanted sides of an input leave room
        if any(box.x + edge < x < box.x + box.w - edge and box.y + 1 < y < box.y + box.h - 1 for x, y in points)
    ]


def faults(drawn: Layout) -> list[str]:
    """Return a sentence for each way in which a drawing is not as it should be."""
    boxes = list(drawn.boxes.values())
    page = Box("page", "page", 0, 0, drawn.width, drawn.height, "")
    tags = [route.tag for route in drawn.routes if route.tag]
    found = [f"{a.id} overlaps {b.id}" for a, b in combinations(boxes, 2) if b.parent != a.id != b.id and meets(a, b) and a.parent != b.id]
    found += [f"{box.id} leaves its action" for box in boxes if box.parent and not encloses(drawn.boxes[box.parent], box)]
    found += [f"{box.id} leaves the page" for box in boxes if not encloses(page, box)]
    found += [f"the label of {box.id} is cut" for box in boxes if width(box.label, 12, box.kind == "action") > box.w - 8]
    found += [f"{tag.text} leaves the page" for tag in tags if not encloses(page, tag)]
    found += [f"{tag.text} lies on {box.id}" for tag in tags for box in boxes if meets(tag, box)]
    found += [f"{a.text} overlaps {b.text}" for a, b in combinations(tags, 2) if meets(a, b)]
    for route in drawn.routes:
        holders = {drawn.boxes[end].parent for end in (route.source, route.target)}
        others = [box for box in boxes if box.id not in holders]
        found += [f"{route.source} -> {route.target} runs through {id}" for id in crossed(route, others)]
        found += [
            f"{route.source} -> {route.target} leaves the page"
            for x, y in route.points
            if not (0 < x < drawn.width and 0 < y < drawn.height)
        ]
        found += [
            f"{route.source} -> {route.target} does not touch {end}"
            for end, point in ((route.source, route.points[0]), (route.target, route.points[-1]))
            if not touches(drawn.boxes[end], point)
        ]
    return found


def touches(box: Box, point: Point) -> bool:
    """Return whether a point lies on the border of a box, slanted or not."""
    x, y = point
    inside = box.x - 1 <= x <= box.x + box.w + 1 and box.y - 1 <= y <= box.y + box.h + 1
    near = min(abs(x - box.x), abs(x - box.x - box.w), abs(y - box.y), abs(y - box.y - box.h))
    return inside and near <= 5


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lens", ["unified", "control", "data"])
def test_a_hand_made_drawing_has_no_fault(case: str, lens: str) -> None:
    """Boxes and labels are free of each other, and lines run only between boxes."""
    view: Lineage = getattr(CASES[case](), lens)()
    assert faults(layout(view.graph)) == []


@given(lineages(), st.sampled_from(["unified", "control", "data"]))
def test_a_random_drawing_has_no_fault(lineage: Lineage, lens: str) -> None:
    """What holds for drawings that somebody looked at holds for any."""
    assert faults(layout(getattr(lineage, lens)().graph)) == []


@given(lineages(), st.data())
def test_a_collapsed_action_leaves_no_fault(lineage: Lineage, data: st.DataObject) -> None:
    """An action shown as one box keeps everything else in its place and free."""
    actions = [id for id in lineage.graph if id.startswith("action/")]
    collapsed = data.draw(st.sets(st.sampled_from(actions)))
    drawn = layout(lineage.graph, collapsed)
    inside = [id for id, parent in lineage.graph.nodes(data="parent") if parent in collapsed]
    assert not drawn.boxes.keys() & set(inside)
    shown = Layout(drawn.width, drawn.height, drawn.boxes, tuple(_raised(drawn, lineage)))
    assert faults(shown) == []


def _raised(drawn: Layout, lineage: Lineage) -> Iterator[Route]:
    for route in drawn.routes:
        ends = [end if end in drawn.boxes else lineage.graph.nodes[end]["parent"] for end in (route.source, route.target)]
        yield Route(route.id, ends[0], ends[1], route.style, route.points, route.shape, route.tag)
