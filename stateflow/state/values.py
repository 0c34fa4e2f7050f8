"""What is done to a state, one operation on one key at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from stateflow.errors import ActionError, InputError
from stateflow.errors import kind as kind_of

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT", "__slots__": ()})()


class Operation(NamedTuple):
    """One thing that a body did to one key: update, append, extend, increment or delete."""

    kind: str
    key: str
    value: Any


def operations_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Operation]:
    """Return the operations that an edit stands for: every key that is new, has another value, or is gone."""
    done = [Operation("update", key, value) for key, value in new.items() if key not in old or old[key] is not value]
    return done + [Operation("delete", key, ABSENT) for key in old if key not in new]


def applied(kind: str, key: str, old: Any, value: Any) -> Any:
    """Return the new value of ``key`` after an update, append, extend or increment of ``old``."""
    if kind == "append" and old.__class__ is list:
        return [*old, value]
    if kind == "update":
        return value
    if kind == "increment":
        return _sum(key, 0 if old is ABSENT else old, value)
    if old is not ABSENT and not isinstance(old, list):
        raise ActionError(f"{kind} needs a list in {key!r}, which holds {kind_of(old)}; use update instead")
    items = [] if old is ABSENT else old
    return [*items, value] if kind == "append" else [*items, *value]


def _sum(key: str, old: Any, value: Any) -> Any:
    try:
        return old + value
    except TypeError as error:
        added, held = type(value).__name__, type(old).__name__
        raise ActionError(f"increment cannot add {added} to {key!r}, which holds {held}; use update instead") from error


def items_of(given: object) -> dict[str, Any]:
    """Return the items of whatever was given as values of a state.

    Raises:
        InputError: it is no mapping.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"a state is made of a mapping of keys to values, not of {type(given).__name__}")
    items = dict(given)
    for key in items:
        if not isinstance(key, str):
            raise InputError(f"state keys are strings, not {key!r}; rename the key to {str(key)!r}")
    return items
