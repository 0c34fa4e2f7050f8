"""The modules are plain Hamilton and light: no stateflow, third parties at first use."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from stateflow import dag
from stateflow_dags.rag import answer, chunk, evaluate, index, load, questions, retrieve

HEAVY = {"bm25s", "lancedb", "openai", "bs4", "httpx", "stateflow"}


def loaded_after(statement: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has after a statement."""
    program = f"import sys\n{statement}\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_modules_imports_nothing_heavy() -> None:
    """Whoever retrieves lexically needs neither LanceDB nor the openai package."""
    names = "answer, chunk, evaluate, index, load, questions, retrieve"
    assert loaded_after(f"from stateflow_dags.rag import {names}") == set()


def test_an_extractive_answer_needs_bm25s_alone() -> None:
    """The whole way from text to reply, on plain Hamilton."""
    program = """
from hamilton import driver
from stateflow_dags.rag import answer, index, retrieve
from stateflow_dags.rag.model import Passage
text = "Bees make honey."
built = index.index__lexical([Passage("bees", "", text, 0, len(text), 0)], "1")
modules = driver.Builder().with_modules(retrieve, answer).build()
found = modules.execute(
    ["llm_reply"], inputs={"question": "Who makes honey?", "chat_history": [], "index": built}
)
assert found["llm_reply"] == "Bees make honey. [1]", found
"""
    assert loaded_after(program) == {"bm25s"}


@pytest.mark.parametrize(
    "config",
    [{}, {"source": "url"}, {"index_kind": "vectors"}, {"llm": "openai"}, {"llm": "openai", "stream": True}],
    ids=str,
)
def test_the_code_of_every_node_has_a_whole_version(config: dict[str, Any]) -> None:
    """What the nodes do can be proved from their source, so that a fork may use their values again."""
    wanted = {"index": "index", "report": "report", "reply": "llm_reply", "citations": "citations"}
    whole = dag(load, chunk, index, questions, evaluate, retrieve, answer, writes=wanted, config=config, name="rag")
    flow = whole.dataflow()
    assert flow is not None
    assert {node.name: node.partial for node in flow.nodes if node.partial} == {}


def test_the_version_of_reading_pydoc_says_why_it_is_partial() -> None:
    """It looks things up by name: what Python documents is no function of this code."""
    flow = dag(load, writes=["documents"], config={"source": "pydoc"}, name="read").dataflow()
    assert flow is not None
    (node,) = flow.nodes
    assert any("dynamic lookup" in reason for reason in node.partial)
