"""Lineages to lay out: hand-made ones, each hard in its own way, and random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Self

import networkx as nx
from hypothesis import strategies as st

from stateflow.lineage import Lineage

from tests.lineage import graphs


class Drawing:
    """A lineage graph put together by hand; actions, nodes and keys are named, not built."""

    def __init__(self) -> None:
        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()

    def node(self, key: str, label: str, kind: str = "", parent: str | None = None) -> str:
        """Add a node, unless it is there; the first segment of its id tells what it is, ``kind`` is its type."""
        if key not in self.graph:
            facts = {"doc": "", "tags": {}, "opaque": False, "order": len(self.graph), "parent": parent}
            shown = f"{label}: {kind}" if kind else label
            self.graph.add_node(key, kind=key.partition("/")[0], name=label, label=shown, type=kind, **facts)
        return key

    def edge(self, source: str, target: str, kind: str, label: str = "", order: int = 0, error: bool = False) -> None:
        """Add an edge."""
        facts = {"condition": "", "parameter": "", "reads": ()}
        self.graph.add_edge(source, target, kind=kind, label=label, order=order, handles_errors=error, **facts)

    def action(
        self,
        name: str,
        *,
        reads: Sequence[str] = (),
        writes: Sequence[str] = (),
        appends: Sequence[str] = (),
        inputs: Sequence[str] = (),
        resources: Sequence[str] = (),
    ) -> Self:
        """Add an action that is a function, with all that it takes and gives."""
        body = top = self.node(f"action/{name}", name)
        if inputs:
            body = self.node(f"node/{name}/{name}", f"{name}()", parent=top)
        for each in inputs:
            self.edge(self.node(f"input/{each}", each, "str", top), body, "provides")
        for each in reads:
            self.edge(self.node(f"state/{each}", each, "str"), body, "reads")
        for how, keys in (("writes", writes), ("appends", appends)):
            for each in keys:
                self.edge(body, self.node(f"state/{each}", each, "str"), how)
        for each in resources:
            self.edge(self.node(f"resource/{each}", each), body, "provides")
        return self

    def moves(self, *moves: tuple[str, str] | tuple[str, str, str]) -> Self:
        """Add transitions, tried in this order; ``start`` and ``end`` are what they say."""
        for source, target, *label in moves:
            ends = [
                self.node(name, name) if name in ("start", "end") else f"action/{name}" for name in (source, target)
            ]
            text = label[0] if label else ""
            order = sum(origin == ends[0] for origin, _, _ in self.lineage().edges("transition"))
            self.edge(ends[0], ends[1], "transition", text, order, text.startswith("on_error"))
        return self

    def lineage(self) -> Lineage:
        """Return the lineage."""
        return Lineage(self.graph)


def chat() -> Lineage:
    """Return the lineage of the target drawing."""
    return Lineage.of(graphs.chat(), "ask", resources=["index"])


def machine() -> Lineage:
    """Return a loop with a shared input, error handlers and an end."""
    return Lineage.of(graphs.machine(), "add")


def router() -> Lineage:
    """Return a chat that branches by mode: many writers of one key, one resource for most."""
    modes = ("generate_image", "generate_code", "answer_question")
    made = Drawing().action("prompt", inputs=["prompt"], writes=["prompt"], appends=["chat_history"])
    made.action("check_safety", reads=["prompt"], writes=["safe"])
    made.action("decide_mode", reads=["prompt"], writes=["mode"], resources=["llm"])
    for mode in modes:
        made.action(mode, reads=["prompt", "chat_history"], writes=["response"], resources=["llm"])
    for name in ("prompt_for_more", "unsafe_response"):
        made.action(name, writes=["response"])
    made.action("response", reads=["response", "mode", "safe"], appends=["chat_history"])
    made.moves(("start", "prompt"), ("prompt", "check_safety"), ("response", "prompt"))
    made.moves(("check_safety", "decide_mode", "① when(safe=True)"), ("check_safety", "unsafe_response", "② default"))
    made.moves(*(("decide_mode", mode, f"{chr(0x2460 + at)} when(mode='{mode}')") for at, mode in enumerate(modes)))
    made.moves(("decide_mode", "prompt_for_more", "④ default"), ("prompt_for_more", "response"))
    made.moves(*((mode, "response") for mode in (*modes, "unsafe_response")))
    return made.lineage()


def agent() -> Lineage:
    """Return an agent that plans, acts and reflects, with loops of three lengths and an error handler."""
    made = Drawing().action("plan", reads=["goal", "notes"], writes=["plan"], resources=["llm"])
    made.action("act", reads=["plan"], writes=["observation"], appends=["notes"], resources=["browser"])
    made.action("reflect", reads=["observation", "goal"], writes=["done", "score"], resources=["llm"])
    made.action("handle", reads=["observation"], appends=["notes"])
    made.action("report", reads=["notes", "score"], writes=["report"], resources=["llm"])
    made.moves(("start", "plan"), ("plan", "act"), ("act", "reflect"), ("handle", "plan"), ("report", "end"))
    made.moves(("reflect", "report", "① done"), ("reflect", "plan", "② visits('reflect') < 5"))
    made.moves(("reflect", "act", "③ default"))
    made.moves(("act", "handle", "on_error(TimeoutError)"), ("plan", "handle", "on_error(TimeoutError)"))
    return made.lineage()


def counter() -> Lineage:
    """Return an action that leads to itself, and twice to another."""
    made = Drawing().action("count", reads=["counter"], writes=["counter"]).action("done")
    made.moves(("start", "count"), ("count", "count", "① counter < 10"), ("count", "done", "② counter > 99"))
    made.moves(("count", "done", "③ default"), ("done", "done"), ("done", "end"))
    return made.lineage()


def alone() -> Lineage:
    """Return one action, without a start."""
    return Drawing().action("alone").lineage()


def nothing() -> Lineage:
    """Return a lineage of nothing."""
    return Drawing().lineage()


def loose() -> Lineage:
    """Return actions that no transition joins."""
    made = Drawing()
    for index in range(9):
        made.action(f"step_{index}", reads=["key"] * (index % 2), writes=["key"] * (index % 3 == 0))
    return made.lineage()


def names() -> Lineage:
    """Return names that are long, foreign or hostile."""
    long = "a_very_long_action_name_that_nobody_should_write_but_somebody_will"
    hostile = "</script><img src=x onerror=alert(1)>"
    made = Drawing().action(long, inputs=["日本語の入力", "ένα_μακρύ_όνομα"])
    made.action(f"{long}_again", writes=["🚀🚀🚀", "x" * 60], resources=["Ünïcödé_жызнь"])
    made.action(hostile, reads=["🚀🚀🚀"], writes=['"quoted" & <b>', "W" * 60])
    made.moves(("start", long), (long, hostile, f"① {'жызнь ' * 6}> 0"), (long, long, "② default"))
    made.moves((hostile, f"{long}_again"))
    return made.lineage()


def big(actions: int = 40, seed: int = 3) -> Lineage:
    """Return many actions, keys and loops."""
    dice = random.Random(seed)
    made = Drawing()
    for index in range(actions):
        made.action(
            f"step_{index}",
            reads=sorted({f"key_{dice.randrange(12)}" for _ in range(dice.randrange(3))}),
            writes=[f"key_{dice.randrange(12)}"] if dice.random() < 0.7 else [],
            inputs=[f"input_{index}"] if dice.random() < 0.1 else [],
            resources=["llm"] if dice.random() < 0.2 else [],
        )
    made.moves(("start", "step_0"))
    for index in range(1, actions):
        label = ["① condition"] if dice.random() < 0.2 else []
        made.moves((f"step_{max(0, index - dice.randrange(1, 4))}", f"step_{index}", *label))  # type: ignore[arg-type]
    for index in range(8, actions, 9):
        made.moves((f"step_{index}", f"step_{dice.randrange(index)}"))
    return made.lineage()


def dag(nodes: int = 30, seed: int = 1) -> Lineage:
    """Return one action with a large DAG inside."""
    dice = random.Random(seed)
    made = Drawing()
    top = made.node("action/work", "work")
    for index in range(nodes):
        own = made.node(f"node/work/{index}", f"feature_{index}", "Series", top)
        for other in sorted({dice.randrange(max(0, index - 9), index) for _ in range(dice.randrange(3)) if index}):
            made.edge(f"node/work/{other}", own, "depends")
        if index % 6 == 0:
            made.edge(made.node(f"state/raw_{index}", f"raw_{index}", "list"), own, "reads")
        if index % 7 == 0:
            made.edge(own, made.node(f"state/out_{index}", f"out_{index}", "list"), "writes")
    made.edge(made.node("config/work/alpha", "alpha", parent=top), "node/work/8", "provides")
    made.edge(made.node("resource/store", "store"), "node/work/8", "provides")
    return made.moves(("start", "work")).lineage()


CASES: dict[str, Callable[[], Lineage]] = {
    made.__name__: made for made in (chat, machine, router, agent, counter, alone, nothing, loose, names, big, dag)
}


@st.composite
def lineages(draw: st.DrawFn) -> Lineage:
    """Draw a lineage of up to a dozen actions, some with a DAG inside, joined in any way."""
    made = Drawing()
    actions = [f"a{index}" for index in range(draw(st.integers(1, 12)))]
    one_of = st.sampled_from
    name = st.one_of(one_of(["k", "key_of_some_length", "日本語"]), st.text(min_size=1, max_size=40))
    keys = [made.node(f"state/{index}", label) for index, label in enumerate(draw(st.lists(name, max_size=6)))]
    given = [made.node(f"resource/{index}", f"r{index}") for index in range(draw(st.integers(0, 3)))]
    given += [made.node(f"input/{index}", f"i{index}", "str") for index in range(draw(st.integers(0, 2)))]
    bodies = []
    for action in actions:
        made.action(action)
        inner = range(draw(one_of([0, 0, 1, 3, 8])))
        inside = [made.node(f"node/{action}/{index}", f"node_{index}", parent=f"action/{action}") for index in inner]
        bodies += inside or [f"action/{action}"]
        for index, own in enumerate(inside):
            for other in draw(st.sets(st.integers(0, index - 1), max_size=3)) if index else ():
                made.edge(inside[other], own, "depends")
    for kind, sources, targets in (
        ("reads", keys, bodies),
        ("writes", bodies, keys),
        ("appends", bodies, keys),
        ("provides", given, bodies),
    ):
        if sources and targets:
            for source, target in draw(st.lists(st.tuples(one_of(sources), one_of(targets)), max_size=8)):
                made.edge(source, target, kind)
    label = one_of(["", "", "① x > 0", "② default", "③ a condition of some length, really", "on_error(TimeoutError)"])
    ends = st.tuples(one_of([*actions, "start"]), one_of([*actions, "end"]), label)
    made.moves(*draw(st.lists(ends, max_size=2 * len(actions) + 2)))
    return made.lineage()
