"""A condition: a text to draw, the state keys it reads, and the test that a transition asks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from stateflow.errors import GraphError, MissingKeyError, nearest

Test = Callable[[Mapping[str, Any], Mapping[str, int]], bool]


class Binding(IntEnum):
    """How tightly the outermost operator of a text binds, loosest first."""

    CHOICE = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    ATOM = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Condition:
    """A question to the state. Combine with ``~``, ``&`` and ``|``; two conditions are never equal.

    ``text`` is what is drawn, ``reads`` the state keys and ``visited`` the actions that the answer
    depends on (both sorted), ``errors`` the exception types of an ``on_error``.
    """

    text: str
    test: Test
    reads: tuple[str, ...] = ()
    visited: tuple[str, ...] = ()
    errors: tuple[type[BaseException], ...] = ()
    is_default: bool = False
    binding: Binding = Binding.ATOM

    def evaluate(self, data: Mapping[str, Any], visits: Mapping[str, int]) -> bool:
        """Return the answer for a state and the committed steps by action; ``on_error`` says False.

        Raises:
            MissingKeyError: a state key that the answer depends on is absent.
            ActionError: an expression exceeds its limits. Its other exceptions pass through.
        """
        return self.test(data, visits)

    @classmethod
    def of(
        cls,
        fn: Callable[[Any], object],
        *,
        reads: Iterable[str],
        name: str | None = None,
    ) -> Condition:
        """Return a condition that asks ``fn``, which receives a State of the keys in ``reads``.

        A key that is absent from the state is absent there too. The truth of the result counts.

        Raises:
            GraphError: ``fn`` is no plain function, or ``reads`` no list of names.
        """
        from stateflow.state import State

        keys = _function_reads(fn, reads)

        def test(data: Mapping[str, Any], _: Mapping[str, int]) -> bool:
            return bool(fn(State({key: data[key] for key in keys if key in data})))

        text = name or str(getattr(fn, "__name__", type(fn).__name__))
        return cls(text=text, test=test, reads=keys)

    def __invert__(self) -> Condition:
        self._refuse_special("~")
        test, text = self.test, _enclosed(self, Binding.ATOM)
        return Condition(
            text=f"not {text}",
            test=lambda data, visits: not test(data, visits),
            reads=self.reads,
            visited=self.visited,
            binding=Binding.NOT,
        )

    def __and__(self, other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        left, right = self.test, other.test

        def both(data: Mapping[str, Any], visits: Mapping[str, int]) -> bool:
            return left(data, visits) and right(data, visits)

        return _joined(self, other, Binding.AND, both)

    def __or__(self, other: Condition) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        left, right = self.test, other.test

        def either(data: Mapping[str, Any], visits: Mapping[str, int]) -> bool:
            return left(data, visits) or right(data, visits)

        return _joined(self, other, Binding.OR, either)

    def __bool__(self) -> bool:
        # `when(a=1) and when(b=2)` would silently be `when(b=2)`
        raise GraphError(
            f"condition {self.text!r} has no truth of its own; combine conditions with &, | and ~,"
            " not with and, or and not, and compare a missing one with `is None`"
        )

    def __repr__(self) -> str:
        return f"<Condition {self.text}>"

    def _refuse_special(self, operator: str) -> None:
        if self.is_default or self.errors:
            fact = f"condition {self.text!r} cannot be combined with {operator}"
            raise GraphError(f"{fact}; give it a transition of its own")


def on_error(*types: type[Exception]) -> Condition:
    """Match when the source action raised one of ``types``; without types, any ``Exception``.

    Raises:
        GraphError: an argument is no subclass of Exception.
    """
    given: tuple[object, ...] = types
    for kind in given:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise GraphError(
                f"on_error takes subclasses of Exception, not {kind!r}; write"
                " on_error(TimeoutError, ValueError), or on_error() for every Exception"
            )
    errors = tuple(dict.fromkeys(types)) or (Exception,)
    text = f"on_error({', '.join(kind.__name__ for kind in errors)})"
    return Condition(text=text, test=lambda _data, _visits: False, errors=errors)


default = Condition(text="default", test=lambda _data, _visits: True, is_default=True)
"""Matches always; the last transition of a source."""


def missing_key(text: str, key: str, data: Mapping[str, Any]) -> MissingKeyError:
    """Return the error for a condition that reads a key which the state does not have."""
    fact = f"condition {text!r} reads {key!r}, which is not in the state"
    return MissingKeyError(fact + nearest(key, data))


def _joined(left: Condition, right: Condition, binding: Binding, test: Test) -> Condition:
    for side in (left, right):
        side._refuse_special("&" if binding is Binding.AND else "|")
    return Condition(
        text=f"{_enclosed(left, binding)} {binding.name.lower()} {_enclosed(right, binding)}",
        test=test,
        reads=tuple(sorted({*left.reads, *right.reads})),
        visited=tuple(sorted({*left.visited, *right.visited})),
        binding=binding,
    )


def _enclosed(condition: Condition, binding: Binding) -> str:
    return condition.text if condition.binding >= binding else f"({condition.text})"


def _function_reads(fn: object, reads: Iterable[str]) -> tuple[str, ...]:
    if not callable(fn):
        raise GraphError(f"Condition.of takes a function of the state, not {fn!r}")
    if any(map(inspect.iscoroutinefunction, (fn, type(fn).__call__))):
        raise GraphError(f"Condition.of cannot await {fn!r}; decide in an action, read its write")
    keys = () if isinstance(reads, str) else tuple(reads)
    if isinstance(reads, str) or not all(isinstance(key, str) for key in keys):
        raise GraphError(f"Condition.of takes reads as a list of state keys, not {reads!r}")
    return tuple(sorted(set(keys)))
