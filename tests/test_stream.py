"""Streaming: items as they come, results in the end, early leaves, events, and what is emitted from inside."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from stateflow import (
    Action,
    ActionError,
    Address,
    ApplicationBuilder,
    GraphError,
    InputError,
    Retry,
    State,
    StepTimeoutError,
    action,
    default,
    on_error,
    open_store,
    streaming_action,
    when,
)

from tests.driving import Driver

MARK: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="outside")


def pair(state: State) -> Iterator[Any]:
    for token in ("a", "b", "c"):
        yield token, None
    yield {"reply": "abc"}, state.update(reply="abc")


def bare(state: State) -> Iterator[Any]:
    yield from ("a", "b", "c")
    yield {"reply": "abc"}, state.update(reply="abc")


def returning(state: State) -> Generator[Any, None, Any]:
    yield from ("a", "b", "c")
    return {"reply": "abc"}, state.update(reply="abc")


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


# -- forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [pair, bare, returning])
def test_items_come_first_and_the_result_is_none_of_them(driver: Driver, body: Any) -> None:
    """Pair, bare and returning generators give the same items and the same result."""
    app = driver.build(alone(streaming(driver, body)))
    made = driver.stream_result(app, halt_after=["work"])
    assert (made.action.name, made.items, made.result) == ("work", ["a", "b", "c"], {"reply": "abc"})
    assert (made.state["reply"], app.state["reply"], app.sequence_id) == ("abc", "abc", 0)


def test_a_pair_that_is_no_pair_form_is_an_item(driver: Driver) -> None:
    """Only a pair that ends in None or a State has a meaning; None itself is an item too."""

    def body(state: State) -> Iterator[Any]:
        yield 1, 2
        yield None
        yield None, None
        yield (1, 2), None
        yield {}, state.update(reply="")

    made = driver.stream_result(driver.build(alone(streaming(driver, body))), halt_after=["work"])
    assert made.items == [(1, 2), None, None, (1, 2)]


@pytest.mark.parametrize("verb", ["run", "step", "iterate"])
def test_other_verbs_drain_a_stream(driver: Driver, verb: str) -> None:
    """``run``, ``step`` and ``iterate`` give the result without the items."""
    app = driver.build(alone(streaming(driver, bare)))
    made = getattr(driver, verb)(app, **({} if verb == "step" else {"halt_after": ["work"]}))
    last = made[-1] if verb == "iterate" else made
    assert (last.result, last.state["reply"]) == ({"reply": "abc"}, "abc")


class Words(Action):
    """The class form of a streaming action."""

    reads = ("reply",)
    writes = ("reply",)
    inputs = ("count",)

    def stream_run(self, state: State, count: int) -> Generator[Any, None, Any]:
        yield from range(count)
        return {"reply": "x" * count}

    def update(self, result: dict[str, Any], state: State) -> State:
        return state.update(reply=state["reply"] + result["reply"])


class AsyncWords(Words):
    async def stream_run(self, state: State, count: int) -> AsyncIterator[Any]:  # type: ignore[override]
        for number in range(count):
            await asyncio.sleep(0)
            yield number
        yield {"reply": "x" * count}, state


def test_a_class_streams(driver: Driver) -> None:
    """``stream_run`` yields items and last its result; ``update`` makes the State."""
    work = AsyncWords() if driver.is_async else Words()
    app = driver.build(alone(work.with_name("work")).with_state(reply="-"))
    made = driver.stream_result(app, halt_after=["work"], inputs={"count": 3})
    assert (made.items, made.result, made.state["reply"]) == ([0, 1, 2], {"reply": "xxx"}, "-xxx")


def test_a_sync_generator_streams_in_an_async_run() -> None:
    """Its items come from a worker thread, one by one."""
    main = threading.get_ident()
    threads: list[int] = []

    def body(state: State) -> Iterator[Any]:
        threads.append(threading.get_ident())
        yield from bare(state)

    driver = Driver("async")
    app = driver.build(alone(streaming_action(writes=["reply"])(body).with_name("work")))
    made = driver.stream_result(app, halt_after=["work"])
    assert (made.items, made.state["reply"]) == (["a", "b", "c"], "abc")
    assert main not in threads
    driver.close()


# -- the container ----------------------------------------------------------------------------------------


def test_get_drains_what_is_left(driver: Driver) -> None:
    """``get`` without a loop, and after a part of one, gives result and state."""

    async def amain(app: Any) -> Any:
        _, container = await app.astream_result(halt_after=["work"])
        async for item in container:
            assert item == "a"
            break
        first = await container.get()
        return first, [item async for item in container], await container.get()

    def main(app: Any) -> Any:
        _, container = app.stream_result(halt_after=["work"])
        for item in container:
            assert item == "a"
            break
        first = container.get()
        return first, list(container), container.get()

    app = driver.build(alone(streaming(driver, bare)))
    first, rest, again = driver.wait(amain(app)) if driver.is_async else main(app)
    assert first == again == ({"reply": "abc"}, {"reply": "abc"})
    assert rest == []


def test_a_second_loop_goes_on_where_the_first_one_stopped(driver: Driver) -> None:
    """An item is given once."""

    async def amain(app: Any) -> list[Any]:
        _, container = await app.astream_result(halt_after=["work"])
        return [await anext(container), [item async for item in container]]

    app = driver.build(alone(streaming(driver, bare)))
    if driver.is_async:
        found = driver.wait(amain(app))
    else:
        _, container = app.stream_result(halt_after=["work"])
        found = [next(iter(container)), list(container)]
    assert found == ["a", ["b", "c"]]
    assert app.state["reply"] == "abc"


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


@pytest.mark.parametrize("way", ["with", "close"])
def test_leaving_early_closes_the_body_and_commits_nothing(driver: Driver, way: str) -> None:
    """The body's ``finally`` has run when the leave returns; an attempt is stored, and the step runs anew."""
    closed: list[str] = []
    store = open_store("memory://")
    app = driver.build(alone(streaming(driver, closing(closed))).with_store(store))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        if way == "with":
            async with container:
                async for _ in container:
                    break
        else:
            await anext(aiter(container))
            await container.aclose()
        assert closed == ["closed"]
        await container.aclose()
        with pytest.raises(InputError, match="left before its end"):
            await container.get()

    if driver.is_async:
        driver.wait(amain())
    else:
        _, container = app.stream_result(halt_after=["work"])
        if way == "with":
            with container:
                for _ in container:
                    break
        else:
            next(iter(container))
            container.close()
        assert closed == ["closed"]
        container.close()
        with pytest.raises(InputError, match="left before its end"):
            container.get()
    assert (app.state, app.sequence_id) == ({}, None)
    assert [attempt.error.type for attempt in store.attempts(Address("run"))] == ["stateflow.errors.StreamClosed"]
    assert driver.run(app, max_steps=1).state["reply"] == "ab"


