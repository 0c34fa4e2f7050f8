"""Measures are what their names say, on small cases and on the twenty questions."""

from __future__ import annotations

import math
import time

import pandas as pd
import pytest

from stateflow_dags.rag import chunk, evaluate, index, library, questions
from stateflow_dags.rag.lexical import LexicalIndex
from stateflow_dags.rag.model import Index, Passage, Question

from tests.dags.plain import execute


class Fixed(Index):
    """An index that gives the same sources to every query, best first."""

    def __init__(self, *sources: str) -> None:
        self.sources = sources

    @property
    def version(self) -> str:
        """A constant."""
        return "fixed"

    def search(self, query: str, k: int) -> list[Passage]:
        """One passage a source, none of which shares a word with the query."""
        return [Passage(source, "", "same words", 0, 10, 0, score=1.0) for source in self.sources][:k]


def test_measures_on_a_case_worked_by_hand() -> None:
    """Recall counts sources, reciprocal rank passages, overlap words."""
    asked = [
        Question("q one", ("a",), answer="Same words, other words."),
        Question("q two", ("c", "z")),
        Question("q three", ("z",)),
    ]
    found = measured(asked, Fixed("a", "b", "c"))
    assert found["recall"].tolist() == [1.0, 0.5, 0.0]
    assert found["reciprocal_rank"].tolist() == [1.0, pytest.approx(1 / 3), 0.0]
    assert math.isnan(found["answer_overlap"].iloc[1])
    assert found["summary"]["mrr"] == pytest.approx(4 / 9)
    assert list(found["report"].columns) == [
        "relevant",
        "found",
        "recall",
        "reciprocal_rank",
        "answer_overlap",
    ]
    assert found["report"]["found"].iloc[0] == "a, b, c"


def measured(asked: list[Question], over: Index) -> dict[str, pd.Series]:
    """Every measure for these questions over an index."""
    outputs = ["recall", "reciprocal_rank", "answer_overlap", "report", "summary"]
    return execute([evaluate], outputs, {}, questions=asked, index=over)


def test_answer_overlap_is_token_f1() -> None:
    """Words are counted with repetition, citation numbers are not words."""
    asked = [Question("q", ("a",), answer="delete the tree")]
    overlap = evaluate.answer_overlap(asked, ["Delete a tree [1]. [2, 3]"])
    assert overlap.tolist() == [pytest.approx(2 * 2 / (3 + 3))]
    assert evaluate.answer_overlap(asked, [""]).tolist() == [0.0]


def test_what_cannot_be_measured_is_refused() -> None:
    """No questions, or a question without a known source."""
    with pytest.raises(ValueError, match="there are no questions"):
        measured([], Fixed("a"))
    with pytest.raises(ValueError, match="no relevant source is known for 'q'"):
        measured([Question("q", ())], Fixed("a"))


def test_the_twenty_questions_are_answered(library_index: LexicalIndex) -> None:
    """Recall at 5 is at least 0.9 over the documentation of whichever Python runs this."""
    found = execute(
        [questions, evaluate],
        ["summary", "report", "replies"],
        {},
        index=library_index,
    )
    print(found["report"].to_string())
    assert found["summary"]["recall"] >= 0.9
    assert found["summary"]["mrr"] >= 0.75
    assert all("[1]" in reply or "[" in reply for reply in found["replies"])


def test_the_questions_are_twenty_and_known() -> None:
    """Each names a module that the documentation has; the conversation has three."""
    asked = questions.questions()
    known = set(library.library_modules())
    assert len(asked) == len({question.text for question in asked}) == 20
    assert all(set(question.sources) <= known for question in asked)
    assert len(questions.CONVERSATION) == 3


def test_loading_chunking_and_indexing_is_quick() -> None:
    """All of the standard library takes seconds, not minutes, on a slow machine."""
    started = time.perf_counter()
    documents = library.read_library()
    LexicalIndex.build(chunk.chunks(documents), version=index.digest(documents))
    assert time.perf_counter() - started < 20
