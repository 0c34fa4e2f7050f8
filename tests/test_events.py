"""What is told of a run while it goes on: events, emits, and what hooks hear of streams."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from stateflow import (
    Action,
    Address,
    ApplicationBuilder,
    Failed,
    Item,
    LifecycleHook,
    NodeFinished,
    Paused,
    State,
    StepCommitted,
    StepStarted,
    action,
    dag,
    emit,
    log_attributes,
    on_error,
    open_store,
    span,
    streaming_action,
)

from tests.driving import Colour, Driver

MARK: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="outside")


def bare(state: State) -> Iterator[Any]:
    yield from ("a", "b", "c")
    yield {"reply": "abc"}, state.update(reply="abc")


def streaming(driver: Driver, body: Any, **options: Any) -> Any:
    return streaming_action(writes=["reply"], **options)(driver.body(body)).with_name("work")


def alone(work: Any, *transitions: Any) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(work)
        .with_transitions(*(transitions or (("work", "work"),)))
        .with_entrypoint("work")
        .with_identifiers("run")
    )


def closing(closed: list[str]) -> Any:
    """Return a body that notes that it has been closed."""

    def body(state: State) -> Iterator[Any]:
        try:
            yield "a"
            yield "b"
            yield {}, state.update(reply="ab")
        finally:
            closed.append("closed")

    return body


# -- events -----------------------------------------------------------------------------------------------


def three(count: int) -> int:
    return count + 3


def six(three: int) -> int:
    return three * 2


def test_events_tell_all_that_happens_in_order(driver: Driver) -> None:
    """Typed events of a whole run: starts, nodes, items, emits, commits, and how it ended."""

    def body(state: State) -> Iterator[Any]:
        yield "a"
        emit("from inside")
        yield "b"
        yield {"reply": "ab"}, state.update(reply="ab")

    app = driver.build(
        alone(streaming(driver, body), ("count", "work"))
        .with_actions(count=dag(three, six, writes={"count": "six"}, name="count"))
        .with_entrypoint("count")
        .with_state(count=1)
    )
    events = driver.stream_events(app)
    assert [type(event) for event in events] == [
        StepStarted,
        NodeFinished,
        NodeFinished,
        StepCommitted,
        StepStarted,
        Item,
        Item,
        Item,
        StepCommitted,
        Paused,
    ]
    assert [(event.action, event.sequence) for event in events] == [("count", 0)] * 4 + [("work", 1)] * 6
    assert [event.value for event in events if isinstance(event, Item)] == ["a", "from inside", "b"]
    assert [(event.node.name, event.node.value) for event in events if isinstance(event, NodeFinished)] == [
        ("three", 4),
        ("six", 8),
    ]
    commits = [event for event in events if isinstance(event, StepCommitted)]
    assert [(commit.result, dict(commit.state)) for commit in commits] == [
        ({"count": 8}, {"count": 8}),
        ({"reply": "ab"}, {"count": 8, "reply": "ab"}),
    ]
    assert (events[-1].halted, events[-1].next_action, events[-1].state) == ("finished", None, app.state)


def test_events_tell_of_inputs_pauses_and_failures(driver: Driver) -> None:
    """A failure that nobody takes comes before its exception; a pause names what is next."""
    error = ValueError("bad")

    def body(state: State, prompt: str) -> State:
        if prompt == "fail":
            raise error
        return state.update(reply=prompt)

    app = driver.build(alone(action(writes=["reply"])(driver.body(body)).with_name("work")))
    events = driver.stream_events(app, inputs={"prompt": "hi"}, halt_before=["work"])
    assert events[0] == StepStarted("work", 0, {"prompt": "hi"})
    assert (events[-1].halted, events[-1].next_action) == ("paused", "work")
    heard, raised = driver.gathered(app, "stream_events", inputs={"prompt": "fail"})
    assert raised is error
    assert heard[-1] == Failed("work", 1, error)
    assert app.sequence_id == 0


def test_a_handled_failure_is_a_commit_with_its_error(driver: Driver) -> None:
    """No ``Failed`` is told of a step that an ``on_error`` took."""
    error = ValueError("bad")

    def body(state: State) -> State:
        raise error

    builder = alone(
        action(writes=["reply"])(driver.body(body)).with_name("work"), ("work", "recover", on_error())
    ).with_actions(recover=action(writes=["reply"])(lambda state: state.update(reply="sorry")))
    events = driver.stream_events(driver.build(builder))
    assert [type(event) for event in events] == [StepStarted, StepCommitted, StepStarted, StepCommitted, Paused]
    assert (events[1].error, events[1].result) == (error, None)


def test_leaving_events_early_frees_the_application(driver: Driver) -> None:
    """The running step comes to nothing."""
    closed: list[str] = []
    store = open_store("memory://")
    app = driver.build(alone(streaming(driver, closing(closed))).with_store(store))

    async def amain() -> None:
        events = app.astream_events()
        async for event in events:
            if isinstance(event, Item):
                break
        await events.aclose()
        assert closed == ["closed"]
        await app.astep()

    if driver.is_async:
        driver.wait(amain())
    else:
        for event in app.stream_events():
            if isinstance(event, Item):
                break
        assert closed == ["closed"]
        app.step()
    assert app.sequence_id == 0
    assert len(store.attempts(Address("run"))) == 1


def test_a_loop_over_async_events_that_is_broken_frees_the_application() -> None:
    """Nobody awaits the end of a loop that ``break`` leaves."""

    @action(writes=["reply"])
    async def work(state: State) -> State:
        return state.update(reply="x")

    async def main() -> None:
        app = await alone(work).abuild()
        async for _ in app.astream_events():
            break
        await app.astep()
        async for _ in app.aiterate():
            break
        await app.astep()
        assert app.sequence_id == 2

    asyncio.run(main())


# -- emit -------------------------------------------------------------------------------------------------


def test_an_emit_arrives_before_the_body_has_ended(driver: Driver) -> None:
    """A sync body waits, in its worker thread, for the consumer to have seen what it emitted."""
    seen = threading.Event()

    def body(state: State) -> State:
        emit("early")
        assert seen.wait(10)
        return state.update(reply="late")

    app = driver.build(alone(action(writes=["reply"])(body).with_name("work")))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        async for item in container:
            assert item == "early"
            seen.set()
        assert (await container.get())[1]["reply"] == "late"

    if driver.is_async:
        driver.wait(amain())
    else:
        _, container = app.stream_result(halt_after=["work"])
        for item in container:
            assert item == "early"
            seen.set()
        assert container.get()[1]["reply"] == "late"


def test_an_async_body_emits_while_it_waits() -> None:
    """Its emits arrive while it awaits the consumer."""

    async def main() -> list[Any]:
        seen = asyncio.Event()

        @action(writes=["reply"])
        async def work(state: State) -> State:
            emit("early")
            await asyncio.wait_for(seen.wait(), 10)
            emit("later")
            return state.update(reply="x")

        app = await alone(work).abuild()
        items = []
        async for event in app.astream_events(halt_after=["work"]):
            if isinstance(event, Item):
                items.append(event.value)
                seen.set()
        return items

    assert asyncio.run(main()) == ["early", "later"]


def test_a_streaming_body_emits_while_it_waits_for_its_next_item() -> None:
    """In async what is emitted between two items does not wait for the second one, whatever the body awaits."""

    async def main() -> list[Any]:
        seen = asyncio.Event()

        @streaming_action(writes=["reply"])
        async def work(state: State) -> AsyncIterator[Any]:
            task = asyncio.current_task()
            async with asyncio.timeout(10):
                yield "first"
                emit("early")
                await asyncio.sleep(0)
                await seen.wait()
                emit("later")
                yield "second"
                assert asyncio.current_task() is task
            yield {}, state.update(reply="x")

        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        items = []
        async for item in container:
            items.append(item)
            if item == "early":
                seen.set()
        assert (await container.get())[1]["reply"] == "x"
        return items

    assert asyncio.run(main()) == ["first", "early", "later", "second"]


@pytest.mark.parametrize("timeout", [None, 10.0])
def test_a_sync_streaming_body_in_a_thread_emits_at_once(timeout: float | None) -> None:
    """In an async run it need not come to its next item."""
    seen = threading.Event()

    @streaming_action(writes=["reply"], timeout=timeout)
    def work(state: State) -> Iterator[Any]:
        emit("early")
        assert seen.wait(10)
        yield "item"
        yield {}, state.update(reply="x")

    async def main() -> list[Any]:
        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        items = []
        async for item in container:
            items.append(item)
            seen.set()
        return items

    assert asyncio.run(main()) == ["early", "item"]


@pytest.mark.parametrize("waits", ["future", "nothing"])
def test_leaving_a_body_that_waits_cancels_it(waits: str) -> None:
    """After an emit the body stands in an await: its clean-up runs before ``aclose`` returns."""
    closed: list[str] = []

    async def main() -> None:
        task: Any = None

        @streaming_action(writes=["reply"])
        async def work(state: State) -> AsyncIterator[Any]:
            nonlocal task
            try:
                emit("early")
                task = asyncio.ensure_future(asyncio.sleep(60))
                await (task if waits == "future" else asyncio.sleep(0))
                yield "never"
            finally:
                await asyncio.sleep(0)
                emit("too late")
                closed.append(MARK.get())

        MARK.set("main")
        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        assert await anext(container) == "early"
        await container.aclose()
        assert closed == ["main"]
        assert task.cancelled() == (waits == "future")
        task.cancel()
        assert app.sequence_id is None

    asyncio.run(main())


@pytest.mark.parametrize("waits", ["future", "nothing"])
def test_a_body_that_takes_no_cancellation_is_closed_all_the_same(waits: str) -> None:
    """It may go on to an item, where it is closed like any other."""
    closed: list[str] = []

    async def main() -> None:
        @streaming_action(writes=["reply"])
        async def work(state: State) -> AsyncIterator[Any]:
            emit("early")
            try:
                await asyncio.sleep(60 if waits == "future" else 0)
            except asyncio.CancelledError:
                closed.append("cancelled")
            try:
                yield "still here"
            finally:
                closed.append("closed")

        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        assert await anext(container) == "early"
        await container.aclose()
        assert app.sequence_id is None

    asyncio.run(main())
    assert closed == ["cancelled", "closed"]


def test_a_cancelled_body_that_yields_to_the_loop_hears_of_it() -> None:
    """A cancellation while nothing but the event loop is waited for reaches the body."""
    heard: list[str] = []

    async def main() -> None:
        @streaming_action(writes=["reply"])
        async def work(state: State) -> AsyncIterator[Any]:
            try:
                for _ in range(10**9):
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                heard.append("cancelled")
                raise
            yield "never"

        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await container.get()
        assert app.sequence_id is None

    asyncio.run(main())
    assert heard == ["cancelled"]


def test_a_cancelled_consumer_cancels_the_body_that_waits() -> None:
    """Both what the body awaits and the body itself are cancelled, and the error is CancelledError."""
    closed: list[str] = []

    async def main() -> None:
        waiting = asyncio.Event()

        @streaming_action(writes=["reply"])
        async def work(state: State) -> AsyncIterator[Any]:
            inner = asyncio.ensure_future(asyncio.sleep(60))
            try:
                waiting.set()
                await inner
                yield "never"
            except asyncio.CancelledError:
                closed.append("inner" if inner.cancelled() else "body")
                raise

        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        consumer = asyncio.create_task(container.get())
        await waiting.wait()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert app.sequence_id is None

    asyncio.run(main())
    assert closed == ["inner"]


@pytest.mark.parametrize("verb", ["run", "stream_result", "stream_events"])
def test_an_async_body_that_never_waits_streams_and_fails(verb: str) -> None:
    """Items that are there at once, and an exception among them."""

    @streaming_action(writes=["reply"])
    async def work(state: State) -> AsyncIterator[Any]:
        yield "a"
        yield "b", None
        raise ValueError("bad")

    driver = Driver("async")
    app = driver.build(alone(work))
    with pytest.raises(ValueError, match="bad"):
        getattr(driver, verb)(app, halt_after=["work"])
    assert app.sequence_id is None
    driver.close()


NODES: dict[str, asyncio.Event] = {}


async def looked_up(question: str) -> str:
    emit(f"looking up {question}")
    await asyncio.wait_for(NODES["seen"].wait(), 10)
    return question


async def letters(looked_up: str) -> AsyncIterator[str]:
    for letter in looked_up:
        await asyncio.sleep(0)
        yield letter


def counted(letters: str) -> int:
    return len(letters)


def test_a_dag_with_async_nodes_streams() -> None:
    """Emits of nodes before the stream arrive at once, items raw, and what is written is collected."""

    async def main() -> None:
        NODES["seen"] = asyncio.Event()
        work = dag(looked_up, letters, counted, writes={"reply": "letters", "size": "counted"}, stream="letters")
        app = await alone(work.with_name("work")).with_state(question="why").abuild()
        items: list[Any] = []
        nodes = []
        async for event in app.astream_events(halt_after=["work"]):
            if isinstance(event, Item):
                items.append(event.value)
                NODES["seen"].set()
            if isinstance(event, NodeFinished):
                nodes.append(event.node.name)
        assert items == ["looking up why", "w", "h", "y"]
        assert nodes == ["looked_up", "letters", "counted"]
        assert (app.state["reply"], app.state["size"]) == ("why", 3)
        _, container = await app.astream_result(halt_after=["work"])
        assert [item async for item in container] == ["looking up why", "w", "h", "y"]
        assert (await app.arun(max_steps=1)).state["size"] == 3

    asyncio.run(main())


def test_emits_and_items_keep_their_order(driver: Driver) -> None:
    """What a streaming body emits stands before the item that it yields next, also at its end and when it fails."""

    def body(state: State) -> Iterator[Any]:
        emit(1)
        yield 2
        emit(3)
        emit(4)
        yield 5
        emit(6)
        yield {}, state.update(reply="")
        emit(7)

    app = driver.build(alone(streaming(driver, body)))
    assert driver.stream_result(app, halt_after=["work"]).items == [1, 2, 3, 4, 5, 6, 7]

    def failing(state: State) -> Iterator[Any]:
        yield 1
        emit(2)
        raise ValueError("bad")

    recover = action(writes=["reply"])(lambda state: state.update(reply="sorry"))
    builder = alone(streaming(driver, failing), ("work", "recover", on_error())).with_actions(recover=recover)
    assert driver.stream_result(driver.build(builder), halt_after=["work"]).items == [1, 2]


def test_many_emits_lose_nothing(driver: Driver) -> None:
    """Ten thousand emits from a worker thread come in order, and nothing else does."""

    def body(state: State) -> State:
        for number in range(10_000):
            emit(number)
        return state.update(reply="x")

    app = driver.build(alone(action(writes=["reply"])(body).with_name("work")))
    assert driver.stream_result(app, halt_after=["work"]).items == list(range(10_000))


def test_mixed_steps_give_no_stray_items(driver: Driver) -> None:
    """Emitting plain bodies before a streaming one leave nothing in its items."""

    def speak(state: State) -> State:
        emit("plain")
        return state.update(reply="")

    plain = action(writes=["reply"])(driver.body(speak))
    builder = (
        ApplicationBuilder()
        .with_actions(plain=plain, work=streaming(driver, bare))
        .with_transitions(("plain", "work"), ("work", "plain"))
        .with_entrypoint("plain")
    )
    app = driver.build(builder)
    for _ in range(20):
        assert driver.stream_result(app, halt_after=["work"]).items == ["a", "b", "c"]


def test_emit_outside_a_stream_reaches_hooks_only(driver: Driver) -> None:
    """In ``run`` the hook hears it; outside an application nothing happens."""
    heard: list[Any] = []

    class Listening(LifecycleHook):
        def post_stream_item(self, **facts: Any) -> None:
            heard.append((facts["item"], facts["item_index"], facts["action"].name))

    def body(state: State) -> State:
        emit("a")
        emit("b")
        return state.update(reply="x")

    work = action(writes=["reply"])(body).with_name("work")
    driver.run(driver.build(alone(work).with_hooks(Listening())), max_steps=1)
    assert heard == [("a", 0, "work"), ("b", 1, "work")]
    assert body(State()) == {"reply": "x"}


def test_what_a_left_body_emits_is_dropped(driver: Driver) -> None:
    """A sync body that goes on in its thread after the consumer has left reaches nobody."""
    left, ended = threading.Event(), threading.Event()
    heard: list[Any] = []

    class Listening(LifecycleHook):
        def post_stream_item(self, **facts: Any) -> None:
            heard.append(facts["item"])

    def body(state: State) -> State:
        emit("early")
        assert left.wait(10)
        emit("late")
        ended.set()
        return state.update(reply="x")

    app = driver.build(alone(action(writes=["reply"])(body).with_name("work")).with_hooks(Listening()))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        async with container:
            async for _ in container:
                break

    if driver.is_async:
        driver.wait(amain())
    else:
        with app.stream_result(halt_after=["work"])[1] as container:
            next(iter(container))
    left.set()
    assert ended.wait(10)
    assert (heard, app.sequence_id) == (["early"], None)


# -- hooks and contexts -----------------------------------------------------------------------------------


def test_hooks_hear_a_stream(driver: Driver) -> None:
    """Its start, each item, and its end, also when it fails."""
    heard: list[Any] = []

    class Listening(LifecycleHook):
        def pre_start_stream(self, **facts: Any) -> None:
            heard.append("start")

        def post_stream_item(self, **facts: Any) -> None:
            heard.append((facts["item_index"], facts["item"]))

        def post_end_stream(self, **facts: Any) -> None:
            heard.append("end")

    app = driver.build(alone(streaming(driver, bare)).with_hooks(Listening()))
    driver.stream_result(app, halt_after=["work"])
    expected: list[Any] = ["start", (0, "a"), (1, "b"), (2, "c"), "end"]
    assert heard == expected
    driver.run(app, max_steps=1)
    assert heard == expected * 2

    def failing(state: State) -> Iterator[Any]:
        yield "a"
        raise ValueError("bad")

    heard.clear()
    with pytest.raises(ValueError, match="bad"):
        driver.run(driver.build(alone(streaming(driver, failing)).with_hooks(Listening())))
    assert heard == ["start", (0, "a"), "end"]


def test_context_does_not_leak_between_body_and_caller(driver: Driver) -> None:
    """The body keeps its own context from item to item; the consumer keeps its own."""

    def body(state: State) -> Iterator[Any]:
        MARK.set("body")
        yield MARK.get()
        yield MARK.get()
        yield {}, state.update(reply=MARK.get())

    app = driver.build(alone(streaming(driver, body)))

    async def amain() -> list[str]:
        _, container = await app.astream_result(halt_after=["work"])
        seen = []
        async for item in container:
            seen.append(f"{item} {MARK.get()}")
            MARK.set("consumer")
        MARK.set("outside")
        return [*seen, (await container.get())[1]["reply"]]

    def main() -> list[str]:
        _, container = app.stream_result(halt_after=["work"])
        seen = []
        for item in container:
            seen.append(f"{item} {MARK.get()}")
            MARK.set("consumer")
        MARK.set("outside")
        return [*seen, container.get()[1]["reply"]]

    found = driver.wait(amain()) if driver.is_async else contextvars.copy_context().run(main)
    assert found == ["body outside", "body consumer", "body"]


def test_spans_in_a_stream_belong_to_its_step(driver: Driver) -> None:
    """A span that stays open over items is no parent of what the consumer does."""
    store = open_store("memory://")

    def body(state: State) -> Iterator[Any]:
        with span("outer"):
            yield "a"
            with span("inner"):
                log_attributes(tokens=3)
                yield "b"
        yield {}, state.update(reply="ab")

    app = driver.build(alone(streaming(driver, body)).with_store(store))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        async for _ in container:
            with span("of the consumer") as opened:
                assert opened.parent is None

    if driver.is_async:
        driver.wait(amain())
    else:
        for _ in app.stream_result(halt_after=["work"])[1]:
            with span("of the consumer") as opened:
                assert opened.parent is None
    record = store.load(Address("run"))
    assert record is not None
    outer, inner = record.spans
    assert (outer.name, inner.name, inner.parent, inner.attributes) == ("outer", "inner", outer, {"tokens": 3})


COLOURS: tuple[Colour, ...] = ("sync", "async")


def test_a_body_that_stays_in_its_thread_emits_in_the_end() -> None:
    """``thread=False`` keeps a sync body where the caller is, also in a stream."""
    main = threading.get_ident()

    class Words(Action):
        writes = ("reply",)
        thread = False

        def stream_run(self, state: State) -> Generator[Any, None, Any]:
            yield threading.get_ident() == main
            return {"reply": "x"}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state.update(**result)

    def body(state: State) -> State:
        emit(threading.get_ident() == main)
        return state.update(reply="x")

    for work in (action(writes=["reply"], thread=False)(body).with_name("work"), Words().with_name("work")):
        for colour in COLOURS:
            driver = Driver(colour)
            assert driver.stream_result(driver.build(alone(work)), halt_after=["work"]).items == [True]
            driver.close()


def test_what_was_emitted_before_a_failure_comes_before_it(driver: Driver) -> None:
    """Also from a body that stays in the caller's thread."""
    for thread in (True, False):

        def body(state: State) -> State:
            emit("early")
            raise ValueError("bad")

        app = driver.build(alone(action(writes=["reply"], thread=thread)(body).with_name("work")))
        given, error = driver.gathered(app, "stream_result", halt_after=["work"])
        assert given == ["early"]
        assert isinstance(error, ValueError)
