"""Draws a lineage as an SVG picture that stands alone: it needs no program, no font and no script."""

from __future__ import annotations

import hashlib
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Literal

from stateflow.errors import InputError, nearest
from stateflow.lineage.grammar import ARROWS, visible
from stateflow.lineage.layout import Layout, Route, layout
from stateflow.lineage.static import START, shortened
from stateflow.lineage.svg.legend import legend
from stateflow.lineage.svg.marks import box_mark, heads, number, route_mark, tag_mark
from stateflow.lineage.svg.palette import sheet

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

Theme = Literal["light", "dark", "auto"]
THEMES: tuple[Theme, ...] = ("light", "dark", "auto")

_MARGIN = 20.0
_ITEM_MARGIN = 480.0
_NAMED, _LONG_NAME = 3, 24  # how many actions a title names, and in how many characters


def to_svg(lineage: Lineage, theme: Theme = "auto") -> str:
    """Return the picture; ``auto`` follows the reader's preference for light or dark.

    Raises:
        InputError: there is no such theme.
    """
    if theme not in THEMES:
        raise InputError(f"theme: there is no {theme!r}{nearest(theme, THEMES)}; choose light, dark or auto")
    drawn = layout(lineage.graph)
    scope = f"sf-{hashlib.sha256(f'{theme}{drawn}'.encode(errors='replace')).hexdigest()[:8]}"
    styles = [style for style in ARROWS if any(route.style == style for route in drawn.routes)]
    kinds = {box.kind for box in drawn.boxes.values()}
    below = legend(kinds, styles, scope, max(drawn.width, _ITEM_MARGIN) - 2 * _MARGIN)
    w, h = max(drawn.width, below.width + 2 * _MARGIN), drawn.height
    shift = (w - drawn.width) / 2
    rule = f'<path class="rule" d="M{number(_MARGIN)} {number(h)}H{number(w - _MARGIN)}"/>' if below.height else ""
    tall = h + (below.height + 16 if below.height else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{scope}" width="{number(w)}" height="{number(tall)}" '
        f'viewBox="0 0 {number(w)} {number(tall)}" role="img" aria-labelledby="{scope}-title {scope}-desc">\n'
        f'<title id="{scope}-title">{escape(title(lineage))}</title>\n'
        f'<desc id="{scope}-desc">{escape(summary(lineage))}</desc>\n'
        f"<style>\n{sheet(scope, theme)}</style>\n<defs>{heads(scope, styles)}</defs>\n"
        f'<rect class="paper" width="{number(w)}" height="{number(tall)}" rx="8"/>\n'
        f'<g transform="translate({number(shift)} 0)">\n{_picture(lineage, drawn, scope)}\n</g>\n{rule}\n'
        f'<g transform="translate({number((w - below.width) / 2)} {number(h + 8)})">{below.svg}</g>\n</svg>\n'
    )


def title(lineage: Lineage) -> str:
    """Return what tells one picture from another: the actions that come first, and how many more there are."""
    entries = [target for source, target, _ in lineage.edges("transition") if source == START]
    actions = [key for key, _ in lineage.nodes("action")]
    ordered = list(dict.fromkeys((*entries, *actions)))
    shown = [visible(shortened(lineage.node(key)["name"], _LONG_NAME)) for key in ordered[:_NAMED]]
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return f"{', '.join(shown)}{more} – Lineage" if shown else "Lineage"


def summary(lineage: Lineage) -> str:
    """Return in words what the picture shows: how many of each kind, and the transitions."""
    counts = Counter(str(data["kind"]) for _, data in lineage.nodes())
    shown = [f"{count} {kind}{'s' * (count > 1)}" for kind, count in counts.items() if kind not in ("start", "end")]
    names = {key: visible(data["name"]) for key, data in lineage.nodes()}
    moves = [
        f"{names[source]} to {names[target]}{_when(data['label'])}"
        for source, target, data in lineage.edges("transition")
    ]
    told = f"Shows {', '.join(shown) or 'nothing'}."
    return f"{told} Transitions: {'; '.join(moves)}." if moves else told


def told(lineage: Lineage, key: str) -> str:
    """Return what the tooltip of an element says."""
    data = lineage.node(key)
    kept = f"{data['name']}: {data['type']}" if data["type"] else data["name"]
    first = data["doc"].strip().partition("\n")[0]
    return visible(" – ".join(part for part in (f"{data['kind']} {kept}", first) if part))


def _picture(lineage: Lineage, drawn: Layout, scope: str) -> str:
    boxes = drawn.boxes.values()
    marks = [box_mark(box, told(lineage, box.id)) for box in boxes if box.shape == "container"]
    marks += [route_mark(route, scope) for route in in_front(drawn.routes)]
    marks += [box_mark(box, told(lineage, box.id)) for box in boxes if box.shape != "container"]
    marks += [tag_mark(route.tag) for route in drawn.routes if route.tag]
    return "\n".join(marks)


def in_front(routes: tuple[Route, ...]) -> list[Route]:
    """Return the routes with those of the control flow last, so that nothing is drawn over them."""
    return sorted(routes, key=lambda route: list(ARROWS).index(route.style), reverse=True)


def _when(label: str) -> str:
    return f" ({visible(label)})" if label else ""
