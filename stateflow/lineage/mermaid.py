"""Draws a lineage as a Mermaid flowchart: ``==>`` transitions, ``-->`` dependencies, ``-.->`` reads, ``--o`` writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stateflow.lineage.grammar import ARROWS, ON_ERROR, PALETTES, SAMPLES, Palette, arrows, legend, visible

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

_SHAPES = {
    "start": ('(("', '"))'),
    "end": ('((("', '")))'),
    "action": ('("', '")'),
    "node": ('("', '")'),
    "state": ('(["', '"])'),
    "input": ('[/"', '"/]'),
    "resource": ('{{"', '"}}'),
    "config": ('>"', '"]'),
}
_ARROWS = {
    "transition": "==>",
    ON_ERROR: "==>",
    "depends": "-->",
    "reads": "-.->",
    "writes": "--o",
    "appends": "--o",
    "provides": "-->",
}
# what Mermaid or the Markdown inside its labels would read as syntax; a plain word keeps its own look
_SYNTAX = re.compile(
    r"""["#&<`\[\]{}|\\*~;%$@^!/']"""
    r"""|^[\s>+=-]|\s$|^\d(?=\d*[.)](?:\s|$))"""  # what opens a block of Markdown, and spaces it would drop
    r"""|(?<![^\W_])_|_(?![^\W_])|(?<!\d)\.|\.(?!\d)|:(?!\s)"""  # emphasis, links, styles and icons
)


def to_mermaid(lineage: Lineage, theme: str = "light") -> str:
    """Return a flowchart with a legend of what is present."""
    return "\n".join([*_Chart(lineage).lines(PALETTES[theme]), ""])


def escaped(text: str) -> str:
    """Return a text that can stand between the quotes of a label and shows as it is."""
    return _SYNTAX.sub(lambda found: f"#{ord(found[0])};", visible(text))


class _Chart:
    """One drawing: the generated ids of its nodes, and the styles of its arrows in the order of drawing."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.links: list[str] = []
        self.blocks: list[str] = []
        self.ids: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for key, node in lineage.nodes():
            self.ids[key] = f"{node['kind']}_{counts[node['kind']]}"
            counts[node["kind"]] += 1

    def lines(self, palette: Palette) -> Iterator[str]:
        """Yield the lines of the flowchart."""
        yield "flowchart TD"
        for key, node in self.lineage.nodes():
            if node["parent"] is None:
                yield from self.block(key)
        for (source, target, style), labels in self.arrows().items():
            yield self.link(self.ids[source], self.ids[target], style, " / ".join(filter(None, labels)))
        yield from self.legend()
        if self.blocks:  # only here, behind the arrows, does the class of a subgraph take effect
            yield f"    class {','.join(self.blocks)} is_action"
        yield from _classes(palette)
        yield from self.styles(palette)

    def arrows(self) -> dict[tuple[str, str, str], list[str]]:
        """Return the labels of the arrows to draw: those of one style from a thing to another are one arrow.

        Mermaid loses the label of all but one of the arrows from a thing to itself.
        """
        found: dict[tuple[str, str, str], list[str]] = {}
        for source, target, style, label in arrows(self.lineage):
            found.setdefault((source, target, style), []).append(label)
        return found

    def block(self, key: str) -> Iterator[str]:
        """Yield a node, or an action with all that it holds."""
        inside = self.lineage.inside(key)
        data = self.lineage.node(key)
        if not inside:
            label = "" if data["kind"] in ("start", "end") else data["label"]
            yield "    " + _box(self.ids[key], data["kind"], label)
            return
        yield f'    subgraph {self.ids[key]}["{escaped(data["label"])}"]'
        for child in inside:
            held = self.lineage.node(child)
            yield "        " + _box(self.ids[child], held["kind"], held["label"])
        yield "    end"
        self.blocks.append(self.ids[key])

    def legend(self) -> Iterator[str]:
        """Yield the legend."""
        found = legend(self.lineage)
        if not found.samples:
            return
        yield '    subgraph legend["legend"]'
        for name, kind in found.samples.items():
            yield "        " + _box(f"legend_{name}", kind, SAMPLES[kind])
        for tail, head, style in found.arrows:
            yield "    " + self.link(f"legend_{tail}", f"legend_{head}", style, ARROWS[style])
        yield "    end"
        yield "    class legend is_legend"

    def link(self, source: str, target: str, style: str, label: str) -> str:
        """Return one arrow; its place among the links decides its colour."""
        self.links.append(style)
        text = f'|"{escaped(label)}"|' if label else ""
        return f"    {source} {_ARROWS[style]}{text} {target}"

    def styles(self, palette: Palette) -> Iterator[str]:
        """Yield the colours of the arrows."""
        colours = {
            "transition": palette.ink,
            ON_ERROR: palette.ink,
            "depends": palette.slate,
            "provides": palette.amber,
        }
        for style in ARROWS:
            places = [str(place) for place, given in enumerate(self.links) if given == style]
            if places:
                dashes = ",stroke-dasharray:6 4" if style == ON_ERROR else ""
                yield f"    linkStyle {','.join(places)} stroke:{colours.get(style, palette.blue)}{dashes}"


def _box(name: str, kind: str, label: str) -> str:
    opening, closing = _SHAPES[kind]
    return f"{name}{opening}{escaped(label) or ' '}{closing}:::is_{kind}"


def _classes(palette: Palette) -> Iterator[str]:
    shown = palette
    for name, fill, stroke, colour, more in (
        ("start", shown.ink, shown.ink, shown.ink, ""),
        ("end", shown.paper, shown.ink, shown.ink, ",stroke-width:2px"),
        ("action", shown.paper, shown.ink, shown.ink, ",stroke-width:2.5px"),
        ("node", shown.paper, shown.slate, shown.ink, ""),
        ("state", shown.pill, shown.blue, shown.blue, ""),
        ("input", shown.paper, shown.amber, shown.ink, ",stroke-dasharray:5 3"),
        ("resource", shown.paper, shown.amber, shown.amber, ""),
        ("config", shown.note, shown.grey, shown.grey, ""),
        ("legend", shown.paper, shown.frame, shown.grey, ""),
    ):
        yield f"    classDef is_{name} fill:{fill},stroke:{stroke},color:{colour}{more}"
