"""In a notebook applications, graphs, actions and lineages display themselves: a real IPython shell says how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from IPython.core.interactiveshell import InteractiveShell

from stateflow import Action, ApplicationBuilder, State, action
from stateflow.actions import streaming_action

from examples.modular_rag import stage3_dag

SVG = "{http://www.w3.org/2000/svg}"


@action(reads=["question"], writes=["reply"])
def respond(state: State, tone: str = "<b>&") -> State:
    """Say something."""
    return state.update(reply=tone)


@streaming_action(reads=[], writes=["text"])
def talk(state: State) -> Iterator[Any]:
    """Say it in pieces."""
    yield {"text": ""}, state.update(text="")


class Classic(Action):
    """An action as a class."""

    reads = ("question",)
    writes = ("length",)

    def run(self, state: State) -> dict[str, int]:
        return {"length": len(state["question"])}

    def update(self, result: dict[str, int], state: State) -> State:
        return state.update(**result)


APPLICATION = stage3_dag.build()
DISPLAYED = {
    "an application": APPLICATION,
    "a graph": APPLICATION.graph,
    "a lineage": APPLICATION.lineage(),
    "a view": APPLICATION.lineage().control(),
    "what visualize returns": APPLICATION.visualize(),
    "a DAG action": stage3_dag.respond,
    "a function action": respond,
    "a streaming action": talk,
    "a class action": Classic(),
}
ALL = pytest.mark.parametrize("shown", DISPLAYED.values(), ids=DISPLAYED)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A shell that keeps no history."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setattr("IPython.core.history.HistoryManager.enabled", False)
        made: Any = InteractiveShell
        yield made()


def bundle(shell: Any, shown: object) -> dict[str, str]:
    """Return what the shell would send to a notebook for the value of a cell's last line."""
    formatted, _ = shell.display_formatter.format(shown)
    return dict(formatted)


@ALL
def test_it_displays_a_picture_and_a_text(shell: Any, shown: object) -> None:
    """The picture is for the notebook, the text for what cannot show it."""
    found = bundle(shell, shown)
    assert {"text/html", "text/plain"} <= set(found)
    assert found["text/plain"].strip()


@ALL
def test_the_picture_is_well_formed(shell: Any, shown: object) -> None:
    """It is one svg element that any XML parser reads."""
    drawn = ET.fromstring(bundle(shell, shown)["text/html"])
    assert drawn.tag == f"{SVG}svg"
    assert float(drawn.attrib["width"]) > 0
    assert list(drawn.iter(f"{SVG}text"))


@ALL
def test_the_picture_runs_nothing(shell: Any, shown: object) -> None:
    """No script, no handler, no address: a notebook may be shared."""
    drawn = ET.fromstring(bundle(shell, shown)["text/html"])
    assert [
        element.tag for element in drawn.iter() if re.search(r"script|foreignObject|image|iframe", element.tag)
    ] == []
    attributes = {name: value for element in drawn.iter() for name, value in element.attrib.items()}
    assert [name for name in attributes if name.lower().startswith("on") or name.endswith("href")] == []
    assert not re.search(r"javascript:|@import|url\((?!#)", bundle(shell, shown)["text/html"])


def test_pictures_in_one_notebook_keep_apart(shell: Any) -> None:
    """The styles and ids of one picture name itself, so that they do not reach into another."""
    pages = [bundle(shell, DISPLAYED[name])["text/html"] for name in ("an application", "a function action")]
    ids = [set(re.findall(r'\bid="([^"]+)"', page)) for page in pages]
    assert ids[0] & ids[1] == set()
    classes = [ET.fromstring(page).attrib["class"] for page in pages]
    assert classes[0] != classes[1]


def test_a_lineage_also_gives_its_svg(shell: Any) -> None:
    """Tools that convert notebooks prefer it."""
    found = bundle(shell, APPLICATION.lineage())
    assert found["image/svg+xml"] == found["text/html"]
    assert found["text/plain"].startswith("●")


def test_a_dag_action_displays_its_nodes(shell: Any) -> None:
    """And what they read and write; nothing of a machine."""
    labels = "".join(ET.fromstring(bundle(shell, stage3_dag.respond)["text/html"]).itertext())
    assert all(name in labels for name in ("query", "candidates", "llm_reply", "chat_history"))
    kinds = {data["kind"] for _, data in stage3_dag.respond.lineage().nodes()}
    assert not {"start", "end"} & kinds


def test_another_action_displays_one_box(shell: Any) -> None:
    """With its state keys and inputs around it."""
    kinds = [data["kind"] for _, data in Classic().lineage().nodes()]
    assert sorted(kinds) == ["action", "state", "state"]
    assert "Classic" in bundle(shell, Classic())["text/html"]


def test_a_class_of_actions_displays_as_any_class(shell: Any) -> None:
    """Only instances have a picture."""
    assert set(bundle(shell, Classic)) == {"text/plain"}


def test_what_is_not_built_yet_displays_as_text(shell: Any) -> None:
    """A builder may still be wrong."""
    assert set(bundle(shell, ApplicationBuilder())) == {"text/plain"}


def test_a_cell_that_ends_with_an_application_shows_it(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its last line, without a call."""
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(shell.displayhook, "write_format_data", lambda data, *_: sent.append(data))
    monkeypatch.setattr(shell.displayhook, "quiet", lambda: False)
    shell.run_cell("from examples.counter.application import build\nbuild()").raise_error()
    assert "<svg" in sent[0]["text/html"]
