"""The picture of a DAG action: its nodes by rank, where each argument comes from, where values go."""

from __future__ import annotations

from stateflow.actions import Origin, Output
from stateflow.dag_action import DagAction, dag

from tests.dag_action.modules import chain, columns, configured, defaults, diamond, marked, nested, tagged


def origins(action: DagAction) -> dict[str, list[tuple[str, str, str]]]:
    """Return (parameter, kind, name) of each argument, by node."""
    return {
        node.name: [(origin.parameter, origin.kind, origin.name) for origin in node.origins]
        for node in action.dataflow().nodes
    }


def test_nodes_are_sorted_by_rank_then_name() -> None:
    """Whatever order the module and the outputs have; nodes that no output needs are left out."""
    assert [node.name for node in dag(diamond, writes=["join"]).dataflow().nodes] == ["root", "left", "right", "join"]
    assert [node.name for node in dag(chain, writes=["plus"]).dataflow().nodes] == ["doubled", "plus"]


def test_every_kind_of_origin() -> None:
    """Names that only an application can close are open."""
    action = dag(chain, writes=["text"], config={"offset": 1})
    assert origins(action)["plus"] == [("doubled", "node", "doubled"), ("offset", "config", "offset")]
    assert origins(action)["doubled"] == [("number", "open", "number")]
    action = dag(defaults, writes=["greeting"], bind={"mark": "?"}, reads={"name": "who"})
    assert origins(action)["greeting"] == [
        ("name", "read", "who"),
        ("salutation", "default", "salutation"),
        ("mark", "bound", "mark"),
    ]
    action = dag(marked, writes=["placed"])
    assert origins(action)["placed"][0] == ("context", "context", "context")
    assert origins(action)["second"][0] == ("tone", "input", "tone")


def test_an_overridden_node_appears_as_a_read() -> None:
    """It is not run, so it is no node."""
    action = dag(chain, writes=["text"], overrides={"plus": "sum"})
    assert origins(action) == {"text": [("plus", "read", "sum")]}


def test_outputs_name_key_node_and_kind() -> None:
    """In the order writes, appends, extends."""
    action = dag(diamond, writes={"all": "join"}, appends={"log": ["left", "right"]}, extends={"more": "join"})
    assert action.dataflow().outputs == (
        Output("all", "join"),
        Output("log", "left", "appends"),
        Output("log", "right", "appends"),
        Output("more", "join", "extends"),
    )


def test_nodes_have_short_types_docs_and_tags() -> None:
    """As a drawing prints them."""
    nodes = {node.name: node for node in dag(tagged, writes=["described"]).dataflow().nodes}
    assert nodes["answered"].tags["external"] == "true"
    assert nodes["facts"].type == "dict[str, object]"
    assert nodes["table"].type == "DataFrame"
    series = dag(columns, writes=["total"]).dataflow().nodes
    assert {node.name: node.type for node in series}["total"] == "Series"
    assert next(node for node in dag(chain, writes=["doubled"]).dataflow().nodes).doc == "Twice the number."


def test_origins_are_those_of_the_parameter() -> None:
    """Kind and name are what a lineage links."""
    (node,) = dag(chain, writes=["doubled"], reads={"number": "n"}).dataflow().nodes
    assert node.origins == (Origin("number", "read", "n"),)


def test_nodes_of_a_subdag_keep_their_names() -> None:
    """Under the name of the node that holds them."""
    assert "loud.cleaned" in origins(dag(nested, writes=["loud"]))


def test_versions_depend_on_the_config_that_decides() -> None:
    """Config that a node never sees does not change its version."""
    fast = dag(configured, writes=["note"], config={"engine": "fast", "region": "eu"})
    same = dag(configured, writes=["note"], config={"engine": "fast", "region": "us"})
    slow = dag(configured, writes=["note"], config={"engine": "slow", "region": "eu"})
    first, second, third = (action.dataflow().nodes[0] for action in (fast, same, slow))
    assert first.version == second.version != third.version
    assert first.partial == ()
