"""Interrupts, cancellation and failing cleanup at awkward instants: the application stands where the store stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from stateflow import (
    Address,
    ApplicationBuilder,
    ApplicationBusyError,
    LifecycleHook,
    Record,
    State,
    StoreError,
    action,
    emit,
    on_error,
    streaming_action,
)
from stateflow.store import MemoryStore

from tests.driving import Driver


@action(reads=["n"], writes=["n"])
def add(state: State) -> State:
    return state.increment(n=1)


@action(reads=["n"], writes=["n"])
def handler(state: State) -> State:
    return state.increment(n=100)


def counting(*actions: Any, transitions: tuple[Any, ...] = ()) -> ApplicationBuilder:
    builder = ApplicationBuilder().with_actions(*actions).with_transitions(*transitions).with_state(n=0)
    return builder.with_entrypoint(actions[0].name)


class Interrupted(MemoryStore):
    """Is interrupted, once, just after it has committed."""

    armed = False

    def commit(self, record: Record, expected: int | None) -> None:
        super().commit(record, expected)
        if self.armed:
            self.armed = False
            raise KeyboardInterrupt


def test_an_interrupt_after_the_commit_leaves_application_and_store_together() -> None:
    """The step counts, the tracker has it too, and the next step goes on."""
    store, tracker = Interrupted(), MemoryStore()
    builder = counting(add, transitions=(("add", "add"),)).with_identifiers("run")
    app = builder.with_state_persister(store).with_tracker(tracker).build()
    store.armed = True
    with pytest.raises(KeyboardInterrupt):
        app.run(max_steps=3)
    kept = store.load(Address("run"))
    assert kept is not None
    assert (app.sequence_id, kept.sequence) == (0, 0)
    assert app.run(max_steps=1).state["n"] == 2
    followed = tracker.load(Address("run"))
    assert followed is not None
    assert followed.sequence == 1


def test_an_interrupt_after_a_persister_has_saved_leaves_both_together() -> None:
    """A persister of one's own keeps no times; that the state is there is enough."""

    class Shelf:
        def __init__(self) -> None:
            self.kept: list[dict[str, Any]] = []
            self.armed = True

        def save(
            self, partition_key: Any, app_id: Any, sequence_id: int, position: str, state: State, status: str
        ) -> None:
            self.kept.append({"sequence_id": sequence_id, "position": position, "state": state, "status": status})
            if self.armed:
                self.armed = False
                raise KeyboardInterrupt

        def load(self, partition_key: Any, app_id: Any, sequence_id: int | None = None) -> Any:
            return self.kept[-1] if self.kept else None

        def list_app_ids(self, partition_key: Any) -> list[str]:
            return ["run"]

    shelf = Shelf()
    builder = counting(add, transitions=(("add", "add"),)).with_identifiers("run")
    app = builder.with_state_persister(shelf).build()
    with pytest.raises(KeyboardInterrupt):
        app.run(max_steps=3)
    assert app.sequence_id == 0
    assert app.run(max_steps=1).state["n"] == 2
    assert [saved["sequence_id"] for saved in shelf.kept] == [0, 1]


def test_an_interrupt_is_not_replaced_by_a_store_that_cannot_be_read() -> None:
    """Whoever pressed the keys sees the interrupt."""

    class Gone(Interrupted):
        gone = False

        def commit(self, record: Record, expected: int | None) -> None:
            self.gone = self.armed
            super().commit(record, expected)

        def load(self, address: Address) -> Record | None:
            if self.gone:
                raise StoreError("the disk is gone")
            return super().load(address)

    store = Gone()
    app = counting(add, transitions=(("add", "add"),)).with_store(store).build()
    store.armed = True
    with pytest.raises(KeyboardInterrupt):
        app.run(max_steps=3)


def test_an_interrupt_before_the_commit_leaves_the_step_undone() -> None:
    """Nothing was stored, so nothing counts."""

    class Early(MemoryStore):
        armed = False

        def commit(self, record: Record, expected: int | None) -> None:
            if self.armed:
                self.armed = False
                raise KeyboardInterrupt
            super().commit(record, expected)

    store = Early()
    app = counting(add, transitions=(("add", "add"),)).with_store(store).build()
    store.armed = True
    with pytest.raises(KeyboardInterrupt):
        app.run(max_steps=3)
    assert app.sequence_id is None
    assert app.run(max_steps=1).state["n"] == 1


def test_a_cancelled_commit_reaches_the_tracker_too() -> None:
    """What the truth has committed is tracked before the cancellation goes on."""

    class Slow(MemoryStore):
        def __init__(self) -> None:
            super().__init__()
            self.begun = asyncio.Event()

        async def acommit(self, record: Record, expected: int | None) -> None:
            self.begun.set()
            await asyncio.sleep(0.01)
            await super().acommit(record, expected)

    async def main() -> tuple[Any, Any]:
        truth, tracker = Slow(), MemoryStore()
        builder = counting(add, transitions=(("add", "add"),)).with_identifiers("run")
        app = await builder.with_state_persister(truth).with_tracker(tracker).abuild()
        truth.begun.clear()
        running = asyncio.ensure_future(app.arun(max_steps=5))
        await truth.begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await app.arun(max_steps=2)
        return truth.load(Address("run")), tracker.load(Address("run"))

    truth, tracker = asyncio.run(main())
    assert truth.sequence == tracker.sequence == 2


# -- cleanup that raises -----------------------------------------------------------------------------------


