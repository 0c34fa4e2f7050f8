"""Keeping runs: resume, fork, persisters and trackers, records, and what happens when storage fails."""

from __future__ import annotations

import asyncio
import sqlite3
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stateflow import (
    Address,
    ApplicationBuilder,
    ConcurrentWriteError,
    Condition,
    GraphError,
    InputError,
    LocalTrackingClient,
    Record,
    RecordedError,
    Resource,
    State,
    StepContext,
    Store,
    StoreError,
    TrackerWarning,
    UnserializableStateError,
    action,
    dag,
    default,
    log_attributes,
    on_error,
    open_store,
    span,
)
from stateflow.application.application import Application
from stateflow.persistence import BaseStatePersister, SQLitePersister, SQLLitePersister
from stateflow.store import MemoryStore

from tests.driving import Driver


@action(reads=["count"], writes=["count", "history"])
def increment(state: State) -> tuple[dict[str, Any], State]:
    count = state["count"] + 1
    return {"count": count}, state.update(count=count).append(history=count)


def finish(state: State) -> State:
    return state.update(done=True)


def counter(limit: int = 100) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(increment, finish=action(writes=["done"])(finish))
        .with_transitions(
            ("increment", "increment", Condition.of(lambda state: state["count"] < limit, reads=["count"])),
            ("increment", "finish", default),
        )
        .with_state(count=0)
        .with_entrypoint("increment")
    )


def store_of(app: Application) -> Store:
    """Return the store that an application keeps its run in."""
    journal = app._machine.journal
    assert journal is not None
    return journal.truth


