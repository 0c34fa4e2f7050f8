"""Features that say how well a passage fits a query, beyond the index's own score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from stateflow_dags.rag.model import Passage
from stateflow_dags.rag.terms import content_terms, terms

__all__ = ["WEIGHTS", "features"]

WEIGHTS = {"index": 1.0, "lead": 1.0, "coverage": 0.4, "proximity": 0.3, "name": 0.5, "source": 0.5}
"""Weight of each feature; every feature lies between 0 and 1."""

_WINDOW = 4
_SUPPORTERS = 3


def features(query: str, passages: Sequence[Passage]) -> pd.DataFrame:
    """One row a passage, in order, one column a feature of `WEIGHTS`.

    index: the index's score relative to the best; lead: query terms in the title and the first
    lines; coverage: query terms anywhere; proximity: neighbouring query terms that are close
    together; name: an identifier of the query that is the title's own; source: how well the best
    passages of the same source fit together.
    """
    wanted = list(dict.fromkeys(content_terms(query)))
    names = {word.strip("?.,!()`'\"").lower() for word in query.split() if _is_identifier(word)}
    best = max((p.score for p in passages), default=0.0)
    support = _support(passages)
    rows = [_row(wanted, names, p, best) | {"source": support[p.source]} for p in passages]
    return pd.DataFrame(rows, columns=list(WEIGHTS), dtype="float64")


def _row(wanted: list[str], names: set[str], passage: Passage, best: float) -> dict[str, float]:
    body = terms(passage.text)
    title = terms(passage.title)
    lead = terms(_lead(passage.text))
    return {
        "index": passage.score / best if best > 0 else 0.0,
        "lead": _share(wanted, [*title, *lead]),
        "coverage": _share(wanted, [*title, *body]),
        "proximity": _closeness(wanted, body),
        "name": float(bool(names & {passage.title.lower(), passage.title.lower().split(".")[-1]})),
    }


def _support(passages: Sequence[Passage]) -> dict[str, float]:
    """For each source the sum of its best few scores, relative to the strongest source's."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for passage in sorted(passages, key=lambda p: -p.score):
        counts[passage.source] = counts.get(passage.source, 0) + 1
        if counts[passage.source] <= _SUPPORTERS:
            sums[passage.source] = sums.get(passage.source, 0.0) + max(passage.score, 0.0)
    strongest = max(sums.values(), default=0.0) or 1.0
    return {source: total / strongest for source, total in sums.items()}


def _lead(text: str) -> str:
    """The first line and the one after it: a definition and the summary of its docstring."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[:2])


def _share(wanted: Sequence[str], found: Sequence[str]) -> float:
    present = set(found)
    return sum(term in present for term in wanted) / len(wanted) if wanted else 0.0


def _closeness(wanted: Sequence[str], body: Sequence[str]) -> float:
    """Share of the query's neighbouring terms that stand within a few terms of each other."""
    pairs = list(pairwise(wanted))
    if not pairs:
        return 0.0
    places: dict[str, list[int]] = {}
    for place, term in enumerate(body):
        places.setdefault(term, []).append(place)
    close = sum(any(abs(i - j) <= _WINDOW for i in places.get(a, ()) for j in places.get(b, ())) for a, b in pairs)
    return close / len(pairs)


def _is_identifier(word: str) -> bool:
    core = word.strip("?.,!()`'\"")
    return "_" in core or "." in core or word.rstrip("?.,!").endswith("()") or "`" in word