def test_an_async_body_may_await_while_it_is_closed() -> None:
    """``aclose`` returns after the clean-up, which runs in the step's own context."""
    closed: list[Any] = []

    @streaming_action(writes=["reply"])
    async def work(state: State) -> AsyncIterator[Any]:
        try:
            MARK.set("body")
            yield "a"
            yield "b"
        finally:
            await asyncio.sleep(0)
            closed.append(MARK.get())

    async def main() -> None:
        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        async with container:
            async for _ in container:
                break
        assert closed == ["body"]
        assert MARK.get() == "outside"

    asyncio.run(main())


def test_a_stream_left_before_its_first_item_runs_no_body(driver: Driver) -> None:
    """Nothing has been asked of the body yet."""
    closed: list[str] = []
    app = driver.build(alone(streaming(driver, closing(closed))))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        async with container:
            pass

    if driver.is_async:
        driver.wait(amain())
    else:
        with app.stream_result(halt_after=["work"])[1]:
            pass
    assert (closed, app.sequence_id) == ([], None)


def test_a_call_that_has_ended_cannot_be_left(driver: Driver) -> None:
    """Closing the container of a step that is committed keeps its result."""
    plain = action(writes=["reply"])(driver.body(lambda state: ({"reply": 1}, state.update(reply=1)))).with_name("work")
    app = driver.build(alone(plain))

    async def amain() -> Any:
        _, container = await app.astream_result(halt_after=["work"])
        async with container:
            pass
        return await container.get()

    def main() -> Any:
        with app.stream_result(halt_after=["work"])[1] as container:
            pass
        return container.get()

    result, state = driver.wait(amain()) if driver.is_async else main()
    assert (result, state["reply"], app.sequence_id) == ({"reply": 1}, 1, 0)
    driver.step(app)


