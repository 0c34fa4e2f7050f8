"""Inside a body: the facts of the step, spans, attributes and emitted items; none of them leak."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stateflow import (
    ApplicationBuilder,
    LifecycleHook,
    Retry,
    Span,
    State,
    StepContext,
    action,
    emit,
    log_attributes,
    on_error,
    open_store,
    span,
    streaming_action,
)
from stateflow.context import NodeRun, Scope, current_scope
from stateflow.state import Declared

from tests.driving import Driver


class Listening(LifecycleHook):
    """Keeps what hooks are told of the inside of bodies."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str | None]] = []
        self.closed: list[Span] = []
        self.attributes: list[tuple[dict[str, Any], str | None]] = []
        self.items: list[Any] = []

    def pre_start_span(self, *, span: Span, **future_kwargs: Any) -> None:
        self.opened.append((span.name, None if span.parent is None else span.parent.name))

    def post_end_span(self, *, span: Span, **future_kwargs: Any) -> None:
        self.closed.append(span)

    def do_log_attributes(self, *, attributes: dict[str, Any], span: Span | None, **future_kwargs: Any) -> None:
        self.attributes.append((attributes, None if span is None else span.name))

    def post_stream_item(self, *, item: Any, **future_kwargs: Any) -> None:
        self.items.append(item)


def alone(driver: Driver, body: Any, hook: Any = None, **declared: Any) -> Any:
    """An application of one action named ``work``."""
    builder = ApplicationBuilder().with_actions(work=action(**declared)(driver.body(body))).with_entrypoint("work")
    return driver.build(builder if hook is None else builder.with_hooks(hook))


# -- outside a run ---------------------------------------------------------------------------------------------


def test_outside_a_run_nothing_happens() -> None:
    """Bodies stay testable as plain functions: span, log_attributes and emit do nothing."""
    with span("outer", a=1) as opened:
        log_attributes(b=2)
        emit("x")
    assert (opened.name, opened.attributes, opened.parent, opened.ended) == ("outer", {"a": 1}, None, None)
    assert current_scope.get() is None


# -- spans -----------------------------------------------------------------------------------------------------


def test_spans_nest_and_take_time(driver: Driver) -> None:
    """A span knows its parent, its times and its attributes, also one called ``name``."""

    def body(state: State) -> State:
        with span("outer", name="x") as outer, span("inner"):
            log_attributes(depth=2)
        log_attributes(tokens=3)
        assert outer.ended is not None
        return state

    hook = Listening()
    driver.run(alone(driver, body, hook))
    assert hook.opened == [("outer", None), ("inner", "outer")]
    inner, outer = hook.closed
    assert (outer.attributes, inner.attributes, inner.error) == ({"name": "x"}, {"depth": 2}, None)
    assert outer.started <= inner.started <= (inner.ended or 0) <= (outer.ended or 0)
    assert hook.attributes == [({"depth": 2}, "inner"), ({"tokens": 3}, None)]


def test_a_span_keeps_the_error_that_escapes(driver: Driver) -> None:
    """The exception passes through and stands in the span; the next span has no parent."""

    def body(state: State) -> State:
        with pytest.raises(ValueError, match="no"), span("first"):
            raise ValueError("no")
        with span("second"):
            pass
        return state

    hook = Listening()
    driver.run(alone(driver, body, hook))
    assert hook.opened == [("first", None), ("second", None)]
    assert [type(ended.error) for ended in hook.closed] == [ValueError, type(None)]


def test_spans_and_attributes_are_recorded(driver: Driver) -> None:
    """The record of a step holds its spans in the order of their start, and the attributes of the step itself."""

    def body(state: State) -> State:
        with span("outer"), span("inner"):
            pass
        log_attributes(a=1)
        log_attributes(b=2)
        return state

    store = open_store("memory://")
    builder = ApplicationBuilder().with_actions(work=action()(driver.body(body))).with_entrypoint("work")
    app = driver.build(builder.with_tracker(store))
    driver.step(app)
    record = store.load(app._machine.address)
    assert record is not None
    assert ([kept.name for kept in record.spans], record.attributes) == (["outer", "inner"], {"a": 1, "b": 2})


