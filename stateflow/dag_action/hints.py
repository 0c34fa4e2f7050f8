"""Types of nodes and inputs: how they are printed, and which values are plainly wrong for them."""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ForwardRef, Literal, NewType, get_args, get_origin, is_typeddict

Fits = Callable[[Any, Any], bool]
"""Says whether a value, the first argument, fits a type, the second."""
Spread = Literal["iterator", "async iterator", "list", "value"]

_TOWER: dict[type, tuple[type, ...]] = {float: (float, int), complex: (complex, float, int)}
_UNIONS = (typing.Union, types.UnionType)
_STREAMS = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)
_ASYNC_STREAMS = (collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator)


def shown(hint: Any) -> str:
    """Return a type as drawings and messages print it: ``str``, ``list[Passage]``, ``Series``."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return shown(parts[0])
    if origin in _UNIONS:
        return " | ".join(map(shown, parts))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, parts))}]"
    if isinstance(hint, list):  # the arguments of a Callable
        return f"[{', '.join(map(shown, hint))}]"
    name = _name(origin or hint)
    return f"{name}[{', '.join(map(shown, parts))}]" if parts else name


def _name(hint: Any) -> str:
    if isinstance(hint, (str, ForwardRef)):
        return hint if isinstance(hint, str) else hint.__forward_arg__
    if hint is None or hint is type(None):
        return "None"
    return "..." if hint is ... else str(getattr(hint, "__name__", hint)).removeprefix("typing.")


def plain(hint: Any) -> Any:
    """Return a type without its ``Annotated`` marks."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def classes(hint: Any) -> tuple[type, ...] | None:
    """Return the classes that settle at once that a value fits, or None where every value does.

    Deliberately lenient: what is inside a container, a Protocol or a type variable is not looked at.
    """
    hint = plain(hint)
    if isinstance(hint, NewType):
        return classes(hint.__supertype__)
    origin = get_origin(hint)
    if origin in _UNIONS:
        return _any_of([classes(part) for part in get_args(hint)])
    if origin is Literal:
        return ()
    if is_typeddict(hint):
        return (Mapping,)
    kind = origin or hint
    if not isinstance(kind, type) or _is_structural(kind) or not _can_be_asked(kind):
        return None
    return _TOWER.get(kind, (kind,))


def fits(value: Any, hint: Any, agrees: Fits) -> bool:
    """Return False only where a value is plainly wrong for a type and Hamilton's check, ``agrees``, says so as well.

    None fits everything. An int fits a float, any mapping a TypedDict, any callable a Callable.
    """
    known = classes(hint)
    if value is None or known is None or isinstance(value, known):
        return True
    return _is_listed(value, plain(hint)) or _agreed(value, plain(hint), agrees)


def anything(_value: Any, _hint: Any) -> bool:
    """Return True: a check where nothing is known."""
    return True


def spread(hint: Any) -> Spread:
    """Return in which form a consumer wants the items of a stream."""
    kind = get_origin(plain(hint)) or plain(hint)
    if kind in _ASYNC_STREAMS:
        return "async iterator"
    if kind in _STREAMS:
        return "iterator"
    return "list" if kind in (list, collections.abc.Sequence, collections.abc.Collection) else "value"


def is_stream(hint: Any) -> bool:
    """Return whether a type is that of an iterator, sync or async."""
    return spread(hint) in ("iterator", "async iterator")


def _any_of(parts: list[tuple[type, ...] | None]) -> tuple[type, ...] | None:
    found: list[type] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return tuple(dict.fromkeys(found))


def _is_listed(value: Any, hint: Any) -> bool:
    if get_origin(hint) in _UNIONS:
        return any(_is_listed(value, plain(part)) for part in get_args(hint))
    return get_origin(hint) is Literal and value in get_args(hint)


def _agreed(value: Any, hint: Any, agrees: Fits) -> bool:
    try:
        return agrees(value, hint)
    except TypeError:  # Hamilton asks isinstance of types that do not allow it
        return False


def _is_structural(kind: type) -> bool:
    return bool(getattr(kind, "_is_protocol", False)) and kind.__module__ not in ("collections.abc", "typing")


def _can_be_asked(kind: type) -> bool:
    try:
        isinstance(None, kind)
    except TypeError:
        return False
    return True
