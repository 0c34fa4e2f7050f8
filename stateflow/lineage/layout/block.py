"""Draws one block by itself: an action with the DAG inside it, or anything else as a single box."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stateflow.lineage.layout.dag import Inside, inside
from stateflow.lineage.layout.shapes import Arrow, Box, Element, Face, Leg, Point, Port
from stateflow.lineage.layout.spread import half
from stateflow.lineage.layout.text import fitted, width

LABEL, TITLE = 12, 13
TITLE_BAND = 32
SKEW = 10
_LIMIT = 220
_PAD = {"action": 16.0, "input": 10.0 + SKEW, "resource": 20.0, "config": 15.0}
_HEIGHT = {"action": 36.0, "start": 18.0, "end": 20.0, "state": 28.0, "resource": 30.0}
_STEP, _WIDE_STEP = 9.0, 13.0
_EDGE = 14.0
_MARGIN = 22.0


def label(element: Element) -> str:
    """Return what of the element's label shows."""
    return fitted(element.label, _LIMIT, *_font(element))


def size(element: Element, ports: int = 0) -> tuple[float, float]:
    """Return width and height of an element's own box that has so many lines on its busier side."""
    if element.kind in ("start", "end"):
        return _HEIGHT[element.kind], _HEIGHT[element.kind]
    wide = width(label(element), *_font(element)) + 2 * _PAD.get(element.kind, 12.0)
    return 2.0 * math.ceil(wide / 2), max(_HEIGHT.get(element.kind, 28.0), _STEP * ports + 10)


def single(element: Element, legs: Sequence[Leg], room: float = 0.0) -> Face:
    """Return the face of a block that shows nothing inside, with so much more room on either side of its label."""
    left = _nets(legs, "left")
    right = _nets(legs, "right")
    step = _WIDE_STEP if {"in-right", "out"} & set(right) else _STEP
    w, h = size(element, max(len(left), len(right)))
    w, h = w + 2 * room, max(h, step * len(right) + 10)
    w = max(w, 2 * (_reach(legs) + 12)) if _reach(legs) else w
    ports = {}
    for leg in legs:
        if leg.side in {"top", "bottom"}:
            ports[leg.key] = Port(w / 2 + leg.offset, 0 if leg.side == "top" else h)
            continue
        nets = left if leg.side == "left" else right
        apart = _STEP if leg.side == "left" else step
        y = half(h / 2 + (nets.index(leg.net) - (len(nets) - 1) / 2) * apart)
        inset = SKEW / 2 if element.kind == "input" else 0
        ports[leg.key] = Port(inset if leg.side == "left" else w - inset, y)
    box = Box(element.id, element.kind, 0, 0, w, h, "" if element.kind in ("start", "end") else label(element))
    return Face(w, h, (box,), (), ports)


def container(action: Element, children: Sequence[Element], arrows: Sequence[Arrow], legs: Sequence[Leg]) -> Face:
    """Return the face of an action that shows what is inside it."""
    sizes = {child.id: size(child, _busiest(child, legs)) for child in children}
    drawn = inside(sizes, arrows, [leg for leg in legs if leg.element != action.id], TITLE_BAND)
    margins = [_MARGIN if _nets(legs, side) else 16.0 for side in ("left", "right")]
    titled = width(label(action), TITLE, bold=True) + 2 * _EDGE
    w = 2.0 * math.ceil(max(drawn.w + sum(margins), titled, 2 * (_reach(legs) + _EDGE)) / 2)
    h = drawn.h + 16
    shift = half(margins[0] + (w - drawn.w - sum(margins)) / 2)
    boxes = [Box(action.id, action.kind, 0, 0, w, h, label(action), None, "container")]
    for child in children:
        x, y = drawn.places[child.id]
        boxes.append(Box(child.id, child.kind, x + shift, y, *sizes[child.id], label(child), action.id))
    ports = {leg.key: _outer(leg, w, h) for leg in legs if leg.element == action.id}
    ports |= {leg.key: _inner(drawn, leg, shift, w) for leg in legs if leg.element != action.id}
    return Face(w, h, tuple(boxes), tuple(route.moved(shift, 0) for route in drawn.routes), ports)


def _outer(leg: Leg, w: float, h: float) -> Port:
    if leg.side in {"top", "bottom"}:
        return Port(w / 2 + leg.offset, 0 if leg.side == "top" else h)
    y = h - _EDGE if leg.key.startswith("out") else _EDGE + 2
    return Port(0 if leg.side == "left" else w, y)


def _inner(drawn: Inside, leg: Leg, shift: float, w: float) -> Port:
    trail: list[Point] = [(x + shift, y) for x, y in drawn.trails[leg.key]]
    return Port(0 if leg.side == "left" else w, trail[0][1], tuple(trail))


def _nets(legs: Sequence[Leg], side: str) -> list[str]:
    return list(dict.fromkeys(leg.net for leg in legs if leg.side == side))


def _busiest(child: Element, legs: Sequence[Leg]) -> int:
    own = [leg for leg in legs if leg.element == child.id]
    return max(len(_nets(own, "left")), len(_nets(own, "right")))


def _reach(legs: Sequence[Leg]) -> float:
    return max((abs(leg.offset) for leg in legs if leg.side in ("top", "bottom")), default=0)


def _font(element: Element) -> tuple[float, bool]:
    return (TITLE, True) if element.kind == "action" else (LABEL, False)
