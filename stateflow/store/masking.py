"""What is kept of values that are only shown: secrets masked, and a marker for what cannot be stored.

State never passes here: it is stored as it is, or refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from stateflow.codec import Codec, is_secret, type_name

_SECRET = re.compile(r"(?:^|[^a-z0-9])(?:api[^a-z0-9]?key|token|authorization|password)[^a-z]*$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Masked:
    """Stands where a secret was."""


@dataclass(frozen=True, slots=True)
class Unstored:
    """Stands where a value was that could not be kept, or was too large; ``type`` is the name of its type."""

    type: str


MARKERS = (Masked, Unstored)


def is_secret_name(name: str) -> bool:
    """Whether a name ends in ``api_key``, ``token``, ``authorization`` or ``password`` as a whole word."""
    return _SECRET.search(_HUMP.sub("_", name).lower()) is not None


def unmasked(value: Any, codec: Codec) -> bytes:
    """Encode a value that is only shown, with markers for what cannot be stored, but names not yet looked at."""
    return codec.encode(value, stand_in=_stand_in)


def may_hide(encoded: bytes) -> bool:
    """Whether an encoding may contain a name whose value is masked; a quick test that is never wrongly False."""
    lowered = encoded.lower()
    return b"token" in lowered or b"api" in lowered or b"password" in lowered or b"authorization" in lowered


def kept(value: Any, codec: Codec, limit: int | None = None) -> bytes:
    """Encode a value that is only shown, secrets masked; beyond ``limit`` bytes only its type is kept."""
    encoded = unmasked(value, codec)
    if limit is not None and len(encoded) > limit:
        return codec.encode(Unstored(type_name(type(value))))
    if not may_hide(encoded):
        return encoded
    masked = _masked(json.loads(encoded), codec.to_json(Masked()))
    return json.dumps(masked, ensure_ascii=False, separators=(",", ":")).encode()


def _stand_in(value: Any) -> Masked | Unstored:
    return Masked() if is_secret(type(value)) else Unstored(type_name(type(value)))


def _masked(data: Any, mask: Any) -> Any:
    """Mask by name in JSON data, where dicts, models and dataclasses are all objects."""
    if isinstance(data, dict):
        pairs = data.get("$dict")
        if isinstance(pairs, list):
            return {"$dict": [[key, mask if _hides(key) else _masked(item, mask)] for key, item in pairs]}
        return {key: mask if _hides(key) else _masked(item, mask) for key, item in data.items()}
    if isinstance(data, list):
        return [_masked(item, mask) for item in data]
    return data


def _hides(key: Any) -> bool:
    return isinstance(key, str) and is_secret_name(key)