class Written(MemoryStore):
    """A store in memory that also keeps the records themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []

    def commit(self, record: Record, expected: int | None) -> None:
        super().commit(record, expected)
        self.records.append(record)


class Broken(MemoryStore):
    """A store that fails from the given commit on, and whenever an attempt is saved."""

    def __init__(self, good: int) -> None:
        super().__init__()
        self.good = good

    def commit(self, record: Record, expected: int | None) -> None:
        if self.good == 0:
            raise StoreError("the disk is full")
        self.good -= 1
        super().commit(record, expected)

    def save_attempt(self, attempt: Any) -> None:
        raise StoreError("the disk is full")


# -- resume -----------------------------------------------------------------------------------------------


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'runs.db'}"


@pytest.mark.parametrize("way", ["store", "persister", "tracker"])
def test_a_run_goes_on_where_it_stood(driver: Driver, tmp_path: Path, way: str) -> None:
    """A new application of the same id resumes state, sequence and visits from the file."""
    url = sqlite_url(tmp_path)

    def build() -> Any:
        builder = counter().with_identifiers("run", partition_key="user")
        if way == "store":
            builder.with_store(url, project="p")
        elif way == "persister":
            builder.with_state_persister(url).initialize_from(url)
        else:
            builder.with_tracker(url, project="p", params={"model": "x"}).initialize_from(url)
        return driver.build(builder)

    with build() as app:
        driver.run(app, max_steps=3)
    with build() as app:
        assert (app.state, app.sequence_id) == ({"count": 3, "history": [1, 2, 3]}, 2)
        assert app.get_next_action().name == "increment"
        driver.run(app, max_steps=2)
        assert (app.state["history"], app.sequence_id) == ([1, 2, 3, 4, 5], 4)


def test_a_run_goes_on_in_the_local_project(driver: Driver, home: Path) -> None:
    """``with_tracker("local")`` is one file a project, which also serves to resume from."""

    def build() -> Any:
        return driver.build(
            counter().with_identifiers("run").with_tracker("local", project="chat").initialize_from("local")
        )

    with build() as app:
        driver.step(app)
    assert (home / "chat.db").exists()
    with build() as app:
        assert driver.step(app).state["count"] == 2


def test_without_an_id_a_run_is_new(driver: Driver) -> None:
    """A store is asked for runs by their ids only."""
    store = open_store("memory://")
    ids = set()
    for _ in range(2):
        app = driver.build(counter().with_store(store))
        assert driver.step(app).state["count"] == 1
        ids.add(app.app_id)
    assert len(ids) == 2


def test_the_defaults_serve_where_nothing_is_stored(driver: Driver) -> None:
    """``default_state`` and ``default_entrypoint`` are for new runs; a stored one has its own."""
    store = open_store("memory://")

    def build(count: int) -> Any:
        builder = (
            ApplicationBuilder()
            .with_actions(increment)
            .with_transitions(("increment", "increment"))
            .with_identifiers("run")
            .with_state_persister(store)
            .initialize_from(store, default_state={"count": count}, default_entrypoint="increment")
        )
        return driver.build(builder)

    assert driver.step(build(5)).state["count"] == 6
    assert driver.step(build(50)).state["count"] == 7


def test_a_run_may_start_again_at_the_entrypoint(driver: Driver) -> None:
    """``resume_at_next_action=False`` keeps the state and commits an edit."""
    store = Written()
    app = driver.build(counter(limit=1).with_identifiers("run").with_store(store))
    driver.run(app)
    assert app.get_next_action() is None
    again = driver.build(
        counter(limit=1)
        .with_identifiers("run")
        .with_state_persister(store)
        .initialize_from(store, resume_at_next_action=False)
    )
    assert (again.get_next_action().name, again.state["count"], again.sequence_id) == ("increment", 1, 1)
    assert store.records[-1].kind == "edit"
    assert driver.step(again).state["count"] == 2


def test_a_finished_run_stays_finished(driver: Driver) -> None:
    """Resuming it runs nothing and commits nothing."""
    store = Written()
    driver.run(driver.build(counter(limit=1).with_identifiers("run").with_store(store)))
    before = len(store.records)
    app = driver.build(counter(limit=1).with_identifiers("run").with_store(store))
    made = driver.run(app)
    assert (made.action, made.halted, len(store.records)) == (None, "finished", before)


def test_a_run_that_halted_at_the_end_is_marked_once(driver: Driver) -> None:
    """Where the end was not known at the last commit, the next call commits it."""
    store = Written()
    app = driver.build(counter(limit=1).with_identifiers("run").with_store(store))
    driver.run(app, halt_after=["finish"])
    assert store.records[-1].status == "halted"
    for _ in range(2):
        assert driver.run(app).halted == "finished"
    assert [(record.kind, record.status) for record in store.records][-2:] == [("step", "halted"), ("end", "finished")]
    assert store.load(Address("run")).status == "finished"  # type: ignore[union-attr]


@pytest.mark.parametrize("resume", [False, True])
def test_an_id_that_has_records_needs_a_way_to_load_them(driver: Driver, *, resume: bool) -> None:
    """The error says how to resume, fork or delete; nothing is written."""
    store = Written()
    driver.step(driver.build(counter().with_identifiers("run").with_store(store)))
    builder = counter().with_identifiers("run")
    builder = builder.with_state_persister(store) if resume else builder.with_store(store, resume=False)
    with pytest.raises(InputError, match=r"run 'run' exists already, at step 0; resume it with .* fork .* delete"):
        driver.build(builder)
    assert len(store.records) == 2


def test_a_sequence_that_is_not_the_last_is_refused(driver: Driver) -> None:
    """Going on from the middle of a run is a fork, and the error says so."""
    store = open_store("memory://")
    driver.run(driver.build(counter().with_identifiers("run").with_store(store)), max_steps=3)
    with pytest.raises(InputError, match=r"stands at step 2, not 1; to go on from step 1, fork it"):
        driver.build(counter().with_identifiers("run", sequence_id=1).with_store(store))
    assert driver.build(counter().with_identifiers("run", sequence_id=2).with_store(store)).sequence_id == 2


def test_a_run_at_an_action_that_is_gone_is_refused(driver: Driver) -> None:
    """The error names the action and the nearest one there is."""
    store = open_store("memory://")
    driver.step(driver.build(counter().with_identifiers("run").with_store(store)))
    renamed = (
        ApplicationBuilder()
        .with_actions(increments=increment)
        .with_entrypoint("increments")
        .with_state(count=0)
        .with_identifiers("run")
        .with_store(store)
    )
    with pytest.raises(GraphError, match=r"stands at action 'increment', .* did you mean 'increments'\?"):
        driver.build(renamed)


def test_what_gives_no_store_is_refused() -> None:
    """A persister without ``load`` and an unknown address are named."""
    with pytest.raises(InputError, match="is not a store; give an address"):
        counter().with_state_persister(3).build()
    with pytest.raises(StoreError, match="no store is installed for 'nosql'"):
        counter().with_state_persister("nosql://x").build()


# -- fork -------------------------------------------------------------------------------------------------


def forking(store: Any, **how: Any) -> ApplicationBuilder:
    return (
        counter()
        .with_identifiers("fork")
        .with_state_persister(store)
        .initialize_from(store, fork_from_app_id="run", **how)
    )


def test_a_fork_goes_on_from_a_step_of_another_run(driver: Driver) -> None:
    """It has the state after that step, counts on, and leaves the other run as it is."""
    store = Written()
    driver.run(driver.build(counter().with_identifiers("run").with_store(store)), max_steps=5)
    app = driver.build(forking(store, fork_from_sequence_id=2))
    assert (app.state["count"], app.sequence_id, app.get_next_action().name) == (3, 2, "increment")
    driver.run(app, max_steps=2)
    assert (app.state["history"], app.sequence_id) == ([1, 2, 3, 4, 5], 4)
    genesis = next(record for record in store.records if record.address.app_id == "fork")
    assert genesis.parent is not None
    assert (genesis.kind, genesis.parent.app_id, genesis.parent.sequence, genesis.visits) == (
        "genesis",
        "run",
        2,
        {"increment": 3},
    )
    assert store.load(Address("run")).state["count"] == 5  # type: ignore[union-attr]
    step = next(record for record in store.records if record.address.app_id == "fork" and record.kind == "step")
    assert [(read.key, read.writer) for read in step.reads] == [("count", 0)]
    resumed = driver.build(counter().with_identifiers("fork").with_store(store))
    assert (resumed.state["count"], resumed.sequence_id) == (5, 4)


def test_a_fork_may_override_values(driver: Driver) -> None:
    """They are committed as an edit, and the fork goes on with them."""
    store = Written()
    driver.run(driver.build(counter().with_identifiers("run").with_store(store)), max_steps=2)
    app = driver.build(forking(store, override_state_values={"count": 40}))
    assert driver.step(app).state["count"] == 41
    kinds = [record.kind for record in store.records if record.address.app_id == "fork"]
    assert kinds == ["genesis", "edit", "step"]


def test_a_fork_overrides_keys_that_are_known(driver: Driver) -> None:
    """A key that neither the state nor the graph has is refused with the nearest one, and no fork begins."""
    store = open_store("memory://")
    driver.step(driver.build(counter().with_identifiers("run").with_store(store)))
    with pytest.raises(
        InputError, match=r"gives 'conut', which the state of run 'run' does not have.*did you mean 'count'\?"
    ):
        driver.build(forking(store, override_state_values={"conut": 9}))
    assert store.load(Address("fork")) is None
    app = driver.build(forking(store, override_state_values={"done": False}))  # which an action writes
    assert app.state["done"] is False


def test_a_fork_may_come_from_another_store_and_partition(driver: Driver) -> None:
    """What is forked is only read."""
    source, own = open_store("memory://"), open_store("memory://")
    driver.run(driver.build(counter().with_identifiers("run", partition_key="a").with_store(source)), max_steps=2)
    builder = (
        counter()
        .with_identifiers("fork", partition_key="b")
        .with_state_persister(own)
        .initialize_from(source, fork_from_app_id="run", fork_from_partition_key="a", fork_from_sequence_id=0)
    )
    assert driver.step(driver.build(builder)).state["count"] == 2
    assert source.load(Address("fork", "b")) is None
    assert own.load(Address("fork", "b")).state["count"] == 2  # type: ignore[union-attr]


def test_a_run_may_move_to_another_store(driver: Driver) -> None:
    """Loaded from one and kept in another, it begins there with its state."""
    source, own = open_store("memory://"), open_store("memory://")
    driver.run(driver.build(counter().with_identifiers("run").with_store(source)), max_steps=2)
    app = driver.build(counter().with_identifiers("run").with_state_persister(own).initialize_from(source))
    assert (driver.step(app).state["count"], app.sequence_id) == (3, 2)
    assert own.load(Address("run")).state["count"] == 3  # type: ignore[union-attr]


def test_forking_what_is_not_there_is_refused(driver: Driver) -> None:
    """A run, a step, and a fork that exists already are named, the fork with how to go on with it."""
    store = open_store("memory://")
    with pytest.raises(InputError, match="there is no run 'run' to fork"):
        driver.build(forking(store))
    driver.step(driver.build(counter().with_identifiers("run").with_store(store)))
    with pytest.raises(StoreError, match="has no step 7"):
        driver.build(forking(store, fork_from_sequence_id=7))
    driver.build(forking(store))
    with pytest.raises(
        InputError, match="the fork 'fork' exists already, at step 0; resume it without fork_from_app_id"
    ):
        driver.build(forking(store))
    with pytest.raises(InputError, match="need fork_from_app_id"):
        counter().initialize_from(store, override_state_values={"count": 1})


# -- a failure that is pending ----------------------------------------------------------------------------


def failing() -> ApplicationBuilder:
    def work(state: State) -> State:
        raise ValueError("bad")

    def recover(state: State, context: StepContext) -> State:
        error = context.error
        return state.update(error=f"{type(error).__name__} {getattr(error, 'type', '')}", message=str(error))

    return (
        ApplicationBuilder()
        .with_actions(work=action(writes=["done"])(work), recover=action(writes=["error", "message"])(recover))
        .with_transitions(("work", "recover", on_error()))
        .with_state(kept=1)
        .with_entrypoint("work")
    )


@pytest.mark.parametrize("edits", [False, True])
def test_a_run_resumes_to_the_handler_of_a_failed_step(driver: Driver, tmp_path: Path, *, edits: bool) -> None:
    """The handler sees what was recorded of the error, also after an edit in between."""
    url = sqlite_url(tmp_path)
    with driver.build(failing().with_identifiers("run").with_store(url)) as app:
        driver.step(app)
        if edits:
            app.update_state(app.state.update(kept=2))
    with driver.build(failing().with_identifiers("run").with_store(url)) as app:
        assert app.get_next_action().name == "recover"
        made = driver.run(app)
        assert made.state["error"] == "RecordedError builtins.ValueError"
        assert made.state["message"] == "builtins.ValueError: bad"
        assert (made.state["kept"], app.sequence_id) == (1 + edits, 1)
    assert issubclass(RecordedError, Exception)


def test_a_fork_of_a_failed_step_goes_to_its_handler(driver: Driver, tmp_path: Path) -> None:
    """Also when the fork is resumed before it has run anything."""
    url = sqlite_url(tmp_path)
    with driver.build(failing().with_identifiers("run").with_store(url)) as app:
        driver.run(app)
    fork = failing().with_identifiers("fork").with_state_persister(url)
    with driver.build(fork.initialize_from(url, fork_from_app_id="run", fork_from_sequence_id=0)) as app:
        assert app.get_next_action().name == "recover"
    with driver.build(failing().with_identifiers("fork").with_store(url)) as app:
        assert driver.run(app).state["message"] == "builtins.ValueError: bad"


# -- persisters of one's own ------------------------------------------------------------------------------


class Shelf(BaseStatePersister):
    """Keeps every save in a dict."""

    def __init__(self) -> None:
        self.saves: dict[tuple[str | None, str], list[dict[str, Any]]] = {}

    def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> Any:
        saves = self.saves.get((partition_key, app_id), [])
        wanted = [save for save in saves if sequence_id in (None, save["sequence_id"])]
        return wanted[-1] if wanted else None

    def list_app_ids(self, partition_key: str | None) -> list[str]:
        return [app_id for partition, app_id in self.saves if partition == partition_key]

    def save(
        self, partition_key: str | None, app_id: str, sequence_id: int, position: str, state: State, status: Any
    ) -> None:
        saved = {"sequence_id": sequence_id, "position": position, "state": state, "status": status}
        self.saves.setdefault((partition_key, app_id), []).append(saved)


class AsyncShelf:
    """The same with async methods."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    async def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> Any:
        await asyncio.sleep(0)
        return self.shelf.load(partition_key, app_id, sequence_id)

    async def list_app_ids(self, partition_key: str | None) -> list[str]:
        return self.shelf.list_app_ids(partition_key)

    async def save(self, *facts: Any) -> None:
        await asyncio.sleep(0)
        self.shelf.save(*facts)