def test_a_dropped_container_frees_the_application(driver: Driver) -> None:
    """Nobody can go on with it, so the application may."""
    app = driver.build(alone(streaming(driver, bare)))

    async def amain() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        async for _ in container:
            break
        del container
        gc.collect()
        await app.astep()

    if driver.is_async:
        driver.wait(amain())
    else:
        closed: list[str] = []
        app = driver.build(alone(streaming(driver, closing(closed))))
        _, container = app.stream_result(halt_after=["work"])
        next(iter(container))
        del container, _
        gc.collect()
        assert closed == ["closed"]
        app.step()
    assert app.sequence_id == 0


def test_a_finished_container_does_not_free_a_later_verb(driver: Driver) -> None:
    """Dropping it while another stream is open changes nothing."""
    app = driver.build(alone(streaming(driver, bare)))

    async def amain() -> None:
        _, first = await app.astream_result(halt_after=["work"])
        await first.get()
        _, second = await app.astream_result(halt_after=["work"])
        del first
        gc.collect()
        with pytest.raises(InputError, match="still runs"):
            await app.astep()
        await second.get()

    if driver.is_async:
        driver.wait(amain())
    else:
        _, first = app.stream_result(halt_after=["work"])
        first.get()
        _, second = app.stream_result(halt_after=["work"])
        del first
        gc.collect()
        with pytest.raises(InputError, match="still runs"):
            app.step()
        second.get()
    assert app.sequence_id == 1


# -- failures ---------------------------------------------------------------------------------------------


def test_an_exception_in_mid_stream_commits_nothing(driver: Driver) -> None:
    """The items before it are given, then it propagates, and the application is usable."""
    fails = [True]

    def body(state: State) -> Iterator[Any]:
        yield "a"
        if fails:
            raise ConnectionError("hung up")
        yield {}, state.update(reply="a")

    app = driver.build(alone(streaming(driver, body)))
    given, error = driver.gathered(app, "stream_result", halt_after=["work"])
    assert given == ["a"]
    assert isinstance(error, ConnectionError)
    assert error.__notes__ == ["in action 'work', step 0, run run"]
    assert (app.state, app.sequence_id) == ({}, None)
    fails.clear()
    assert driver.run(app, max_steps=1).state["reply"] == "a"


def test_a_handler_takes_an_exception_in_mid_stream(driver: Driver) -> None:
    """The container goes on with the handler to the end of the call."""

    def body(state: State) -> Iterator[Any]:
        yield "a"
        raise ConnectionError("hung up")

    def recover(state: State) -> Iterator[Any]:
        yield "sorry"
        yield {}, state.update(reply="sorry")

    builder = alone(streaming(driver, body), ("work", "recover", on_error())).with_actions(
        recover=streaming(driver, recover).with_name("recover")
    )
    app = driver.build(builder)
    made = driver.stream_result(app, halt_after=["work"])
    assert (made.action.name, made.items, made.state["reply"], app.sequence_id) == ("work", ["a", "sorry"], "sorry", 1)


@pytest.mark.parametrize("after", [0, 1])
def test_a_stream_is_tried_again_only_before_its_first_item(driver: Driver, after: int) -> None:
    """What the caller has seen cannot be taken back."""
    calls: list[int] = []

    def body(state: State) -> Iterator[Any]:
        calls.append(1)
        yield from range(after)
        if len(calls) == 1:
            raise ConnectionError("hung up")
        yield "a"
        yield {}, state.update(reply="a")

    app = driver.build(alone(streaming(driver, body, retry=Retry(attempts=3))))
    if after:
        with pytest.raises(ConnectionError):
            driver.stream_result(app, halt_after=["work"])
        assert calls == [1]
    else:
        assert driver.stream_result(app, halt_after=["work"]).items == ["a"]
        assert calls == [1, 1]


