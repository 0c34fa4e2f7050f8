"""One store of each kind, in both colours: a behaviour test that takes ``store`` runs four times."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stateflow.store import MemoryStore, SQLiteStore


class Verbs:
    """The methods of a store, each done by its async twin when the colour is async."""

    def __init__(self, store: Any, colour: str) -> None:
        self.store = store
        self.is_async = colour == "async"
        self.runner = asyncio.Runner()

    def __getattr__(self, name: str) -> Any:
        if not self.is_async:
            return getattr(self.store, name)
        return lambda *args, **kwargs: self.runner.run(getattr(self.store, f"a{name}")(*args, **kwargs))

    @property
    def codec(self) -> Any:
        return self.store.codec


@pytest.fixture(params=["memory", "sqlite"])
def plain_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A store of each kind, to be called as it is."""
    made: Any = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "runs.db")
    yield made
    made.close()


@pytest.fixture(params=["sync", "async"])
def store(request: pytest.FixtureRequest, plain_store: Any) -> Iterator[Any]:
    """A store of each kind, in each colour."""
    verbs = Verbs(plain_store, request.param)
    yield verbs
    verbs.close()
    verbs.runner.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(tmp_path / "runs.db")
    yield made
    made.close()
