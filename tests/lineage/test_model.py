"""The lineage before a run: what is in its graph, what it answers, and its views."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, NotRequired, Required, TypedDict

import pytest

from stateflow import ApplicationBuilder
from stateflow.actions import Need, Output, action
from stateflow.dag_action import dag
from stateflow.errors import GraphError, InputError
from stateflow.graph import GraphBuilder
from stateflow.lineage import Lineage
from stateflow.lineage.facts import type_name
from stateflow.lineage.model import EDGE_KINDS, NODE_KINDS
from stateflow.lineage.static import circled, identity
from stateflow.state import State

from tests.lineage.graphs import Drawn, add, chat, hostile, judge, machine, node, report


@pytest.fixture
def lineage() -> Lineage:
    """The lineage of the target drawing."""
    return Lineage.of(chat(), "ask", ["index"])


def one(*actions: Any, **options: Any) -> Lineage:
    """Return the lineage of actions without transitions."""
    return Lineage.of(GraphBuilder().with_actions(*actions).build(), **options)


def edges(lineage: Lineage, *kinds: str) -> list[str]:
    return [f"{source} > {target}" for source, target, _ in lineage.edges(*kinds)]


# -- what is in it ---------------------------------------------------------------------------------


def test_target(lineage: Lineage) -> None:
    """The graph of the target drawing has the nodes and arrows of the target drawing."""
    assert [key for key, _ in lineage.nodes("action", "start", "end")] == [
        "start",
        "action/ask",
        "action/give_up",
        "action/retrieve",
        "action/answer",
    ]
    assert lineage.inside("action/ask") == ["input/question", "node/ask/ask"]
    assert [lineage.node(key)["label"] for key in lineage.inside("action/retrieve")] == [
        "query: str",
        "candidates: list",
        "scores: Series",
        "passages: list",
    ]
    assert sorted(node["label"] for _, node in lineage.nodes("state")) == [
        "chat_history: list",
        "passages: list",
        "question: str",
        "reply: str",
    ]
    assert edges(lineage, "provides") == [
        "input/question > node/ask/ask",
        "resource/index > node/retrieve/candidates",
    ]
    assert edges(lineage, "writes", "appends") == [
        "node/ask/ask > state/chat_history",
        "node/ask/ask > state/question",
        "node/retrieve/passages > state/passages",
        "node/answer/llm_reply > state/reply",
        "node/answer/turn > state/chat_history",
    ]
    assert {(source, target): edge["label"] for source, target, edge in lineage.edges("transition")} == {
        ("start", "action/ask"): "",
        ("action/ask", "action/retrieve"): "",
        ("action/retrieve", "action/answer"): "① len(passages) > 0",
        ("action/retrieve", "action/give_up"): "② default",
        ("action/answer", "action/ask"): "",
        ("action/give_up", "action/ask"): "",
    }


def test_attributes(lineage: Lineage) -> None:
    """Every node and edge has all the attributes that the class documents."""
    for _, node_ in lineage.nodes():
        assert node_["kind"] in NODE_KINDS
        assert {"name", "label", "type", "parent", "order", "doc", "tags", "opaque"} <= set(node_)
    for _, _, edge in lineage.edges():
        assert edge["kind"] in EDGE_KINDS
        assert {"label", "order", "condition", "parameter", "handles_errors", "reads"} <= set(edge)
    scores = lineage.node("node/retrieve/scores")
    assert (scores["order"], scores["tags"], scores["doc"]) == (2, {"external": "http"}, "How near each one is.")
    assert lineage.node("action/ask")["doc"] == "Take a question."
    assert [lineage.node(f"action/{name}")["opaque"] for name in ("ask", "answer")] == [True, False]
    assert lineage.graph.edges["action/retrieve", "action/answer", "transition/0"]["reads"] == ("passages",)
    assert lineage.graph.edges["node/retrieve/query", "node/retrieve/scores", "depends/query"]["parameter"] == "query"


def test_tags_and_docs() -> None:
    """Tags of an action are the keys of its tags; a class brings its docstring, a DAG only its own."""

    class Plain(Drawn):
        """What a class does."""

        def dataflow(self) -> Any:
            return None

    shown = one(add, Plain([], []), Drawn([], []))
    assert shown.node("action/add")["tags"] == {"paid": "", "slow": ""}
    assert shown.node("action/Plain")["doc"] == "What a class does."
    assert shown.node("action/Drawn")["doc"] == ""


def test_order_of_parameters() -> None:
    """Edges into an action are numbered as it names its arguments."""
    found = one(Drawn([node("x", "int", "read b", "read a")], []))
    assert {source: edge["order"] for source, _, edge in found.edges("reads")} == {"state/b": 0, "state/a": 1}


def test_function_without_own_input_is_one_box() -> None:
    """An action is a container only where something stands in it; an input of two actions stands in neither."""
    found = Lineage.of(machine(), "add")
    assert not any(found.inside(key) for key, _ in found.nodes("action"))
    assert found.node("input/step")["parent"] is None
    assert edges(found, "provides") == ["input/step > action/add", "input/step > action/judge"]
    assert one(judge).inside("action/judge") == ["input/step", "node/judge/judge"]


def test_names_declared_as_sets_are_sorted() -> None:
    """Reads and writes of a function stand in one order, however they were declared."""
    assert edges(one(report), "reads", "writes") == [
        "action/report > state/a",
        "action/report > state/b",
        "state/done > action/report",
        "state/total > action/report",
    ]


def test_optional_reads() -> None:
    """An edge says whether its value must be there."""
    found = one(judge)
    assert {source: edge["required"] for source, _, edge in found.edges("reads")} == {
        "state/limit": False,
        "state/total": True,
    }


def test_conditions() -> None:
    """Only where a source has a choice is an arrow numbered and said when it is taken; handlers always say it."""
    labels = {(source, target): edge["label"] for source, target, edge in Lineage.of(machine()).edges("transition")}
    assert labels["action/add", "action/judge"] == ""
    assert labels["action/add", "action/mend"] == "on_error(TimeoutError)"
    assert labels["action/judge", "action/report"] == "① done == True or total > limit"
    assert labels["action/judge", "action/add"] == "③ default"


def test_keys_of_conditions_are_shown() -> None:
    """A state key that only a condition reads is in the picture."""
    found = Lineage.of(machine())
    assert found.node("state/retry")["kind"] == "state"
    assert found.graph.edges["action/judge", "action/judge", "transition/1"]["reads"] == ("retry",)


def test_start_and_end() -> None:
    """The start leads to the entrypoint; the end follows what nothing but handlers follows."""
    assert "start" not in Lineage.of(machine()).graph
    found = Lineage.of(machine(), "add")
    assert edges(found, "transition")[0] == "start > action/add"
    assert [edge for edge in edges(found) if edge.endswith("> end")] == ["action/report > end"]
    assert "end" not in Lineage.of(chat()).graph


def test_unknown_entrypoint() -> None:
    with pytest.raises(GraphError, match=r"there is no action 'aks'; did you mean 'ask'\?"):
        Lineage.of(chat(), "aks")


def test_of_an_application(lineage: Lineage) -> None:
    """An application brings its entrypoint, resources and initial state."""
    built: Any = SimpleNamespace(graph=chat(), entrypoint="ask", resource_names=("index",), initial_keys=["mood"])
    found = Lineage.of(built)
    assert found.node("state/mood")["initial"]
    assert set(found.graph) == {*lineage.graph, "state/mood"}
    built.entrypoint = ""
    assert "start" not in Lineage.of(built).graph


def test_open_names_close_against_resources() -> None:
    """An open name is a resource where the application has one, else what its role says."""
    inner = [node("x", "int", "open who", "open what", "open lost")]
    needs = [Need("who", "input-or-resource", type=str), Need("what", "read-or-resource", False, int, "key")]
    given = [edge.split(" ")[0] for edge in edges(one(Drawn(inner, [], needs)), "reads", "provides")]
    assert sorted(given) == ["input/who", "state/key", "state/lost"]
    found = one(Drawn(inner, [], needs), resources=["who", "what", "lost"])
    assert {key for key, _ in found.nodes("resource")} == {"resource/who", "resource/what", "resource/lost"}


def test_missing_resource_is_shown() -> None:
    """A resource that the application lacks stands in the picture of the function that asks for it."""

    class Searching(Drawn):
        def dataflow(self) -> Any:
            return None

    assert edges(one(Searching([], [], [Need("index", "resource")])), "provides") == [
        "resource/index > action/Searching"
    ]


def test_a_dag_of_hamilton() -> None:
    """What ``dag`` infers is what is drawn."""

    def query(question: str, index: object) -> str:
        """Rewrite the question."""
        return f"{question} {index}"

    def hits(query: str, top_k: int, limit: int = 3) -> list[str]:
        return [query] * top_k * limit

    found = one(dag(query, hits, writes={"found": "hits"}, bind={"top_k": 5}, name="search"), resources=["index"])
    assert edges(found) == [
        "action/search > end",
        "config/search/top_k > node/search/hits",
        "node/search/query > node/search/hits",
        "node/search/hits > state/found",
        "state/question > node/search/query",
        "resource/index > node/search/query",
    ]
    assert found.node("node/search/query")["doc"] == "Rewrite the question."
    assert found.node("state/found")["label"] == "found: list[str]"
    assert found.node("state/question")["label"] == "question: str"


def test_notes() -> None:
    """Configuration and bound arguments are notes of their action; defaults and contexts are left out."""
    found = one(Drawn([node("x", "int", "config llm", "bound top_k", "default size", "context context")], []))
    assert found.inside("action/Drawn") == ["config/Drawn/llm", "config/Drawn/top_k", "node/Drawn/x"]


def test_what_no_node_covers_belongs_to_the_action() -> None:
    """A declaration that no node of the DAG accounts for is drawn at the action itself, and none is made up."""
    drawn = Drawn([node("x", "int", "gone")], [Output("made", "elsewhere")], [Need("mode", "read")])
    found = one(drawn)
    assert edges(found, "reads", "writes", "depends") == ["action/Drawn > state/made", "state/mode > action/Drawn"]


@pytest.mark.parametrize(
    ("made", "taken", "appends", "shown"),
    [
        (["int"], "str", [], "int"),
        (["int", "str"], "int", [], ""),
        ([""], "float", [], "float"),
        ([], "float", [], "float"),
        (["Iterator[str]"], "", [], ""),
        ([], "", ["dict"], "list"),
        (["int"], "", ["dict"], "int"),
        ([""], "", [], ""),
    ],
)
def test_types_of_keys(made: list[str], taken: str, appends: list[str], shown: str) -> None:
    """A key has the type that its writers agree on, else the one that its readers agree on."""
    actions = [Drawn([node("n", kind)], [Output("key", "n")]).with_name(f"w{place}") for place, kind in enumerate(made)]
    actions += [Drawn([node("n", kind)], [Output("key", "n", "extends")]).with_name("e") for kind in appends]
    actions.append(Drawn([node("n", "", "read key")], [], [Need("key", "read", type=taken)]).with_name("reader"))
    assert one(*actions).node("state/key")["type"] == shown


def test_types_of_signatures() -> None:
    """A function that is its own signature types what it reads and what it writes."""

    @action(writes=["late"])
    def odd(early: list[str]) -> Unknown:  # type: ignore[name-defined]  # noqa: F821
        raise NotImplementedError

    found = one(add, odd)
    assert [found.node(f"state/{key}")["type"] for key in ("number", "total", "early", "late")] == [
        "float",
        "float",
        "list[str]",
        "Unknown",
    ]


class Both(TypedDict):
    """What a function that writes several keys returns."""

    total: int
    mean: NotRequired[float]


class Desk(TypedDict, total=False):
    """A model of the state."""

    number: Required[Annotated[int, "positive"]]
    history: list[str]
    total: Any


def test_a_dict_of_known_keys_types_what_is_written() -> None:
    """A function that writes several keys may return a TypedDict."""

    @action(writes=["total", "mean", "other"])
    def summed(numbers: list[int]) -> Both:
        raise NotImplementedError

    found = one(summed)
    assert [found.node(f"state/{key}")["type"] for key in ("total", "mean", "other")] == ["int", "float", ""]


def test_the_model_types_the_state() -> None:
    """A key has the type of the model's field, whatever the actions say; others keep what actions say."""

    def built() -> ApplicationBuilder:
        return ApplicationBuilder().with_actions(add).with_entrypoint("add").with_state(number=1, total=0, history=[])

    plain, typed = built().build(), built().with_typing(Desk).build()
    assert plain.state_types == {}
    assert plain.lineage().node("state/number")["type"] == "float"
    assert list(typed.state_types) == ["number", "history", "total"]
    found = typed.lineage()
    assert [found.node(f"state/{key}")["type"] for key in typed.state_types] == ["int", "list[str]", "float"]
    assert Lineage.of(plain.graph, state_types={"total": str}).node("state/total")["type"] == "str"


