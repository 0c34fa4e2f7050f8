"""What ``dag`` may be called with, and what a wrong shape is told."""

from __future__ import annotations

from typing import Any

import pytest

from stateflow import ApplicationBuilder, GraphError
from stateflow.dag_action import dag
from stateflow.state import State

from tests.dag_action.modules import chain, diamond


@pytest.mark.parametrize("names", [["text"], ("text",), {"text"}, {"text": "text"}, {"text": ["text"]}, iter(["text"])])
def test_appends_are_names_or_a_mapping(names: Any) -> None:
    """As for writes, a name alone is that of the key and of the node."""
    action = dag(chain, appends=names)
    assert action.findings() == []
    assert action(State(number=1, offset=1, text=["= 1"]))[1]["text"] == ["= 1", "= 3"]


def test_extends_are_names_or_a_mapping() -> None:
    """Each item of the node's list goes to the key of its name."""

    def found(count: int) -> list[int]:
        return list(range(count))

    action = dag(found, extends=["found"])
    assert action.findings() == []
    assert action(State(count=2, found=[7]))[1]["found"] == [7, 0, 1]


MISSHAPEN: dict[str, tuple[dict[str, Any], str]] = {
    "a mapping in a list": (
        {"writes": [{"k": "text"}]},
        "writes must be a list of names or a mapping, and {'k': 'text'} in the list is no name; write writes={'k': 'te",
    ),
    "a number in a list": (
        {"appends": [3]},
        "appends must be a list of names or a mapping, and 3 in the list is no name",
    ),
    "a number": ({"writes": 3}, "writes must be a list of names or a mapping, not an int; write writes=[...]"),
    "a name for appends": (
        {"appends": "text"},
        "appends must be a list of names or a mapping, not 'text'; write ['text']",
    ),
    "a number as node": ({"writes": {"k": 3}}, "writes: state key 'k' must be given the name of one node, not 3"),
    "several nodes to one key": (
        {"writes": {"k": ["text", "plus"]}},
        "must be given the name of one node, not ['text', 'plus']; several go to a list, in appends",
    ),
    "a mapping as nodes": (
        {"extends": {"k": {"text": 1}}},
        "extends: state key 'k' must be given the name of a node, or a list of them, not {'text': 1}",
    ),
    "a number among nodes": (
        {"appends": {"k": ["text", 1]}},
        "appends: state key 'k' must be given the name of a node, or a list of them, not ['text', 1]",
    ),
    "a number as key": ({"writes": {3: "text"}}, "writes must be a mapping of names, and 3 is no name"),
    "reads": ({"reads": 3}, "reads must be a list of names, not an int; write reads=[...]"),
    "an unnamed read": ({"reads": {"number": 3}}, "reads: 'number' must be given the name of a state key, not 3"),
    "optional reads": ({"optional_reads": [3]}, "optional_reads must be a list of names, and 3 is no name"),
    "inputs": ({"inputs": [{"number": 1}]}, "inputs must be a list of names, and {'number': 1} is no name"),
    "overrides": ({"overrides": ["plus"]}, "overrides must be a mapping of names, not a list; write overrides={...}"),
    "bind": ({"bind": ["offset"]}, "bind must be a mapping of names, not a list; write bind={...}"),
    "config": ({"config": "fast"}, "config must be a mapping of names, not a str; write config={...}"),
    "adapters": ({"adapters": 3}, "adapters must be a list, not an int; write adapters=[...]"),
    "tags": ({"tags": 3}, "tags must be a list of names, not an int; write tags=[...]"),
}


@pytest.mark.parametrize("case", MISSHAPEN)
def test_a_wrong_shape_is_one_finding(case: str) -> None:
    """Nothing is raised where the action is made, and the build says it with all else."""
    given, said = MISSHAPEN[case]
    outputs = {} if {"appends", "extends"} & given.keys() else {"writes": ["text"]}
    action = dag(chain, **{**outputs, **given})
    (finding,) = action.findings()
    assert finding.startswith("action 'chain', DAG of 'tests.dag_action.modules.chain': ")
    assert said in finding
    with pytest.raises(GraphError) as raised:
        ApplicationBuilder().with_actions(action).with_entrypoint("chain").build()
    assert any(said in finding for finding in raised.value.findings)


def test_a_list_of_nodes_for_one_key() -> None:
    """It may be any iterable of names, in their order."""
    action = dag(diamond, appends={"log": iter(["right", "left"])})
    assert [output.node for output in action.dataflow().outputs] == ["right", "left"]


def test_retry_and_timeout_are_judged_as_those_of_any_action() -> None:
    """What is wrong with them is found at build, not when the step fails."""
    wrong: Any = 3
    found = dag(chain, writes=["text"], retry=wrong, timeout=-1.0).findings()
    assert found == [
        "action 'chain': retry must be a Retry(attempts=...), not 3",
        "action 'chain': timeout must be seconds, more than 0, not -1.0",
    ]
