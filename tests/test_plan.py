"""The plan by itself: driven by hand, without threads, loops, clocks or stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow import (
    ApplicationBuilder,
    Event,
    LifecycleHook,
    Record,
    Retry,
    State,
    action,
    default,
    expr,
    on_error,
    streaming_action,
    when,
)
from stateflow._plan import Abort, Call, CallAll, Commit, Machine, Request, Sleep, Stream, walk
from stateflow.actions import close
from stateflow.errors import StreamClosed
from stateflow.graph import GraphBuilder
from stateflow.hooks import HookSet
from stateflow.journal import Address, Journal
from stateflow.resources import Resources
from stateflow.state import view_of
from stateflow.store import MemoryStore


class AllHooks(LifecycleHook):
    def pre_run_execute_call(self, **facts: Any) -> None: ...
    def post_run_execute_call(self, **facts: Any) -> None: ...
    def pre_run_step(self, **facts: Any) -> None: ...
    def post_run_step(self, **facts: Any) -> None: ...
    def pre_start_stream(self, **facts: Any) -> None: ...
    def post_end_stream(self, **facts: Any) -> None: ...


@action(reads=["count"], writes=["count"], retry=Retry(attempts=2, delay=3))
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


@streaming_action(writes=["reply"])
def reply(state: State) -> Iterator[Any]:
    yield "a"
    yield {}, state.update(reply="a")


@action(writes=["reply"])
def recover(state: State) -> State:
    return state.update(reply="sorry")


def machine(*, hooks: bool = False, journal: bool = False) -> Machine:
    """Return ``increment`` to 2, then ``reply``, with a handler for both and a clock that counts."""
    graph = (
        GraphBuilder()
        .with_actions(increment, reply, recover)
        .with_transitions(
            ("increment", "increment", when(count__lt=2)),
            ("increment", "reply", default),
            (["increment", "reply"], "recover", on_error(OSError)),
        )
        .build()
    )
    ticks = iter(range(1000))
    made = Machine(
        graph,
        {name: close(given) for name, given in graph.actions.items()},
        entrypoint="increment",
        address=Address("run"),
        resources=Resources({}),
        hooks=HookSet([AllHooks()] if hooks else []),
        clock=lambda: float(next(ticks)),
        journal=Journal(MemoryStore()) if journal else None,
    )
    made.position.data["count"] = 0
    return made


def label(effect: Any) -> str:
    """Return what an effect or an event is."""
    if isinstance(effect, CallAll):
        return str(effect.hooks[0].__name__) if effect.hooks else "nobody"
    return type(effect).__name__


def answer(machine: Machine, effect: Any) -> Any:
    """Answer an effect as a driver does."""
    if isinstance(effect, Call):
        view = view_of(effect, effect.schema)
        raw = effect.closed.action.call(view, dict(effect.arguments))
        if isinstance(effect, Stream):
            *items, raw = raw
            effect.items = len(items)
        return effect.closed.action.finish(view, raw)
    if isinstance(effect, Commit):
        machine.position = effect.position
    return None


def driven(machine: Machine, request: Request, fail: dict[int, BaseException] | None = None) -> tuple[list[str], Any]:
    """Drive a plan; ``fail`` says which effect, by its number, fails with what. Return what it yielded, and its end."""
    plan, seen, given, error = walk(machine, request), [], None, None
    try:
        while True:
            effect = plan.send(given) if error is None else plan.throw(error)
            given = error = None
            seen.append(label(effect))
            error = (fail or {}).get(len(seen) - 1)
            if error is None:
                given = answer(machine, effect)
    except StopIteration as stop:
        return seen, stop.value
    except BaseException as raised:  # noqa: BLE001  it is the plan's end
        return seen, raised


def test_a_run_is_calls_and_commits() -> None:
    """Without hooks and events a step is one call and one commit."""
    made = machine()
    seen, outcome = driven(made, Request("run"))
    assert seen == ["Call", "Commit", "Call", "Commit", "Stream", "Commit"]
    assert (outcome.halted, outcome.action.name, made.position.sequence, made.position.status) == (
        "finished",
        "reply",
        2,
        "finished",
    )


def test_hooks_and_events_stand_in_order() -> None:
    """Calls around the verb, around each step, around each stream; events for who listens."""
    made = machine(hooks=True)
    made.position.data["count"] = 1
    seen, _ = driven(made, Request("stream_events", live=True))
    assert seen == [
        "pre_run_execute_call",
        "pre_run_step", "StepStarted", "Call", "Commit", "post_run_step", "StepCommitted",
        "pre_run_step", "StepStarted", "pre_start_stream", "Stream", "Commit", "post_end_stream",
        "post_run_step", "StepCommitted",
        "Paused",
        "post_run_execute_call",
    ]  # fmt: skip


def test_a_failure_is_tried_again_then_aborted() -> None:
    """Each failed try is kept, with a pause before the next one; the last error leaves the plan."""
    made = machine(journal=True)
    error = ValueError("bad")
    seen, end = driven(made, Request("run"), {0: KeyError("first"), 3: error})
    assert seen == ["Call", "Abort", "Sleep", "Call", "Abort"]
    assert end is error
    assert made.position.sequence is None


def test_a_handled_failure_is_committed() -> None:
    """The failed step commits, the handler is called, no attempt is kept for it."""
    made = machine(journal=True)
    seen, outcome = driven(made, Request("run"), {0: OSError(), 3: OSError()})
    assert seen == ["Call", "Abort", "Sleep", "Call", "Commit", "Call", "Commit"]
    assert (outcome.action.name, made.position.sequence) == ("recover", 1)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StreamClosed(), asyncio.CancelledError()])
def test_an_interrupt_is_aborted_at_once(error: BaseException) -> None:
    """It is neither tried again nor handled."""
    made = machine(journal=True)
    seen, end = driven(made, Request("run"), {0: error})
    assert (seen, end) == (["Call", "Abort"], error)


def test_a_commit_that_fails_ends_the_plan() -> None:
    """The position is the driver's to change, so it has not changed; nothing else is asked for."""
    made = machine(journal=True)
    seen, end = driven(made, Request("run"), {3: OSError("disk full")})
    assert seen == ["Call", "Commit", "Call", "Commit"]
    assert isinstance(end, OSError)
    assert made.position.sequence == 0


