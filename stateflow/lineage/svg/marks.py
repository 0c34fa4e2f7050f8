"""The marks of the drawing: one shape for each kind of element, one line and head for each kind of arrow."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from stateflow.lineage.layout import Box, Route, Tag
from stateflow.lineage.layout.block import SKEW
from stateflow.lineage.layout.shapes import Point

RADIUS = 8.0
# how far before its end the line stops, to make room for its head
TRIMS = {
    "transition": 9.0,
    "on error": 9.0,
    "reads": 8.0,
    "writes": 4.0,
    "appends": 6.0,
    "depends": 1.0,
    "provides": 1.0,
}
_FIRST_CIRCLED, _LAST_CIRCLED = 0x2460, 0x2473


def number(value: float) -> str:
    """Return a coordinate as it is written: at most two decimals, no trailing zeros."""
    return f"{value + 0.0:.2f}".rstrip("0").rstrip(".")


def css_name(style: str) -> str:
    """Return the class of a style of arrow."""
    return style.replace(" ", "-")


# -- elements ------------------------------------------------------------------------------------------------------


def box_mark(box: Box, told: str, more: str = "") -> str:
    """Return the drawing of an element; ``told`` is what its tooltip says, ``more`` further attributes."""
    return (
        f'<g class="box {box.kind} {box.shape}" transform="translate({number(box.x)} {number(box.y)})"{more}>'
        f"<title>{escape(told)}</title>{_shape(box)}{_text(box)}</g>"
    )


def _shape(box: Box) -> str:
    w, h = box.w, box.h
    if box.kind == "start":
        return f'<circle class="shape" cx="{number(w / 2)}" cy="{number(h / 2)}" r="{number(w / 2)}"/>'
    if box.kind == "end":
        middle = f'cx="{number(w / 2)}" cy="{number(h / 2)}"'
        core = f'<circle class="core" {middle} r="{number(w / 2 - 5)}"/>'
        return f'<circle class="shape" {middle} r="{number(w / 2 - 1)}"/>{core}'
    if box.kind == "input":
        return _polygon((SKEW, 0), (w, 0), (w - SKEW, h), (0, h))
    if box.kind == "resource":
        return _polygon((10, 0), (w - 10, 0), (w, h / 2), (w - 10, h), (10, h), (0, h / 2))
    if box.kind == "config":
        fold = f'<path class="shape" d="M{number(w - 8)} 0v8h8"/>'
        return _polygon((0, 0), (w - 8, 0), (w, 8), (w, h), (0, h)) + fold
    radius = {"state": h / 2 if h < 40 else 18, "action": 9}.get(box.kind, 6)
    return f'<rect class="shape" width="{number(w)}" height="{number(h)}" rx="{number(radius)}"/>'


def _polygon(*points: Point) -> str:
    corners = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f'<path class="shape" d="M{corners}Z"/>'


def _text(box: Box) -> str:
    if not box.label:
        return ""
    x, y = (14.0, 21.0) if box.shape == "container" else (box.w / 2, box.h / 2 + 4)
    name, colon, kind = box.label.partition(": ") if box.kind != "action" else (box.label, "", "")
    typed = f'<tspan class="type">{colon}{escape(kind)}</tspan>' if colon else ""
    return f'<text x="{number(x)}" y="{number(y)}">{escape(name)}{typed}</text>'


# -- arrows --------------------------------------------------------------------------------------------------------


def route_mark(route: Route, scope: str, more: str = "") -> str:
    """Return the drawing of an arrow."""
    path = course(route.points, route.shape, TRIMS[route.style])
    head = f'marker-end="url(#{scope}-{css_name(route.style)})"'
    return f'<g class="route {css_name(route.style)}"{more}><path class="line" d="{path}" {head}/></g>'


def tag_mark(tag: Tag, more: str = "") -> str:
    """Return the drawing of the text at a transition; its place among its rivals becomes a badge."""
    text, badge, start = tag.text, "", 2.0
    if _FIRST_CIRCLED <= ord(text[0]) <= _LAST_CIRCLED:
        order = ord(text[0]) - _FIRST_CIRCLED + 1
        badge = f'<circle class="badge" cx="7.5" cy="8" r="6.5"/><text class="number" x="7.5" y="11.4">{order}</text>'
        text, start = text[1:].lstrip(), 18.0
    return (
        f'<g class="tag" transform="translate({number(tag.x)} {number(tag.y)})"{more}>'
        f'<rect class="back" width="{number(tag.w)}" height="{number(tag.h)}" rx="4"/>{badge}'
        f'<text x="{number(start)}" y="12">{escape(text)}</text></g>'
    )


def course(points: Sequence[Point], shape: str, trim: float) -> str:
    """Return the path of a line that stops ``trim`` before its last point."""
    (x, y), (px, py) = points[-1], points[-2]
    if shape == "curved":
        end = (x, y - trim if py <= y else y + trim)
        return _curved([*points[:-1], end])
    end = (x - _sign(x - px) * trim, y - _sign(y - py) * trim)
    return _angular([*points[:-1], end])


def _angular(points: Sequence[Point]) -> str:
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        reach = min(RADIUS, _distance(before, (x, y)) / 2, _distance((x, y), after) / 2)
        near = (x - _sign(x - before[0]) * reach, y - _sign(y - before[1]) * reach)
        far = (x + _sign(after[0] - x) * reach, y + _sign(after[1] - y) * reach)
        parts.append(f"L{number(near[0])} {number(near[1])}Q{number(x)} {number(y)} {number(far[0])} {number(far[1])}")
    parts.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(parts)


def _curved(points: Sequence[Point]) -> str:
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for (px, py), (x, y) in pairwise(points):
        if px == x:
            parts.append(f"L{number(x)} {number(y)}")
        else:
            middle = number((py + y) / 2)
            parts.append(f"C{number(px)} {middle} {number(x)} {middle} {number(x)} {number(y)}")
    return "".join(parts)


def _distance(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


_HEADS = {
    "transition": '<path class="head-transition" d="M-.5-5 9 0-.5 5Z"/>',
    "on error": '<path class="head-on-error" d="M-.5-5 9 0-.5 5Z"/>',
    "depends": '<path class="head-depends" d="M-6-3.5 .6 0-6 3.5"/>',
    "provides": '<path class="head-provides" d="M-6-3.5 .6 0-6 3.5"/>',
    "reads": '<path class="head-reads" d="M.6-3.8 7.4 0 .6 3.8Z"/>',
    "writes": '<circle class="head-writes" r="3.8"/>',
    "appends": '<circle class="head-appends" r="6"/><path class="plus" d="M-3.2 0H3.2M0-3.2V3.2"/>',
}


def heads(scope: str, styles: Sequence[str]) -> str:
    """Return the definitions of the heads of arrows."""
    return "".join(
        f'<marker id="{scope}-{css_name(style)}" viewBox="-8 -8 20 16" markerWidth="20" markerHeight="16" refX="0" '
        f'refY="0" markerUnits="userSpaceOnUse" orient="auto">{_HEADS[style]}</marker>'
        for style in styles
    )