def test_spans_do_not_leak(driver: Driver) -> None:
    """A span that a body leaves open is no parent in the next step, nor outside."""

    def leaves(state: State) -> State:
        span("open").__enter__()
        return state

    def after(state: State) -> State:
        with span("next"):
            return state

    hook = Listening()
    app = driver.build(
        ApplicationBuilder()
        .with_actions(leaves=action()(driver.body(leaves)), after=action()(driver.body(after)))
        .with_transitions(("leaves", "after"))
        .with_entrypoint("leaves")
        .with_hooks(hook)
    )
    driver.run(app)
    assert hook.opened == [("open", None), ("next", None)]
    with span("outside") as outside:
        assert (outside.parent, current_scope.get()) == (None, None)


def test_spans_of_a_stream_stay_in_its_body(driver: Driver) -> None:
    """A span that is open while an item is with the consumer is not seen by the consumer."""
    hook = Listening()

    @streaming_action()
    @driver.body
    def work(state: State) -> Any:
        with span("around"):
            yield "item"
            with span("within"):
                yield "item"
        yield {}, state

    app = driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_hooks(hook))

    async def consumed() -> None:
        _, stream = await app.astream_result()
        async for _ in stream:
            assert current_scope.get() is None

    if driver.is_async:
        driver.wait(consumed())
    else:
        for _ in app.stream_result()[1]:
            assert current_scope.get() is None
    assert hook.opened == [("around", None), ("within", "around")]


def test_concurrent_tasks_have_parents_of_their_own() -> None:
    """Spans of tasks that a body starts hang below the span that was open then, and not below each other."""

    async def child(name: str) -> None:
        with span(name):
            await asyncio.sleep(0.001)
            with span(f"{name} inside"):
                await asyncio.sleep(0)

    @action()
    async def work(state: State) -> State:
        with span("outer"):
            await asyncio.gather(child("a"), child("b"))
        return state

    hook = Listening()
    asyncio.run(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_hooks(hook).build().arun())
    parents = {("outer", None), ("a", "outer"), ("b", "outer"), ("a inside", "a"), ("b inside", "b")}
    assert set(hook.opened) == parents


def test_a_nested_application_has_a_context_of_its_own(driver: Driver) -> None:
    """Its spans have no parent in the outer step, and afterwards the outer step goes on where it was."""
    inner_hook, outer_hook = Listening(), Listening()

    def inside(state: State) -> State:
        with span("inner"):
            log_attributes(of="inner")
        return state

    nested = ApplicationBuilder().with_actions(work=action()(driver.body(inside))).with_entrypoint("work")
    nested.with_hooks(inner_hook)

    def before(state: State) -> None:
        log_attributes(of="outer")

    @action()
    def sync(state: State) -> State:
        with span("outer"):
            nested.build().run()
            before(state)
            with span("after"):
                return state

    @action()
    async def asynchronous(state: State) -> State:
        with span("outer"):
            await nested.build().arun()
            before(state)
            with span("after"):
                return state

    work = asynchronous if driver.is_async else sync
    driver.run(
        driver.build(ApplicationBuilder().with_actions(work=work).with_entrypoint("work").with_hooks(outer_hook))
    )
    assert (inner_hook.opened, inner_hook.attributes) == ([("inner", None)], [({"of": "inner"}, "inner")])
    assert outer_hook.opened == [("outer", None), ("after", "outer")]
    assert outer_hook.attributes == [({"of": "outer"}, "outer")]


# -- emit ------------------------------------------------------------------------------------------------------


def test_emitted_items_reach_hooks_in_every_verb(driver: Driver) -> None:
    """Without a stream nobody but the hooks hears of them."""

    def body(state: State) -> State:
        emit("a")
        emit(2)
        return state

    hook = Listening()
    app = alone(driver, body, hook)
    driver.run(app)
    assert hook.items == ["a", 2]
    app.reset_to_entrypoint()
    driver.iterate(app)
    assert hook.items == ["a", 2, "a", 2]


# -- the context of a step -----------------------------------------------------------------------------------------