def test_every_effect_may_fail() -> None:
    """Whatever fails, the plan ends with that error or goes on, and never leaves a step half done."""
    full, _ = driven(machine(hooks=True, journal=True), Request("run", live=True))
    for number in range(len(full)):
        made = machine(hooks=True, journal=True)
        seen, end = driven(made, Request("run", live=True), {number: ValueError("bad")})
        assert seen[: number + 1] == full[: number + 1]
        committed = seen[: len(seen)].count("Commit") - (full[number] == "Commit")
        assert (made.position.sequence if made.position.sequence is not None else -1) == committed - 1
        assert isinstance(end, ValueError) or seen.count("Sleep") == 1


def test_a_plan_that_is_closed_asks_for_nothing_more() -> None:
    """At whatever point it is closed, it yields nothing, with hooks, events and a journal."""
    full, _ = driven(machine(hooks=True, journal=True), Request("run", live=True))
    for stop in range(1, len(full) + 1):
        made = machine(hooks=True, journal=True)
        plan, given = walk(made, Request("run", live=True)), None
        for _ in range(stop):
            given = answer(made, plan.send(given))
        plan.close()  # raises RuntimeError if it yields
        with pytest.raises(StopIteration):
            next(plan)


def test_a_plan_has_no_clock_of_its_own() -> None:
    """Times come from the machine's clock, so two runs make equal records."""

    def records() -> list[Record]:
        made, found = machine(journal=True), []
        plan, given = walk(made, Request("run")), None
        with suppress(StopIteration):
            while True:
                effect = plan.send(given)
                given = answer(made, effect)
                if isinstance(effect, Commit) and effect.record is not None:
                    found.append(effect.record)
        return found

    first = records()
    assert first == records()
    assert [record.started for record in first] == [0.0, 2.0, 4.0]
    assert [record.ended for record in first] == [1.0, 3.0, 5.0]


def test_effects_are_told_from_events() -> None:
    """A driver passes on what is an event and answers everything else."""
    assert not any(issubclass(kind, Event) for kind in (Call, CallAll, Stream, Commit, Abort, Sleep))


# -- random graphs ----------------------------------------------------------------------------------------

