"""Burr's faults, by their number: the same program on stateflow behaves; on Burr it shows the fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from stateflow import (
    ActionError,
    ApplicationBuilder,
    Condition,
    GraphError,
    LifecycleHook,
    State,
    StateflowError,
    StateMutatedError,
    StepContext,
    action,
    dag,
    default,
    expr,
    open_store,
    span,
    streaming_action,
    when,
)
from stateflow.persistence import BaseStatePersister

from tests.driving import Driver

Shows = Callable[[str, str, str], None]


@action(reads=["count"], writes=["count"])
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


def counting() -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment"))
        .with_state(count=0)
        .with_entrypoint("increment")
    )


def alone(work: Any, *hooks: Any, **state: Any) -> Any:
    """Return an application of one action."""
    builder = ApplicationBuilder().with_actions(work=work).with_state(**state).with_entrypoint("work")
    return (builder.with_hooks(*hooks) if hooks else builder).build()


# -- 1: an async run of a sync action -------------------------------------------------------------------


class Shelf(BaseStatePersister):
    """Keeps the last save in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, Any] | None = None

    def list_app_ids(self, partition_key: str | None) -> list[str]:
        return [] if self.saved is None else [self.saved["app_id"]]

    def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> Any:
        return self.saved

    def save(
        self,
        partition_key: str | None,
        app_id: str,
        sequence_id: int,
        position: str,
        state: State,
        status: Literal["completed", "failed"],
    ) -> None:
        self.saved = {
            "partition_key": partition_key,
            "app_id": app_id,
            "sequence_id": sequence_id,
            "position": position,
            "state": state,
            "status": status,
        }


def kept(shelf: Shelf) -> ApplicationBuilder:
    return counting().with_identifiers("counter").initialize_from(shelf).with_state_persister(shelf)


def test_1_what_is_saved_is_the_state_after_the_step(driver: Driver, rival_shows: Shows) -> None:
    shelf = Shelf()
    app = driver.build(kept(shelf))
    driver.run(app, halt_after=["increment"])
    assert shelf.saved is not None
    assert (app.state["count"], shelf.saved["state"]["count"], shelf.saved["status"]) == (1, 1, "completed")
    rival_shows("burr_01_async_save", "saved_state", "live 1, saved 0 as completed")


def test_1_resuming_repeats_no_step(driver: Driver, rival_shows: Shows) -> None:
    shelf = Shelf()
    driver.run(driver.build(kept(shelf)), halt_after=["increment"])
    resumed = driver.build(kept(shelf))
    driver.run(resumed, halt_after=["increment"])
    assert resumed.state["count"] == 2
    rival_shows("burr_01_async_save", "resumed_run", "two steps, count 1")


# -- 3: an exception in the middle of a stream ----------------------------------------------------------


def test_3_an_exception_in_a_stream_propagates_and_commits_nothing(driver: Driver) -> None:
    def reply(state: State) -> Iterator[Any]:
        yield "the ", None
        yield "answer ", None
        raise ConnectionError("the model hung up")

    app = alone(streaming_action(writes=["reply"])(driver.body(reply)), reply="")
    with pytest.raises(ConnectionError, match="hung up"):
        driver.stream_result(app, halt_after=["work"])
    assert (app.state["reply"], app.sequence_id) == ("", None)


def test_3_a_partial_state_is_no_result(driver: Driver, rival_shows: Shows) -> None:
    """A state that is yielded before the end is refused, rather than committed when the body fails."""

    def reply(state: State) -> Iterator[Any]:
        text = ""
        for token in ("the ", "answer "):
            text += token
            yield {"reply": token}, state.update(reply=text)
        raise ConnectionError("the model hung up")

    app = alone(streaming_action(writes=["reply"])(driver.body(reply)), reply="")
    with pytest.raises(ActionError):
        driver.stream_result(app, halt_after=["work"])
    assert (app.state["reply"], app.sequence_id) == ("", None)
    rival_shows("burr_03_stream_error", "outcome", "no exception, committed 'the answer '")