@pytest.mark.parametrize("make", [Shelf, AsyncShelf])
def test_a_persister_of_ones_own_keeps_states(driver: Driver, make: Callable[[], Any]) -> None:
    """It is given the state after each step, under the action's name, and serves to resume and fork from."""
    if make is AsyncShelf and not driver.is_async:
        with pytest.raises(StoreError, match="async methods"):
            driver.build(counter().with_identifiers("run").with_state_persister(make()).initialize_from(make()))
        return
    persister = make()

    def build() -> Any:
        builder = counter().with_identifiers("run", partition_key="user")
        return driver.build(builder.with_state_persister(persister).initialize_from(persister))

    driver.run(build(), max_steps=3)
    shelf = persister if isinstance(persister, Shelf) else persister.shelf
    saves = shelf.saves["user", "run"]
    assert [(save["sequence_id"], save["position"], save["state"]["count"], save["status"]) for save in saves] == [
        (number, "increment", number + 1, "completed") for number in range(3)
    ]
    app = build()
    assert (driver.step(app).state["count"], app.sequence_id) == (4, 3)
    fork = driver.build(
        counter()
        .with_identifiers("fork")
        .with_state_persister(persister)
        .initialize_from(persister, fork_from_app_id="run", fork_from_partition_key="user", fork_from_sequence_id=1)
    )
    assert driver.step(fork).state["count"] == 3


