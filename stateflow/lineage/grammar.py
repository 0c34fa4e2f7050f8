"""The visual grammar that every medium shares: colours, the legend, and how a hostile name is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, by what they are for."""

    paper: str
    ink: str
    slate: str
    blue: str
    pill: str
    amber: str
    grey: str
    note: str
    frame: str


PALETTES = {
    "light": Palette(
        paper="#FFFFFF",
        ink="#1B1F24",
        slate="#6B7785",
        blue="#0072B2",
        pill="#E3F0F8",
        amber="#B57B00",
        grey="#57606A",
        note="#F3F4F6",
        frame="#D0D7DE",
    ),
    "dark": Palette(
        paper="#0D1117",
        ink="#E6EDF3",
        slate="#9AA5B1",
        blue="#56B4E9",
        pill="#10293A",
        amber="#E0A526",
        grey="#9AA5B1",
        note="#1C2128",
        frame="#30363D",
    ),
}

SAMPLES = {
    "action": "action",
    "input": "input",
    "resource": "resource",
    "config": "config",
    "node": "node: type",
    "state": "state key: type",
}
ON_ERROR = "on error"
ARROWS = {
    "transition": "transition",
    ON_ERROR: "on error",
    "depends": "depends",
    "reads": "reads",
    "writes": "writes",
    "appends": "+ appends",
    "provides": "provides",
}

# control characters, surrogates, non-characters, and marks that reorder or hide text
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Return a text on one line, in which what would break or disguise it shows as a symbol."""
    return _HIDDEN.sub(lambda found: _symbol(ord(found[0])), text)


def style(edge: dict[str, Any]) -> str:
    """Return the key of ``ARROWS`` under which an edge is drawn."""
    return ON_ERROR if edge["handles_errors"] else str(edge["kind"])


def arrows(lineage: Lineage) -> Iterator[tuple[str, str, str, str]]:
    """Yield source, target, style and label of each arrow to draw; two that look the same are one."""
    drawn: dict[tuple[str, str, str, str], None] = {}
    for source, target, edge in lineage.edges():
        drawn[source, target, style(edge), visible(edge["label"])] = None
    yield from drawn


@dataclass(frozen=True, slots=True)
class Legend:
    """Samples to draw, kinds by id, and the (from, to, style) of the arrows between them."""

    samples: dict[str, str]
    arrows: list[tuple[str, str, str]]


def legend(lineage: Lineage) -> Legend:
    """Return a legend of what is present, each arrow between kinds that it really joins."""
    present = {node["kind"] for _, node in lineage.nodes()}
    styles = {found for _, _, found, _ in arrows(lineage)}
    body = "node" if "node" in present else "action"
    giver = next((kind for kind in ("input", "resource", "config") if kind in present), "input")
    ends = {"depends": (body, body), "provides": (giver, body), "reads": ("state", body)}
    ends |= dict.fromkeys(("transition", ON_ERROR), ("action", "action"))
    ends |= dict.fromkeys(("writes", "appends"), (body, "state"))
    samples = {kind: kind for kind in SAMPLES if kind in present}
    drawn = []
    for found in (found for found in ARROWS if found in styles):
        tail, head = ends[found]
        far = f"{head}_2" if tail == head or found == "reads" else head
        samples[far] = head
        drawn.append((tail, far, found))
    return Legend(samples, drawn)


def _symbol(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
