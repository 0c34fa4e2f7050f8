"""Hooks: every point is called in order, with facts as keywords, sync and async; what they raise is told."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stateflow import (
    Action,
    ApplicationBuilder,
    GraphError,
    LifecycleHook,
    NodeRun,
    Retry,
    State,
    action,
    dag,
    emit,
    log_attributes,
    on_error,
    span,
    streaming_action,
)
from stateflow.context import current_scope
from stateflow.hooks import POINTS

from tests.driving import Driver

KNOWN = {
    given.name
    for point in POINTS
    for given in inspect.signature(getattr(LifecycleHook(), point)).parameters.values()
    if given.kind is given.KEYWORD_ONLY
}
"""Every fact that some point is told."""

Told = list[tuple[str, dict[str, Any]]]


def listening(told: Told, *points: str, is_async: bool = False) -> LifecycleHook:
    """A hook that keeps what it is told at these points, by default at all of them."""

    def told_at(point: str) -> Callable[..., Any]:
        def hear(self: Any, **facts: Any) -> None:
            told.append((point, facts))

        async def ahear(self: Any, **facts: Any) -> None:
            await asyncio.sleep(0)
            told.append((point, facts))

        return ahear if is_async else hear

    made = type("Listening", (LifecycleHook,), {point: told_at(point) for point in points or POINTS})
    return made()  # type: ignore[no-any-return]


def raising(point: str, error: Exception) -> LifecycleHook:
    """A hook that raises at a point."""

    def hear(self: Any, **facts: Any) -> None:
        raise error

    made = type("Raising", (LifecycleHook,), {point: hear})
    return made()  # type: ignore[no-any-return]


@action(reads=["n"], writes=["n"])
def add(state: State, by: int = 1) -> State:
    return state.update(n=state["n"] + by)


def counting(*hooks: Any, given: Any = add) -> ApplicationBuilder:
    """One action that leads to itself."""
    builder = ApplicationBuilder().with_actions(work=given).with_transitions(("work", "work")).with_entrypoint("work")
    return builder.with_state(n=0).with_hooks(*hooks)


def everything(driver: Driver) -> ApplicationBuilder:
    """An application in which every point is passed: a function, a stream and a DAG."""

    def opens(state: State) -> State:
        with span("work"):
            log_attributes(a=1)
        emit("told")
        return state

    def streams(state: State) -> Any:
        yield "item"
        yield {"done": True}, state

    def node() -> int:
        return 3

    return (
        ApplicationBuilder()
        .with_actions(
            opens=action()(driver.body(opens)),
            streams=streaming_action()(driver.body(streams)),
            nodes=dag(node, writes={"value": "node"}),
        )
        .with_transitions(("opens", "streams"), ("streams", "nodes"))
        .with_entrypoint("opens")
    )


# -- the points ------------------------------------------------------------------------------------------------

ORDER = [
    "post_application_create",
    "pre_run_execute_call",
    "pre_run_step",
    "pre_start_span",
    "do_log_attributes",
    "post_end_span",
    "post_stream_item",
    "post_run_step",
    "pre_run_step",
    "pre_start_stream",
    "post_stream_item",
    "post_end_stream",
    "post_run_step",
    "pre_run_step",
    "pre_run_node",
    "post_run_node",
    "post_run_step",
    "post_run_execute_call",
]


def test_every_point_is_called_in_order(driver: Driver) -> None:
    """A run over a function, a stream and a DAG passes every point there is."""
    told: Told = []
    driver.run(driver.build(everything(driver).with_hooks(listening(told))))
    assert [point for point, _ in told] == ORDER
    assert set(POINTS) == set(ORDER)


def test_every_point_may_be_async() -> None:
    """Async hooks hear the same in an async run; those inside a body as soon as the driver is in charge again."""
    told: Told = []
    driver = Driver("async")
    driver.run(driver.build(everything(driver).with_hooks(listening(told, is_async=True))))
    driver.close()
    assert sorted(point for point, _ in told) == sorted(ORDER)
    outside = [point for point in ORDER if point not in INSIDE]
    assert [point for point, _ in told if point not in INSIDE] == outside


INSIDE = {
    "pre_start_span",
    "post_end_span",
    "do_log_attributes",
    "post_stream_item",
    "pre_run_node",
    "post_run_node",
}


def test_facts_are_those_that_are_documented(driver: Driver) -> None:
    """Each point gets the facts that its signature lists, as keywords."""
    told: Told = []
    driver.run(driver.build(everything(driver).with_hooks(listening(told))))
    for point, facts in told:
        known = inspect.signature(getattr(LifecycleHook, point)).parameters.values()
        assert set(facts) == {given.name for given in known if given.kind is given.KEYWORD_ONLY}, point


def test_facts_of_a_step(driver: Driver) -> None:
    """Before: the state and inputs it starts with. After: what was committed, also for sync actions in async runs."""
    told: Told = []
    app = driver.build(counting(listening(told, "pre_run_step", "post_run_step")).with_identifiers("me"))
    driver.step(app, inputs={"by": 2})
    (_, before), (_, after) = told
    assert (before["state"], before["inputs"], before["sequence_id"]) == ({"n": 0}, {"by": 2}, 0)
    assert (after["state"], after["result"], after["sequence_id"], after["exception"]) == ({"n": 2}, {}, 0, None)
    assert (after["action"].name, after["app_id"], after["partition_key"]) == ("work", "me", None)
    assert isinstance(after["action"], Action)
    assert "hidden" not in before["state"]


def test_facts_of_a_call(driver: Driver) -> None:
    """The verb's name, and the state before and after."""
    told: Told = []
    app = driver.build(counting(listening(told, "pre_run_execute_call", "post_run_execute_call")))
    driver.run(app, max_steps=2)
    (_, before), (_, after) = told
    method = "arun" if driver.is_async else "run"
    assert (before["method"], before["state"], after["method"], after["state"]) == (method, {"n": 0}, method, {"n": 2})
    assert (after["exception"], "exception" in before) == (None, False)