def test_the_facts_of_a_step(driver: Driver) -> None:
    """Run, partition, sequence, action, attempt and the caller's context; no error where nothing failed."""
    seen: list[StepContext] = []

    @action()
    @driver.body
    def work(state: State, ctx: StepContext) -> State:
        seen.append(ctx)
        return state

    builder = ApplicationBuilder().with_actions(work).with_transitions(("work", "work")).with_entrypoint("work")
    app = driver.build(builder.with_identifiers("me", partition_key="us"))
    driver.run(app, max_steps=2, context={"tenant": 1})
    facts = [(c.app_id, c.partition_key, c.sequence, c.action, c.attempt, c.error, c.context) for c in seen]
    assert facts == [("me", "us", n, "work", 1, None, {"tenant": 1}) for n in (0, 1)]


def test_the_context_is_never_stored(driver: Driver) -> None:
    """A context that no codec knows does not hinder a commit."""
    store = open_store("memory://")

    @action()
    @driver.body
    def work(state: State, ctx: StepContext) -> State:
        return state

    app = driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_tracker(store))
    assert driver.run(app, context=object()).halted == "finished"


def test_idempotency_keys(driver: Driver) -> None:
    """Equal for the retries of a step; another one for other inputs, another step, another run, another action."""
    keys: list[str] = []

    @action(retry=Retry(attempts=2))
    @driver.body
    def work(state: State, ctx: StepContext, prompt: Any) -> State:
        keys.append(ctx.idempotency_key)
        if ctx.attempt == 1:
            raise ValueError
        return state

    def ran(prompt: Any, app_id: str = "me", name: str = "work", steps: int = 1) -> list[str]:
        keys.clear()
        builder = ApplicationBuilder().with_actions(**{name: work}).with_transitions((name, name))
        app = driver.build(builder.with_entrypoint(name).with_identifiers(app_id))
        driver.run(app, max_steps=steps, inputs={"prompt": prompt})
        return list(keys)

    first, again = ran("x")
    assert first == again
    assert ran("x") == [first, first]
    two = ran("x", steps=2)
    assert (two[0], two[2] == two[3], two[2] != first) == (first, True, True)
    others = [ran("y")[0], ran("x", app_id="you")[0], ran("x", name="other")[0], ran(1)[0], ran("1")[0]]
    assert len({first, *others}) == 6
    assert ran(object())[0] not in {first, *others}


def test_a_handler_sees_the_error(driver: Driver) -> None:
    """The exception that led to it, in the handler alone."""
    seen: list[BaseException | None] = []

    @action()
    @driver.body
    def fails(state: State) -> State:
        raise TimeoutError("late")

    @action()
    @driver.body
    def handles(state: State, ctx: StepContext) -> State:
        seen.append(ctx.error)
        return state

    app = driver.build(
        ApplicationBuilder()
        .with_actions(fails, handles, after=handles)
        .with_transitions(("fails", "handles", on_error(TimeoutError)), ("handles", "after"))
        .with_entrypoint("fails")
    )
    driver.run(app)
    assert [repr(error) for error in seen] == ["TimeoutError('late')", "None"]


# -- the scope -------------------------------------------------------------------------------------------------------


def test_a_stopped_scope_starts_no_node() -> None:
    """After a timeout, nodes that a body still starts are not announced; those that end are kept."""
    told: list[str] = []

    class Listener:
        def node_starts(self, name: str, arguments: Any) -> None:
            told.append(name)

        def node_ended(self, node: NodeRun) -> None:
            told.append(f"{node.name} ended")

    listener: Any = Listener()
    scope = Scope(Declared("work"), {}, listener, watched=True)
    scope.node_starts("a", {})
    scope.stopped = True
    scope.node_starts("b", {})
    scope.node_ended(NodeRun("a", 0.0, 0.0, "done", {}))
    assert told == ["a", "a ended"]
    alone_ = Scope(Declared("work"), {}, None, watched=True)
    alone_.node_starts("a", {})
    for name in ("a", "b"):
        alone_.node_ended(NodeRun(name, 0.0, 0.0, "done", {}))
    assert [node.name for node in alone_.nodes or ()] == ["a", "b"]