# -- 5: stream_result that ends outside the halt set ----------------------------------------------------


class Refusals:
    """The safety branch; ``runs`` tells which bodies ran."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def app(self, driver: Driver, *, streams: bool) -> Any:
        def check(state: State) -> State:
            self.runs.append("check")
            return state.update(checked=True)

        def refuse(state: State) -> State:
            self.runs.append("refuse")
            return state.update(reply="no")

        def refuse_at_length(state: State) -> Iterator[Any]:
            self.runs.append("refuse")
            yield "no"
            yield {"reply": "no"}, state.update(reply="no")

        def answer(state: State) -> State:
            self.runs.append("answer")
            return state.update(reply="yes")

        refusal = (
            streaming_action(writes=["reply"])(driver.body(refuse_at_length))
            if streams
            else action(writes=["reply"])(driver.body(refuse))
        )
        return (
            ApplicationBuilder()
            .with_actions(
                check=action(reads=["safe"], writes=["checked"])(driver.body(check)),
                refuse=refusal,
                answer=action(writes=["reply"])(driver.body(answer)),
            )
            .with_transitions(("check", "refuse", when(safe=False)), ("check", "answer", default))
            .with_state(safe=False)
            .with_entrypoint("check")
            .build()
        )


def test_5_a_stream_that_ends_elsewhere_runs_each_action_once(driver: Driver, rival_shows: Shows) -> None:
    refusals = Refusals()
    streamed = driver.stream_result(refusals.app(driver, streams=False), halt_after=["answer"])
    assert refusals.runs == ["check", "refuse"]
    assert (streamed.action.name, streamed.items, streamed.state["reply"]) == ("refuse", [], "no")
    rival_shows("burr_05_stream_halt", "at_another_end", "check refuse, then TypeError")


def test_5_a_stream_that_ends_at_another_stream_gives_its_items(driver: Driver, rival_shows: Shows) -> None:
    refusals = Refusals()
    streamed = driver.stream_result(refusals.app(driver, streams=True), halt_after=["answer"])
    assert refusals.runs == ["check", "refuse"]
    assert (streamed.action.name, streamed.items, streamed.result) == ("refuse", ["no"], {"reply": "no"})
    rival_shows("burr_05_stream_halt", "at_another_streaming_end", "check refuse refuse")


# -- 6: when conditions are evaluated -------------------------------------------------------------------


def test_6_a_halt_evaluates_no_condition_behind_it(driver: Driver, rival_shows: Shows) -> None:
    @action(writes=["prompt"])
    def ask(state: State) -> State:
        return state.update(prompt="hello")

    @action(writes=["feedback"])
    def review(state: State) -> State:
        return state.update(feedback="go on")

    app = (
        ApplicationBuilder()
        .with_actions(ask, review)
        .with_transitions(("ask", "review", when(feedback="go on")))
        .with_entrypoint("ask")
        .build()
    )
    assert driver.run(app, halt_after=["ask"]).halted == "halted"
    rival_shows("burr_06_conditions", "missing_key_behind_a_halt", "ValueError at the halt")


def test_6_a_condition_is_evaluated_once_a_step(driver: Driver, rival_shows: Shows) -> None:
    evaluated: list[int] = []

    def below(state: State) -> bool:
        evaluated.append(state["count"])
        return bool(state["count"] < 10)

    app = (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment", Condition.of(below, reads=["count"])))
        .with_state(count=0)
        .with_entrypoint("increment")
        .build()
    )
    assert len(driver.iterate(app)) == 10
    assert evaluated == list(range(1, 11))
    rival_shows("burr_06_conditions", "evaluations", "48 evaluations in 10 steps")


# -- 7: what a body may change --------------------------------------------------------------------------


def test_7_a_change_in_place_is_refused(driver: Driver, rival_shows: Shows) -> None:
    @action(reads=["history"], writes=["length"])
    def measure(state: State) -> State:
        state["history"].append("slipped in")
        return state.update(length=len(state["history"]))

    app = alone(measure, history=["hello"])
    with pytest.raises(StateMutatedError, match="history"):
        driver.step(app)
    assert app.sequence_id is None
    rival_shows("burr_07_undeclared", "change_in_place", "the state before the step now holds ['hello', 'slipped in']")


def test_7_an_undeclared_write_is_refused(driver: Driver, rival_shows: Shows) -> None:
    @action(writes=["reply"])
    def reply(state: State) -> State:
        return state.update(reply="yes", secret="not declared")

    app = alone(reply, reply="")
    with pytest.raises(ActionError, match=r"wrote 'secret', which is not in writes \['reply'\]"):
        driver.step(app)
    assert app.state.get_all() == {"reply": ""}
    rival_shows("burr_07_undeclared", "undeclared_write", "secret in the state: True")


# -- 8: expr --------------------------------------------------------------------------------------------


def test_8_a_comprehension_variable_is_no_state_key(rival_shows: Shows) -> None:
    condition = expr("any(x > 1 for x in items)")
    assert condition.reads == ("items",)
    assert condition.evaluate({"items": [1, 2]}, {})
    rival_shows("burr_08_expr", "comprehension", "demands ['items', 'x']")


def test_8_expr_runs_no_code(rival_shows: Shows) -> None:
    with pytest.raises(GraphError):
        expr("__import__('os').getpid() > 0")
    rival_shows("burr_08_expr", "hostile", "imported os and called it: True")


def test_8_a_tower_of_powers_ends_at_once(rival_shows: Shows) -> None:
    started = time.perf_counter()
    with pytest.raises(StateflowError):
        expr("9**9**9 > 0").evaluate({}, {})
    assert time.perf_counter() - started < 0.05
    rival_shows("burr_08_expr", "power", "hangs")


# -- 9: hooks and nested applications -------------------------------------------------------------------


def test_9_the_hook_after_a_call_learns_of_its_exception(driver: Driver, rival_shows: Shows) -> None:
    told: list[Any] = []

    class Witness(LifecycleHook):
        def post_run_execute_call(self, **facts: Any) -> None:
            told.append(facts["exception"])

    @action(writes=["done"])
    def fail(state: State) -> State:
        raise ConnectionError("no answer")

    with pytest.raises(ConnectionError) as raised:
        driver.run(alone(fail, Witness()))
    assert told == [raised.value]
    rival_shows("burr_09_hooks", "exception_of_a_run", "the hook was told [None]")


def test_9_a_nested_application_leaves_the_context_of_its_parent(driver: Driver, rival_shows: Shows) -> None:
    ended: list[tuple[str, str]] = []

    class Witness(LifecycleHook):
        def post_end_span(self, **facts: Any) -> None:
            ended.append((facts["app_id"], facts["span"].name))

    @action(writes=["done"])
    def inner(state: State) -> State:
        with span("inside the child"):
            return state.update(done=True)

    @action(writes=["done"])
    def nest(state: State, step: StepContext) -> State:
        alone(inner).run()
        with span(f"after the child of {step.app_id}"):
            return state.update(done=True)

    app = (
        ApplicationBuilder()
        .with_actions(nest)
        .with_entrypoint("nest")
        .with_identifiers("parent")
        .with_hooks(Witness())
        .build()
    )
    driver.run(app)
    assert ended == [("parent", "after the child of parent")]
    rival_shows("burr_09_hooks", "context_after_a_nested_run", "before parent, after None")


# -- 13: builders and shared trackers -------------------------------------------------------------------


def test_13_a_builder_builds_twice(driver: Driver, rival_shows: Shows) -> None:
    twice = counting().with_state_persister("memory://")
    first, second = driver.build(twice), driver.build(twice)
    driver.step(second)
    driver.step(first)
    driver.step(second)
    assert (first.state["count"], second.state["count"]) == (1, 2)
    rival_shows("burr_13_builder", "second_build", "IntegrityError at the first step")


def test_13_applications_that_share_a_tracker_keep_apart(driver: Driver, rival_shows: Shows) -> None:
    store = open_store("memory://")
    apps = {name: driver.build(counting().with_identifiers(name).with_tracker(store)) for name in ("first", "second")}
    for name in ("first", "second", "second"):
        driver.step(apps[name])
    found = {name: driver.build(counting().with_identifiers(name).with_store(store)).state["count"] for name in apps}
    assert found == {"first": 1, "second": 2}
    rival_shows("burr_13_builder", "shared_tracker", "steps in the file of first: 0, of second: 2")


# -- 15: DAG actions ------------------------------------------------------------------------------------


def doubled(number: int) -> int:
    return number * 2


def greeting(name: str = "world") -> str:
    return f"hello {name}"


def first() -> str:
    return "first"


def second(first: str) -> str:
    return first + " and second"


async def fetched() -> str:
    return "fetched"


def tokens() -> Iterator[str]:
    yield from ("a", "b")


def test_15_a_dag_takes_run_time_inputs(driver: Driver, rival_shows: Shows) -> None:
    app = alone(dag(doubled, writes={"result": "doubled"}, inputs=["number"]))
    assert driver.run(app, inputs={"number": 2}).state["result"] == 4
    rival_shows("burr_15_hamilton", "run_time_input", "ValueError")


def test_15_a_dag_awaits_its_async_nodes(rival_shows: Shows) -> None:
    driver = Driver("async")
    app = alone(dag(fetched, writes={"page": "fetched"}))
    assert driver.run(app).state["page"] == "fetched"
    driver.close()
    with pytest.raises(GraphError, match="work"):
        app.run()
    rival_shows("burr_15_hamilton", "async_node", "the state holds a coroutine")


def test_15_a_dag_streams(driver: Driver, rival_shows: Shows) -> None:
    app = alone(dag(tokens, writes={"reply": "tokens"}, stream="tokens"))
    streamed = driver.stream_result(app, halt_after=["work"])
    assert (streamed.items, streamed.state["reply"]) == (["a", "b"], "ab")
    rival_shows("burr_15_hamilton", "streaming_node", "streamed 0 items, the state holds a generator")


def test_15_a_dag_tells_of_its_nodes(driver: Driver, rival_shows: Shows) -> None:
    told: list[str] = []

    class Witness(LifecycleHook):
        def post_run_node(self, **facts: Any) -> None:
            told.append(facts["node"].name)

    driver.run(alone(dag(first, second, writes={"a": "first", "b": "second"}), Witness()))
    assert told == ["first", "second"]
    rival_shows("burr_15_hamilton", "node_spans", "1 step, 0 spans")


def test_15_an_unknown_node_is_found_at_build(rival_shows: Shows) -> None:
    with pytest.raises(GraphError, match=r"'frist'.*did you mean 'first'"):
        alone(dag(first, writes={"a": "frist"}))
    rival_shows("burr_15_hamilton", "unknown_node", "built; ValueError when it runs")


def test_15_an_absent_key_leaves_the_default_alone(driver: Driver, rival_shows: Shows) -> None:
    app = alone(dag(greeting, writes={"greeting": "greeting"}))
    assert driver.run(app).state["greeting"] == "hello world"
    rival_shows("burr_15_hamilton", "dropped_default", "'hello None'")


def test_15_two_nodes_for_one_key_are_refused(rival_shows: Shows) -> None:
    """Mappings read key to node, so one key has one node; a key under two headings is a finding."""
    with pytest.raises(GraphError, match="'a'"):
        alone(dag(first, second, writes={"a": "first"}, appends={"a": ["second"]}))
    rival_shows("burr_15_hamilton", "two_to_one_key", "'second'")


def test_15_a_dag_is_in_the_picture(rival_shows: Shows) -> None:
    app = alone(dag(doubled, appends={"results": ["doubled"]}, writes=[]), number=1)
    assert "node/work/doubled" in app.lineage().graph
    assert "doubled" in app.lineage().to_mermaid()
    rival_shows("burr_15_hamilton", "picture", "node 'doubled' in the picture: False")