def test_a_persister_of_ones_own_resumes_to_the_handler(driver: Driver) -> None:
    """It keeps that a step failed, so its first handler is what comes next."""
    shelf = Shelf()

    def build() -> Any:
        return driver.build(failing().with_identifiers("run").with_state_persister(shelf).initialize_from(shelf))

    driver.step(build())
    assert shelf.saves[None, "run"][0]["status"] == "failed"
    assert driver.run(build()).state["error"].startswith("RecordedError")


# -- persister and tracker --------------------------------------------------------------------------------


def test_one_store_for_both_is_one_commit_a_step(driver: Driver) -> None:
    """Persister and tracker that are the same object take a record once."""
    store = Written()
    app = driver.build(counter().with_identifiers("run").with_state_persister(store).with_tracker(store))
    driver.run(app, max_steps=3)
    assert [record.position for record in store.records] == [0, 1, 2, 3]


def test_two_stores_get_the_same_records(driver: Driver) -> None:
    """The persister is the truth, the tracker follows."""
    truth, tracker = Written(), Written()
    app = driver.build(counter().with_identifiers("run").with_state_persister(truth).with_tracker(tracker))
    driver.run(app, max_steps=3)
    app.update_state(app.state.update(count=10))
    assert truth.records == tracker.records
    assert len(truth.records) == 5


