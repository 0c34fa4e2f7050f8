"""A persister of one's own: a JSON file for each run, as people write it for their own database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from stateflow import ApplicationBuilder, State, action, when
from stateflow.persistence import BaseStatePersister

from tests.driving import Driver


class Files(BaseStatePersister):
    """Keeps the last state of each run in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> Any:
        path = self.folder / f"{partition_key}-{app_id}.json"
        if not path.exists():
            return None
        saved = json.loads(path.read_text())
        return {**saved, "state": State.deserialize(saved["state"])}

    def list_app_ids(self, partition_key: str | None) -> list[str]:
        return [path.stem.partition("-")[2] for path in self.folder.glob(f"{partition_key}-*.json")]

    def save(
        self,
        partition_key: str | None,
        app_id: str,
        sequence_id: int,
        position: str,
        state: State,
        status: Literal["completed", "failed"],
    ) -> None:
        saved = {"sequence_id": sequence_id, "position": position, "state": state.serialize(), "status": status}
        (self.folder / f"{partition_key}-{app_id}.json").write_text(json.dumps(saved))


@action(reads=["pair"], writes=["pair", "turns"])
def grow(state: State) -> State:
    low, high = state["pair"]
    return state.update(pair=(high, low + high)).increment(turns=1)


def application(persister: Files) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(grow)
        .with_transitions(("grow", "grow", when(turns__lt=6)))
        .with_identifiers("fibonacci", partition_key="anna")
        .with_state_persister(persister)
        .initialize_from(persister, default_state={"pair": (0, 1), "turns": 0}, default_entrypoint="grow")
    )


def test_it_resumes_from_files(driver: Driver, tmp_path: Path) -> None:
    """A tuple comes back as a tuple, and the loop ends where it would have without the restarts."""
    for turns, pair in ((2, (1, 2)), (4, (3, 5))):
        made = driver.run(driver.build(application(Files(tmp_path))), max_steps=2)
        assert (made.state["turns"], made.state["pair"]) == (turns, pair)
    app = driver.build(application(Files(tmp_path)))
    assert (driver.run(app).state["pair"], app.sequence_id) == ((8, 13), 5)
    assert Files(tmp_path).list_app_ids("anna") == ["fibonacci"]
