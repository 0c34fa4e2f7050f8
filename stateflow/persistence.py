"""The names under which people know stores: persisters and the local tracking client. Thin over ``stateflow.store``."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, Self

from stateflow.state import State
from stateflow.store import SQLiteStore, home, local_path


class BaseStatePersister(ABC):
    """What an application needs of a persister of your own: whole states, by partition, run and sequence.

    The methods may be async where the application only runs in async code.
    """

    @abstractmethod
    def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> Any:
        """Return what ``save`` was given, as a dict, for a sequence or the last one; None when there is nothing."""

    @abstractmethod
    def list_app_ids(self, partition_key: str | None) -> Sequence[str]:
        """Return the runs of a partition."""

    @abstractmethod
    def save(
        self,
        partition_key: str | None,
        app_id: str,
        sequence_id: int,
        position: str,
        state: State,
        status: Literal["completed", "failed"],
    ) -> Any:
        """Keep the state after a step. ``position`` is the name of its action."""


class SQLitePersister(SQLiteStore):
    """States in tables of a SQLite file; ``table_name`` is what their names begin with."""

    def __init__(self, db_path: str | os.PathLike[str], table_name: str = "stateflow") -> None:
        super().__init__(db_path, table=table_name)

    @classmethod
    def from_values(cls, db_path: str | os.PathLike[str], table_name: str = "stateflow") -> Self:
        """Return a persister for a file."""
        return cls(db_path, table_name)

    def initialize(self) -> None:
        """Do nothing: the tables are made when the file is opened."""

    def list_app_ids(self, partition_key: str | None = None) -> list[str]:
        """Return the runs of a partition, or of all, the newest first."""
        page = self.runs(partition_key=partition_key)
        found = list(page.items)
        while page.next is not None:
            page = self.runs(partition_key=partition_key, after=page.next)
            found += page.items
        return [run.address.app_id for run in found]


SQLLitePersister = SQLitePersister
"""A historical spelling."""


class LocalTrackingClient(SQLiteStore):
    """Everything about the runs of a project, in one file on this machine; what ``with_tracker("local")`` uses."""

    def __init__(self, project: str) -> None:
        super().__init__(local_path(project), durability="normal")
        self.project = project


__all__ = ["BaseStatePersister", "LocalTrackingClient", "SQLLitePersister", "SQLitePersister", "home"]
