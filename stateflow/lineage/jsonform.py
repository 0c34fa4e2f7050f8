"""Writes a lineage as JSON, for programs.

The document has three members, and the same lineage always gives the same bytes (ASCII, keys sorted):

- ``schema``: ``"stateflow/lineage/1"``; the number grows when a member changes its meaning or goes away.
- ``nodes``, by ``id``: ``id``, and the attributes that ``Lineage`` documents: ``kind``, ``name``, ``label``,
  ``type``, ``parent``, ``order``, ``doc``, ``tags``, ``opaque``; state keys also ``initial``.
- ``edges``, by ``source``, ``target``, ``key``: these three, which name the edge, and ``kind``, ``label``,
  ``order``, ``condition``, ``parameter``, ``handles_errors``, ``reads``; reads, depends and provides also ``required``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

SCHEMA = "stateflow/lineage/1"


def to_json(lineage: Lineage) -> str:
    """Return the document described above."""
    graph = lineage.graph
    nodes = [{"id": key, **data} for key, data in sorted(lineage.nodes(), key=lambda node: node[0])]
    edges = [
        {"source": source, "target": target, "key": key, **graph.edges[source, target, key]}
        for source, target, key in sorted(graph.edges(keys=True))
    ]
    return json.dumps({"schema": SCHEMA, "nodes": nodes, "edges": edges}, indent=2, sort_keys=True) + "\n"
