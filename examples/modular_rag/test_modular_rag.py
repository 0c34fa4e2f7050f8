"""Three stages of one refactoring: the machine and its states stay, the nodes appear."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from stateflow import LifecycleHook, NodeRun, State

from examples.modular_rag.application import QUESTIONS, STAGES

ALL = pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.__name__.rpartition(".")[2])


class Nodes(LifecycleHook):
    """Collects the names of nodes as they finish."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def post_run_node(self, **facts: Any) -> None:
        node: NodeRun = facts["node"]
        self.names.append(node.name)


def _conversation(stage: ModuleType, **options: Any) -> list[State]:
    app = stage.build(**options)
    return [app.run(inputs={"question": question}).state for question in QUESTIONS]


@ALL
def test_the_answers_are_in_the_handbook(stage: ModuleType) -> None:
    """Each reply quotes the sentence that answers, and cites its file."""
    books, card = _conversation(stage)
    assert "four weeks" in books["reply"]
    assert "three euros" in card["reply"]
    assert card["citations"][0].source.endswith("cards.md")


def test_every_stage_gives_equal_states() -> None:
    """The refactoring changes no value of any step."""
    first, *others = [[dict(state) for state in _conversation(stage)] for stage in STAGES.values()]
    assert others == [first, first]


def test_nodes_appear_in_the_second_stage() -> None:
    """The first stage has none, the second and third have the same."""
    told = []
    for stage in STAGES.values():
        nodes = Nodes()
        _conversation(stage, hooks=(nodes,))
        told.append(set(nodes.names))
    coarse, driver, dag = told
    assert coarse == set()
    assert {"query", "candidates", "scores", "passages", "llm_reply", "citations"} <= driver
    assert dag == driver


def test_the_machine_is_the_same_in_every_stage() -> None:
    """Actions, transitions and written keys do not change."""
    graphs = [stage.build().graph for stage in STAGES.values()]
    assert len({tuple(graph.actions) for graph in graphs}) == 1
    assert len({tuple((step.source, step.target) for step in graph.transitions) for graph in graphs}) == 1
    assert len({frozenset(graph.actions["respond"].writes) for graph in graphs}) == 1