def test_facts_of_inside(driver: Driver) -> None:
    """Items are counted, emitted ones too; spans, attributes and nodes are handed over as they are."""
    told: Told = []
    driver.run(driver.build(everything(driver).with_hooks(listening(told, *sorted(INSIDE)))))
    facts: dict[str, list[dict[str, Any]]] = {}
    for point, given in told:
        facts.setdefault(point, []).append(given)
    assert [(item["item"], item["item_index"]) for item in facts["post_stream_item"]] == [("told", 0), ("item", 0)]
    assert (facts["pre_start_span"][0]["span"].name, facts["do_log_attributes"][0]["attributes"]) == ("work", {"a": 1})
    assert (facts["pre_run_node"][0]["node"], facts["post_run_node"][0]["node"].value) == ("node", 3)
    assert {given["action"].name for _, given in told} == {"opens", "streams", "nodes"}


def test_hooks_are_called_in_the_order_given(driver: Driver) -> None:
    """Within a point the first hook given comes first; an object needs no base class."""
    order: list[int] = []

    class Plain:
        def __init__(self, number: int) -> None:
            self.number = number

        def post_run_step(self, **future_kwargs: Any) -> None:
            order.append(self.number)

    driver.step(driver.build(counting(Plain(2), Plain(1)).with_hooks(Plain(3))))
    assert order == [2, 1, 3]


def test_only_what_is_overridden_is_called(driver: Driver) -> None:
    """A method that a parent class overrides counts; the no-op ones do nothing when called."""
    told: Told = []
    base = type(listening(told, "post_run_step"))
    child = type("Child", (base,), {})()
    driver.step(driver.build(counting(child)))
    assert [point for point, _ in told] == ["post_run_step"]
    for point in POINTS:
        assert getattr(LifecycleHook(), point)(**dict.fromkeys([*KNOWN, "anything"])) is None


# -- failures ----------------------------------------------------------------------------------------------------


def broken(state: State) -> State:
    raise ValueError("no")


def test_hooks_learn_of_the_exception(driver: Driver) -> None:
    """After a step and after a call; the state is the one before the step."""
    told: Told = []
    hook = listening(told, "post_run_step", "post_run_execute_call")
    app = driver.build(counting(hook, given=action(writes=["n"])(driver.body(broken))))
    with pytest.raises(ValueError, match="no") as caught:
        driver.run(app)
    assert [point for point, _ in told] == ["post_run_step", "post_run_execute_call"]
    for _, facts in told:
        assert (facts["exception"], facts["state"]) == (caught.value, {"n": 0})
    assert told[0][1]["result"] is None


