"""Classes that can be registered: how an instance is taken apart by field name, and put together again.

An instance is put together without ``__init__``, as by ``copy``, so that no validation or default can change it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, Flag
from functools import cached_property
from typing import Any

from stateflow.codec.values import Refusal
from stateflow.errors import StoreError, names

_SOLID = (dict, list, tuple, set, frozenset, str, bytes, bytearray, int, float, complex, BaseException)


@dataclass(frozen=True, slots=True)
class Shape:
    """One registered class: its stored name, and the two directions."""

    cls: type
    name: str
    take: Callable[[Any], Any]
    build: Callable[[Any], Any]


def type_name(cls: type) -> str:
    """Return the name under which a class is stored and shown."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def is_secret(cls: type) -> bool:
    """Whether instances hide a secret, as pydantic's ``SecretStr`` does."""
    return hasattr(cls, "get_secret_value")


def shape_of(cls: Any) -> Shape | None:
    """Return how instances of a class are stored, or None for a class that cannot be registered."""
    if not isinstance(cls, type) or is_secret(cls):
        return None
    if issubclass(cls, Enum):
        return _enum(cls) if cls.__members__ else None
    if issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple):
        return _named_tuple(cls)
    if issubclass(cls, _SOLID):
        return None
    if dataclasses.is_dataclass(cls):
        return _dataclass(cls)
    if model_fields(cls) is not None and hasattr(cls, "model_construct"):
        return _model(cls)
    return None


def model_fields(cls: type) -> Mapping[str, Any] | None:
    """Return the fields of a pydantic model without importing pydantic, or None for other classes."""
    if not hasattr(cls, "__pydantic_core_schema__"):
        return None
    fields = getattr(cls, "__pydantic_fields__", None)
    return fields if fields is not None else getattr(cls, "model_fields", None)


# -- Enum ---------------------------------------------------------------------------------------


def _enum(cls: type[Enum]) -> Shape:
    name = type_name(cls)
    if issubclass(cls, Flag):
        return Shape(cls, name, lambda value: value.value, lambda payload: _exactly(cls, cls(payload)))

    def build(payload: Any) -> Any:
        member = cls.__members__.get(payload)
        if member is None:
            raise StoreError(
                f"the stored {payload!r:.80} is not a member of {name}; it has {names(cls.__members__)}: give it back, "
                "as an alias if it was renamed"
            )
        return member

    return Shape(cls, name, lambda value: value.name, build)


def _exactly(cls: type, value: Any) -> Any:
    if type(value) is not cls:
        raise ValueError(f"a {cls.__name__} was expected, not {value!r:.80}")
    return value


# -- NamedTuple ---------------------------------------------------------------------------------


def _named_tuple(cls: Any) -> Shape:
    name, fields = type_name(cls), cls._fields
    defaults: Mapping[str, Any] = getattr(cls, "_field_defaults", {})

    def build(payload: Any) -> Any:
        _same_fields(name, payload, fields, optional=defaults)
        return tuple.__new__(cls, [payload[field] if field in payload else defaults[field] for field in fields])

    return Shape(cls, name, lambda value: dict(zip(fields, value, strict=True)), build)


# -- dataclass ----------------------------------------------------------------------------------


def _dataclass(cls: Any) -> Shape:
    name = type_name(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    optional = {key for key, field in fields.items() if not field.init or _has_default(field)}

    def take(value: Any) -> dict[str, Any]:
        for extra in getattr(value, "__dict__", {}):
            if extra not in fields and not isinstance(getattr(cls, extra, None), cached_property):
                raise Refusal(
                    f"is a {name} with the attribute {extra!r}, which is not a field and would be lost; "
                    f"declare it: {extra}: ... = field(init=False)"
                )
        return {key: getattr(value, key) for key in fields if hasattr(value, key)}

    def build(payload: Any) -> Any:
        _same_fields(name, payload, fields, optional)
        value = object.__new__(cls)
        for key, field in fields.items():
            if key in payload:
                object.__setattr__(value, key, payload[key])
            elif _has_default(field):
                object.__setattr__(value, key, _default(field))
        return value

    return Shape(cls, name, take, build)


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


# -- pydantic -----------------------------------------------------------------------------------


def _model(cls: Any) -> Shape:
    name = type_name(cls)
    known = model_fields(cls) or {}

    def take(value: Any) -> list[Any]:
        stored = {key: value.__dict__[key] for key in known if key in value.__dict__}
        given = value.__pydantic_fields_set__
        return [
            stored,
            None if given == stored.keys() else sorted(given),
            value.__pydantic_extra__ or None,
            value.__pydantic_private__ or None,
        ]

    def build(payload: Any) -> Any:
        stored, given, extra, private = payload
        _same_fields(name, stored, known, optional=[key for key in known if not known[key].is_required()])
        value = cls.__new__(cls)
        defaults = {key: known[key].get_default(call_default_factory=True) for key in known if key not in stored}
        object.__setattr__(value, "__pydantic_fields_set__", set(stored if given is None else given))
        object.__setattr__(value, "__pydantic_extra__", extra if extra is not None else _empty_extra(cls))
        object.__setattr__(value, "__pydantic_private__", private if private is not None else _empty_private(cls))
        object.__setattr__(value, "__dict__", {**stored, **defaults})  # last: a RootModel lacks the two slots before
        return value

    return Shape(cls, name, take, build)


def _empty_extra(cls: Any) -> dict[str, Any] | None:
    return {} if cls.model_config.get("extra") == "allow" else None


def _empty_private(cls: Any) -> dict[str, Any] | None:
    return {} if cls.__private_attributes__ else None


def _same_fields(name: str, payload: Any, fields: Iterable[str], optional: Iterable[str]) -> None:
    if type(payload) is not dict:
        raise ValueError(f"the fields of {name} were expected, not {payload!r:.80}")
    expected = set(fields)
    lost, missing = payload.keys() - expected, expected - set(optional) - payload.keys()
    if lost or missing:
        found = [f"stored fields {names(sorted(lost))} are gone"] if lost else []
        found += [f"new fields {names(sorted(missing))} have no default"] if missing else []
        raise StoreError(
            f"{name} has changed since this value was stored: {', '.join(found)}; "
            "give new fields a default and keep the old names"
        )