@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_tracker_that_fails_is_left_out_with_one_warning(driver: Driver, good: int) -> None:
    """The run goes on in the persister, whenever the tracker fails."""
    truth = Written()
    builder = counter().with_identifiers("run").with_state_persister(truth).with_tracker(Broken(good))

    def built_and_run() -> Any:
        app = driver.build(builder)
        driver.run(app, max_steps=5)
        return app

    with pytest.warns(TrackerWarning, match="the tracker failed .* the disk is full") as told:
        app = built_and_run()
    assert len(told) == 1
    assert (app.state["count"], len(truth.records)) == (5, 6)


def test_a_tracker_warning_that_is_an_error_leaves_the_step_committed(driver: Driver) -> None:
    """Under ``-W error`` the application stands where the persister does, and goes on."""
    truth = Written()
    app = driver.build(counter().with_identifiers("run").with_state_persister(truth).with_tracker(Broken(1)))
    with pytest.raises(TrackerWarning):
        driver.run(app, max_steps=5)
    assert (app.state["count"], app.sequence_id) == (1, 0)
    assert driver.run(app, max_steps=2).state["count"] == 3
    assert len(truth.records) == 4


def test_a_tracker_that_refuses_an_attempt_hides_no_error(driver: Driver) -> None:
    """The body's exception propagates, the tracker is left out."""
    truth = open_store("memory://")
    app = driver.build(
        failing().with_transitions().with_identifiers("run").with_state_persister(truth).with_tracker(Broken(9))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrackerWarning)
        driver.step(app)

    def work(state: State) -> State:
        raise ValueError("bad")

    app = driver.build(
        ApplicationBuilder()
        .with_actions(work=action(writes=["done"])(work))
        .with_entrypoint("work")
        .with_identifiers("other")
        .with_state_persister(truth)
        .with_tracker(Broken(9))
    )
    with pytest.warns(TrackerWarning), pytest.raises(ValueError, match="bad"):
        driver.step(app)
    assert len(truth.attempts(Address("other"))) == 1


