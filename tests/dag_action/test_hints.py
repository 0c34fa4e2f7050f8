"""How types are printed, and which values are plainly wrong for them."""

from __future__ import annotations

import collections.abc
import typing
from typing import Annotated, Any, ForwardRef, Literal, NewType, TypeVar, Union

import pandas as pd
import pytest

from stateflow.dag_action.hints import fits, shown, spread

from tests.dag_action.modules.typed import Box, Colour, Turn, UserId

T = TypeVar("T")

SHOWN: list[tuple[Any, str]] = [
    (str, "str"),
    (None, "None"),
    (Any, "Any"),
    ("Later", "Later"),
    (ForwardRef("Later"), "Later"),
    (pd.Series, "Series"),
    (list[Turn], "list[Turn]"),
    (list, "list"),
    (typing.List[int], "list[int]"),  # noqa: UP006  the old spelling is a type of its own
    (dict[str, list[int]], "dict[str, list[int]]"),
    (tuple[int, ...], "tuple[int, ...]"),
    (int | None, "int | None"),
    (Union[int, str], "int | str"),  # noqa: UP007  likewise
    (Annotated[str, "mark"], "str"),
    (Literal["a", 1], "Literal['a', 1]"),
    (collections.abc.Callable[[int, str], bool], "Callable[[int, str], bool]"),
    (collections.abc.Iterator[str], "Iterator[str]"),
    (UserId, "UserId"),
    (T, "T"),
    (Box[int], "Box[int]"),
    (type[int], "type[int]"),
]


@pytest.mark.parametrize(("hint", "expected"), SHOWN)
def test_types_are_printed_shortly(hint: Any, expected: str) -> None:
    """Without modules and marks."""
    assert shown(hint) == expected


@pytest.mark.parametrize(
    ("hint", "form"),
    [
        (collections.abc.Iterator[str], "iterator"),
        (collections.abc.Generator[str, None, None], "iterator"),
        (typing.Iterable[str], "iterator"),
        (collections.abc.AsyncIterator[str], "async iterator"),
        (Annotated[collections.abc.AsyncIterable[str], "mark"], "async iterator"),
        (list[str], "list"),
        (collections.abc.Sequence[str], "list"),
        (str, "value"),
        (Any, "value"),
    ],
)
def test_consumers_of_a_stream_say_what_they_want(hint: Any, form: str) -> None:
    """By their annotation."""
    assert spread(hint) == form


class Unaskable(type):
    """The type of a class of which nobody may ask ``isinstance``."""

    def __instancecheck__(cls, instance: object) -> bool:
        raise TypeError("do not ask")


class Shy(metaclass=Unaskable):
    """Such a class."""


def disagrees(value: Any, hint: Any) -> bool:
    """Refuse everything, so that only our own judgement counts."""
    return False


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, float, True),
        (1, complex, True),
        ("1", float, False),
        (None, int, True),
        (3, UserId, True),
        ("3", UserId, False),
        (3, NewType("Deep", UserId), True),
        ("b", Literal["a", "b"], True),
        ("c", Literal["a", "b"], False),
        ("c", Literal["a"] | int, False),
        ("a", Literal["a"] | int, True),
        (1, Literal["a"] | int, True),
        ("anything", int | Any, True),
        ({}, Turn, True),
        ("", Turn, False),
        (Colour.RED, Colour, True),
        (1, "Unresolved", True),
        (1, Shy, True),
        (1, T, True),
        ([], Annotated[list[int], "mark"], True),
        (1, Annotated[list[int], "mark"], False),
    ],
)
def test_only_what_is_plainly_wrong_is_refused(value: Any, hint: Any, expected: bool) -> None:
    """Where nothing can be said, everything fits."""
    assert fits(value, hint, disagrees) is expected


def test_the_verdict_may_fail_to_know() -> None:
    """Hamilton asks isinstance of types that do not allow it."""

    def confused(value: Any, hint: Any) -> bool:
        raise TypeError("does not support instance checks")

    assert fits("1", int, confused) is False
