"""Conditions that compare one state key, or the number of visits of one action, with a value."""

from __future__ import annotations

import functools
import operator
import reprlib
from collections.abc import Callable, Container, Mapping
from enum import Enum
from typing import Any

from stateflow.conditions.condition import Binding, Condition, missing_key
from stateflow.errors import GraphError, nearest

Compare = Callable[[Any, Any], Any]

ORDERINGS: Mapping[str, tuple[str, Compare]] = {
    "eq": ("==", operator.eq),
    "ne": ("!=", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "lte": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
    "gte": (">=", operator.ge),
}
SUFFIXES: Mapping[str, tuple[str, Compare]] = {
    **ORDERINGS,
    "in": ("in", lambda value, options: value in options),
    "notin": ("not in", lambda value, options: value not in options),
    "contains": ("contains", operator.contains),
    "is": ("is", operator.is_),
    "isnot": ("is not", operator.is_not),
}

_SYNONYMS: Mapping[str, str] = {
    "above": "gt",
    "below": "lt",
    "equal": "eq",
    "equals": "eq",
    "greater": "gt",
    "has": "contains",
    "includes": "contains",
    "less": "lt",
    "max": "lte",
    "min": "gte",
    "more": "gt",
    "neq": "ne",
    "not": "ne",
    "over": "gt",
    "under": "lt",
}
"""What people write for a suffix."""


def when(**comparisons: Any) -> Condition:
    """Match when every comparison of a state key with a value holds; the first that fails decides.

    ``when(safe=False)`` compares for equality, ``when(count__gte=3, mode__in=["chat", "image"])``
    by suffix: eq, ne, lt, lte, gt, gte, in, notin, contains, is, isnot (le and ge too). A key may
    contain ``__`` itself: only a last part that is one of the suffixes is taken for one.

    Raises:
        GraphError: no comparison is given, or ``in`` has nothing to look into.
    """
    if not comparisons:
        raise GraphError("when() compares nothing; name a key, when(safe=False), or use default")
    parts = [_comparison(name, expected) for name, expected in comparisons.items()]
    return functools.reduce(operator.and_, parts)


def visits(action: str, **comparison: int) -> Condition:
    """Match by the number of committed steps of an action, as in ``visits("think", ge=10)``.

    The count is that of the whole stored run: all calls, before a resume and before a fork too. To bound one call,
    use ``max_steps=``; to bound one turn of a conversation, count in a state key that the turn's first action resets.

    Raises:
        GraphError: not exactly one of eq, ne, lt, le, gt, ge (lte, gte) with an int is given.
    """
    if len(comparison) != 1:
        raise GraphError(
            f"visits({action!r}) takes exactly one comparison, as in visits({action!r}, ge=10);"
            f" {len(comparison)} were given"
        )
    given: Mapping[str, object] = comparison
    [(name, bound)] = given.items()
    if name not in ORDERINGS:
        raise GraphError(f"visits({action!r}) has no comparison {name!r}{nearest(name, ORDERINGS)}")
    if not isinstance(bound, int) or isinstance(bound, bool):
        raise GraphError(f"visits({action!r}, {name}=) counts; give an int, not {bound!r}")
    symbol, compare = ORDERINGS[name]
    return Condition(
        text=f"visits({action!r}) {symbol} {bound}",
        test=lambda _, counts: bool(compare(counts.get(action, 0), bound)),
        visited=(action,),
        binding=Binding.COMPARISON,
    )


def meant(key: str, known: Container[str]) -> str:
    """Return what was probably meant where an unknown key is a known one and a mistyped suffix, for a message's end."""
    compared, _, suffix = key.rpartition("__")
    if not compared or compared not in known:
        return ""
    if suffix in _SYNONYMS:
        return f"; did you mean when({compared}__{_SYNONYMS[suffix]}=...)?"
    return f"; {suffix!r} is no comparison of {compared!r}{nearest(suffix, SUFFIXES)}"


def _comparison(name: str, expected: Any) -> Condition:
    key, _, suffix = name.rpartition("__")
    if not key or suffix not in SUFFIXES:
        key, suffix = name, "eq"
    if suffix in {"in", "notin"} and not isinstance(expected, Container):
        raise GraphError(f"when({name}=...) needs a collection to look into, not {expected!r}")
    symbol, compare = SUFFIXES[suffix]
    text = f"{key} {symbol} {_SHOWN.repr(expected)}"

    def test(data: Mapping[str, Any], _: Mapping[str, int]) -> bool:
        try:
            value = data[key]
        except KeyError:
            raise missing_key(text, key, data) from None
        return bool(compare(value, expected))

    return Condition(text=text, test=test, reads=(key,), binding=Binding.COMPARISON)


class _Shown(reprlib.Repr):
    """A short repr that is the same in every process: sets sorted, no addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 60
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 8

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() > 4096:  # CPython refuses to print what is much longer
            return f"<int of {x.bit_length():,} bits>"
        return super().repr_int(x, level)

    def repr_instance(self, x: Any, level: int) -> str:
        if isinstance(x, Enum):
            return f"{type(x).__name__}.{x.name}"
        if isinstance(x, type):
            return x.__name__
        text = super().repr_instance(x, level)
        return f"<{type(x).__name__}>" if " at 0x" in text else text


_SHOWN = _Shown()
