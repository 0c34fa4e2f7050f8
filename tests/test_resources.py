"""Resources: opened at first use, once an application, given by name to every form of action, and closed at the end."""

from __future__ import annotations

import asyncio
import threading
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stateflow import (
    Action,
    ActionError,
    ApplicationBuilder,
    Resource,
    State,
    action,
    dag,
    on_error,
    open_store,
    streaming_action,
)
from stateflow.resources import Resources

from tests.driving import Driver


class Client:
    """Something that is opened and closed; ``log`` tells of both."""

    def __init__(self, log: list[str], name: str = "client") -> None:
        self.log, self.name = log, name
        log.append(f"open {name}")

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class AClient(Client):
    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.log.append(f"aclose {self.name}")


class Awaited(Client):
    async def close(self) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.log.append(f"await {self.name}")


@action(writes=["used"])
def work(state: State, llm: Client) -> State:
    return state.append(used=llm.name)


def looping(**resources: Any) -> ApplicationBuilder:
    """One action that leads to itself."""
    builder = ApplicationBuilder().with_actions(work).with_transitions(("work", "work")).with_entrypoint("work")
    return builder.with_resources(**resources)


def test_a_factory_runs_at_first_use_once(driver: Driver) -> None:
    """Building opens nothing; every later step gets the same object; each application opens its own."""
    log: list[str] = []
    builder = looping(llm=Resource(lambda: Client(log)))
    one, two = driver.build(builder), driver.build(builder)
    assert log == []
    driver.run(one, max_steps=3)
    assert log == ["open client"]
    driver.step(two)
    assert log == ["open client"] * 2


def test_an_object_is_given_as_it_is(driver: Driver) -> None:
    """A live object is neither opened nor closed by the application."""
    log: list[str] = []
    with driver.build(looping(llm=Client(log))) as app:
        assert driver.step(app).state == {"used": ["client"]}
    assert log == ["open client"]


def test_resources_reach_every_form(driver: Driver) -> None:
    """Functions, classes, signatures, generators and DAGs get one object, by the name of a parameter."""
    seen: list[Any] = []

    class Class(Action):
        def run(self, state: State, llm: Client) -> dict[str, Any]:
            seen.append(llm)
            return {}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state

    @action()
    @driver.body
    def function(state: State, llm: Client) -> State:
        seen.append(llm)
        return state

    @action(writes=["signed"])
    @driver.body
    def signature(llm: Client) -> bool:
        seen.append(llm)
        return True

    @streaming_action()
    @driver.body
    def streams(state: State, llm: Client) -> Any:
        seen.append(llm)
        yield {}, state

    def node(llm: Client) -> bool:
        seen.append(llm)
        return True

    app = driver.build(
        ApplicationBuilder()
        .with_actions(function, signature, streams, made=Class(), nodes=dag(node, writes=["node"]))
        .with_transitions(("function", "made"), ("made", "signature"), ("signature", "streams"), ("streams", "nodes"))
        .with_entrypoint("function")
        .with_resources(llm=Resource(lambda: Client([])))
    )
    driver.run(app)
    assert (len(seen), len(set(map(id, seen)))) == (5, 1)
    assert app.resource_names == ("llm",)


def test_what_was_opened_is_closed_in_reverse() -> None:
    """Leaving ``with app`` closes what factories have opened, the last one first."""
    log: list[str] = []

    @action()
    def two(state: State, llm: Client, index: Client, plain: Any) -> State:
        return state

    builder = ApplicationBuilder().with_actions(two).with_entrypoint("two")
    builder.with_resources(
        llm=Resource(lambda: Client(log, "llm")),
        index=Resource(lambda: Client(log, "index")),
        idle=Resource(lambda: Client(log, "idle")),
        plain=Resource(object),
    )
    with builder.build() as app:
        app.run()
    assert log == ["open llm", "open index", "close index", "close llm"]
    app.close()
    assert len(log) == 4


def test_the_end_closes_stores_that_were_opened_from_an_address(driver: Driver, tmp_path: Path) -> None:
    """A store that was given as an object stays open."""
    file, wal = tmp_path / "runs.db", tmp_path / "runs.db-wal"
    app = driver.build(looping(llm=Client([])).with_tracker(f"sqlite:///{file}"))
    driver.step(app)
    assert wal.exists()
    driver.wait(app.aclose()) if driver.is_async else app.close()
    assert not wal.exists()
    with closing(open_store(f"sqlite:///{file}")) as store:
        app = driver.build(looping(llm=Client([])).with_tracker(store))
        driver.wait(app.aclose()) if driver.is_async else app.close()
        assert wal.exists()


