"""Turns text and code into search terms, the same way for documents and for questions."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["content_terms", "terms"]

_WORD = re.compile(r"\w+(?:\.\w+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")

_STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a about after again all also am an and another any are as at be because been before
        being both but by can could did do does doing each for from get given had has have
        having he her here him his how i if in into is it its itself just let lets like may me
        might mine more most must my need no nor not of off on once one only or other our out
        over own please python same shall she should show so some such tell than that the their
        them then there these they this those through to too up us use used using very want was
        way we were what when where whether which while who whom whose why will with without
        would yes you your yours
        """,
    ),
)

# Abbreviations that Python identifiers use for the words people ask with, a few plain synonyms.
_SAME = {
    alias: group.split()[0]
    for group in (
        "argument arg args argv param params parameter",
        "asynchronous async",
        "attribute attr attrs",
        "average mean avg",
        "character char chars",
        "command cmd",
        "configuration config cfg",
        "dictionary dict dictionaries",
        "directory dir dirs folder",
        "environment env environ",
        "error exception exc",
        "function func fn",
        "integer int",
        "message msg",
        "number num",
        "process proc",
        "regex regexp",
        "string str",
        "temporary temp tmp",
    )
    for alias in group.split()
}

_STEM_MINIMUM = 4
_SUFFIXES = ("ization", "ation", "ator", "ingly", "ively", "ing", "ion", "ed", "er", "or", "ly")


def terms(text: str) -> list[str]:
    """The terms of `text` in order, without stop words.

    A dotted or compound identifier gives itself and its parts: `os.path.join` gives
    `os.path.join`, `os`, `path`, `join`; `DictReader` gives `dictreader`, `dictionary`, `read`.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        found.extend(_word_terms(word))
    return found


def content_terms(text: str) -> list[str]:
    """Like `terms`, but a text made of stop words alone keeps its words."""
    return terms(text) or [word.lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=200_000)
def _word_terms(word: str) -> tuple[str, ...]:
    lowered = word.lower()
    if lowered.isalpha() and (word in (lowered, lowered.capitalize(), word.upper())):
        return () if lowered in _STOP else (_normal(lowered),)
    parts = [part.lower() for part in _PART.findall(word)]
    names = [name.lower().strip("_") for name in word.split(".")]
    kept = [_normal(part) for part in parts if part not in _STOP]
    whole = [name for name in dict.fromkeys([lowered, *names]) if name and name not in parts]
    return (*(name for name in whole if name not in _STOP), *kept)


def _normal(word: str) -> str:
    singular = _singular(word)
    same = _SAME.get(word) or _SAME.get(singular)
    stem = _stem(same or singular)
    return _SAME_STEMS.get(stem, stem)


def _singular(word: str) -> str:
    if len(word) < _STEM_MINIMUM or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > _STEM_MINIMUM:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _stem(word: str) -> str:
    """Cut common English endings; exact linguistics matters less than doing it on both sides."""
    if not word.isascii():
        return word
    for suffix in _SUFFIXES:
        stem = word.removesuffix(suffix)
        if stem != word and len(stem) >= _STEM_MINIMUM - 1 and any(c in "aeiouy" for c in stem):
            word = stem
            break
    if len(word) > _STEM_MINIMUM - 1 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) >= _STEM_MINIMUM and word[-1] in "ey" else word


# Verbs, which come in forms: these are compared by their stems.
_SAME_STEMS = {
    _stem(verb): _stem(group.split()[0])
    for group in (
        "compute calculate calc",
        "copy duplicate clone",
        "delete remove rm erase del",
        "execute exec",
        "initialize init",
    )
    for verb in group.split()
}
