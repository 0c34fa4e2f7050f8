"""Draws a lineage in the language of Graphviz, after the project's target drawing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stateflow.lineage.grammar import ARROWS, ON_ERROR, PALETTES, SAMPLES, Palette, arrows, legend, visible

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage


def to_dot(lineage: Lineage, theme: str = "light") -> str:
    """Return a digraph with a legend of what is present."""
    return "\n".join([*_Drawing(lineage, theme).lines(), ""])


def quoted(text: str) -> str:
    """Return a text as a quoted string that Graphviz shows as it is: no escapes, no entities."""
    plain = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{plain}"'


class _Drawing:
    """One drawing: its lineage and the attributes of what it draws."""

    def __init__(self, lineage: Lineage, theme: str) -> None:
        self.lineage = lineage
        self.clusters = {
            key: place for place, key in enumerate(key for key, _ in lineage.nodes() if lineage.inside(key))
        }
        self.palette = PALETTES[theme]
        self.boxes = _boxes(self.palette)
        self.arrows = _arrows(self.palette)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the digraph."""
        ink = self.palette.ink
        yield "digraph lineage {"
        yield "    compound=true; newrank=true; rankdir=TB; nodesep=0.3; ranksep=0.45;"
        yield f'    fontname="Helvetica"; fontcolor="{ink}"; bgcolor="{self.palette.paper}";'
        yield f'    node [fontname="Helvetica", fontsize=11, fontcolor="{ink}", height=0.32, margin="0.1,0.05"];'
        yield f'    edge [fontname="Helvetica", fontsize=9, fontcolor="{ink}"];'
        for key, node in self.lineage.nodes():
            if node["parent"] is None:
                yield from self.block(key)
        for source, target, style, label in arrows(self.lineage):
            yield "    " + self.edge(source, target, style, label)
        yield from self.legend()
        yield "}"

    def block(self, key: str) -> Iterator[str]:
        """Yield a node, or an action as a cluster of what it holds."""
        if key not in self.clusters:
            yield "    " + self.node(key)
            return
        yield f"    subgraph cluster_{self.clusters[key]} {{"
        yield f"        label={quoted(self.lineage.node(key)['label'])}; labeljust=l;"
        yield f'        style="rounded,bold"; color="{self.palette.ink}"; penwidth=2;'
        for child in self.lineage.inside(key):
            yield "        " + self.node(child)
        yield "    }"

    def node(self, key: str) -> str:
        """Return the statement of one node."""
        data = self.lineage.node(key)
        label = "" if data["kind"] in ("start", "end") else data["label"]
        return f'"{key}" [label={quoted(label)}, {self.boxes[data["kind"]]}];'

    def edge(self, source: str, target: str, style: str, label: str) -> str:
        """Return the statement of one arrow; an action with contents is left and entered at its border."""
        more = [f"label={quoted(f' {label}')}"] if label else []
        for end, key in (("ltail", source), ("lhead", target)):
            if key in self.clusters and source != target:
                more.append(f"{end}=cluster_{self.clusters[key]}")
        tail, head = self.anchor(source, -1), self.anchor(target, 0)
        return f'"{tail}" -> "{head}" [{", ".join([self.arrows[style], *more])}];'

    def anchor(self, key: str, place: int) -> str:
        """Return the node at which an arrow ends: the first or last one inside an action, or the node itself."""
        return self.lineage.inside(key)[place] if key in self.clusters else key

    def legend(self) -> Iterator[str]:
        """Yield the legend, as a cluster of its own."""
        found = legend(self.lineage)
        if not found.samples:
            return
        yield "    subgraph cluster_legend {"
        yield f'        label=""; margin=18; style=rounded; color="{self.palette.frame}";'
        for name, kind in found.samples.items():
            yield f'        "legend/{name}" [label={quoted(SAMPLES[kind])}, {self.boxes[kind]}];'
        for tail, head, style in found.arrows:
            look = f"label={quoted(f' {ARROWS[style]}')}, {self.arrows[style]}"
            yield f'        "legend/{tail}" -> "legend/{head}" [{look}];'
        yield "    }"


def _boxes(shown: Palette) -> dict[str, str]:
    filled = f'style=filled, fillcolor="{shown.ink}", color="{shown.ink}", fixedsize=true'
    return {
        "start": f"shape=circle, {filled}, width=0.18",
        "end": f"shape=doublecircle, {filled}, width=0.14",
        "action": f'shape=box, style="rounded,bold", color="{shown.ink}", penwidth=2',
        "node": f'shape=box, style=rounded, color="{shown.slate}"',
        "state": f'shape=box, style="rounded,filled", fillcolor="{shown.pill}", {_coloured(shown.blue)}',
        "input": f'shape=parallelogram, style=dashed, color="{shown.amber}"',
        "resource": f"shape=hexagon, {_coloured(shown.amber)}",
        "config": f'shape=note, style=filled, fillcolor="{shown.note}", {_coloured(shown.grey)}',
    }


def _arrows(shown: Palette) -> dict[str, str]:
    strong = f'penwidth=2.2, color="{shown.ink}"'
    write = f'color="{shown.blue}", arrowhead=dot, arrowsize=0.6'
    return {
        "transition": strong,
        ON_ERROR: f"{strong}, style=dashed",
        "depends": f'color="{shown.slate}", arrowhead=vee, arrowsize=0.7',
        "provides": f'color="{shown.amber}", arrowhead=vee, arrowsize=0.7',
        "reads": f'color="{shown.blue}", style=dashed, arrowhead=empty, arrowsize=0.6',
        "writes": write,
        "appends": write,
    }


def _coloured(colour: str) -> str:
    return f'color="{colour}", fontcolor="{colour}"'
