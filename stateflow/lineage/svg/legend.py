"""The legend: a sample of each kind that is present, in rows below the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stateflow.lineage.grammar import ARROWS, SAMPLES
from stateflow.lineage.layout.shapes import Box, Route
from stateflow.lineage.layout.text import width
from stateflow.lineage.svg.marks import box_mark, number, route_mark

_SIZE, _GAP, SAMPLE, _ROW = 11.0, 16.0, 26.0, 24.0
NAMES = {
    "start": "start",
    "end": "end",
    **SAMPLES,
    "node": "node",
    "state": "state key",
    **ARROWS,
    "appends": "appends",
}
_DOT = 14.0


@dataclass(frozen=True, slots=True)
class Legend:
    """The drawing of a legend, from its upper left corner, and its size."""

    svg: str
    width: float
    height: float


def legend(kinds: Iterable[str], styles: Iterable[str], scope: str, limit: float) -> Legend:
    """Return the legend of these kinds of elements and styles of arrows, in rows of at most ``limit`` pixels."""
    rows = _rows(present(kinds, styles), limit)
    widest = max((_wide(row) for row in rows), default=0)
    parts = []
    for index, row in enumerate(rows):
        x = (widest - _wide(row)) / 2
        for name in row:
            label = f'<text x="{number(SAMPLE + 7)}" y="4">{NAMES[name]}</text>'
            move = f"translate({number(x)} {number(index * _ROW + _ROW / 2)})"
            parts.append(f'<g transform="{move}">{sample(name, scope)}{label}</g>')
            x += _wide([name]) + _GAP
    return Legend(f'<g class="legend">{"".join(parts)}</g>', widest, len(rows) * _ROW)


def present(kinds: Iterable[str], styles: Iterable[str]) -> list[str]:
    """Return what a legend has to explain, in the order of the grammar."""
    found = {*kinds, *styles}
    return [name for name in NAMES if name in found]


def sample(name: str, scope: str) -> str:
    """Return a sample of a kind or style, ``SAMPLE`` wide, with its middle at height 0."""
    return route_mark(_line(name), scope) if name in ARROWS else box_mark(_sample(name), NAMES[name])


def _rows(names: Sequence[str], limit: float) -> list[list[str]]:
    """Return the names in as few rows as fit; where there are several, elements and arrows do not share one."""
    if _wide(names) <= limit:
        return [list(names)] if names else []
    rows: list[list[str]] = []
    for found in ([name for name in names if name not in ARROWS], [name for name in names if name in ARROWS]):
        rows.append([])
        for name in found:
            if rows[-1] and _wide([*rows[-1], name]) > limit:
                rows.append([])
            rows[-1].append(name)
    return [row for row in rows if row]


def _wide(row: Sequence[str]) -> float:
    return sum(SAMPLE + 7 + width(NAMES[name], _SIZE) + _GAP for name in row) - _GAP


def _sample(kind: str) -> Box:
    if kind in ("start", "end"):
        return Box(kind, kind, (SAMPLE - _DOT) / 2, -_DOT / 2, _DOT, _DOT, "")
    return Box(kind, kind, 0, -7, SAMPLE, 14, "")


def _line(style: str) -> Route:
    return Route("", "", "", style, ((0, 0), (SAMPLE, 0)))
