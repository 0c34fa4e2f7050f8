"""The drawing for a terminal: what it says, and that it stays in its columns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from stateflow.graph import Graph, GraphBuilder
from stateflow.lineage import Lineage
from stateflow.lineage.tree import columns

from tests.lineage.graphs import NAMES, Drawn, chat, hostile, judge, machine, node

Golden = Callable[[str, str], None]


@pytest.mark.parametrize(("name", "graph", "entrypoint"), [("chat", chat(), "ask"), ("machine", machine(), "add")])
def test_golden(golden: Golden, name: str, graph: Graph, entrypoint: str) -> None:
    golden(f"{name}.txt", str(Lineage.of(graph, entrypoint, ["index"], ["limit"])))


def test_every_kind(golden: Golden) -> None:
    """Each kind of thing has its own signs, and the legend names those that are there."""
    drawn = Drawn([node("x" * 40, "int", "config llm", "input mood", "read key", "resource index")], [])
    graph = GraphBuilder().with_actions(judge, answer=drawn).with_transitions(("judge", "answer")).build()
    golden("every-kind.txt", Lineage.of(graph, "judge").to_tree())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_width(width: int) -> None:
    """No line is wider than the terminal."""
    for graph in (chat(), machine()):
        drawn = Lineage.of(graph).to_tree(width)
        assert max(map(columns, drawn.splitlines())) <= width


def test_views() -> None:
    """A view draws no more than it holds."""
    lineage = Lineage.of(chat(), "ask")
    assert "═▶" not in lineage.data().to_tree()
    assert "[" not in lineage.control().to_tree()
    assert lineage.control().to_tree().startswith("● ═▶ ask\n\nask\n└═▶ retrieve\n\n")


def test_empty() -> None:
    assert Lineage.of(Graph({}, [])).to_tree() == "\n"


def test_columns() -> None:
    """Wide characters take two columns, combining ones none."""
    assert columns("aé日e\u0301") == 5


@given(NAMES)
def test_any_names(names: list[str]) -> None:
    """A name never breaks a line: only the drawing's own lines are there, in any terminal."""
    drawn = Lineage.of(hostile(names)).to_tree(10_000)
    plain = Lineage.of(hostile([f"n{place}" for place, _ in enumerate(names)])).to_tree(10_000)
    drawn.encode()
    assert len(drawn.splitlines()) >= len(plain.splitlines())
    assert drawn.count("\n") == len(drawn.splitlines())