def test_a_persister_that_fails_leaves_the_state_unchanged(driver: Driver) -> None:
    """Its error propagates and the step is not done; when it works again the run goes on."""
    store = Broken(2)
    app = driver.build(counter().with_identifiers("run").with_state_persister(store))
    with pytest.raises(StoreError, match="the disk is full"):
        driver.run(app, max_steps=5)
    assert (app.state["count"], app.sequence_id) == (1, 0)
    store.good = 100
    assert driver.run(app, max_steps=2).state["count"] == 3


def test_a_value_that_cannot_be_stored_is_refused(driver: Driver) -> None:
    """The error names action and key; state and application stay as they were, on memory as on disk."""
    values: list[Any] = [object(), "text"]

    @action(writes=["value"])
    def work(state: State) -> State:
        return state.update(value=values.pop(0))

    app = driver.build(
        ApplicationBuilder().with_actions(work).with_entrypoint("work").with_identifiers("run").with_store("memory://")
    )
    with pytest.raises(UnserializableStateError, match=r"(?s)value.*action 'work' was not committed"):
        driver.run(app)
    assert (app.state, app.sequence_id) == ({}, None)
    assert driver.run(app).state["value"] == "text"


def test_of_two_applications_on_one_run_one_loses(driver: Driver, tmp_path: Path) -> None:
    """The loser's error names both; its state is unchanged, and a new build goes on from the winner's."""
    url = sqlite_url(tmp_path)

    def build() -> Any:
        return driver.build(counter().with_identifiers("run").with_store(url))

    with build() as first, build() as second:
        driver.step(first)
        with pytest.raises(ConcurrentWriteError, match="run 'run'"):
            driver.step(second)
        assert (second.state["count"], second.sequence_id) == (0, None)
        driver.step(first)
    with build() as third:
        assert driver.step(third).state["count"] == 3


# -- names that people type -------------------------------------------------------------------------------


def test_a_persister_lists_its_runs(tmp_path: Path) -> None:
    """The newest first, across pages, of one partition or of all."""
    persister = SQLitePersister(tmp_path / "runs.db")
    for number in range(120):
        builder = counter().with_identifiers(f"run {number}", partition_key="ada" if number % 2 else None)
        builder.with_state_persister(persister).build()
    assert persister.list_app_ids()[:2] == ["run 119", "run 118"]
    assert len(persister.list_app_ids()) == 120
    assert persister.list_app_ids("ada") == [f"run {number}" for number in range(119, 0, -2)]
    persister.close()


