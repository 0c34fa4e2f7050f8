"""A layered layout of our own: the DAG inside each action first, then the machine of actions, state and resources.

``planned`` fixes rank and order of everything; ``place`` only assigns coordinates, so that a collapsed action is
its block replaced by one box.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from stateflow.lineage.layout.order import improved
from stateflow.lineage.layout.place import place
from stateflow.lineage.layout.plan import Plan
from stateflow.lineage.layout.shapes import Box, Face, Layout, Route, Tag
from stateflow.lineage.layout.sketch import sketch
from stateflow.lineage.layout.ways import draw_up

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Box", "Face", "Layout", "Plan", "Route", "Tag", "layout", "place", "planned"]


def planned(graph: nx.MultiDiGraph[str]) -> Plan:
    """Return the plan of a lineage graph: what stands where, and in which order."""
    return improved(draw_up(sketch(graph)))


def layout(graph: nx.MultiDiGraph[str], collapsed: Collection[str] = ()) -> Layout:
    """Return the drawing of a lineage graph, with the actions of these ids shown as a single box."""
    return place(planned(graph), collapsed)
