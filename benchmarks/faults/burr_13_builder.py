"""Burr 13: a second build of one builder breaks; two applications that share a tracker write into one file."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path
from typing import Any

from burr.core import ApplicationBuilder, State, action
from burr.core.persistence import SQLitePersister
from burr.tracking import LocalTrackingClient


@action(reads=["count"], writes=["count"])
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


def builder() -> Any:
    return (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment"))
        .with_state(count=0)
        .with_entrypoint("increment")
    )


def second_build() -> str:
    """Build twice from one builder with a persister, and step only the second application."""
    with tempfile.TemporaryDirectory() as folder:
        found = first_step(str(Path(folder, "states.db")))
        gc.collect()  # its persister must not be collected later, in a thread that may not close its connection
    return found


def first_step(path: str) -> str:
    persister = SQLitePersister(db_path=path)
    persister.initialize()
    twice = builder().with_state_persister(persister)
    twice.build()
    app = twice.build()
    try:
        app.step()
    except Exception as error:  # noqa: BLE001  whatever it raises is the observation
        return f"{type(error).__name__} at the first step"
    finally:
        persister.connection.close()
    return f"count {app.state['count']}"


def shared_tracker() -> str:
    """Let two applications share a tracker, step both, and count the steps in the file of each."""
    with tempfile.TemporaryDirectory() as folder:
        tracker = LocalTrackingClient(project="shared", storage_dir=folder)
        apps, files = [], []
        for name in ("first", "second"):
            apps.append(builder().with_identifiers(app_id=name).with_tracker(tracker).build())
            files.append(tracker.f)
        for app in apps:
            app.step()
        for file in files:
            file.close()
        logs = [Path(folder, "shared", app.uid, "log.jsonl").read_text() for app in apps]
    steps = [log.count('"begin_entry"') for log in logs]
    return f"steps in the file of first: {steps[0]}, of second: {steps[1]}"
