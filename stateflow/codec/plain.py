"""The fast path: values made of plain JSON types only, which the C encoder of ``json`` writes as they stand.

An object whose first key starts with ``$`` is a tag of ours. In compact JSON text ``{"$`` can be nothing else,
because a quote inside a string is always escaped; so one search of the text finds a dict that looks like a tag.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import Any, NoReturn

DEPTH = 100
_SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = frozenset({dict, list})
_STRING = {str}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode
loads = json.JSONDecoder(parse_constant=_refuse).decode


def plain_bytes(value: Any) -> bytes | None:
    """Return the encoding of a value that needs no tag, or None when some part of it needs one."""
    if not _is_plain(value):
        return None
    try:
        text = dumps(value)
        return None if '{"$' in text else text.encode()
    except ValueError:  # not finite, an integer too long for str, or a lone surrogate
        return None


def _is_plain(value: Any) -> bool:
    """Look at one level after the other, so that most of the work is done by ``map`` and ``set`` in C."""
    level: list[Any] = [value]
    for _ in range(DEPTH):
        kinds = set(map(type, level))
        inner = kinds - _SCALARS
        if not inner:
            return True
        if not inner <= _CONTAINERS:
            return False
        if len(kinds) > len(inner):
            level = [item for item in level if type(item) in _CONTAINERS]
        if len(level) > 1:  # a shared container is looked at once, and a cycle does not multiply
            level = list({id(item): item for item in level}.values())
        if dict not in inner:
            level = list(chain.from_iterable(level))
            continue
        dicts = level if len(inner) == 1 else [item for item in level if type(item) is dict]
        if not set(map(type, chain.from_iterable(dicts))) <= _STRING:
            return False
        below = chain.from_iterable(map(dict.values, dicts))
        if len(inner) == 1:
            level = list(below)
        else:
            level = list(chain(below, chain.from_iterable(item for item in level if type(item) is list)))
    return False