def test_type_names() -> None:
    """Types are shown short: without modules, and not at all when nothing is known."""
    assert type_name(Callable[[State], int]) == "Callable[[State], int]"
    assert type_name("pandas.core.Series | None") == "Series | None"
    assert type_name(Any) == type_name(None) == type_name("typing.Any") == ""


def test_circled() -> None:
    assert "".join(map(circled, (1, 20, 21, 35, 36, 50, 51))) == "①⑳㉑㉟㊱㊿(51)"


def test_long_labels_are_cut() -> None:
    """A label is cut to what a drawing can show; the name keeps all of it."""
    name = "n" * 100
    found = one(Drawn([node(name, "int")], []))
    assert found.node(f"node/Drawn/{name}")["label"] == "n" * 47 + "…"
    assert found.node(f"node/Drawn/{name}")["name"] == name


def test_ids_are_encoded() -> None:
    """Each segment of an id is percent-encoded, so that no name can pass for a path."""
    assert identity("node", "a/b", "c d%") == "node/a%2Fb/c%20d%25"
    found = Lineage.of(hostile(["a/b", "a%2Fb"]))
    assert {"state/a%2Fb", "state/a%252Fb"} == {key for key, _ in found.nodes("state")}


# -- questions -------------------------------------------------------------------------------------


