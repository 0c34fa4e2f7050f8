"""Hamilton module: from a question and the conversation so far to the passages that answer it.

Config `index_kind`: `"lexical"` (default) or `"vectors"`, like the index that is given.
"""

# mypy: allow-untyped-decorators

import pandas as pd
from hamilton.function_modifiers import config, tag

from stateflow_dags.rag.followup import standalone
from stateflow_dags.rag.model import Index, Passage
from stateflow_dags.rag.ranking import WEIGHTS, features


def query(question: str, chat_history: list[dict[str, str]]) -> str:
    """The question as it is searched for: a follow-up gets its subject from the conversation.

    Raises ValueError for an empty question.
    """
    return standalone(question, chat_history)


@config.when_in(index_kind=[None, "lexical"])
def candidates__lexical(query: str, index: Index, top_candidates: int = 30) -> list[Passage]:
    """The at most `top_candidates` passages that the index ranks first, best first."""
    return index.search(query, top_candidates)


@config.when(index_kind="vectors")
@tag(external="true")
def candidates__vectors(query: str, index: Index, top_candidates: int = 30) -> list[Passage]:
    """The same from an index that asks an embeddings endpoint for the vector of the query."""
    return index.search(query, top_candidates)


def scores(query: str, candidates: list[Passage]) -> pd.Series:
    """A score for each candidate, in order: the weighted sum of its `ranking.features`."""
    weights = pd.Series(WEIGHTS)
    weighted = features(query, candidates).mul(weights, axis="columns")
    return (weighted.sum(axis="columns") / weights.sum()).rename("score")


def passages(candidates: list[Passage], scores: pd.Series, top_k: int = 5) -> list[Passage]:
    """The at most `top_k` candidates of the highest score, ties in order, scores set."""
    if top_k < 1:
        raise ValueError(f"top_k is {top_k}: ask for at least 1 passage")
    order = scores.sort_values(ascending=False, kind="stable").index[:top_k]
    return [_scored(candidates[int(i)], float(scores.iloc[int(i)])) for i in order]


def _scored(passage: Passage, score: float) -> Passage:
    return Passage(
        source=passage.source,
        title=passage.title,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        ordinal=passage.ordinal,
        score=round(score, 6),
    )
