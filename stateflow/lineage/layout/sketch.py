"""Reads a lineage graph into what is to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stateflow.lineage.grammar import style, visible
from stateflow.lineage.layout.shapes import Arrow, Element, Sketch
from stateflow.lineage.static import identity

if TYPE_CHECKING:
    import networkx as nx

_KINDS = ("start", "action", "input", "config", "node", "state", "resource", "end")


def sketch(graph: nx.MultiDiGraph[str]) -> Sketch:
    """Return what is to be drawn, sorted by kind and order so that nothing else can matter."""
    found = [(_KINDS.index(data["kind"]), data["order"], key, data) for key, data in graph.nodes(data=True)]
    elements = {
        key: Element(key, data["kind"], visible(data["label"]), data["parent"] if data["parent"] in graph else None)
        for _, _, key, data in sorted(found, key=lambda item: item[:3])
    }
    place = {key: index for index, key in enumerate(elements)}
    edges = sorted(
        graph.edges(data=True),
        key=lambda edge: (place[edge[0]], edge[2]["kind"], edge[2]["order"], place[edge[1]], edge[2]["label"]),
    )
    drawn: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
    for source, target, data in edges:
        keys = [identity("state", name) for name in data.get("reads", ())]
        drawn[source, target, style(data), visible(data["label"])] = tuple(key for key in keys if key in elements)
    arrows = tuple(Arrow(f"e{index}", *found, reads) for index, (found, reads) in enumerate(drawn.items()))
    return Sketch(elements, arrows)