def test_the_timeout_of_a_stream_is_the_gap_between_items(driver: Driver) -> None:
    """Many items may take longer together than one of them alone."""
    release = threading.Event()

    @streaming_action(writes=["reply"], timeout=0.3)
    def work(state: State) -> Iterator[Any]:
        for number in range(4):
            threading.Event().wait(0.1)
            yield number
        assert release.wait(10)
        yield {}, state.update(reply="")

    app = alone(work).build()
    items, error = driver.gathered(app, "stream_result", halt_after=["work"])
    release.set()
    assert isinstance(error, StepTimeoutError)
    assert "waited longer for an item than its timeout" in str(error)
    assert items == [0, 1, 2, 3]
    assert app.sequence_id is None
    assert driver.stream_result(app, halt_after=["work"]).state["reply"] == ""


def test_an_async_stream_that_stalls_is_cancelled() -> None:
    """Its clean-up runs, and the timeout propagates."""
    closed: list[int] = []

    @streaming_action(writes=["reply"], timeout=0.03)
    async def work(state: State) -> AsyncIterator[Any]:
        yield "a"
        try:
            await asyncio.Event().wait()
        finally:
            closed.append(1)
        yield {}, state

    driver = Driver("async")
    app = driver.build(alone(work))
    items, error = driver.gathered(app, "stream_result", halt_after=["work"])
    assert isinstance(error, StepTimeoutError)
    assert (items, closed, app.sequence_id) == (["a"], [1], None)
    driver.close()


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_cancelled_sync_stream_in_a_thread_is_left_to_itself(timeout: float | None) -> None:
    """Cancellation propagates as such, and the application is usable."""
    go_on = threading.Event()

    async def main() -> None:
        loop, started = asyncio.get_running_loop(), asyncio.Event()

        @streaming_action(writes=["reply"], timeout=timeout)
        def work(state: State) -> Iterator[Any]:
            yield "a"
            if not go_on.is_set():
                loop.call_soon_threadsafe(started.set)
                assert go_on.wait(10)
            yield {}, state.update(reply="a")

        app = await alone(work).abuild()
        _, container = await app.astream_result(halt_after=["work"])
        draining = asyncio.create_task(container.get())
        await started.wait()
        draining.cancel()
        with pytest.raises(asyncio.CancelledError):
            await draining
        go_on.set()
        assert (await app.astep()).state["reply"] == "a"
        assert app.sequence_id == 0

    asyncio.run(main())


# -- where a stream ends ----------------------------------------------------------------------------------


class Branch:
    """``check`` leads to the streams ``no`` or ``yes``, both of which go on to ``check``."""

    def __init__(self, driver: Driver, *, safe: bool, ends: bool = False) -> None:
        self.runs: list[str] = []
        arrows = [] if ends else [(["no", "yes"], "check")]
        self.app = driver.build(
            ApplicationBuilder()
            .with_actions(
                check=action(reads=["safe"], writes=["checked"])(driver.body(self.check)),
                no=streaming(driver, self.stream("no")).with_name("no"),
                yes=streaming(driver, self.stream("yes")).with_name("yes"),
            )
            .with_transitions(("check", "no", when(safe=False)), ("check", "yes", default), *arrows)
            .with_state(safe=safe)
            .with_entrypoint("check")
        )

    def check(self, state: State) -> State:
        self.runs.append("check")
        return state.update(checked=True)

    def stream(self, name: str) -> Any:
        def body(state: State) -> Iterator[Any]:
            self.runs.append(name)
            yield from name
            self.runs.append("last item")
            yield {"reply": name}, state.update(reply=name)

        return body


def test_the_items_of_a_stream_outside_the_halts_are_replayed(driver: Driver) -> None:
    """A run that ends at it gives its items, and has run it once."""
    branch = Branch(driver, safe=False)
    made = driver.stream_result(branch.app, halt_after=["yes"], max_steps=2)
    assert (made.action.name, made.items, made.result) == ("no", ["n", "o"], {"reply": "no"})
    assert branch.runs == ["check", "no", "last item"]


