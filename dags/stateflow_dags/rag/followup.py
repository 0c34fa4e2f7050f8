"""Makes a follow-up question stand alone with what the conversation spoke of before.

Deterministic rules over English questions, no model: "And how do I delete it again?" after
"How do I copy a whole directory tree?" becomes "How do I delete a whole directory tree again?".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from stateflow_dags.rag.model import Message
from stateflow_dags.rag.terms import terms

__all__ = ["earlier_turns", "standalone"]

_OPENER = re.compile(r"^(?:(?:and|but|also|so|then|now|ok(?:ay)?|well|thanks?)\b[\s,]*)+", re.I)
_ELLIPSIS = re.compile(
    r"^(?:(?:what|how) about|what if|why not|for|in|with|without|on|from|to|into|by|only)\b",
    re.I,
)
# "that" and "this" only count where no noun follows: "do that for files", not "that file".
_REFERENCE = re.compile(
    r"\b(?:it|its|them|these|those|they|the same(?: thing)?|"
    r"(?:that|this)(?=\s*(?:$|[?.!,;]|(?:for|in|with|without|on|from|to|into|by|again|instead|too|"
    r"when|if|as|is|does|work|raise|return)\b)))(?!\w)",
    re.I,
)
_TRAILING = re.compile(r"\b(?:again|instead|too|as well|either)\s*[?.!]*$", re.I)
_REQUEST = re.compile(
    r"^(?:please\s+)?(?:(?:how|where|when)\s+(?:do|can|could|should|would|to|does)\b"
    r"|(?:can|could|may|should)\b|what(?:'s| is) the (?:best |right )?way to\b)?"
    r"\s*(?:(?:i|you|we|one)\b)?\s*(?P<verb>[a-z]+)\s+(?P<object>\S.*?)[\s?.!]*$",
    re.I,
)
_AUXILIARY = re.compile(
    r"^(?:does|do|did|is|are|was|will|would|can|could|should|has|have|what|why|"
    r"when|where|who|which)\b",
    re.I,
)
_PERSON = re.compile(r"\b(?:i|we|you|one)\b", re.I)

_LOOK_BACK = 8
_LONGEST_PHRASE = 200
_LONGEST_QUESTION = 500
_SELF_CONTAINED = 3
"""Terms before a reference that make the question speak of something of its own."""


class _Topic(NamedTuple):
    verb: str
    object: str

    @property
    def phrase(self) -> str:
        return f"{self.verb} {self.object}".strip()


def standalone(question: str, chat_history: Sequence[Message]) -> str:
    """`question` itself, or, when it only makes sense as a follow-up, with its subject filled in.

    Raises ValueError for an empty question.
    """
    if not question.strip():
        raise ValueError("the question is empty: ask with at least one word")
    earlier = earlier_turns(question, chat_history)
    asked = [turn["content"] for turn in earlier if turn["role"] == "user" and turn["content"]]
    resolved = ""
    for text in [*asked[-_LOOK_BACK:], question]:
        resolved = _resolved(" ".join(text.split()), resolved)
    return resolved


def earlier_turns(question: str, chat_history: Sequence[Message]) -> list[Message]:
    """The turns before `question`, which an application may already have appended itself."""
    turns = [{"role": str(turn.get("role") or ""), "content": str(turn.get("content") or "")} for turn in chat_history]
    if turns and turns[-1] == {"role": "user", "content": question}:
        turns.pop()
    return turns


def _resolved(question: str, before: str) -> str:
    if not before or len(question) > _LONGEST_QUESTION or not _is_follow_up(question):
        return question
    bare = _OPENER.sub("", question)
    topic = _topic(before)
    reference = _REFERENCE.search(bare)
    request = _REQUEST.match(bare)
    if reference is None or request is None or not _asks_how(bare):
        return f"{bare} ({topic.phrase})"
    if request["verb"].lower() == "do" and reference.start() == request.start("object"):
        filled = topic.phrase
        start = request.start("verb")
    else:
        filled = topic.object or topic.phrase
        start = reference.start()
    return _capital(bare[:start] + filled + bare[reference.end() :])


def _is_follow_up(question: str) -> bool:
    bare = _OPENER.sub("", question)
    if _ELLIPSIS.match(bare) or not terms(bare):
        return True
    reference = _REFERENCE.search(bare)
    if reference is not None and len(terms(bare[: reference.start()])) < _SELF_CONTAINED:
        return True
    return _TRAILING.search(bare) is not None and len(terms(bare)) < _SELF_CONTAINED


def _asks_how(question: str) -> bool:
    """Whether a person acts ("how do I delete it"), so that the reference is what they act on."""
    return _PERSON.search(question) is not None or _AUXILIARY.match(question) is None


def _topic(question: str) -> _Topic:
    cut = question[: question.rfind(" (")] if question.endswith(")") else question
    request = _REQUEST.match(_OPENER.sub("", cut))
    if request is None or not _asks_how(cut):
        return _Topic("", cut.strip(" ?.!")[:_LONGEST_PHRASE])
    return _Topic(request["verb"], _TRAILING.sub("", request["object"]).strip()[:_LONGEST_PHRASE])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
