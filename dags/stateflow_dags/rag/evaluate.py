"""Hamilton module: how good retrieval and replies are on questions with known sources."""

import re
from collections import Counter

import pandas as pd

from stateflow_dags.rag import answer, retrieve
from stateflow_dags.rag.model import Index, Passage, Question

_WORD = re.compile(r"\w+")


def rankings(
    questions: list[Question],
    index: Index,
    top_candidates: int = 30,
    top_k: int = 5,
) -> list[list[Passage]]:
    """For each question, asked without a conversation, the passages that `retrieve` finds."""
    if not questions:
        raise ValueError("there are no questions: nothing can be measured")
    return [_ranked(question, index, top_candidates, top_k) for question in questions]


def replies(questions: list[Question], rankings: list[list[Passage]]) -> list[str]:
    """For each question the extractive reply; override this node to measure other replies."""
    return [
        answer.llm_reply__extractive(question.text, [], passages)
        for question, passages in zip(questions, rankings, strict=True)
    ]


def recall(questions: list[Question], rankings: list[list[Passage]]) -> pd.Series:
    """For each question the share of its relevant sources among its passages' sources."""
    return _by_question(
        questions,
        [
            len(set(question.sources) & {p.source for p in passages}) / len(set(question.sources))
            for question, passages in zip(_answerable(questions), rankings, strict=True)
        ],
        "recall",
    )


def reciprocal_rank(questions: list[Question], rankings: list[list[Passage]]) -> pd.Series:
    """For each question one over the rank of the first passage of a relevant source, else 0."""
    values = []
    for question, passages in zip(_answerable(questions), rankings, strict=True):
        ranks = (r for r, p in enumerate(passages, 1) if p.source in question.sources)
        first = next(ranks, None)
        values.append(0.0 if first is None else 1.0 / first)
    return _by_question(questions, values, "reciprocal_rank")


def answer_overlap(questions: list[Question], replies: list[str]) -> pd.Series:
    """For each question the token F1 of its reply with its reference answer; NaN without one.

    Tokens are lower-case words, counted with repetition, citation numbers left out.
    """
    values = [
        _token_f1(reply, question.answer) if question.answer else float("nan")
        for question, reply in zip(questions, replies, strict=True)
    ]
    return _by_question(questions, values, "answer_overlap")


def report(
    questions: list[Question],
    rankings: list[list[Passage]],
    recall: pd.Series,
    reciprocal_rank: pd.Series,
    answer_overlap: pd.Series,
) -> pd.DataFrame:
    """One row a question: relevant sources, found sources, and the three measures."""
    return pd.DataFrame(
        {
            "relevant": [", ".join(question.sources) for question in questions],
            "found": [", ".join(dict.fromkeys(p.source for p in found)) for found in rankings],
            "recall": recall,
            "reciprocal_rank": reciprocal_rank,
            "answer_overlap": answer_overlap,
        },
        index=recall.index,
    )


def summary(report: pd.DataFrame) -> pd.Series:
    """Means over the questions: `recall`, `mrr` (mean reciprocal rank), `answer_overlap`."""
    means = report[["recall", "reciprocal_rank", "answer_overlap"]].mean()
    return means.rename({"reciprocal_rank": "mrr"}).rename("mean")


def _ranked(question: Question, index: Index, top_candidates: int, top_k: int) -> list[Passage]:
    query = retrieve.query(question.text, [])
    candidates = index.search(query, top_candidates)
    return retrieve.passages(candidates, retrieve.scores(query, candidates), top_k)


def _answerable(questions: list[Question]) -> list[Question]:
    for question in questions:
        if not question.sources:
            raise ValueError(f"no relevant source is known for {question.text!r}")
    return questions


def _by_question(questions: list[Question], values: list[float], name: str) -> pd.Series:
    names = pd.Index([question.text for question in questions], name="question")
    return pd.Series(values, index=names, name=name, dtype="float64")


def _token_f1(reply: str, reference: str) -> float:
    said = Counter(_WORD.findall(re.sub(r"\[[\d,\s]+\]", " ", reply).lower()))
    wanted = Counter(_WORD.findall(reference.lower()))
    common = (said & wanted).total()
    return 2 * common / (said.total() + wanted.total()) if common else 0.0
