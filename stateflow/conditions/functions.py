"""The functions that an expression may call, each within the limits of its evaluation."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stateflow.conditions.limits import (
    DIGITS,
    NESTED,
    SIZE,
    TEXT,
    Evaluation,
    dictionary,
    distinct,
    small,
    weight,
)
from stateflow.errors import kind

SIZED = (*NESTED, *TEXT)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that takes the evaluation first, and the keywords it may be called with.

    ``consumes`` tells that it uses up its first argument at once, so that a generator may be given.
    """

    call: Callable[..., Any]
    keywords: frozenset[str] = frozenset()
    consumes: bool = False


def _length(_: Evaluation, value: Any, /) -> int:
    return len(value)


def _absolute(run: Evaluation, value: Any, /) -> Any:
    run.charge(weight(value))
    return abs(value)


def _any(run: Evaluation, items: Iterable[Any], /) -> bool:
    return any(run.counted(items))


def _all(run: Evaluation, items: Iterable[Any], /) -> bool:
    return all(run.counted(items))


def _sum(run: Evaluation, items: Iterable[Any], /, start: Any = 0) -> Any:
    return sum(_numbers(run, items), _number(run, start))


def _numbers(run: Evaluation, items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        run.charge(3)
        yield _number(run, item)


def _number(run: Evaluation, value: Any) -> Any:
    if isinstance(value, int):
        return small(run, value)
    if isinstance(value, SIZED):
        raise run.beyond(f"sums {kind(value)}; only numbers can be summed")
    return value


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(run: Evaluation, first: Any, /, *others: Any, **default: Any) -> Any:
        if not others:
            return choose(run.weighed(first), **default)
        return choose(*run.weighed((first, *others)), **default)

    return chosen


def _round(run: Evaluation, number: Any, /, ndigits: Any = None) -> Any:
    if isinstance(number, int):
        small(run, number)
    if ndigits is None:
        return round(number)
    if abs(digits := operator.index(ndigits)) > DIGITS:
        raise run.beyond(f"rounds to more than {DIGITS:,} digits")
    return round(number, digits)


def _sorted(run: Evaluation, items: Iterable[Any], /, *, reverse: bool = False) -> list[Any]:
    held = list(run.weighed(items))
    heft = len(held) + sum(map(weight, held))
    run.charge(heft * len(held).bit_length() >> 1)
    held.sort(reverse=reverse)
    return held


def _set(run: Evaluation, items: Iterable[Any] = (), /) -> set[Any]:
    return distinct(run, items)


def _list(run: Evaluation, items: Iterable[Any] = (), /) -> list[Any]:
    return list(run.counted(items))


def _tuple(run: Evaluation, items: Iterable[Any] = (), /) -> tuple[Any, ...]:
    return tuple(run.counted(items))


def _dict(run: Evaluation, items: Any = (), /) -> dict[Any, Any]:
    if isinstance(items, Mapping):
        return dictionary(run, ((key, items[key]) for key in items))
    return dictionary(run, (_pair(run, item) for item in items))


def _pair(run: Evaluation, item: Any) -> tuple[Any, Any]:
    pair = tuple(run.counted(item))
    if len(pair) != 2:
        raise ValueError(f"dict() takes pairs, not an element of length {len(pair)}")
    return pair


def _str(run: Evaluation, value: Any = "", /) -> str:
    if isinstance(value, int):
        return str(small(run, value))
    if isinstance(value, SIZED) and not isinstance(value, str):
        raise run.beyond(f"turns {kind(value)} into text; only single values can be")
    return str(value)


def _int(run: Evaluation, /, *value_and_base: Any) -> int:
    for argument in value_and_base:
        _short(run, argument)
    return int(*value_and_base)


def _float(run: Evaluation, value: Any = 0.0, /) -> float:
    return float(_short(run, value))


def _short(run: Evaluation, value: Any) -> Any:
    if isinstance(value, TEXT):
        if len(value) > DIGITS:
            raise run.beyond(f"reads a number from more than {DIGITS:,} characters")
        run.charge(len(value) >> 4)
    return value


def _bool(_: Evaluation, value: object = 0, /) -> bool:
    return bool(value)


def _range(run: Evaluation, /, *bounds: Any) -> range:
    numbers = range(*bounds)
    # len() cannot count a huge range, its ends can
    if numbers and (numbers[-1] - numbers[0]) // numbers.step >= SIZE:
        raise run.beyond(f"counts through a range of more than {SIZE:,} numbers")
    return numbers


def _enumerate(run: Evaluation, items: Iterable[Any], /, start: int = 0) -> Iterator[Any]:
    return enumerate(run.counted(iter(items)), start)


def _zip(run: Evaluation, /, *iterables: Iterable[Any], strict: bool = False) -> Iterator[Any]:
    return zip(*(run.counted(iter(items)) for items in iterables), strict=strict)


FUNCTIONS: Mapping[str, Function] = {
    "abs": Function(_absolute),
    "all": Function(_all, consumes=True),
    "any": Function(_any, consumes=True),
    "bool": Function(_bool),
    "dict": Function(_dict, consumes=True),
    "enumerate": Function(_enumerate, frozenset({"start"})),
    "float": Function(_float),
    "int": Function(_int),
    "len": Function(_length),
    "list": Function(_list, consumes=True),
    "max": Function(_extreme(max), frozenset({"default"}), consumes=True),
    "min": Function(_extreme(min), frozenset({"default"}), consumes=True),
    "range": Function(_range),
    "round": Function(_round, frozenset({"ndigits"})),
    "set": Function(_set, consumes=True),
    "sorted": Function(_sorted, frozenset({"reverse"}), consumes=True),
    "str": Function(_str),
    "sum": Function(_sum, frozenset({"start"}), consumes=True),
    "tuple": Function(_tuple, consumes=True),
    "zip": Function(_zip, frozenset({"strict"})),
}

TYPES: Mapping[str, type] = {
    "bool": bool,
    "bytes": bytes,
    "dict": dict,
    "float": float,
    "int": int,
    "list": list,
    "set": set,
    "str": str,
    "tuple": tuple,
}
"""What the second argument of ``isinstance`` may name."""