@pytest.mark.parametrize("make", [SQLitePersister, SQLLitePersister, SQLitePersister.from_values])
def test_a_sqlite_persister_resumes(driver: Driver, tmp_path: Path, make: Any) -> None:
    """Path, table name and ``initialize`` as people type them; the spelling of old works."""
    persister = make(str(tmp_path / "runs.db"), "chat_runs")
    persister.initialize()

    def build() -> Any:
        builder = counter().with_identifiers("run")
        return driver.build(builder.with_state_persister(persister).initialize_from(persister))

    driver.step(build())
    assert driver.step(build()).state["count"] == 2
    persister.close()
    connection = sqlite3.connect(tmp_path / "runs.db")
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    connection.close()
    assert any(name.startswith("chat_runs") for name in tables)


def test_a_local_tracking_client_is_the_local_project(driver: Driver) -> None:
    """``LocalTrackingClient(project=)`` is what ``with_tracker("local", project=)`` opens."""
    client = LocalTrackingClient(project="chat")
    driver.step(driver.build(counter().with_identifiers("run").with_tracker(client, project="chat")))
    client.close()
    with driver.build(counter().with_identifiers("run").with_store("local", project="chat")) as app:
        assert app.state["count"] == 1


def test_a_path_is_an_address(driver: Driver, tmp_path: Path) -> None:
    """``with_store`` takes a path as ``open_store`` does."""
    path = tmp_path / "runs.db"
    with driver.build(counter().with_identifiers("run").with_store(path)) as app:
        driver.step(app)
    with driver.build(counter().with_identifiers("run").with_store(path)) as app:
        assert app.sequence_id == 0


class Closing(MemoryStore):
    """Counts how often it is closed."""

    closed = 0

    def _release(self) -> None:
        self.closed += 1


def test_an_application_closes_the_stores_that_it_opened(driver: Driver, tmp_path: Path) -> None:
    """One from an address is closed with the application, one that was given is not."""
    given = Closing()
    with driver.build(counter().with_store(given)):
        pass
    assert given.closed == 0
    path = tmp_path / "runs.db"
    builder = counter().with_identifiers("run").with_store(f"sqlite:///{path}")

    async def amain() -> None:
        async with await builder.abuild() as app:
            await app.astep()

    if driver.is_async:
        driver.wait(amain())
    else:
        with builder.build() as app:
            app.step()
    assert not list(tmp_path.glob("*-wal"))


# -- what a record holds ----------------------------------------------------------------------------------


def shouted(text: str) -> str:
    return text.upper()


def greeting(shouted: str, mark: str) -> str:
    return shouted + mark