def test_one_step_is_told_once_however_often_it_is_tried(driver: Driver) -> None:
    """Retries are inside a step."""
    told: Told = []
    work = action(writes=["n"], retry=Retry(attempts=3))(driver.body(broken))
    app = driver.build(counting(listening(told, "pre_run_step", "post_run_step"), given=work))
    with pytest.raises(ValueError, match="no"):
        driver.run(app)
    assert [point for point, _ in told] == ["pre_run_step", "post_run_step"]


def test_a_failure_that_is_handled_is_told_with_its_step(driver: Driver) -> None:
    """The committed failure has its exception; the handler's step has none."""
    told: Told = []
    builder = counting(listening(told, "post_run_step"), given=action()(driver.body(broken)))
    builder.with_actions(rescue=add).with_transitions(("work", "rescue", on_error(ValueError)))
    driver.run(driver.build(builder), halt_after=["rescue"])
    assert [(facts["action"].name, type(facts["exception"])) for _, facts in told] == [
        ("work", ValueError),
        ("rescue", type(None)),
    ]


def test_an_error_ends_a_stream_and_its_span(driver: Driver) -> None:
    """post_end_stream and post_end_span are called when the body raises in between."""
    told: Told = []

    def streams(state: State) -> Any:
        with span("work"):
            yield "item"
            raise ValueError("no")

    hook = listening(told, "pre_start_stream", "pre_start_span", "post_end_span", "post_end_stream")
    app = driver.build(counting(hook, given=streaming_action()(driver.body(streams))))
    with pytest.raises(ValueError, match="no"):
        driver.run(app)
    order = ["pre_start_stream", "pre_start_span", "post_end_span", "post_end_stream"]
    assert [point for point, _ in told] == order


def test_async_hooks_inside_a_failing_body_are_called() -> None:
    """What an async hook was to hear inside a body that raises, it hears in the same call."""
    told: Told = []

    @action()
    async def work(state: State) -> State:
        with span("work"):
            raise ValueError("no")

    app = counting(listening(told, "pre_start_span", "post_end_span", is_async=True), given=work).build()
    with pytest.raises(ValueError, match="no"):
        asyncio.run(app.arun())
    assert [point for point, _ in told] == ["pre_start_span", "post_end_span"]


@pytest.mark.parametrize("point", ["pre_run_execute_call", "pre_run_step"])
def test_a_hook_that_raises_before_leaves_the_state(driver: Driver, point: str) -> None:
    """Its exception propagates, nothing has run, and the application goes on."""
    app = driver.build(counting(raising(point, RuntimeError("not now"))))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not now"):
            driver.run(app, max_steps=1)
    assert (app.state, app.sequence_id) == ({"n": 0}, None)


@pytest.mark.parametrize("point", ["post_run_step", "post_run_execute_call"])
def test_a_hook_that_raises_after_leaves_the_step_committed(driver: Driver, point: str) -> None:
    """Its exception propagates; what was committed stays."""
    app = driver.build(counting(raising(point, RuntimeError("too late"))))
    with pytest.raises(RuntimeError, match="too late"):
        driver.run(app, max_steps=1)
    assert (app.state, app.sequence_id) == ({"n": 1}, 0)


@pytest.mark.parametrize("point", ["post_stream_item", "pre_start_span", "post_end_span", "do_log_attributes"])
def test_a_hook_that_raises_inside_a_body_fails_it(driver: Driver, point: str) -> None:
    """The body cannot go on, so the step comes to nothing."""

    def body(state: State) -> State:
        with span("work"):
            log_attributes(a=1)
        emit("x")
        return state.update(n=5)

    work = action(writes=["n"])(driver.body(body))
    app = driver.build(counting(raising(point, RuntimeError("in the way")), given=work))
    with pytest.raises(RuntimeError, match="in the way"):
        driver.run(app, max_steps=1)
    assert (app.state, app.sequence_id) == ({"n": 0}, None)


# -- colours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [point for point in POINTS if point != "post_application_create"])
def test_an_async_hook_in_a_sync_verb_is_refused(point: str) -> None:
    """It is named before the first body runs."""
    app = counting(listening([], point, is_async=True)).build()
    with pytest.raises(GraphError, match=rf"hook Listening.{point} is async, so run cannot run it; use await app.arun"):
        app.run()
    assert app.sequence_id is None