def test_upstream(lineage: Lineage) -> None:
    """Data is followed through nodes, keys, actions and loops, back to what the caller gives."""
    reached = lineage.upstream("state/passages")
    assert {"node/retrieve/query", "resource/index", "input/question", "node/answer/turn"} <= reached
    assert not any(key.startswith("action/") for key in reached)
    assert "state/passages" in lineage.upstream("state/reply")
    assert lineage.upstream("resource/index") == set()


def test_downstream(lineage: Lineage) -> None:
    assert lineage.downstream("node/answer/citations") >= {"node/answer/turn", "state/chat_history"}
    assert lineage.downstream("state/reply") == set()


def test_an_action_stands_for_what_it_holds(lineage: Lineage) -> None:
    reached = lineage.upstream("action/retrieve")
    assert {"resource/index", "state/question"} <= reached
    assert not reached & {"action/retrieve", *lineage.inside("action/retrieve")}


def test_control_is_followed_where_there_is_no_data(lineage: Lineage) -> None:
    """From start and end, and in a control view, transitions are followed."""
    assert lineage.downstream("start") == {"action/ask", "action/retrieve", "action/answer", "action/give_up"}
    assert lineage.control().upstream("action/retrieve") == {
        "start",
        "action/ask",
        "action/answer",
        "action/give_up",
    }