@pytest.mark.parametrize(("halts", "ends"), [(["no"], False), (["yes"], True)])
def test_a_stream_is_live_where_it_is_the_end(driver: Driver, halts: list[str], *, ends: bool) -> None:
    """``halt_after`` names it, or nothing leads on: its items come before its body has ended."""
    branch = Branch(driver, safe=False, ends=ends)

    async def amain() -> None:
        action_, container = await branch.app.astream_result(halt_after=halts)
        assert action_.name == "no"
        assert await anext(aiter(container)) == "n"
        assert branch.runs == ["check", "no"]
        await container.get()

    if driver.is_async:
        driver.wait(amain())
    else:
        action_, container = branch.app.stream_result(halt_after=halts)
        assert action_.name == "no"
        assert next(iter(container)) == "n"
        assert branch.runs == ["check", "no"]
        container.get()
    assert branch.app.state["reply"] == "no"


def test_a_terminal_that_does_not_stream_looks_the_same(driver: Driver) -> None:
    """No items, then the result; a pause has no result; nothing to run has no action."""
    plain = action(writes=["reply"])(driver.body(lambda state: ({"reply": 1}, state.update(reply=1))))
    builder = (
        ApplicationBuilder()
        .with_actions(work=plain, after=plain.with_name("after"))
        .with_transitions(("work", "after"))
        .with_entrypoint("work")
    )
    app = driver.build(builder)
    paused = driver.stream_result(app, halt_before=["after"])
    assert (paused.action.name, paused.items, paused.result, paused.state["reply"]) == ("after", [], None, 1)
    ended = driver.stream_result(app)
    assert (ended.action.name, ended.items, ended.result) == ("after", [], {"reply": 1})
    nothing = driver.stream_result(app)
    assert (nothing.action, nothing.items, nothing.result) == (None, [], None)


def test_stream_iterate_gives_a_container_for_each_step(driver: Driver) -> None:
    """Streaming and plain actions alike; each item comes in its own step."""
    branch = Branch(driver, safe=True)
    steps = driver.stream_iterate(branch.app, max_steps=4)
    assert [(step.action.name, step.items, step.result) for step in steps] == [
        ("check", [], {}),
        ("yes", ["y", "e", "s"], {"reply": "yes"}),
    ] * 2
    assert branch.app.sequence_id == 3


def test_stream_iterate_drains_what_the_loop_leaves(driver: Driver) -> None:
    """A container that is not looked at is drained before the next step starts."""
    branch = Branch(driver, safe=True)

    async def amain() -> list[str]:
        return [action_.name async for action_, _ in branch.app.astream_iterate(halt_after=["yes"])]

    if driver.is_async:
        assert driver.wait(amain()) == ["check", "yes"]
    else:
        assert [action_.name for action_, _ in branch.app.stream_iterate(halt_after=["yes"])] == ["check", "yes"]
    assert branch.app.state["reply"] == "yes"


def test_leaving_a_container_of_stream_iterate_leaves_the_call(driver: Driver) -> None:
    """The step comes to nothing, the loop ends, the steps before it stay."""
    branch = Branch(driver, safe=True)

    async def amain() -> list[str]:
        names = []
        async for action_, container in branch.app.astream_iterate():
            names.append(action_.name)
            if action_.name == "yes":
                async with container:
                    await anext(aiter(container))
        return names

    def main() -> list[str]:
        names = []
        for action_, container in branch.app.stream_iterate():
            names.append(action_.name)
            if action_.name == "yes":
                with container:
                    next(iter(container))
        return names

    assert (driver.wait(amain()) if driver.is_async else main()) == ["check", "yes"]
    assert (branch.app.sequence_id, branch.runs) == (0, ["check", "yes"])
    assert driver.run(branch.app, max_steps=1).action.name == "yes"


def test_breaking_out_of_stream_iterate_closes_the_body(driver: Driver) -> None:
    """The application is usable at once."""
    branch = Branch(driver, safe=True)

    async def amain() -> None:
        steps = branch.app.astream_iterate()
        async for action_, container in steps:
            if action_.name == "yes":
                await anext(aiter(container))
                break
        await steps.aclose()
        await branch.app.astep()

    def main() -> None:
        steps = branch.app.stream_iterate()
        for action_, container in steps:
            if action_.name == "yes":
                next(iter(container))
                break
        steps.close()
        branch.app.step()

    driver.wait(amain()) if driver.is_async else main()
    assert branch.app.sequence_id == 1


# -- misuse -----------------------------------------------------------------------------------------------


