"""Inputs of many types."""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, NewType, Optional, Protocol, TypedDict, TypeVar

import numpy as np
import pandas as pd

from stateflow.actions import Input

UserId = NewType("UserId", int)
T = TypeVar("T")


class Turn(TypedDict):
    role: str


class Speaks(Protocol):
    def speak(self) -> str: ...


class Box(Generic[T]):
    """A generic class."""


class Colour(enum.Enum):
    RED = 1


def of_float(number: float) -> str:
    return str(number)


def of_complex(z: complex) -> str:
    return str(z)


def of_turn(turn: Turn) -> str:
    return str(turn)


def of_speaker(speaker: Speaks) -> str:
    return "speaker"


def of_user(user: UserId) -> str:
    return str(user)


def of_function(function: Callable[[int], int]) -> str:
    return "function"


def of_mapping(mapping: Mapping[str, int]) -> str:
    return str(dict(mapping))


def of_sequence(sequence: Sequence[int]) -> str:
    return str(list(sequence))


def of_list(items: list[str]) -> str:
    return str(items)


def of_marked(marked: Input[list[str]]) -> str:
    return str(marked)


def of_union(either: int | str) -> str:
    return repr(either)


def of_optional(maybe: Optional[int]) -> str:  # noqa: UP045  the old spelling is a type of its own
    return repr(maybe)


def of_literal(mode: Literal["a", "b"]) -> str:
    return mode


def of_any(anything: Any) -> str:
    return repr(anything)


def of_series(series: pd.Series) -> str:
    return str(list(series))


def of_array(array: np.ndarray) -> str:
    return str(array.tolist())


def of_iterable(iterable: Iterable[int]) -> str:
    return "iterable"


def of_class(kind: type[int]) -> str:
    return kind.__name__


def of_box(box: Box[int]) -> str:
    return "box"


def of_colour(colour: Colour) -> str:
    return colour.name


def of_variable(variable: T) -> T:
    return variable


def of_bool(flag: bool) -> str:
    return repr(flag)


def of_bytes(data: bytes) -> str:
    return repr(data)


def of_dict(table: dict[str, list[int]]) -> str:
    return str(table)


def of_set(members: set[int]) -> str:
    return str(sorted(members))


def of_tuple(pair: tuple[int, str]) -> str:
    return str(pair)


def of_user_union(either_user: UserId | Turn | None) -> str:
    return repr(either_user)
