"""Opens what people give as a store: an address, a store, or an object with ``save`` and ``load``."""

from __future__ import annotations

import os
from typing import Any

from stateflow.errors import InputError
from stateflow.store import Store, local_store, open_store


def store_of(given: Any, *, project: str) -> Store:
    """Return a store for whatever a user gave as one.

    Raises:
        InputError: it is nothing that can keep a run.
        StoreError: an address cannot be opened.
    """
    if isinstance(given, (str, os.PathLike)):
        return local_store(project) if given == "local" else open_store(given)
    if hasattr(given, "commit") and hasattr(given, "load"):
        return given  # type: ignore[no-any-return]
    if hasattr(given, "load"):
        from stateflow.store.persister import PersisterStore

        return PersisterStore(given)
    raise InputError(
        f"{given!r} is not a store; give an address such as 'sqlite:///runs.db', a store, or an object with save, load "
        "and list_app_ids"
    )


class OpenedStores:
    """The stores of one build: what is given twice is opened once. ``own`` are those that the application closes."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._known: dict[Any, Store] = {}
        self.own: list[Store] = []

    @property
    def all(self) -> list[Store]:
        """Every store of the build."""
        return list(self._known.values())

    def store(self, given: Any) -> Store | None:
        """Return the store for what a user gave, or None for nothing."""
        if given is None:
            return None
        key = given if isinstance(given, str) else id(given)
        if key not in self._known:
            self._known[key] = store_of(given, project=self._project)
            if isinstance(given, (str, os.PathLike)):
                self.own.append(self._known[key])
        return self._known[key]