@pytest.mark.parametrize("question", [Lineage.upstream, Lineage.downstream, Lineage.node])
def test_unknown_id(lineage: Lineage, question: Callable[[Lineage, str], object]) -> None:
    with pytest.raises(InputError, match=r"there is no 'state/repy' in this lineage; did you mean 'state/reply'"):
        question(lineage, "state/repy")


# -- views -----------------------------------------------------------------------------------------


def test_control(lineage: Lineage) -> None:
    view = lineage.control()
    assert {node["kind"] for _, node in view.nodes()} == {"start", "action"}
    assert edges(view) == edges(lineage, "transition")


def test_data(lineage: Lineage) -> None:
    """Actions remain as what groups their nodes; one that has no data is left out."""
    view = lineage.data()
    assert edges(view) == edges(lineage, "depends", "reads", "writes", "appends", "provides")
    assert {key for key, _ in view.nodes("action")} == {"action/ask", "action/retrieve", "action/answer"}


def test_unified(lineage: Lineage) -> None:
    assert lineage.data().without_state().unified() is lineage
    assert lineage.unified() is lineage


def test_without_state(lineage: Lineage) -> None:
    view = lineage.without_state()
    assert not view.nodes("state")
    assert not view.edges("reads", "writes", "appends")
    assert view.edges("depends", "transition")


