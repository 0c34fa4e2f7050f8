"""The layout: nothing overlaps, nothing is cut, no line runs through a box, and every machine draws the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.lineage import Lineage
from stateflow.lineage.layout import Box, Layout, Route, Tag, layout
from stateflow.lineage.layout.layers import listed, lowered, ordered, ranked, returning
from stateflow.lineage.layout.shapes import Point
from stateflow.lineage.layout.spread import spread
from stateflow.lineage.layout.text import fitted, width

from tests.lineage.drawings import CASES, Drawing, chat, counter, lineages

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
    apart = [(a, b) for a, b in combinations(boxes, 2) if a.id != b.parent and b.id != a.parent]
    found = [f"{a.id} overlaps {b.id}" for a, b in apart if meets(a, b)]
    held = [box for box in boxes if box.parent]
    found += [f"{box.id} leaves its action" for box in held if not encloses(drawn.boxes[box.parent or ""], box)]
    found += [f"{box.id} leaves the page" for box in boxes if not encloses(page, box)]
    wide = {box.id: width(box.label, *((13, True) if box.kind == "action" else (12, False))) for box in boxes}
    found += [f"the label of {box.id} is cut" for box in boxes if wide[box.id] > box.w - 8]
    found += [f"{tag.text} leaves the page" for tag in tags if not encloses(page, tag)]
    found += [f"{tag.text} lies on {box.id}" for tag in tags for box in boxes if meets(tag, box)]
    found += [f"{a.text} overlaps {b.text}" for a, b in combinations(tags, 2) if meets(a, b)]
    for route in drawn.routes:
        holders = {drawn.boxes[end].parent for end in (route.source, route.target)}
        others = [box for box in boxes if box.id not in holders]
        found += [f"{route.source} -> {route.target} runs through {key}" for key in crossed(route, others)]
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
    actions = [key for key, _ in lineage.nodes("action")]
    collapsed = data.draw(st.sets(st.sampled_from(actions)))
    drawn = layout(lineage.graph, collapsed)
    inside = [key for key, data in lineage.nodes() if data["parent"] in collapsed]
    assert not drawn.boxes.keys() & set(inside)
    shown = Layout(drawn.width, drawn.height, drawn.boxes, tuple(_raised(drawn, lineage)))
    assert faults(shown) == []


def _raised(drawn: Layout, lineage: Lineage) -> Iterator[Route]:
    for route in drawn.routes:
        ends = [end if end in drawn.boxes else lineage.node(end)["parent"] for end in (route.source, route.target)]
        yield Route(route.id, ends[0], ends[1], route.style, route.points, route.shape, route.tag)


def carried(route: Route) -> tuple[str, str]:
    """Return what a line carries; lines that carry the same may share their way."""
    shared = route.source if route.style in {"reads", "provides"} else route.target
    return route.style, shared


def stretches(route: Route) -> Iterator[tuple[int, float, float, float]]:
    """Yield axis, place on it, start and end of each straight stretch of a route."""
    for a, b in pairwise(route.points):
        axis = 0 if a[0] == b[0] else 1
        yield axis, a[axis], min(a[1 - axis], b[1 - axis]), max(a[1 - axis], b[1 - axis])


@pytest.mark.parametrize("case", CASES)
def test_no_line_lies_on_another_or_on_a_label(case: str) -> None:
    """Lines that carry different things keep apart, and no line strikes a label through."""
    drawn = layout(CASES[case]().graph)
    angular = [route for route in drawn.routes if route.shape == "angular"]
    for a, b in combinations(angular, 2):
        if carried(a) != carried(b) and (a.source, a.style) != (b.source, b.style):
            for (one, place, start, end), (two, other, first, last) in product(stretches(a), stretches(b)):
                assert one != two or abs(place - other) >= 3 or min(end, last) - max(start, first) <= 1, (a, b)
    for label, route in product([route.tag for route in drawn.routes if route.tag], angular):
        inner = Box("", "", label.x + 2, label.y + 2, label.w - 4, label.h - 3, "")
        assert crossed(route, [inner]) == [], (label, route)


def test_the_way_through_is_straight() -> None:
    """Start, actions and the branch that is tried first stand in one line, and so do the nodes inside."""
    drawn = layout(chat().graph)
    spine = [drawn.boxes[key] for key in ("start", "action/ask", "action/retrieve", "action/answer")]
    assert len({box.x + box.w / 2 for box in spine}) == 1
    nodes = [drawn.boxes[f"node/retrieve/{name}"] for name in ("query", "candidates", "scores", "passages")]
    assert len({box.x + box.w / 2 for box in nodes}) == 1


def test_ways_back_run_around_everything() -> None:
    """A transition to an earlier action passes all boxes on the outside."""
    drawn = layout(chat().graph)
    back = next(route for route in drawn.routes if (route.source, route.target) == ("action/answer", "action/ask"))
    assert max(x for x, _ in back.points) > max(box.x + box.w for box in drawn.boxes.values())


def test_each_transition_between_two_actions_is_drawn() -> None:
    """Two that differ in their condition are two arrows; a loop is one."""
    routes = layout(counter().graph).routes
    assert [route.tag.text for route in routes if route.tag] == ["① counter < 10", "② counter > 99", "③ default"]
    assert sum(route.source == route.target for route in routes) == 2


def test_what_an_action_holds_needs_no_arrow_to_it() -> None:
    """An arrow between an action and what stands inside it would say twice what is seen."""
    made = Drawing().action("a", inputs=["i"])
    made.edge("input/i", "action/a", "provides")
    assert [(route.source, route.target) for route in layout(made.lineage().graph).routes] == [("input/i", "node/a/a")]


def test_keys_may_be_joined_by_an_arrow() -> None:
    """Items of the lanes are joined around the actions, should a graph ask for it."""
    made = Drawing().action("a", reads=["k"], resources=["r"])
    made.edge("resource/r", "state/k", "provides")
    made.edge("state/k", made.node("state/other", "other"), "depends")
    assert faults(layout(made.lineage().graph)) == []


def test_a_dag_with_a_cycle_is_drawn() -> None:
    """A graph that no Hamilton would accept is still shown, with the arrow that leads back."""
    made = Drawing()
    top = made.node("action/a", "a")
    for name in "xyz":
        made.node(f"node/a/{name}", name, parent=top)
    for source, target in ("xy", "yz", "zx"):
        made.edge(f"node/a/{source}", f"node/a/{target}", "depends")
    drawn = layout(made.lineage().graph)
    back = next(route for route in drawn.routes if route.source == "node/a/z")
    assert back.points[0][1] > back.points[-1][1]
    assert faults(drawn) == []


def test_hash_seeds_do_not_matter() -> None:
    """Another process with other hashes computes the same layouts, down to the last digit."""
    code = (
        "from tests.lineage.drawings import CASES\n"
        "from stateflow.lineage.layout import layout\n"
        "print(ascii([layout(CASES[name]().graph) for name in CASES]))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env)
    assert made.stdout.decode().strip() == ascii([layout(CASES[name]().graph) for name in CASES])


def test_a_walk_finds_the_edges_that_lead_back() -> None:
    """Without them, nothing leads in a circle."""
    assert returning("abc", [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("a", "c")]) == {("c", "a"), ("b", "b")}


def test_ranks_follow_the_longest_path() -> None:
    """What only gives something moves down to where it is first taken."""
    edges = [("a", "b"), ("b", "c"), ("late", "c"), ("a", "c")]
    rank = ranked(["a", "b", "c", "late"], edges)
    assert rank == {"a": 0, "b": 1, "c": 2, "late": 0}
    assert lowered(rank, edges)["late"] == 1
    assert listed(rank, 1) == [["a"], ["late"], ["b"], ["c"]]


def test_an_order_without_crossings_is_found() -> None:
    """Two ranks that cross are untangled."""
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    assert ordered([["a", "b", "c"], ["x", "y", "z"]], edges) in (
        [["a", "b", "c"], ["z", "y", "x"]],
        [["c", "b", "a"], ["x", "y", "z"]],
    )


@given(st.lists(st.tuples(st.integers(-999, 999), st.integers(1, 99)), min_size=1))
def test_spread_keeps_order_and_room(items: list[tuple[int, int]]) -> None:
    """Neighbours keep their distance, and what has room stays where it wants to be."""
    room = [distance for _, distance in items]
    found = spread([float(place) for place, _ in items], room, least=-500)
    assert found[0] >= -500
    assert all(b - a >= distance - 0.5 for (a, b), distance in zip(pairwise(found), room, strict=False))
    assert spread(found, room) == found


@given(st.text(), st.integers(20, 300))
def test_a_text_is_cut_in_the_middle(text: str, limit: int) -> None:
    """What is left fits, and begins and ends as the whole does."""
    short = fitted(text, limit, 12)
    assert short == text or width(short, 12) <= limit
    head, cut, tail = short.rpartition("…")
    assert short == text or (cut and text.startswith(head) and text.endswith(tail))


def test_marks_that_stand_on_a_letter_take_no_room() -> None:
    """An accent written apart is as wide as one written with its letter."""
    assert width("e\N{COMBINING ACUTE ACCENT}", 12) == width("e", 12)
    assert width("", 12) == 0
