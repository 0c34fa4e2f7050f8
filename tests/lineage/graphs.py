"""Graphs to draw: the one of the target drawing, one without DAGs, and one of hostile names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from stateflow.actions import Action, Dataflow, Input, Need, NodeInfo, Origin, Output, action
from stateflow.conditions import Condition, default, expr, on_error, when
from stateflow.graph import Graph, GraphBuilder
from stateflow.state import State


class Drawn(Action):
    """An action with a DAG that is given as it is drawn: nothing of it is ever run."""

    def __init__(
        self,
        nodes: Iterable[NodeInfo],
        outputs: Iterable[Output],
        needs: Iterable[Need] = (),
        appends: Iterable[str] = (),
    ) -> None:
        self.flow = Dataflow(tuple(nodes), tuple(outputs))
        self.writes = tuple(dict.fromkeys(output.key for output in self.flow.outputs))
        self.appends = appends
        self.given = tuple(needs)

    def needs(self) -> tuple[Need, ...]:
        return self.given

    def dataflow(self) -> Dataflow:
        return self.flow

    def run(self, state: State) -> dict[str, Any]:
        raise NotImplementedError

    def update(self, result: Mapping[str, Any], state: State) -> State:
        raise NotImplementedError


@action(writes=["question"], appends=["chat_history"])
def ask(state: State, question: str) -> State:
    """Take a question."""
    raise NotImplementedError


@action()
def give_up(state: State) -> State:
    raise NotImplementedError


def node(name: str, kind: str, *origins: str, **more: Any) -> NodeInfo:
    """Return a node whose origins are written ``kind name`` or, for nodes, just ``name``."""
    parsed = [text.split(" ") if " " in text else ["node", text] for text in origins]
    return NodeInfo(name, kind, tuple(Origin(given, giver, given) for giver, given in parsed), **more)


def retrieve() -> Drawn:
    """Return the DAG action ``retrieve`` of the target drawing."""
    return Drawn(
        [
            node("query", "str", "read question", "read chat_history"),
            node("candidates", "list", "query", "open index"),
            node("scores", "Series", "candidates", "query", tags={"external": "http"}, doc="How near each one is."),
            node("passages", "list", "candidates", "scores"),
        ],
        [Output("passages", "passages")],
        [Need("question", "read-or-resource", type=str), Need("index", "read-or-resource")],
    )


def answer() -> Drawn:
    """Return the DAG action ``answer`` of the target drawing."""
    return Drawn(
        [
            node("prompt", "str", "read question", "read chat_history", "read passages"),
            node("llm_reply", "str", "prompt"),
            node("citations", "list", "llm_reply", "read passages"),
            node("turn", "dict", "llm_reply", "citations"),
        ],
        [Output("reply", "llm_reply"), Output("chat_history", "turn", "appends")],
        appends=["chat_history"],
    )


def chat() -> Graph:
    """Return the graph of the target drawing."""
    return (
        GraphBuilder()
        .with_actions(ask, give_up, retrieve=retrieve(), answer=answer())
        .with_transitions(
            ("ask", "retrieve"),
            ("retrieve", "answer", expr("len(passages) > 0")),
            ("retrieve", "give_up", default),
            (["answer", "give_up"], "ask"),
        )
        .build()
    )


@action(writes=["total"], tags=["slow", "paid"])
def add(number: float, total: float, step: Input[int] = 1) -> float:
    """Add a number."""
    raise NotImplementedError


@action(reads=["total"], optional_reads=["limit"], writes=["done"])
def judge(state: State, step: int) -> State:
    raise NotImplementedError


@action(reads={"total", "done"}, writes={"b", "a"})
def report(state: State) -> State:
    raise NotImplementedError


@action()
def mend(state: State) -> State:
    raise NotImplementedError


def machine() -> Graph:
    """Return a graph of functions: a loop, a shared input, error handlers and an end."""
    return (
        GraphBuilder()
        .with_actions(add, judge, report, mend)
        .with_transitions(
            ("add", "judge"),
            ("judge", "report", when(done=True) | expr("total > limit")),
            ("judge", "judge", when(retry=True)),
            ("judge", "add"),
            ("*", "mend", on_error(TimeoutError)),
            ("mend", "add"),
        )
        .build()
    )


NAMES = st.lists(st.text(min_size=1).filter(lambda name: name != "*" and name[0] != "@"), min_size=1, unique=True)
"""Names that actions may have."""

HOSTILE = (
    "end",
    'say "hi"', "a]b", "a[b", "x\ny", "<b>bold</b>", "<script>alert(1)</script>", "`code`", "100%", "&amp;",
    "#35;", "__dunder__", "*star*", "1. list", "- list", "1) x", "# head", "> q", "+", "日本語", "🎉 e\u200dz",
    "style:#f00;x", "a|b", "{x}", "a;b", "\\N \\l", "C:\\path", "http://x.y/z", "me@a.b", "%%{init: {}}%%", "$$x$$",
    "~~s~~", "\u202egnp", "\x00nul", "graph", "subgraph", 'click a "b"', "---", "===", "   lead", "trail  ",
    "fa:fa-car", "it's", "a_b_c", "_a", "![x](y)", "[x](y)", '"`md`"', "^", ":::c", "a/b/", "\ud800",
)  # fmt: skip


def hostile(names: Iterable[str] = HOSTILE) -> Graph:
    """Return a graph in which each name names an action, a node, an input, a note, a resource, a key, a condition."""
    builder = GraphBuilder()
    kinds = ("input", "config", "resource", "read")
    for name in names:
        inner = NodeInfo(name, f'T["{name}"]', tuple(Origin(f"p{kind}", kind, name) for kind in kinds))
        builder.with_actions(Drawn([inner], [Output(name, name)]).with_name(name))
        builder.with_transitions((name, name, Condition.of(lambda _: True, reads=[name], name=name)), (name, name))
    return builder.build()