def test_a_record_holds_all_that_happened(driver: Driver) -> None:
    """Reads, writes, inputs, result, conditions, transition, nodes, spans, attributes, resources and times."""

    @action(reads=["text"], optional_reads=["unused", "seen"], writes=["text", "same", "gone"])
    def begin(state: State, prompt: str, client: Any) -> tuple[dict[str, Any], State]:
        with span("call", model="x"):
            log_attributes(tokens=3)
        log_attributes(cost=1)
        state.get("seen")
        return {"got": prompt}, state.update(text=f"{state['text']} {prompt}").wipe(delete=["gone"])

    store = Written()
    builder = (
        ApplicationBuilder()
        .with_actions(begin, greet=dag(shouted, greeting, writes=["greeting"], inputs=["mark"], name="greet"))
        .with_transitions(
            ("begin", "begin", Condition.of(lambda state: False, reads=["text"], name="never")),
            ("begin", "greet", default),
        )
        .with_state(text="hi", same=1, gone=1, seen=1, unused=1)
        .with_resources(client=Resource(object, version="7"))
        .with_entrypoint("begin")
        .with_identifiers("run", partition_key="user")
        .with_tracker(store, project="p", params={"k": 1})
    )
    driver.run(driver.build(builder), inputs={"prompt": "you", "mark": "!"})
    genesis, first, second = store.records
    assert (genesis.kind, genesis.status, genesis.params, genesis.sequence) == ("genesis", "running", {"k": 1}, None)
    assert genesis.address == Address("run", "user", "p")
    assert (first.kind, first.action, first.next_action, first.status) == ("step", "begin", "greet", "running")
    assert [(read.key, read.writer) for read in first.reads] == [("text", 0), ("seen", 0)]
    assert [(write.key, write.previous, write.count, write.kept) for write in first.writes] == [
        ("text", 0, 1, False),
        ("gone", 0, 1, False),
        ("same", 0, 1, True),
    ]
    assert (first.inputs, first.result, first.transition, first.conditions) == (
        {"prompt": "you"},
        {"got": "you"},
        None,
        (),
    )
    assert [(one.name, one.attributes, one.ended is not None) for one in first.spans] == [
        ("call", {"model": "x", "tokens": 3}, True)
    ]
    assert (first.attributes, first.resources, first.visits) == ({"cost": 1}, (("client", "7"),), {"begin": 1})
    assert [(kind, key) for kind, key, _ in first.operations] == [("update", "text"), ("delete", "gone")]
    assert dict(first.writers) == {"text": (1, 2), "same": (0, 1), "seen": (0, 1), "unused": (0, 1)}
    assert first.started <= first.ended
    assert (second.transition, second.status, second.next_action) == (("begin", "greet"), "finished", None)
    assert [(one.condition, one.value) for one in second.conditions] == [("never", False), ("default", True)]
    assert [(node.name, node.value, node.status) for node in second.nodes] == [
        ("shouted", "HI YOU", "done"),
        ("greeting", "HI YOU!", "done"),
    ]
    assert (second.inputs, second.result) == ({"mark": "!"}, {"greeting": "HI YOU!"})
    loaded = store.load(Address("run", "user", "p"))
    assert loaded is not None
    assert loaded.reads == second.reads
    assert replace(loaded, nodes=(), operations=()) == replace(second, nodes=(), operations=())


def test_a_typed_state_is_recorded_as_coerced(driver: Driver) -> None:
    """What a record says was done leads to the state that was committed."""
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model(
        "Model", count=(int, 0), words=(list[int], []), names=(list[str], []), sizes=(dict[str, int], {})
    )

    @action(writes=["count", "words", "names", "sizes"])
    def work(state: State) -> State:
        return state.update(count="3", sizes={"a": 1}).append(words="1").extend(words=["2"], names=["x"])

    store = Written()
    app = driver.build(
        ApplicationBuilder()
        .with_actions(work)
        .with_transitions(("work", "work"))
        .with_typing(model)
        .with_entrypoint("work")
        .with_store(store)
    )
    driver.run(app, max_steps=2)
    assert (app.state["count"], app.state["words"], app.state["names"]) == (3, [1, 2, 1, 2], ["x", "x"])
    done = {(kind, key): value for kind, key, value in store.records[-1].operations}
    assert done == {
        ("update", "count"): 3,
        ("update", "sizes"): {"a": 1},
        ("extend", "words"): [1, 2],
        ("extend", "names"): ["x"],
    }


# -- replay -----------------------------------------------------------------------------------------------


def test_a_run_replays_byte_for_byte(driver: Driver) -> None:
    """With one clock and one id two runs leave the same bytes, since the plan has neither of its own."""

    def recorded() -> list[Any]:
        store = MemoryStore()
        app = driver.build(counter(limit=3).with_identifiers("run").with_store(store))
        ticks = iter(range(1000))
        app._machine.clock = lambda: float(next(ticks))
        driver.run(app, halt_after=["finish"])
        app.update_state(app.state.update(count=9))
        driver.run(app)
        (run,) = store._runs.values()
        return [(*row[:6], row.state, row.parts, *(row[6:8] if number else ())) for number, row in enumerate(run.rows)]

    assert recorded() == recorded()
