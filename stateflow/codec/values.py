"""Values of Python's own types that JSON does not have: how each becomes a tagged payload, and back."""

from __future__ import annotations

import base64
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from math import isfinite
from pathlib import Path
from typing import Any
from uuid import UUID

from stateflow.errors import StoreError

_LONG = 10**4300  # Python refuses longer decimal text by default
_MICROSECOND = timedelta(microseconds=1)
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")


class Refusal(Exception):  # noqa: N818  never leaves the codec
    """Why a value of a known type cannot be stored."""


# -- JSON's own types, where they need help -----------------------------------------------------


def text_data(value: str) -> Any:
    """Return a string as it stands, or tagged when it holds lone surrogates."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return {"$str": _base64(value.encode("utf-8", "surrogatepass"))}
    return value


def int_data(value: int) -> Any:
    """Return an integer as it stands, or tagged as hexadecimal when it is very long."""
    return value if -_LONG < value < _LONG else {"$int": hex(value)}


def float_data(value: float) -> Any:
    """Return a float as it stands, or tagged when it is not finite."""
    return value if isfinite(value) else {"$float": repr(value)}


JSON_TYPES: Mapping[type, Callable[[Any], Any]] = {str: text_data, int: int_data, float: float_data}

# -- leaves -------------------------------------------------------------------------------------


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _zone_data(zone: tzinfo | None) -> list[Any]:
    if zone is None:
        return []
    if type(zone) is timezone:
        offset, *name = zone.__getinitargs__()  # type: ignore[attr-defined]  # as pickle and copy read it
        return [[offset // _MICROSECOND, *map(text_data, name)]]
    if type(zone) is zoneinfo.ZoneInfo and zone.key is not None:
        return [zone.key]
    raise Refusal(
        f"has a time zone of type {type(zone).__module__}.{type(zone).__qualname__}, which the codec does not know; "
        "use zoneinfo.ZoneInfo(name) or datetime.timezone"
    )


def _moment_data(value: datetime | time) -> list[Any]:
    return [value.replace(tzinfo=None).isoformat(), value.fold, *_zone_data(value.tzinfo)]


LEAVES: Mapping[type, tuple[str, Callable[[Any], Any]]] = {
    bytes: ("$bytes", _base64),
    datetime: ("$datetime", _moment_data),
    date: ("$date", date.isoformat),
    time: ("$time", _moment_data),
    timedelta: ("$timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    Decimal: ("$decimal", str),
    UUID: ("$uuid", lambda value: value.hex),
    complex: ("$complex", lambda value: [float_data(value.real), float_data(value.imag)]),
}


# -- and back -----------------------------------------------------------------------------------


def _expect(kind: type, payload: Any) -> Any:
    if type(payload) is not kind:
        raise ValueError(f"a {kind.__name__} was expected, not {payload!r:.80}")
    return payload


def _bytes(payload: Any) -> bytes:
    return base64.b64decode(_expect(str, payload), validate=True)


def _float(payload: Any) -> float:
    if payload not in ("nan", "inf", "-inf"):
        raise ValueError(f"a float that is not finite was expected, not {payload!r:.80}")
    return float(payload)


def _complex(payload: Any) -> complex:
    real, imaginary = _expect(list, payload)
    return complex(_expect(float, real), _expect(float, imaginary))


def _datetime(payload: Any) -> datetime:
    text, fold, *zone = _expect(list, payload)
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=_zone(*zone))


def _time(payload: Any) -> time:
    text, fold, *zone = _expect(list, payload)
    return time.fromisoformat(text).replace(fold=fold, tzinfo=_zone(*zone))


def _zone(payload: Any = None) -> tzinfo | None:
    if payload is None:
        return None
    if type(payload) is str:
        return _named_zone(payload)
    microseconds, *name = _expect(list, payload)
    return timezone(_expect(int, microseconds) * _MICROSECOND, *name)


@lru_cache(maxsize=256)
def _named_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return a zone of the system's or ``tzdata``'s list; anything else would be looked up by import."""
    if not _ZONE_NAME.fullmatch(name):
        raise ValueError(f"{name!r:.80} is not the name of a time zone")
    on_disk = any(Path(folder, name).is_file() for folder in zoneinfo.TZPATH)
    if not on_disk and name not in _packaged_zones():
        raise StoreError(f"this system does not know the stored time zone {name!r}; install the package 'tzdata'")
    return zoneinfo.ZoneInfo(name)


@cache
def _packaged_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _dict(payload: Any) -> dict[Any, Any]:
    return dict(_expect(list, pair) for pair in _expect(list, payload))


UNTAG: Mapping[str, Callable[[Any], Any]] = {
    "$bytes": _bytes,
    "$complex": _complex,
    "$date": date.fromisoformat,
    "$datetime": _datetime,
    "$decimal": lambda payload: Decimal(_expect(str, payload)),
    "$dict": _dict,
    "$float": _float,
    "$frozenset": lambda payload: frozenset(_expect(list, payload)),
    "$int": lambda payload: int(_expect(str, payload), 16),
    "$set": lambda payload: set(_expect(list, payload)),
    "$str": lambda payload: _bytes(payload).decode("utf-8", "surrogatepass"),
    "$time": _time,
    "$timedelta": lambda payload: timedelta(*_expect(list, payload)),
    "$tuple": lambda payload: tuple(_expect(list, payload)),
    "$uuid": lambda payload: UUID(hex=payload),
}
