"""Failures: exceptions, retries, timeouts, on_error, and what is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stateflow import (
    ActionError,
    Address,
    Application,
    ApplicationBuilder,
    GraphError,
    InputError,
    LifecycleHook,
    Retry,
    State,
    StepContext,
    StepTimeoutError,
    StoreError,
    action,
    dag,
    default,
    on_error,
    open_store,
    span,
    streaming_action,
    when,
)

from tests.driving import Driver


class Flaky:
    """A body that raises the given errors, one a call, and then succeeds."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, state: State) -> State:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return state.update(done=True)


def flaky(driver: Driver, *errors: BaseException, **options: Any) -> tuple[Flaky, Any]:
    """Return the body, and an action of it in the colour of the driver."""
    made = Flaky(*errors)

    def body(state: State) -> State:
        return made(state)

    return made, action(writes=["done"], **options)(driver.body(body)).with_name("work")


def alone(work: Any) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(work)
        .with_transitions(("work", "work"))
        .with_entrypoint("work")
        .with_identifiers("run")
    )


def recover(state: State, context: StepContext) -> State:
    return state.update(error=type(context.error).__name__, message=str(context.error))


def handled(work: Any, *transitions: Any) -> ApplicationBuilder:
    """Return a builder in which ``recover`` takes failures of ``work``."""
    return (
        ApplicationBuilder()
        .with_actions(work, recover=action(writes=["error", "message"])(recover))
        .with_transitions(*(transitions or (("work", "recover", on_error()),)))
        .with_entrypoint("work")
        .with_identifiers("run")
    )


# -- propagation ------------------------------------------------------------------------------------------


def test_an_exception_propagates_with_a_note(driver: Driver) -> None:
    """It is the user's own object; the note names action, step and run, and nothing has changed."""
    error = ValueError("bad")
    body, work = flaky(driver, error)
    app = driver.build(alone(work))
    with pytest.raises(ValueError, match="bad") as raised:
        driver.run(app, max_steps=3)
    assert raised.value is error
    assert error.__notes__ == ["in action 'work', step 0, run run"]
    assert (app.state, app.sequence_id, app.get_next_action().name) == ({}, None, "work")
    assert driver.step(app).state["done"]
    assert body.calls == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError()])
def test_an_interrupt_leaves_the_state_unchanged(error: BaseException) -> None:
    """No handler takes it, it is not tried again, it is stored as an attempt, and the application is usable."""
    driver = Driver("sync")
    store = open_store("memory://")
    body, work = flaky(driver, error, retry=Retry())
    app = handled(work, ("work", "recover", on_error()), ("work", "work", default)).with_store(store).build()
    with pytest.raises(type(error)):
        app.run(max_steps=3)
    assert app.state == {}
    assert (app.sequence_id, body.calls) == (None, 1)
    kept = [attempt.error.type.rpartition(".")[2] for attempt in store.attempts(Address("run"))]
    assert kept == [type(error).__name__]
    assert app.step().state["done"]


@pytest.mark.parametrize("timeout", [None, 60.0])
def test_a_cancelled_run_leaves_the_state_unchanged(timeout: float | None) -> None:
    """Cancelling a task that awaits a body ends the step as an attempt."""
    store = open_store("memory://")
    cleaned: list[bool] = []

    async def main() -> None:
        started = asyncio.Event()

        @action(writes=["done"], timeout=timeout)
        async def work(state: State) -> State:
            if not started.is_set():
                started.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    cleaned.append(True)
            return state.update(done=True)

        app = await handled(work).with_store(store).abuild()
        running = asyncio.create_task(app.arun())
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert app.state == {}
        assert (app.sequence_id, cleaned) == (None, [True])
        assert len(await store.aattempts(Address("run"))) == 1
        assert (await app.astep()).state["done"]

    asyncio.run(main())


