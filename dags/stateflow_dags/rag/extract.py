"""Finds the exact words of passages that speak to a query or a claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stateflow_dags.rag.model import Passage
from stateflow_dags.rag.terms import content_terms, terms

__all__ = ["CITED", "Quote", "best_quote", "one_line", "quotes"]

_DEFINITION = re.compile(r"^\s*(?:(?:async )?def |class )?[^\W\d][\w.]*\(.*\)(?: *->.*)?:?$")
CITED = re.compile(r"(?<!\w)\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]")
"""A citation in a reply: `[1]` or `[1, 2]`."""

_END = re.compile(r"[.!?](?=\s|$)|:(?=\s*\n)|\n[ \t]*\n")
_LONGEST = 400
_SHORTEST_TERMS = 2
_LEAD_BONUS = 0.15
_WORTH_ADDING = 0.75
_ORDER_DISCOUNT = 0.08


class Quote(NamedTuple):
    """Words of a passage: `passage.text[start:end]`, positions within the passage."""

    start: int
    end: int
    score: float


def quotes(query: str, passages: Sequence[Passage], limit: int = 3) -> list[tuple[int, Quote]]:
    """The best quote of the passages that speak to `query`: (index in `passages`, quote).

    At most `limit`, at most one a passage; the order of the passages counts a little, and a
    quote that is much weaker than the best is left out. None contains what reads as a citation.
    """
    found = []
    for place, passage in enumerate(passages):
        quote = best_quote(query, passage, without=CITED)
        if quote is not None:
            found.append((quote.score - _ORDER_DISCOUNT * place, place, quote))
    found.sort(key=lambda item: (-item[0], item[1]))
    enough = found[0][0] * _WORTH_ADDING if found else 0.0
    return [(place, quote) for score, place, quote in found[:limit] if score >= enough]


def best_quote(
    query: str,
    passage: Passage,
    *,
    without: re.Pattern[str] | None = None,
) -> Quote | None:
    """The sentence of `passage` that shares most with `query`; None when none shares a word.

    The first sentence of a definition comes with its signature. Sentences in which `without`
    matches are passed over.
    """
    wanted = set(content_terms(query))
    if not wanted:
        return None
    title = set(terms(passage.title))
    best: Quote | None = None
    for number, (start, end) in enumerate(_sentences(passage.text)):
        words = terms(passage.text[start:end])
        unwanted = without is not None and without.search(passage.text, start, end)
        if len(words) < _SHORTEST_TERMS or unwanted:
            continue
        share = len(wanted & (set(words) | title)) / len(wanted)
        own = len(wanted & set(words)) / len(wanted)
        if own == 0.0:
            continue
        score = (share + own) / 2 + (_LEAD_BONUS if number == 0 else 0.0)
        if best is None or score > best.score:
            best = Quote(start, end, score)
    return best


def one_line(text: str) -> str:
    """`text` on one line; a signature is set apart as code."""
    head, _, rest = text.partition("\n")
    if _DEFINITION.match(head) and rest.strip():
        return f"`{' '.join(head.split())}`: {' '.join(rest.split())}"
    if _DEFINITION.match(text):
        return f"`{text.strip()}`"
    return " ".join(text.split())


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence; a signature line belongs to the sentence below it."""
    start = 0
    while start < len(text):
        while start < len(text) and text[start].isspace():
            start += 1
        line_end = text.find("\n", start)
        search = start
        if line_end > 0 and _DEFINITION.match(text[start:line_end]):
            search = line_end
        match = _END.search(text, search)
        end = match.end() if match else len(text)
        if end - start > _LONGEST:
            space = text.rfind(" ", start + 1, start + _LONGEST)
            end = space if space > start else start + _LONGEST
        stripped = len(text[start:end].rstrip())
        if stripped:
            yield start, start + stripped
        start = max(end, start + 1)
