"""Draws a lineage as one interactive page that needs nothing else: no network, no program, no library."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, replace
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from stateflow.lineage.grammar import ARROWS, visible
from stateflow.lineage.layout import Box, Layout, Plan, Route, place, planned
from stateflow.lineage.layout.plan import SIZES, Anchor, Berth, Cell, Way
from stateflow.lineage.layout.shapes import Face
from stateflow.lineage.render import write
from stateflow.lineage.svg import in_front, title, told
from stateflow.lineage.svg.legend import NAMES, SAMPLE, present, sample
from stateflow.lineage.svg.marks import RADIUS, TRIMS, box_mark, heads, number, route_mark, tag_mark
from stateflow.lineage.svg.palette import asset, colours

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

_CHEVRONS = {"open": "M5 7l4 4 4-4", "shut": "M7 5l4 4-4 4"}


def to_html(lineage: Lineage, path: str | Path | None = None) -> str:
    """Return the page; with ``path`` write it there too."""
    lenses = {"unified": lineage, "control": lineage.control(), "data": lineage.data()}
    plans = {lens: planned(view.graph) for lens, view in lenses.items()}
    style, script = _style(), asset("page.js")
    page = _filled(
        {
            "title": escape(title(lineage)),
            "style": style,
            "style-hash": _fingerprint(style),
            "script": script,
            "script-hash": _fingerprint(script),
            "pictures": "\n".join(_picture(lineage, plan, lens) for lens, plan in plans.items()),
            "legend": _legend(plans["unified"]),
            "data": _data(lineage, plans),
        }
    )
    if path is not None:
        write(Path(path), page)
    return page


def _filled(parts: dict[str, str]) -> str:
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda found: parts[found[1]], asset("page.html"))


def _fingerprint(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _style() -> str:
    light, dark = (
        "".join(f"--{name}: {colour}; " for name, colour in colours(theme).items()) for theme in ("light", "dark")
    )
    marks = Template(asset("picture.css")).substitute({name: f"var(--{name})" for name in colours("light")})
    return (
        f":root {{ color-scheme: light; {light}}}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ color-scheme: dark; {dark}}} }}\n"
        f':root[data-theme="light"] {{ color-scheme: light; {light}}}\n'
        f':root[data-theme="dark"] {{ color-scheme: dark; {dark}}}\n'
        f"{marks.replace('SCOPE', 'lineage')}{asset('page.css')}"
    )


# -- pictures: both faces of each block, drawn here so that the page has only to move them -------------------------


def _picture(lineage: Lineage, plan: Plan, lens: str) -> str:
    drawn = place(plan)
    hidden = ' display="none"' if lens != "unified" else ""
    marks = [mark for cell in plan.cells for mark in _faces(lineage, cell, drawn, lens)]
    for berth in (*plan.left, *plan.right):
        item = replace(berth.box, x=0.0, y=0.0)
        marks.append(_item(berth.box.id, "only", drawn.boxes[berth.box.id], _box(lineage, item)))
    outer = {way.arrow for way in plan.ways}
    marks += [_route(route, lens) for route in in_front(drawn.routes) if route.id in outer]
    marks += [tag_mark(route.tag, f' data-arrow="{route.id}"{_ends(route)}') for route in drawn.routes if route.tag]
    styles = [style for style in ARROWS if any(route.style == style for route in drawn.routes)]
    return (
        f'<svg class="lineage" data-lens="{lens}" role="group" aria-label="{lens} lens"{hidden}>'
        f'<defs>{heads(lens, styles)}</defs><g class="view">\n' + "\n".join(marks) + "\n</g></svg>"
    )


def _faces(lineage: Lineage, cell: Cell, drawn: Layout, lens: str) -> list[str]:
    corner = drawn.boxes[cell.id]
    if not _has_inside(cell):
        return [_item(cell.id, "only", corner, _inner(lineage, cell.open, lens))]
    narrow = replace(corner, x=corner.x + (cell.open.w - cell.shut.w) / 2)
    return [
        _item(cell.id, "open", corner, _inner(lineage, cell.open, lens) + _chevron(lineage, cell, "open")),
        _item(cell.id, "shut", narrow, _inner(lineage, cell.shut, lens) + _chevron(lineage, cell, "shut")),
    ]


def _has_inside(cell: Cell) -> bool:
    return cell.open is not cell.shut


def _item(key: str, face: str, at: Box, marks: str) -> str:
    hidden = ' display="none"' if face == "shut" else ""
    move = f"translate({number(at.x)} {number(at.y)})"
    return f'<g data-item="{escape(key)}" data-face="{face}" transform="{move}"{hidden}>{marks}</g>'


def _inner(lineage: Lineage, face: Face, lens: str) -> str:
    boxes = [_box(lineage, box) for box in face.boxes]
    return "".join((boxes[0], *(_route(route, lens) for route in face.routes), *boxes[1:]))


def _box(lineage: Lineage, box: Box) -> str:
    return box_mark(box, told(lineage, box.id), f' data-id="{escape(box.id)}" tabindex="0" role="button"')


def _route(route: Route, lens: str) -> str:
    return route_mark(route, lens, f' data-arrow="{route.id}"{_ends(route)}')


def _ends(route: Route) -> str:
    kind = "transition" if route.style == "on error" else route.style
    return f' data-source="{escape(route.source)}" data-target="{escape(route.target)}" data-kind="{kind}"'


def _chevron(lineage: Lineage, cell: Cell, face: str) -> str:
    name = escape(visible(lineage.node(cell.id)["name"]))
    x, y = (cell.open.w - 26, 7.0) if face == "open" else (cell.shut.w - 19, cell.shut.h / 2 - 9)
    verb = "Collapse" if face == "open" else "Expand"
    return (
        f'<g class="fold" data-fold="{escape(cell.id)}" role="button" tabindex="0" aria-label="{verb} {name}" '
        f'transform="translate({number(x)} {number(y)})">'
        f'<rect class="hit" width="18" height="18" rx="4"/><path d="{_CHEVRONS[face]}"/></g>'
    )


def _legend(plan: Plan) -> str:
    drawn = place(plan)
    styles = [style for style in ARROWS if any(route.style == style for route in drawn.routes)]
    box = f'viewBox="-1 -12 {number(SAMPLE + 2)} 24" width="{number(SAMPLE + 2)}" height="24"'
    items = (
        f'<li><svg class="lineage" {box} aria-hidden="true"><defs>{heads("legend", [name] if name in ARROWS else [])}'
        f"</defs>{sample(name, 'legend')}</svg>{NAMES[name]}</li>"
        for name in present((item.kind for item in drawn.boxes.values()), styles)
    )
    return f"<ul>{''.join(items)}</ul>"


# -- data: what the page has to know ---------------------------------------------------------------------------------


def _data(lineage: Lineage, plans: dict[str, Plan]) -> str:
    nodes = {
        key: {
            "name": visible(data["name"]),
            "kind": data["kind"],
            "type": visible(data["type"]),
            "doc": data["doc"],
            "tags": {visible(str(tag)): visible(str(value)) for tag, value in data["tags"].items()},
            "parent": data["parent"],
            "initial": bool(data.get("initial")),
        }
        for key, data in lineage.nodes()
    }
    edges = [[source, target, data["kind"], visible(data["label"])] for source, target, data in lineage.edges()]
    lenses = {lens: _plan(plan) for lens, plan in plans.items()}
    sizes = {**asdict(SIZES), "radius": RADIUS, "trims": TRIMS}
    text = json.dumps({"sizes": sizes, "nodes": nodes, "edges": edges, "lenses": lenses}, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "rows": plan.rows,
        "columns": plan.columns,
        "cells": [_cell(cell) for cell in plan.cells],
        "left": [_berth(berth) for berth in plan.left],
        "right": [_berth(berth) for berth in plan.right],
        "channels": plan.channels,
        "ways": [_way(way) for way in plan.ways],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.id,
        "row": cell.row,
        "column": cell.column,
        "left": cell.left,
        "right": cell.right,
        "anchor": _anchor(cell.anchor),
        "open": _face(cell.open),
        "shut": _face(cell.shut) if _has_inside(cell) else None,
    }


def _face(face: Face) -> dict[str, Any]:
    ports = {key: [port.x, port.y, *port.trail] for key, port in face.ports.items()}
    return {"w": face.w, "h": face.h, "ports": ports}


def _berth(berth: Berth) -> dict[str, Any]:
    box = berth.box
    anchor = _anchor(berth.anchor)
    return {"id": box.id, "w": box.w, "h": box.h, "ports": berth.ports, "inset": berth.inset, "anchor": anchor}


def _way(way: Way) -> dict[str, Any]:
    return {
        "arrow": way.arrow,
        "style": way.style,
        "start": _anchor(way.start),
        "tracks": way.tracks,
        "end": _anchor(way.end),
        "tag": [way.tag_width, way.tag_side] if way.tag else None,
    }


def _anchor(anchor: Anchor | None) -> list[str] | None:
    return [anchor.item, anchor.port] if anchor else None
