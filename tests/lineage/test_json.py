"""The JSON form: complete, stable and plain."""

from __future__ import annotations

import json
from collections.abc import Callable

from stateflow.lineage import Lineage
from stateflow.lineage.jsonform import SCHEMA

from tests.lineage.graphs import chat, hostile

Golden = Callable[[str, str], None]


def test_golden(golden: Golden) -> None:
    golden("chat.json", Lineage.of(chat(), "ask", ["index"]).to_json())


def test_it_holds_the_whole_graph() -> None:
    """Nodes and edges are those of the graph, sorted, with all their attributes."""
    lineage = Lineage.of(hostile(), "end")
    document = json.loads(lineage.to_json())
    assert document["schema"] == SCHEMA
    assert [node["id"] for node in document["nodes"]] == sorted(lineage.graph)
    assert [(edge["source"], edge["target"], edge["key"]) for edge in document["edges"]] == sorted(
        lineage.graph.edges(keys=True)
    )
    assert [node["name"] for node in document["nodes"]] == [lineage.node(key)["name"] for key in sorted(lineage.graph)]


def test_it_is_ascii() -> None:
    """The bytes do not depend on how a file is opened."""
    assert Lineage.of(hostile()).to_json().isascii()
