"""The values that flow between the nodes, and the one interface they share: `Index`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Citation",
    "Document",
    "Index",
    "Message",
    "Passage",
    "Question",
    "checked_search",
    "needs_extra",
]

Message: TypeAlias = dict[str, str]
"""One turn of a conversation: `{"role": "user" | "assistant" | "system", "content": "..."}`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and where it came from; `source` is what citations name."""

    source: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document: `document.text[start:end] == text`, positions in characters.

    `title` is the heading or definition it belongs to, `ordinal` counts the passages of its
    document from 0, `score` is set by whoever ranked it (higher is better).
    """

    source: str
    title: str
    text: str
    start: int
    end: int
    ordinal: int
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Citation:
    """What `[number]` in a reply refers to: `document.text[start:end] == quote`."""

    number: int
    source: str
    title: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose relevant sources are known; `answer` is a reference text or empty."""

    text: str
    sources: tuple[str, ...]
    answer: str = ""


class Index(ABC):
    """What retrieval needs of an index."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Digest of what was indexed and how; equal versions give equal results."""

    @abstractmethod
    def search(self, query: str, k: int) -> list[Passage]:
        """The at most `k` best passages, best first, with their scores set.

        Raises ValueError for an empty query or `k` below 1.
        """


def checked_search(query: str, k: int) -> None:
    """Raise ValueError where `Index.search` must."""
    if not query.strip():
        raise ValueError("the query is empty: ask with at least one word")
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 passage")


@contextmanager
def needs_extra(extra: Literal["rag", "vectors", "openai"]) -> Iterator[None]:
    """Around the import of a third party where it is first used: its ImportError says what to install."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"{error.name} is needed here and cannot be imported: pip install 'stateflow[{extra}]'",
            name=error.name,
        ) from error