NAMES = ("a", "b", "c", "d")
CONDITIONS = ("total % 2 == 0", "total % 3 == 1", "total > 5", "last == 'b'")

arrows = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from((*CONDITIONS, "error"))), max_size=12
)
bodies = st.fixed_dictionaries(
    {name: st.tuples(st.sampled_from(["plain", "streaming", "failing"]), st.integers(0, 3)) for name in NAMES}
)
halts = st.lists(st.sampled_from(NAMES), max_size=2)


Kinds = dict[str, tuple[str, int]]
Specs = list[tuple[str, str, str]]


def application(kinds: Kinds, specs: Specs, first: int, *, is_async: bool) -> Any:
    """Return an application in one colour; ``first`` says to which action ``start`` leads."""

    def plain(name: str, by: int, *, fails: bool) -> Any:
        def body(state: State) -> State:
            if fails and state["total"] % 2:
                raise OSError(name)
            return state.update(last=name, total=state["total"] + by).append(trace=name)

        async def abody(state: State) -> State:
            return body(state)

        return action(reads=["total"], writes=["last", "total", "trace"])(abody if is_async else body)

    def streaming(name: str, by: int) -> Any:
        def body(state: State) -> Iterator[Any]:
            yield from range(by)
            yield {"by": by}, state.update(last=name, total=state["total"] + by).append(trace=name)

        async def abody(state: State) -> Any:
            for item in body(state):
                yield item

        return streaming_action(reads=["total"], writes=["last", "total", "trace"])(abody if is_async else body)

    made = {
        name: streaming(name, by) if kind == "streaming" else plain(name, by, fails=kind == "failing")
        for name, (kind, by) in kinds.items()
    }
    made["start"] = plain("start", 1, fails=False)
    return (
        ApplicationBuilder()
        .with_actions(**made)
        .with_transitions(*(("start", name, expr(f"total == {number}")) for number, name in enumerate(NAMES)))
        .with_transitions(
            *((source, target, on_error() if text == "error" else expr(text)) for source, target, text in specs)
        )
        .with_state(total=first - 1, last="", trace=[])
        .with_entrypoint("start")
        .build()
    )


def awaited(runner: asyncio.Runner, verb: Callable[..., Any], how: dict[str, Any]) -> Any:
    return runner.run(verb(**how))


def end_of(app: Any, call: Callable[[], Any]) -> tuple[Any, ...]:
    """Return how a call ended, and what it left."""
    try:
        made = call()
    except OSError as error:
        return str(error), error.__notes__[0].partition(", run ")[0], dict(app.state)
    return made.action and made.action.name, made.result, made.halted, dict(app.state), app.sequence_id


@given(kinds=bodies, specs=arrows, first=st.integers(0, 3), before=halts, after=halts)
def test_both_colours_go_the_same_way(
    kinds: Kinds, specs: Specs, first: int, before: list[str], after: list[str]
) -> None:
    """Random graphs: equal states, sequences, ends and errors, call after call."""
    sync, other = (application(kinds, specs, first, is_async=is_async) for is_async in (False, True))
    with asyncio.Runner() as runner:
        for _ in range(4):
            how: dict[str, Any] = {"halt_before": before, "halt_after": after, "max_steps": 9}
            assert end_of(sync, partial(sync.run, **how)) == end_of(other, partial(awaited, runner, other.arun, how))


@given(kinds=bodies, specs=arrows, first=st.integers(0, 3))
def test_all_verbs_go_the_same_way(kinds: Kinds, specs: Specs, first: int) -> None:
    """Random graphs: ``run``, ``iterate``, ``stream_iterate`` and ``stream_events`` leave the same state."""
    verbs: dict[str, Callable[[Any], Any]] = {
        "run": lambda app: app.run(max_steps=9),
        "iterate": lambda app: list(app.iterate(max_steps=9)),
        "stream_iterate": lambda app: [container.get() for _, container in app.stream_iterate(max_steps=9)],
        "stream_events": lambda app: list(app.stream_events(max_steps=9)),
        "stream_result": lambda app: app.stream_result(max_steps=9)[1].get(),
    }
    ends = []
    for verb in verbs.values():
        app = application(kinds, specs, first, is_async=False)
        with suppress(OSError):
            verb(app)
        ends.append((dict(app.state), app.sequence_id))
    assert all(end == ends[0] for end in ends)