def untidy(driver: Driver) -> Any:
    @streaming_action(reads=["n"], writes=["n"])
    @driver.body
    def body(state: State) -> Iterator[Any]:
        try:
            yield 1
            yield 2
            yield {}, state.increment(n=1)
        finally:
            raise OSError("disconnect failed")

    return body


def test_leaving_a_stream_whose_cleanup_raises_comes_to_nothing(driver: Driver) -> None:
    """The step is not committed and no handler takes the error; whoever left gets it."""
    app = driver.build(counting(untidy(driver), handler, transitions=(("body", "handler", on_error(OSError)),)))

    async def aleave() -> None:
        _, container = await app.astream_result()
        async with container:
            async for _ in container:
                break

    def leave() -> None:
        _, container = app.stream_result()
        with container:
            next(iter(container))

    with pytest.raises(OSError, match="disconnect failed"):
        driver.wait(aleave()) if driver.is_async else leave()
    assert app.sequence_id is None
    following = app.get_next_action()
    assert following is not None
    assert following.name == "body"


def test_an_interrupt_survives_a_cleanup_that_raises(driver: Driver) -> None:
    """The interrupt propagates, with what the cleanup said as a note; no handler takes it."""

    class Interrupts(LifecycleHook):
        def post_stream_item(self, **facts: Any) -> None:
            raise KeyboardInterrupt

    builder = counting(untidy(driver), handler, transitions=(("body", "handler", on_error(OSError)),))
    app = driver.build(builder.with_hooks(Interrupts()))
    with pytest.raises(KeyboardInterrupt) as caught:
        driver.run(app)
    assert any("disconnect failed" in note for note in caught.value.__notes__)
    assert app.sequence_id is None


# -- errors that are hard to keep --------------------------------------------------------------------------


class SpeechlessError(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise AttributeError("no response")


def test_an_error_without_a_text_is_kept_and_handled(driver: Driver) -> None:
    """A store does not change who takes an error."""

    @action(reads=["n"], writes=["n"])
    @driver.body
    def fail(state: State) -> State:
        raise SpeechlessError

    transitions = (("fail", "handler", on_error(SpeechlessError)),)
    app = driver.build(counting(fail, handler, transitions=transitions).with_store("memory://"))
    assert driver.run(app).state["n"] == 100


def test_an_error_that_is_raised_again_gets_its_note_once(driver: Driver) -> None:
    """One exception object may be raised for every step that fails."""
    error = ValueError("always the same")

    @action()
    @driver.body
    def fail(state: State) -> State:
        raise error

    app = driver.build(counting(fail))
    for _ in range(3):
        with pytest.raises(ValueError, match="always"):
            driver.run(app)
    assert len(error.__notes__) == 1


def test_an_error_with_an_attribute_called_failure_is_kept_as_itself(driver: Driver) -> None:
    """Only errors of an earlier process know what was kept of them."""

    class OddError(Exception):
        failure = "a string of the user's"

    @action(reads=["n"], writes=["n"])
    @driver.body
    def fail(state: State) -> State:
        raise OddError("bad")

    store = MemoryStore()
    builder = counting(fail, handler, transitions=(("fail", "handler", on_error(OddError)),)).with_identifiers("run")
    driver.step(driver.build(builder.with_store(store)))
    kept = store.load(Address("run"))
    assert kept is not None
    assert kept.error is not None
    assert kept.error.message == "bad"


# -- holds ------------------------------------------------------------------------------------------------


def test_an_iteration_that_is_dropped_while_it_waits_keeps_its_hold() -> None:
    """Until the step that runs has ended, a second verb is refused."""
    go = asyncio.Event()

    @action(reads=["n"], writes=["n"])
    async def slow(state: State) -> State:
        await go.wait()
        return state.increment(n=1)

    async def main() -> int:
        app = counting(slow, transitions=(("slow", "slow"),)).build()
        iteration = app.aiterate(max_steps=1)
        waiting = asyncio.ensure_future(iteration.__anext__())
        await asyncio.sleep(0)
        del iteration
        with pytest.raises(ApplicationBusyError):
            await app.arun(max_steps=1)
        go.set()
        await waiting
        return int((await app.arun(max_steps=1)).state["n"])

    assert asyncio.run(main()) == 2


def test_a_stray_stop_of_an_async_iteration_is_an_error(driver: Driver) -> None:
    """A sync body that raises ``StopAsyncIteration`` has not told a result."""

    @streaming_action(reads=["n"], writes=["n"])
    def body(state: State) -> Iterator[Any]:
        yield 1
        raise StopAsyncIteration(({}, state.update(n=99)))

    app = driver.build(counting(body))
    with pytest.raises((RuntimeError, StopAsyncIteration)):
        driver.run(app)
    assert app.state["n"] == 0


# -- views ------------------------------------------------------------------------------------------------


def test_a_key_that_is_wiped_and_then_appended_to_is_seen(driver: Driver) -> None:
    """The view shows what the step will have written."""
    seen: list[Any] = []

    @action(writes=["log"])
    @driver.body
    def fresh(state: State) -> State:
        after = state.wipe(delete=["log"]).append(log="x")
        seen.append(after.get("log"))
        emit(None)
        return after

    app = driver.build(ApplicationBuilder().with_actions(fresh).with_state(log=["old"]).with_entrypoint("fresh"))
    assert driver.run(app).state["log"] == ["x"]
    assert seen == [["x"]]
