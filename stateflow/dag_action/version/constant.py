"""Encodes constants as nested plain tuples, whose ``ascii`` text is the same on every machine."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import logging
import pathlib
import re
import threading
import types
import typing
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["SCALARS", "VALUELESS", "key_label"]

SCALARS: Mapping[type, Callable[[Any], object]] = {
    type(None): ascii,
    type(...): ascii,
    type(NotImplemented): ascii,
    bool: ascii,
    int: hex,  # the decimal text of a long one would be refused
    float: ascii,
    complex: ascii,
    str: ascii,
    bytes: ascii,
    bytearray: ascii,
    range: ascii,
    decimal.Decimal: str,
    fractions.Fraction: str,
    dt.date: str,
    dt.timedelta: ascii,
    dt.timezone: ascii,
    zoneinfo.ZoneInfo: str,
    uuid.UUID: str,
    re.Pattern: lambda pattern: (ascii(pattern.pattern), int(pattern.flags)),
    pathlib.PurePosixPath: str,
    pathlib.PosixPath: str,
    pathlib.PureWindowsPath: str,
    pathlib.WindowsPath: str,
    typing.TypeVar: lambda variable: variable.__name__,
    typing.ParamSpec: lambda variable: variable.__name__,
    typing.ForwardRef: lambda reference: reference.__forward_arg__,
}
"""Exact type -> its text; the type's name goes in front of it. An int subclass is another type."""


def _nothing(_: object) -> str:
    return ""


VALUELESS: Mapping[type, Callable[[Any], object]] = {
    logging.Logger: lambda logger: logger.name,
    logging.RootLogger: lambda logger: logger.name,
    object: _nothing,
    type(threading.Lock()): _nothing,
    type(threading.RLock()): _nothing,
}
"""Instances that carry no value a result could depend on: loggers, locks, sentinels."""


def key_label(key: object) -> str:
    """Return how a mapping's key is shown in a reason."""
    if isinstance(key, (str, int, float, bytes, types.NoneType)):
        return ascii(key)
    return str(getattr(key, "__qualname__", type(key).__qualname__))
