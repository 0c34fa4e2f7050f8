"""Strict mode: proves that a body did not change in place what it only read."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Container, Iterable, Mapping
from typing import Any

from stateflow.codec import Codec
from stateflow.errors import StateMutatedError, UnserializableStateError

_log = logging.getLogger(__name__)


class Strict:
    """Fingerprints what a body reads. A value that the codec does not know is named once, and not checked."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._unknown: set[str] = set()

    def fingerprints(self, keys: Iterable[str], data: Mapping[str, Any]) -> dict[str, bytes]:
        """Return a digest of the value of each of these keys that the state has."""
        found = {}
        for key in keys:
            if key in data and key not in self._unknown:
                try:
                    found[key] = hashlib.blake2b(self._codec.encode(data[key]), digest_size=16).digest()
                except UnserializableStateError as error:
                    self._unknown.add(key)
                    _log.warning("strict mode does not check state key %r: %s", key, error)
        return found

    def check(self, action: str, before: Mapping[str, bytes], data: Mapping[str, Any], written: Container[str]) -> None:
        """Compare the values of keys that were not written with their digests from before the body.

        Raises:
            StateMutatedError: one differs.
        """
        kept = [key for key in before if key not in written]
        after = self.fingerprints(kept, data)
        for key in kept:
            if after.get(key) != before[key]:
                raise StateMutatedError(
                    f"action {action!r} changed the value of {key!r} in place; values are shared between states, so "
                    f"copy it and write it: state.update({key}=...)"
                )


def strict_by_default() -> bool:
    """Return whether strict mode is on unasked: by ``STATEFLOW_STRICT=1``, under pytest, in a notebook."""
    asked = os.environ.get("STATEFLOW_STRICT")
    if asked is not None:
        return asked not in ("", "0")
    return "PYTEST_CURRENT_TEST" in os.environ or "ipykernel" in sys.modules
