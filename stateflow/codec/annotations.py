"""Which classes an annotation names, so that signatures register the types that they use."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NewType, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

from stateflow.codec.shapes import model_fields, shape_of


def types_in(annotation: Any) -> tuple[type, ...]:
    """Return every class in an annotation that can be registered, those in its fields included.

    A name that cannot be resolved where it stands, such as one imported for type checking only, is passed over.
    """
    found: dict[type, None] = {}
    seen: set[int] = set()
    waiting = [annotation]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if shape_of(part) is not None:
            found[part] = None
        waiting.extend(reversed(list(_parts(part))))
    return tuple(found)


def _parts(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, list | tuple):  # the arguments of Callable
        yield from annotation
    elif isinstance(annotation, TypeVar):
        yield from (annotation.__bound__, *annotation.__constraints__)
    elif isinstance(annotation, NewType):
        yield annotation.__supertype__
    elif hasattr(annotation, "__value__"):  # type X = ...
        yield annotation.__value__
    elif (origin := get_origin(annotation)) is not None:
        yield origin
        yield from _arguments(origin, annotation)
    elif isinstance(annotation, type) and not issubclass(annotation, Enum):
        yield from _fields(annotation)


def _arguments(origin: Any, annotation: Any) -> Iterator[Any]:
    arguments = get_args(annotation)
    if origin is Literal:
        yield from (type(value) for value in arguments if isinstance(value, Enum))
    else:
        yield from arguments[:1] if origin is Annotated else arguments


def _fields(cls: type) -> Iterator[Any]:
    models = model_fields(cls)
    if models is not None:
        yield from (field.annotation for field in models.values())
    elif dataclasses.is_dataclass(cls) or is_typeddict(cls) or hasattr(cls, "_fields"):
        for base in cls.__mro__:
            for name, annotation in vars(base).get("__annotations__", {}).items():
                yield _resolved(base, name, annotation)


def _resolved(cls: type, name: str, annotation: Any) -> Any:
    """Resolve one field alone, so that an unknown name in another one does no harm."""
    stand_in = SimpleNamespace(__annotations__={name: annotation})
    known = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    try:
        return get_type_hints(stand_in, known, {cls.__name__: cls})[name]
    except (NameError, TypeError, AttributeError, SyntaxError):
        return None
