"""Burr 1: an async run of a sync action saves the state from before the step, and resuming repeats the step."""

from __future__ import annotations

import asyncio
from typing import Any

from burr.core import ApplicationBuilder, State, action
from burr.core.persistence import BaseStatePersister


class Shelf(BaseStatePersister):
    """Keeps the last save in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, Any] | None = None

    def list_app_ids(self, partition_key: str, **_: Any) -> list[str]:
        return []

    def load(self, partition_key: str, app_id: str | None, sequence_id: int | None = None, **_: Any) -> Any:
        return self.saved

    def save(
        self,
        partition_key: str | None,
        app_id: str,
        sequence_id: int,
        position: str,
        state: State,
        status: str,
        **_: Any,
    ) -> None:
        self.saved = {
            "partition_key": partition_key,
            "app_id": app_id,
            "sequence_id": sequence_id,
            "position": position,
            "state": state,
            "status": status,
            "created_at": "",
        }


@action(reads=["count"], writes=["count"])
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


def application(shelf: Shelf) -> Any:
    return (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment"))
        .with_identifiers(app_id="counter")
        .initialize_from(shelf, resume_at_next_action=True, default_state={"count": 0}, default_entrypoint="increment")
        .with_state_persister(shelf)
        .build()
    )


def saved_state() -> str:
    """Run one step, then look at what was saved as completed."""
    shelf = Shelf()
    app = application(shelf)
    asyncio.run(app.arun(halt_after=["increment"]))
    assert shelf.saved is not None
    return f"live {app.state['count']}, saved {shelf.saved['state']['count']} as {shelf.saved['status']}"


def resumed_run() -> str:
    """Run two steps, with a restart between them."""
    shelf = Shelf()
    asyncio.run(application(shelf).arun(halt_after=["increment"]))
    resumed = application(shelf)
    asyncio.run(resumed.arun(halt_after=["increment"]))
    return f"two steps, count {resumed.state['count']}"