def test_sync_hooks_of_an_async_run_stay_in_the_loop() -> None:
    """Between steps hooks are called in the thread of the loop, though sync bodies are not."""
    threads: dict[str, int] = {}

    @action(writes=["n"])
    def work(state: State) -> State:
        threads["body"] = threading.get_ident()
        return state.update(n=1)

    class Where(LifecycleHook):
        def post_run_step(self, **future_kwargs: Any) -> None:
            threads["hook"] = threading.get_ident()

    asyncio.run(counting(Where(), given=work).build().astep())
    assert threads["hook"] == threading.get_ident() != threads["body"]


# -- errors of hooks are not errors of the body -----------------------------------------------------------


INSIDE_BODIES = [
    "pre_start_span",
    "post_end_span",
    "pre_run_node",
    "post_run_node",
    "do_log_attributes",
    "post_stream_item",
]


@pytest.mark.parametrize("colour", ["sync hook", "async hook"])
@pytest.mark.parametrize("point", INSIDE_BODIES)
def test_a_hook_that_raises_inside_a_body_is_neither_retried_nor_handled(
    driver: Driver, point: str, colour: str
) -> None:
    """The body runs once, no ``on_error`` takes the error, and the application stays before the step."""
    if colour == "async hook" and not driver.is_async:
        return  # every sync verb refuses it
    ran: list[str] = []
    raised = ValueError("of the hook")

    def fail(self: object, **facts: Any) -> None:
        raise raised

    async def afail(self: object, **facts: Any) -> None:
        raise raised

    hook = type("Failing", (LifecycleHook,), {point: afail if colour == "async hook" else fail})()

    @action(writes=["done"], retry=Retry(attempts=3))
    @driver.body
    def work(state: State) -> State:
        ran.append("body")
        with span("part"):
            log_attributes(fact=1)
        emit("item")
        scope = current_scope.get()
        assert scope is not None
        scope.node_starts("node", {})
        scope.node_ended(NodeRun("node", 0.0, 0.0, "done", {}))
        return state.update(done=True)

    @action()
    def handle(state: State) -> State:
        ran.append("handler")
        return state

    builder = ApplicationBuilder().with_actions(work, handle).with_entrypoint("work").with_hooks(hook)
    app = driver.build(builder.with_transitions(("work", "handle", on_error(Exception))))
    with pytest.raises(ValueError, match="of the hook"):
        driver.run(app)
    assert ran == ["body"]
    assert app.sequence_id is None


def test_a_body_and_an_async_hook_that_both_raise(driver: Driver) -> None:
    """The hook's error propagates, and the body's is its context."""
    if not driver.is_async:
        return  # an async hook needs an async verb

    class Failing(LifecycleHook):
        async def post_end_span(self, **facts: Any) -> None:
            raise KeyError("of the hook")

    @action()
    async def work(state: State) -> State:
        with span("part"):
            raise ValueError("of the body")

    app = driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_hooks(Failing()))
    with pytest.raises(KeyError) as caught:
        driver.run(app)
    assert isinstance(caught.value.__context__, ValueError)


def test_the_body_keeps_its_note_when_a_hook_raises_too(driver: Driver) -> None:
    """``post_run_step`` raises after a body that raised: the body's error says where it came from."""

    class Failing(LifecycleHook):
        def post_run_step(self, **facts: Any) -> None:
            raise KeyError("of the hook")

    @action()
    @driver.body
    def work(state: State) -> State:
        raise ValueError("of the body")

    app = driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_hooks(Failing()))
    with pytest.raises(KeyError) as caught:
        driver.run(app)
    body = caught.value.__context__
    assert isinstance(body, ValueError)
    assert any("in action 'work', step 0" in note for note in body.__notes__)


def test_a_stream_hook_that_raises_at_the_end_leaves_the_step_committed(driver: Driver) -> None:
    """``post_end_stream`` is called after the commit; nothing is retried."""
    ran: list[str] = []

    class Failing(LifecycleHook):
        def post_end_stream(self, **facts: Any) -> None:
            raise KeyError("of the hook")

    @streaming_action(writes=["reply"], retry=Retry(attempts=3))
    @driver.body
    def talk(state: State) -> Iterator[Any]:
        ran.append("body")
        yield "a"
        yield {}, state.update(reply="a")

    app = driver.build(ApplicationBuilder().with_actions(talk).with_entrypoint("talk").with_hooks(Failing()))
    with pytest.raises(KeyError):
        driver.run(app)
    assert (ran, app.sequence_id, app.state["reply"]) == (["body"], 0, "a")