def test_a_cancelled_run_of_a_sync_body_is_usable_at_once() -> None:
    """The thread goes on to its end, but nobody hears of it."""
    go_on, ended = threading.Event(), threading.Event()
    told: list[str] = []

    class Listening(LifecycleHook):
        def pre_start_span(self, **facts: Any) -> None:
            told.append(facts["span"].name)

    async def main() -> None:
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        @action(writes=["done"])
        def work(state: State) -> State:
            if not go_on.is_set():
                with span("before"):
                    loop.call_soon_threadsafe(started.set)
                    assert go_on.wait(10)
                with span("after"):
                    ended.set()
            return state.update(done=True)

        app = await alone(work).with_hooks(Listening()).abuild()
        running = asyncio.create_task(app.astep())
        await started.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        go_on.set()
        assert (await app.astep()).state["done"]

    asyncio.run(main())
    assert ended.wait(10)
    assert told == ["before"]


def test_a_commit_that_has_begun_is_finished_although_the_run_is_cancelled() -> None:
    """What the store has is what the application stands at, so that it goes on from there."""

    async def main() -> None:
        store = open_store("memory://")
        holding, go_on = threading.Event(), threading.Event()
        commit = store.commit

        def slow(record: Any, expected: Any) -> None:
            if record.sequence == 0:
                holding.set()
                assert go_on.wait(10)
            commit(record, expected)

        store.commit = slow  # type: ignore[method-assign]

        @action(writes=["done"])
        async def work(state: State) -> State:
            return state.update(done=True)

        app = await alone(work).with_store(store).abuild()
        running = asyncio.create_task(app.astep())
        await asyncio.to_thread(holding.wait, 10)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        asyncio.get_running_loop().call_later(0.01, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (app.sequence_id, app.state["done"]) == (0, True)
        await app.astep()
        assert app.sequence_id == 1

    asyncio.run(main())


# -- retries ----------------------------------------------------------------------------------------------


def test_a_body_is_tried_again(driver: Driver) -> None:
    """The context counts the tries, the key of the step stays, and each failure is stored."""
    store = open_store("memory://")
    seen: list[tuple[int, str]] = []

    def body(state: State, context: StepContext) -> State:
        seen.append((context.attempt, context.idempotency_key))
        if len(seen) < 3:
            raise ConnectionError(f"try {len(seen)}")
        return state.update(done=True)

    work = action(writes=["done"], retry=Retry(attempts=3))(driver.body(body)).with_name("work")
    app = driver.build(alone(work).with_store(store))
    assert driver.step(app).state["done"]
    assert [number for number, _ in seen] == [1, 2, 3]
    assert len({key for _, key in seen}) == 1
    kept = [(attempt.number, attempt.error.message) for attempt in store.attempts(Address("run"))]
    assert kept == [(1, "try 1"), (2, "try 2")]
    assert app.sequence_id == 0


def test_the_last_failure_propagates(driver: Driver) -> None:
    """After the last try its exception is raised, and every one of them is stored."""
    store = open_store("memory://")
    body, work = flaky(driver, *(OSError(number) for number in range(5)), retry=Retry(attempts=3))
    app = driver.build(alone(work).with_store(store))
    with pytest.raises(OSError, match="2"):
        driver.step(app)
    assert body.calls == 3
    assert [attempt.number for attempt in store.attempts(Address("run"))] == [1, 2, 3]


def test_only_the_named_errors_are_tried_again(driver: Driver) -> None:
    """``on`` limits what a second try is for."""
    body, work = flaky(driver, OSError("first"), ValueError("second"), retry=Retry(on=(OSError,)))
    with pytest.raises(ValueError, match="second"):
        driver.step(driver.build(alone(work)))
    assert body.calls == 2


def test_what_a_body_returned_wrongly_is_not_tried_again(driver: Driver) -> None:
    """A broken declaration does not mend itself."""
    calls: list[int] = []

    def body(state: State) -> Any:
        calls.append(1)
        return 7

    work = action(writes=["done"], retry=Retry())(driver.body(body)).with_name("work")
    with pytest.raises(ActionError):
        driver.step(driver.build(alone(work)))
    assert calls == [1]


def test_the_pauses_between_tries_grow(driver: Driver) -> None:
    """``delay`` is the first pause, and each further one is ``backoff`` times longer."""
    _, work = flaky(driver, OSError(), OSError(), retry=Retry(delay=0.02, backoff=2))
    app = driver.build(alone(work))
    started = time.perf_counter()
    driver.step(app)
    assert time.perf_counter() - started >= 0.06
    assert [Retry(delay=1, backoff=3, max_delay=5).pause(number) for number in (1, 2, 3)] == [1, 3, 5]


# -- timeouts ---------------------------------------------------------------------------------------------


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """An event for which stuck bodies wait; set in the end, so that their threads end."""
    event = threading.Event()
    yield event
    event.set()


def test_a_body_that_takes_too_long_is_left(driver: Driver, release: threading.Event) -> None:
    """``StepTimeoutError`` names action and limit; the state is unchanged and the application usable."""
    slow = [True]

    def body(state: State) -> State:
        if slow:
            slow.clear()
            assert release.wait(10)
        return state.update(done=True)

    work = action(writes=["done"], timeout=0.03)(body).with_name("work")
    app = driver.build(alone(work))
    with pytest.raises(StepTimeoutError, match=r"action 'work' took longer than its timeout of 0\.03 s") as raised:
        driver.step(app)
    assert isinstance(raised.value, TimeoutError)
    assert (app.state, app.sequence_id) == ({}, None)
    assert driver.step(app).state["done"]


def test_an_async_body_that_takes_too_long_is_cancelled() -> None:
    """Its own clean-up runs before the error propagates, and it may be tried again."""
    cleaned: list[int] = []

    @action(writes=["done"], timeout=0.03, retry=Retry(attempts=2))
    async def work(state: State) -> State:
        if not cleaned:
            try:
                await asyncio.Event().wait()
            finally:
                cleaned.append(1)
        return state.update(done=True)

    assert asyncio.run(alone(work).build().astep()).state["done"]
    assert cleaned == [1]


def test_a_bodys_own_timeout_is_its_own(driver: Driver) -> None:
    """A TimeoutError that the body raises passes through as it is."""
    _, work = flaky(driver, TimeoutError("mine"), timeout=30.0)
    with pytest.raises(TimeoutError, match="mine") as raised:
        driver.step(driver.build(alone(work)))
    assert type(raised.value) is TimeoutError


@pytest.mark.parametrize("overlap", [False, True])
def test_a_stuck_thread_is_tried_again_only_with_overlap(
    driver: Driver, release: threading.Event, *, overlap: bool
) -> None:
    """Since the first try still runs, a second one must be allowed."""
    calls: list[int] = []

    def body(state: State) -> State:
        calls.append(1)
        if len(calls) == 1:
            assert release.wait(10)
        return state.update(done=True)

    work = action(writes=["done"], timeout=0.03, retry=Retry(attempts=2, overlap=overlap))(body).with_name("work")
    app = driver.build(alone(work))
    if overlap:
        assert driver.step(app).state["done"]
    else:
        with pytest.raises(StepTimeoutError):
            driver.step(app)
    assert len(calls) == 1 + overlap


def test_a_thread_that_never_ends_keeps_no_loop_from_closing(release: threading.Event) -> None:
    """``asyncio.run`` returns although a body that has timed out goes on."""

    @action(writes=["done"], timeout=0.02)
    def work(state: State) -> State:
        assert release.wait(10)
        return state.update(done=True)

    started = time.perf_counter()
    with pytest.raises(StepTimeoutError):
        asyncio.run(alone(work).build().astep())
    assert time.perf_counter() - started < 5


RAN: list[str] = []
RELEASE = threading.Event()
STARTED = threading.Event()


def first() -> int:
    RAN.append("first")
    STARTED.set()
    RELEASE.wait(10)
    return 1


def second(first: int) -> int:
    RAN.append("second")
    return first


def test_a_dag_that_has_timed_out_stops_before_its_next_node(driver: Driver) -> None:
    """The node that runs cannot be stopped; the one behind it does not start."""
    RAN.clear()
    RELEASE.clear()
    app = driver.build(alone(dag(first, second, writes={"done": "second"}, timeout=0.05, name="work")))
    with pytest.raises(StepTimeoutError):
        driver.step(app)
    RELEASE.set()
    for thread in threading.enumerate():
        if thread.name == "stateflow-work":
            thread.join(10)
    assert RAN == ["first"]


# -- on_error ---------------------------------------------------------------------------------------------


def test_a_handler_takes_the_error(driver: Driver) -> None:
    """The step commits as failed with an empty delta and a sequence id, and the handler sees the error."""
    store = open_store("memory://")
    _, work = flaky(driver, ValueError("bad"))
    app = driver.build(handled(work).with_store(store).with_state(kept=1))
    made = driver.run(app)
    assert (made.action.name, made.state["error"], made.state["message"], app.sequence_id) == (
        "recover",
        "ValueError",
        "bad",
        1,
    )
    record = store.load(Address("run", sequence=0))
    assert record is not None
    assert (record.status, record.next_action, record.writes, record.result) == ("failed", "recover", (), None)
    assert record.error is not None
    assert (record.error.type, record.error.message, dict(record.state)) == ("builtins.ValueError", "bad", {"kept": 1})
    after = store.load(Address("run"))
    assert after is not None
    assert (after.transition, after.conditions[0].condition) == (("work", "recover"), "on_error(Exception)")
    assert store.attempts(Address("run")) == []


@pytest.mark.parametrize(("error", "target"), [(ConnectionError(), "net"), (OSError(), "io"), (ValueError(), "any")])
def test_the_first_handler_that_matches_is_taken(driver: Driver, error: Exception, target: str) -> None:
    """Handlers are tried in order, by the classes they name."""
    _, work = flaky(driver, error)
    targets = {name: action(writes=["error", "message"])(recover).with_name(name) for name in ("net", "io", "any")}
    builder = (
        ApplicationBuilder()
        .with_actions(work, *targets.values())
        .with_transitions(
            ("work", "net", on_error(ConnectionError)), ("work", "io", on_error(OSError)), ("work", "any", on_error())
        )
        .with_entrypoint("work")
    )
    assert driver.run(driver.build(builder)).action.name == target


def test_a_handler_of_everything_comes_after_an_actions_own(driver: Driver) -> None:
    """``"*"`` stands behind the transitions of each action, and never takes its own failure."""
    _, work = flaky(driver, ValueError("bad"))
    own = action(writes=["error", "message"])(recover).with_name("own")
    builder = (
        ApplicationBuilder()
        .with_actions(work, own, everything=action(writes=["error", "message"])(recover))
        .with_transitions(("*", "everything", on_error()), ("work", "own", on_error(ValueError)))
        .with_entrypoint("work")
    )
    assert driver.run(driver.build(builder)).action.name == "own"


def test_a_handler_that_fails_does_not_handle_itself(driver: Driver) -> None:
    """Its exception propagates; the next call runs it again."""
    _, work = flaky(driver, ValueError("bad"))
    handler, everything = flaky(driver, OSError("worse"))
    builder = (
        ApplicationBuilder()
        .with_actions(work, everything=everything)
        .with_transitions(("*", "everything", on_error()))
        .with_entrypoint("work")
    )
    app = driver.build(builder)
    with pytest.raises(OSError, match="worse"):
        driver.run(app)
    assert (app.sequence_id, app.get_next_action().name) == (0, "everything")
    assert driver.run(app).state["done"]
    assert handler.calls == 2


def test_the_error_is_seen_by_the_handler_alone(driver: Driver) -> None:
    """The step after the handler sees no error."""
    seen: list[Any] = []

    def look(state: State, context: StepContext) -> State:
        seen.append(context.error)
        return state.update(looked=True)

    _, work = flaky(driver, ValueError("bad"))
    builder = handled(work, ("work", "recover", on_error()), ("recover", "look")).with_actions(
        look=action(writes=["looked"])(look)
    )
    driver.run(driver.build(builder))
    assert seen == [None]


def test_a_failing_action_goes_to_its_handler_whatever_halts_name_it(driver: Driver) -> None:
    """``halt_after`` waits for a success; ``max_steps`` and ``halt_before`` hold."""
    _, work = flaky(driver, ValueError("bad"))
    assert driver.run(driver.build(handled(work)), halt_after=["work"]).action.name == "recover"
    _, work = flaky(driver, ValueError("bad"))
    app = driver.build(handled(work))
    made = driver.run(app, max_steps=1)
    assert (made.action.name, made.result, made.halted, app.sequence_id) == ("work", None, "max_steps", 0)
    assert app.get_next_action().name == "recover"
    assert driver.run(app).state["error"] == "ValueError"
    _, work = flaky(driver, ValueError("bad"))
    made = driver.run(driver.build(handled(work)), halt_before=["recover"])
    assert (made.action.name, made.halted) == ("recover", "paused")


def test_a_handler_leads_back_after_retries(driver: Driver) -> None:
    """Retries come first; visits count the failed step."""
    body, work = flaky(driver, *[OSError()] * 4, retry=Retry(attempts=2))
    app = driver.build(
        handled(work, ("work", "recover", on_error(OSError)), ("recover", "work", when(error="OSError")))
    )
    made = driver.run(app, halt_after=["work"])
    assert (body.calls, made.action.name, app.sequence_id) == (5, "work", 4)


def test_an_edit_keeps_the_handler_pending(driver: Driver) -> None:
    """Between a failed step and its handler the state may be changed; a reset forgets the failure."""
    _, work = flaky(driver, ValueError("bad"))
    app = driver.build(handled(work).with_state(kept=1))
    driver.step(app)
    app.update_state(app.state.update(kept=2))
    assert driver.step(app).state["error"] == "ValueError"
    _, work = flaky(driver, ValueError("bad"))
    app = driver.build(handled(work))
    driver.step(app)
    app.reset_to_entrypoint()
    assert driver.step(app).state == {"done": True}


@pytest.mark.parametrize("error", [InputError("x"), GraphError("x"), StoreError("x")])
def test_our_own_errors_are_not_handled(driver: Driver, error: Exception) -> None:
    """A fault of the caller, the graph or a store is no failure of the body."""
    _, work = flaky(driver, error)
    app = driver.build(handled(work))
    with pytest.raises(type(error)):
        driver.run(app)
    assert app.sequence_id is None


def test_a_missing_input_is_not_handled(driver: Driver) -> None:
    """It is raised before the body."""
    work = action(writes=["done"])(lambda state, needed: state.update(done=needed)).with_name("work")
    app = driver.build(handled(work))
    with pytest.raises(InputError, match="needs the input 'needed'"):
        driver.run(app)
    assert app.sequence_id is None


def test_a_wrong_write_is_handled(driver: Driver) -> None:
    """A body that breaks its declaration has failed."""
    work = action(writes=["done"])(lambda state: state.update(dun=1)).with_name("work")
    assert driver.run(driver.build(handled(work))).state["error"] == "ActionError"


# -- hooks ------------------------------------------------------------------------------------------------


class Witness(LifecycleHook):
    """Keeps the exceptions it is told of."""

    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.calls: list[Any] = []
        self.spans: list[str] = []

    def post_run_step(self, **facts: Any) -> None:
        self.steps.append(facts["exception"])

    def post_run_execute_call(self, **facts: Any) -> None:
        self.calls.append(facts["exception"])


def test_hooks_learn_of_the_exception(driver: Driver) -> None:
    """The step's hook and the call's hook both get the exception object."""
    error, witness = ValueError("bad"), Witness()
    _, work = flaky(driver, error)
    app = driver.build(alone(work).with_hooks(witness))
    with pytest.raises(ValueError, match="bad"):
        driver.step(app)
    assert (witness.steps, witness.calls) == ([error], [error])
    driver.step(app)
    assert (witness.steps, witness.calls) == ([error, None], [error, None])


def test_hooks_learn_of_a_handled_exception(driver: Driver) -> None:
    """The failed step carries it, the call does not."""
    error, witness = ValueError("bad"), Witness()
    _, work = flaky(driver, error)
    driver.run(driver.build(handled(work).with_hooks(witness)))
    assert (witness.steps, witness.calls) == ([error, None], [None])


def test_async_hooks_inside_a_body_that_fails_are_still_called() -> None:
    """A span's async hook runs although the body has raised and nothing else is told."""
    ended: list[str] = []

    class Spans(LifecycleHook):
        async def post_end_span(self, **facts: Any) -> None:
            await asyncio.sleep(0)
            ended.append(facts["span"].name)

    @action(writes=["done"])
    async def work(state: State) -> State:
        with span("first"):
            pass
        with span("second"):
            raise ValueError("bad")

    app: Application = alone(work).with_hooks(Spans()).build()
    with pytest.raises(ValueError, match="bad"):
        asyncio.run(app.astep())
    assert ended == ["first", "second"]


def test_an_async_hook_inside_a_body_that_raises_fails_the_step() -> None:
    """As in a sync body, where it raises out of the span."""

    class Spans(LifecycleHook):
        async def post_end_span(self, **facts: Any) -> None:
            raise OSError("no collector")

    @action(writes=["done"])
    async def work(state: State) -> State:
        with span("first"):
            return state.update(done=True)

    app = alone(work).with_hooks(Spans()).build()
    with pytest.raises(OSError, match="no collector"):
        asyncio.run(app.astep())
    assert app.sequence_id is None


# -- attempts ---------------------------------------------------------------------------------------------


def test_an_attempt_is_stored_with_its_inputs(driver: Driver) -> None:
    """It names step, action, inputs and error, and takes no sequence id."""
    store = open_store("memory://")

    def body(state: State, prompt: str) -> State:
        raise ValueError("bad")

    app = driver.build(alone(action(writes=["done"])(driver.body(body)).with_name("work")).with_store(store))
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            driver.step(app, inputs={"prompt": "hi"})
    kept = store.attempts(Address("run"))
    assert [(one.sequence, one.action, one.inputs, one.error.message) for one in kept] == [
        (0, "work", {"prompt": "hi"}, "bad")
    ] * 2
    assert store.load(Address("run")).kind == "genesis"  # type: ignore[union-attr]


def test_each_attempt_has_a_start_of_its_own(driver: Driver) -> None:
    """An attempt begins after the pause behind the one before it; the step begins with the first."""
    store = open_store("memory://")
    _, work = flaky(driver, ValueError("a"), ValueError("b"), retry=Retry(attempts=3, delay=0.01))
    driver.step(driver.build(alone(work).with_store(store)))
    first, second = store.attempts(Address("run"))
    step = store.load(Address("run"))
    assert step is not None
    assert first.started == step.started
    assert first.ended + 0.01 <= second.started <= second.ended <= step.ended


class Unwilling:
    """Makes a store refuse attempts."""

    def __call__(self, attempt: Any) -> None:
        raise StoreError("no room")


def test_the_error_of_the_body_counts_when_an_attempt_cannot_be_stored(driver: Driver) -> None:
    """The store's error becomes a note."""
    store: Any = open_store("memory://")
    store.save_attempt = Unwilling()
    _, work = flaky(driver, ValueError("bad"))
    app = driver.build(alone(work).with_store(store))
    with pytest.raises(ValueError, match="bad") as raised:
        driver.step(app)
    assert "this attempt could not be stored: no room" in raised.value.__notes__


def test_a_stream_that_fails_is_handled(driver: Driver) -> None:
    """A streaming body that raises after an item goes to its handler, and commits nothing of its own."""

    def body(state: State) -> Iterator[Any]:
        yield "a"
        raise ValueError("bad")

    work = streaming_action(writes=["done"])(driver.body(body)).with_name("work")
    made = driver.run(driver.build(handled(work)))
    assert made.state == {"error": "ValueError", "message": "bad"}


def test_the_same_builder_serves_many_failures(driver: Driver) -> None:
    """Running a hundred failing steps leaves nothing behind that the next step trips over."""
    calls: list[int] = []

    def body(state: State) -> State:
        calls.append(1)
        if len(calls) % 2:
            raise ValueError("odd")
        return state.increment(count=1)

    work = action(writes=["count"])(driver.body(body)).with_name("work")
    app = driver.build(
        handled(work, ("work", "recover", on_error()), ("work", "work", default), ("recover", "work", default))
    )
    assert driver.run(app, max_steps=90).state["count"] == 30