def test_an_async_end_awaits(driver: Driver) -> None:
    """The async end awaits aclose, else an async close, else calls close."""
    log: list[str] = []

    @action()
    def three(state: State, a: Any, b: Any, c: Any, d: Any) -> State:
        return state

    builder = ApplicationBuilder().with_actions(three).with_entrypoint("three")
    builder.with_resources(
        a=Resource(lambda: AClient(log, "a")),
        b=Resource(lambda: Awaited(log, "b")),
        c=Resource(lambda: Client(log, "c")),
        d=Resource(object),
    )

    async def used() -> None:
        async with await builder.abuild() as app:
            await app.arun()

    driver.wait(used())
    assert log[3:] == ["close c", "await b", "aclose a"]


def test_a_sync_end_names_what_it_cannot_close() -> None:
    """A resource that can only be awaited is warned of rather than forgotten."""
    app = looping(llm=Resource(lambda: Awaited([]))).build()
    app.step()
    with pytest.warns(ResourceWarning, match="Awaited stays open: it is closed by await app.aclose"):
        app.close()


def test_one_that_fails_to_close_does_not_keep_others_open(driver: Driver) -> None:
    """Every resource is closed, and the error propagates."""
    log: list[str] = []

    class Broken(Client):
        def close(self) -> None:
            raise OSError("gone")

    @action()
    def two(state: State, llm: Client, index: Client) -> State:
        return state

    builder = ApplicationBuilder().with_actions(two).with_entrypoint("two")
    builder.with_resources(llm=Resource(lambda: Client(log)), index=Resource(lambda: Broken(log)))
    app = driver.build(builder)
    driver.run(app)
    with pytest.raises(OSError, match="gone"):
        driver.wait(app.aclose()) if driver.is_async else app.close()
    assert log[-1] == "close client"


def test_a_failing_factory_fails_the_step_alone(driver: Driver) -> None:
    """The exception passes through with a note, state unchanged; the next try opens again."""
    tries: list[int] = []

    def opened() -> Client:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("no route")
        return Client([])

    app = driver.build(looping(llm=Resource(opened)))
    with pytest.raises(ConnectionError, match="no route") as caught:
        driver.step(app)
    assert "in action 'work', step 0" in caught.value.__notes__[0]
    assert (dict(app.state), app.sequence_id) == ({}, None)
    assert driver.step(app).state["used"] == ["client"]


def test_a_failing_factory_can_be_handled(driver: Driver) -> None:
    """An on_error takes it like any failure of the body."""

    @action(writes=["used"])
    def instead(state: State) -> State:
        return state.append(used="instead")

    def opened() -> Client:
        raise ConnectionError

    builder = ApplicationBuilder().with_actions(work, instead).with_entrypoint("work")
    builder.with_transitions(("work", "instead", on_error(ConnectionError)))
    assert driver.run(driver.build(builder.with_resources(llm=Resource(opened)))).state["used"] == ["instead"]


def test_an_async_factory_is_refused(driver: Driver) -> None:
    """It says to open the object first, and leaves no coroutine behind."""

    async def opened() -> Client:
        return Client([])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ActionError, match="the factory of resource 'llm' is async; open it first"):
            driver.step(driver.build(looping(llm=Resource(opened))))


def test_names_and_versions_are_recorded(driver: Driver) -> None:
    """A record names each resource of the step, with the version that a Resource was given, and no attribute."""

    class Versioned(Client):
        version = "of the object"

    for given, version in ((Resource(lambda: Client([]), version="7"), "7"), (Versioned([]), None)):
        with closing(open_store("memory://")) as store:
            app = driver.build(looping(llm=given).with_tracker(store))
            driver.step(app)
            record = store.load(app._machine.address)
            assert record is not None
            assert record.resources == (("llm", version),)


def test_threads_that_meet_open_a_resource_once() -> None:
    """The second one waits for the first, and gets the same object."""
    asked, go = threading.Barrier(3), threading.Event()
    opened: list[object] = []
    got: list[object] = []

    def factory() -> object:
        go.wait(5)
        opened.append(object())
        return opened[-1]

    resources = Resources({"client": Resource(factory)})

    def ask() -> None:
        asked.wait(5)
        got.append(resources.open("client"))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    asked.wait(5)
    go.set()
    for thread in threads:
        thread.join(5)
    assert len(opened) == 1
    assert got == [opened[0], opened[0]]
