"""From a question and a conversation to passages, on plain Hamilton."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pandas as pd
import pytest

from stateflow_dags.rag import questions, retrieve
from stateflow_dags.rag.lexical import LexicalIndex
from stateflow_dags.rag.model import Index, Passage
from stateflow_dags.rag.ranking import WEIGHTS, features
from stateflow_dags.rag.vectors import VectorIndex

from tests.dags.plain import execute, variables
from tests.openai_server import OpenAIServer


def asked(
    index: Index,
    question: str,
    *,
    config: dict[str, Any] | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """Every node of the module for a question."""
    given = {"question": question, "chat_history": [], **inputs}
    outputs = ["query", "candidates", "scores", "passages"]
    return execute([retrieve], outputs, config or {}, index=index, **given)


def test_the_inputs_are_the_question_the_memory_and_the_index() -> None:
    """Node and input names are the module's contract with an application."""
    found = variables([retrieve], {})
    assert {n for n, v in found.items() if v.is_external_input and n != "index"} == {
        "question",
        "chat_history",
        "top_candidates",
        "top_k",
    }
    assert {"query", "candidates", "scores", "passages"} < set(found)


def test_passages_are_the_best_candidates(library_index: LexicalIndex) -> None:
    """Scores belong to the candidates in order; the passages carry them, best first."""
    found = asked(library_index, "How do I remove a directory tree?", top_k=3)
    scores = found["scores"]
    assert isinstance(scores, pd.Series)
    assert len(scores) == len(found["candidates"]) == 30
    assert [p.score for p in found["passages"]] == [
        pytest.approx(s, abs=1e-6) for s in sorted(scores, reverse=True)[:3]
    ]
    assert found["passages"][0].title == "shutil.rmtree"


def test_the_third_question_needs_the_memory(library_index: LexicalIndex) -> None:
    """With the conversation it finds how to delete a tree, without it does not."""
    first, second, third = questions.CONVERSATION
    history = [
        turn
        for question in (first, second)
        for turn in (
            {"role": "user", "content": question},
            {"role": "assistant", "content": "…"},
        )
    ]
    with_memory = asked(library_index, third, chat_history=history)["passages"]
    without = asked(library_index, third)["passages"]
    assert with_memory[0].title == "shutil.rmtree"
    assert "shutil" not in {p.source for p in without}


def test_an_identifier_in_the_question_is_preferred(library_index: LexicalIndex) -> None:
    """A question that names a function gets that function first."""
    for name in ("os.path.join", "itertools.groupby", "functools.lru_cache"):
        found = asked(library_index, f"What does {name} do?")["passages"]
        assert found[0].title == name


def test_a_question_about_nothing_known_gives_no_passages(library_index: LexicalIndex) -> None:
    """An application can branch on the empty list."""
    found = asked(library_index, "qqqzzz xxyyzz?")
    assert found["candidates"] == []
    assert len(found["scores"]) == 0
    assert found["passages"] == []


def test_settings_that_make_no_sense_are_refused(library_index: LexicalIndex) -> None:
    """Empty questions and numbers below one are named; numbers beyond the corpus are not."""
    with pytest.raises(ValueError, match="the question is empty"):
        asked(library_index, " ")
    with pytest.raises(ValueError, match="k is 0"):
        asked(library_index, "csv", top_candidates=0)
    with pytest.raises(ValueError, match="top_k is 0"):
        asked(library_index, "csv", top_k=0)
    assert len(asked(library_index, "file", top_k=1000)["passages"]) == 30


def test_a_vector_index_works_the_same(
    client: openai.OpenAI,
    server: OpenAIServer,
    tmp_path: Path,
) -> None:
    """The index is behind one interface; config says that its candidates come from outside."""
    texts = ["apple banana", "zoo zebra"]
    passages = [Passage(f"{n}", "", text, 0, len(text), 0) for n, text in enumerate(texts)]
    index = VectorIndex.build(passages, tmp_path / "i", digest="d", client=client, model="letters")
    assert asked(index, "banana", config={"index_kind": "vectors"})["passages"][0].source == "0"
    tags = variables([retrieve], {"index_kind": "vectors"})["candidates"].tags
    assert tags["external"] == "true"


def test_features_lie_between_zero_and_one(library_index: LexicalIndex) -> None:
    """Every feature of every passage, so that the weights can be compared."""
    passages = library_index.search("How do I parse a date string into a datetime?", 40)
    table = features("How do I parse a date string into a datetime?", passages)
    assert list(table.columns) == list(WEIGHTS)
    assert table.to_numpy().min() >= 0.0
    assert table.to_numpy().max() <= 1.0


def test_features_of_nothing_are_an_empty_table() -> None:
    """No passages, or a query of one stop word, are no error."""
    assert features("csv", []).shape == (0, len(WEIGHTS))
    assert features("the", [Passage("s", "t", "the", 0, 3, 0)]).shape == (1, len(WEIGHTS))
