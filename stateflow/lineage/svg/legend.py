"""The legend: a sample of each kind that is present, in rows below the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stateflow.lineage.grammar import ARROWS, SAMPLES
from stateflow.lineage.layout.shapes import Box, Route
from stateflow.lineage.layout.text import width
from stateflow.lineage.svg.marks import box_mark, number, route_mark

_SIZE, _GAP, _SAMPLE, _ROW = 11.0, 16.0, 26.0, 24.0
_NAMES = {"start": "start", "end": "end", **SAMPLES, "node": "node", "state": "state key", **ARROWS, "appends": "appends"}
_DOT = 14.0


@dataclass(frozen=True, slots=True)
class Legend:
    """The drawing of a legend, from its upper left corner, and its size."""

    svg: str
    width: float
    height: float


def legend(kinds: Iterable[str], styles: Iterable[str], scope: str, limit: float) -> Legend:
    """Return the legend of these kinds of elements and styles of arrows, in rows of at most ``limit`` pixels."""
    present = {*kinds, *styles}
    x, y, widest = 0.0, 0.0, 0.0
    parts = []
    for name in (name for name in _NAMES if name in present):
        text = _NAMES[name]
        wide = _SAMPLE + 7 + width(text, _SIZE)
        if x and x + wide > limit:
            x, y = 0.0, y + _ROW
        sample = route_mark(_line(name), scope) if name in ARROWS else box_mark(_sample(name), text)
        label = f'<text x="{number(_SAMPLE + 7)}" y="4">{text}</text>'
        parts.append(f'<g transform="translate({number(x)} {number(y + _ROW / 2)})">{sample}{label}</g>')
        x += wide + _GAP
        widest = max(widest, x - _GAP)
    return Legend(f'<g class="legend">{"".join(parts)}</g>', widest, y + _ROW if parts else 0)


def _sample(kind: str) -> Box:
    if kind in ("start", "end"):
        return Box(kind, kind, (_SAMPLE - _DOT) / 2, -_DOT / 2, _DOT, _DOT, "")
    return Box(kind, kind, 0, -7, _SAMPLE, 14, "")


def _line(style: str) -> Route:
    return Route("", "", "", style, ((0, 0), (_SAMPLE, 0)))