def no_result(state: State) -> Iterator[Any]:
    yield "a"


def yields_after(state: State) -> Iterator[Any]:
    yield {}, state.update(reply="x")
    yield "a"


def yields_a_pair_after(state: State) -> Iterator[Any]:
    yield {}, state.update(reply="x")
    yield "a", None


def two_results(state: State) -> Generator[Any, None, Any]:
    yield {}, state.update(reply="x")
    return {}, state.update(reply="x")


def no_dict(state: State) -> Iterator[Any]:
    yield "text", state.update(reply="x")


def returns_text(state: State) -> Generator[Any, None, Any]:
    yield "a"
    return "text"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (no_result, r"ended without its last result; yield \(result, state\) last"),
        (yields_after, "yielded again after its last result"),
        (yields_a_pair_after, "yielded again after its last result"),
        (two_results, "yielded again after its last result|both yielded and returned"),
        (no_dict, "returned a str as its result; it must be a dict"),
        (returns_text, "returned a str; it must return|ended without its last result"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "stream_result"])
def test_a_misused_generator_is_an_action_error(driver: Driver, body: Any, message: str, verb: str) -> None:
    """Each says what is wrong with the action's generator, and the application stays usable."""
    bad = [True]

    def both(state: State) -> Generator[Any, None, Any]:
        return (yield from body(state) if bad else bare(state))

    app = driver.build(alone(streaming(driver, both)))
    with pytest.raises(ActionError, match=message):
        getattr(driver, verb)(app, halt_after=["work"])
    assert (app.state, app.sequence_id) == ({}, None)
    bad.clear()
    assert driver.stream_result(app, halt_after=["work"]).items == ["a", "b", "c"]


class NotStreaming(Action):
    """Its ``stream_run`` is no generator."""

    writes = ("reply",)

    def stream_run(self, state: State) -> Any:
        return 7

    def update(self, result: dict[str, Any], state: State) -> State:
        return state.update(**result)


class ACoroutine(NotStreaming):
    async def stream_run(self, state: State) -> Any:
        return 7


class Stops(NotStreaming):
    def stream_run(self, state: State) -> Any:
        return next(iter([]))


class WrongResult(NotStreaming):
    def stream_run(self, state: State) -> Any:
        yield 7
        return "text"


class NoState(NotStreaming):
    def stream_run(self, state: State) -> Any:
        yield 7
        return {"reply": "x"}

    def update(self, result: dict[str, Any], state: State) -> Any:
        return result


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (NotStreaming(), "streaming action 'work' returned an int, not a generator"),
        (ACoroutine(), "streaming action 'work' returned a coroutine, not a generator"),
        (WrongResult(), "stream_run returned a str; it must return a dict"),
        (NoState(), "update returned a dict; it must return the new State"),
    ],
)
def test_a_class_that_does_not_stream_is_an_action_error(driver: Driver, work: Action, message: str) -> None:
    """What ``stream_run`` and ``update`` return is looked at."""
    app = driver.build(alone(work.with_name("work")))
    if work.is_async and not driver.is_async:
        with pytest.raises(GraphError, match="is async"):
            driver.run(app)
        return
    with pytest.raises(ActionError, match=message):
        driver.stream_result(app, halt_after=["work"])
    assert app.sequence_id is None
    with pytest.raises(ActionError):
        driver.run(app)


def test_a_class_that_raises_stop_iteration_has_failed(driver: Driver) -> None:
    """It is not taken for the end of a stream."""
    app = driver.build(alone(Stops().with_name("work")))
    with pytest.raises(RuntimeError, match="action 'work' raised StopIteration"):
        driver.stream_result(app, halt_after=["work"])
    assert app.sequence_id is None


def test_nothing_keeps_a_finished_stream_alive(driver: Driver) -> None:
    """A container and its body are freed with the last reference to them."""
    app = driver.build(alone(streaming(driver, bare)))

    async def amain() -> Any:
        _, container = await app.astream_result(halt_after=["work"])
        await container.get()
        return weakref.ref(container)

    def main() -> Any:
        _, container = app.stream_result(halt_after=["work"])
        container.get()
        return weakref.ref(container)

    found = driver.wait(amain()) if driver.is_async else main()
    gc.collect()
    assert found() is None