def test_without_conditions(lineage: Lineage) -> None:
    """Views are copies: the whole keeps its labels."""
    view = lineage.without_conditions()
    assert {edge["label"] for _, _, edge in view.edges("transition")} == {""}
    assert {edge["label"] for _, _, edge in view.edges("appends")} == {"+"}
    assert "② default" in {edge["label"] for _, _, edge in lineage.edges("transition")}


def test_shown(lineage: Lineage) -> None:
    assert lineage.shown() is lineage
    plain = lineage.shown(include_conditions=False, include_state=False)
    assert plain.to_json() == lineage.without_state().without_conditions().to_json()


# -- as an object ----------------------------------------------------------------------------------


def test_a_graph_has_its_lineage() -> None:
    graph = chat()
    assert repr(graph.lineage()) == repr(Lineage.of(graph)) == "<Lineage of 19 nodes, 27 edges>"


def test_notebooks(lineage: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook gets the picture, and text where it cannot show one."""
    monkeypatch.setattr(Lineage, "to_svg", lambda self, theme="auto": f"<svg {theme}>")
    assert lineage._repr_html_() == lineage._repr_svg_() == "<svg auto>"
    assert lineage._repr_mimebundle_() == {
        "text/html": "<svg auto>",
        "image/svg+xml": "<svg auto>",
        "text/plain": str(lineage),
    }


def test_pages(lineage: Lineage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A page is returned, and written where a path is given."""
    monkeypatch.setitem(sys.modules, "stateflow.lineage.html", SimpleNamespace(to_html=lambda _: "<html>"))
    assert lineage.to_html() == lineage.to_html(tmp_path / "new" / "x.html") == "<html>"
    assert (tmp_path / "new" / "x.html").read_bytes() == b"<html>"


def test_networkx_is_imported_when_a_lineage_is_made() -> None:
    """Importing the module costs no networkx."""
    code = "import sys, stateflow.lineage; sys.exit('networkx' in sys.modules or 'graphviz' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


DETERMINISM = """
import hashlib
from tests.lineage.graphs import chat, hostile, machine
from stateflow.lineage import Lineage
for graph in (chat(), hostile(), machine()):
    whole = Lineage.of(graph, next(iter(graph.actions)), {"index", "limit"}, {"a", "b", "c", "mood", "chat_history"})
    for view in (whole, whole.control(), whole.data(), whole.without_state()):
        forms = view.to_json() + view.to_mermaid() + view.to_dot() + view.to_tree()
        print(hashlib.sha256(forms.encode()).hexdigest())
"""


def test_drawings_do_not_depend_on_the_hash_seed() -> None:
    """Every text form is the same, byte for byte, in every process."""

    def drawn(seed: int) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run([sys.executable, "-c", DETERMINISM], env=environment, capture_output=True, check=True)
        return done.stdout.decode()

    assert len({drawn(seed) for seed in range(5)}) == 1
