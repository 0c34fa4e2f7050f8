"""Mermaid: the drawing, and that no name can break it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.graph import Graph
from stateflow.lineage import Lineage
from stateflow.lineage.grammar import visible
from stateflow.lineage.mermaid import escaped, to_mermaid

from tests.lineage.graphs import HOSTILE, NAMES, chat, hostile, machine

Golden = Callable[[str, str], None]

LABEL = r'"[^"]*"'
ID = r"(?:[a-z]+_\d+|legend_[a-z]+(?:_2)?)"
SHAPES = (
    rf"\(\({LABEL}\)\)",
    rf"\(\(\({LABEL}\)\)\)",
    rf"\({LABEL}\)",
    rf"\(\[{LABEL}\]\)",
    rf"\[/{LABEL}/\]",
    rf"\{{\{{{LABEL}\}}\}}",
    rf">{LABEL}\]",
)
STATEMENTS = (
    "flowchart TD",
    rf"subgraph (?:{ID}|legend)\[{LABEL}\]",
    "end",
    rf"{ID}(?:{'|'.join(SHAPES)}):::is_[a-z]+",
    rf"{ID} (?:==>|-->|-\.->|--o)(?:\|{LABEL}\|)? {ID}",
    r"class [a-z0-9_,]+ is_[a-z]+",
    r"classDef is_[a-z]+ [\w:,#. -]+",
    r"linkStyle [\d,]+ [\w:,# -]+",
)
STATEMENT = re.compile("|".join(STATEMENTS))


def unescaped(text: str) -> str:
    """Return a label as Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


@pytest.mark.parametrize(("name", "graph", "entrypoint"), [("chat", chat(), "ask"), ("machine", machine(), "add")])
def test_golden(golden: Golden, name: str, graph: Graph, entrypoint: str) -> None:
    golden(f"{name}.mmd", Lineage.of(graph, entrypoint, ["index"]).to_mermaid())


def test_views(golden: Golden) -> None:
    """A view has a legend of what it shows, and nothing else."""
    view = Lineage.of(chat(), "ask").control()
    golden("chat-control.mmd", view.to_mermaid())
    assert "state" not in view.to_mermaid().partition("legend")[2].partition("classDef")[0]


def test_dark() -> None:
    """The dark theme differs in colours alone."""
    lineage = Lineage.of(chat(), "ask")
    light, dark = (re.sub(r"#[0-9A-F]{6}", "#", to_mermaid(lineage, theme)) for theme in ("light", "dark"))
    assert light == dark
    assert lineage.to_mermaid() != lineage.to_mermaid("dark")


def test_two_ways_back_to_itself() -> None:
    """Arrows between the same two things are one, which says when each of them is taken."""
    assert 'action_0 ==>|"① z #47; ② default"| action_0' in Lineage.of(hostile(["z"])).to_mermaid()


def test_empty() -> None:
    """An empty graph is a flowchart without statements that draw."""
    assert "legend[" not in Lineage.of(Graph({}, [])).to_mermaid()


def test_hostile_names() -> None:
    """Names that look like syntax stay inside their labels and are shown as they are."""
    chart = Lineage.of(hostile(), "end").to_mermaid()
    for line in chart.splitlines():
        assert STATEMENT.fullmatch(line.strip()), line
    labels = {unescaped(label) for label in re.findall(r'"([^"]*)"', chart)}
    assert {visible(name) for name in HOSTILE} <= labels


@given(st.text())
def test_any_label(text: str) -> None:
    """A label holds no quote, tag or line break, starts no block of Markdown, and shows what was given."""
    label = escaped(text)
    plain = re.sub(r"#\d+;", "\x01", label)
    assert not re.search(r"[\"<&#`\[\]{}|\\*~\n\r]", plain)
    assert not re.match(r"\s|[-+>=]|\d+[.)](\s|$)", plain)
    assert unescaped(label) == visible(text)


@given(NAMES)
def test_any_names(names: list[str]) -> None:
    """Whatever the names, every line is one statement."""
    for line in Lineage.of(hostile(names)).to_mermaid().splitlines():
        assert STATEMENT.fullmatch(line.strip()), line
