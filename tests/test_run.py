"""Running: steps, halts, inputs, conditions, edits, one verb at a time."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from stateflow import (
    ActionError,
    ApplicationBuilder,
    ApplicationBusyError,
    Condition,
    GraphError,
    Input,
    InputError,
    LifecycleHook,
    MissingKeyError,
    State,
    StepContext,
    UnusedInputWarning,
    action,
    default,
    expr,
    streaming_action,
    when,
)

from tests.driving import Driver


def writer(name: str, *, tags: tuple[str, ...] = (), is_async: bool = False) -> Any:
    """Return an action that appends its name to ``trace``."""

    def body(state: State) -> State:
        return state.append(trace=name)

    async def abody(state: State) -> State:
        return state.append(trace=name)

    return action(writes=["trace"], tags=tags)(abody if is_async else body).with_name(name)


def chain(*names: str) -> ApplicationBuilder:
    """Return a builder of actions that follow one another, the last one by nothing."""
    return (
        ApplicationBuilder()
        .with_actions(*map(writer, names))
        .with_transitions(*itertools.pairwise(names))
        .with_entrypoint(names[0])
    )


def ring(*names: str) -> ApplicationBuilder:
    """Return a chain whose last action leads to its first."""
    return chain(*names).with_transitions((names[-1], names[0]))


@action(reads=["count"], writes=["count"])
def increment(state: State) -> tuple[dict[str, Any], State]:
    count = state["count"] + 1
    return {"count": count}, state.update(count=count)


def counter() -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment"))
        .with_state(count=0)
        .with_entrypoint("increment")
    )


# -- steps and halts --------------------------------------------------------------------------------------


def test_a_step_runs_one_action(driver: Driver) -> None:
    """``step`` gives the action, its result and the state after it."""
    app = driver.build(counter())
    before = app.sequence_id
    made = driver.step(app)
    assert (made.action.name, made.result, made.state["count"]) == ("increment", {"count": 1}, 1)
    assert made.halted == "max_steps"
    assert (before, app.sequence_id) == (None, 0)
    assert app.state == {"count": 1}


def test_a_result_is_a_tuple_of_three(driver: Driver) -> None:
    """``action, result, state = app.run(...)`` unpacks, as people type it."""
    action_, result, state = driver.run(driver.build(counter()), max_steps=2)
    assert (action_.name, result, state["count"]) == ("increment", {"count": 2}, 2)


def test_a_run_ends_where_no_transition_leads_on(driver: Driver) -> None:
    """The end of the graph is ``finished``, with the last action and its result."""
    made = driver.run(driver.build(chain("a", "b")))
    assert (made.action.name, made.result, made.state["trace"], made.halted) == ("b", {}, ["a", "b"], "finished")


def test_nothing_to_run_gives_nothing(driver: Driver) -> None:
    """A call after the end runs no action and says so."""
    app = driver.build(chain("a"))
    driver.run(app)
    again = driver.run(app)
    assert tuple(again) == (None, None, app.state)
    assert again.halted == "finished"
    assert driver.iterate(app) == []
    assert tuple(driver.step(app))[:2] == (None, None)
    assert app.sequence_id == 0


def test_halt_after_stops_behind_the_action(driver: Driver) -> None:
    """The run ends with the result of the action that ``halt_after`` names."""
    made = driver.run(driver.build(ring("a", "b", "c")), halt_after=["b"])
    assert (made.action.name, made.state["trace"], made.halted) == ("b", ["a", "b"], "halted")


def test_halt_before_pauses_with_the_next_action(driver: Driver) -> None:
    """A pause gives the action that is next, and no result."""
    made = driver.run(driver.build(ring("a", "b", "c")), halt_before=["c"])
    assert (made.action.name, made.result, made.state["trace"], made.halted) == ("c", None, ["a", "b"], "paused")


def test_a_call_runs_at_least_one_step(driver: Driver) -> None:
    """The loop of pausing for a person: each call runs the action that it paused before, then goes on."""
    app = driver.build(ring("ask", "answer"))
    for rounds in (1, 2, 3):
        made = driver.run(app, halt_before=["ask"])
        assert (made.halted, made.state["trace"]) == ("paused", ["ask", "answer"] * rounds)


def test_before_wins_over_after(driver: Driver) -> None:
    """Where one action is halted after and the next one before, the call pauses before the next one."""
    made = driver.run(driver.build(ring("a", "b")), halt_after=["a"], halt_before=["b"])
    assert (made.action.name, made.result, made.halted) == ("b", None, "paused")
    both = driver.run(driver.build(ring("a", "b")), halt_after=["b"], halt_before=["b"])
    assert (both.state["trace"], both.halted) == (["a"], "paused")


def test_a_halt_before_another_branch_does_not_pause(driver: Driver) -> None:
    """An action to halt before that is not chosen leaves ``halt_after`` as it is."""
    app = driver.build(
        ApplicationBuilder()
        .with_actions(writer("a"), writer("b"), writer("c"))
        .with_transitions(("a", "c", when(trace=["never"])), ("a", "b", default))
        .with_entrypoint("a")
    )
    made = driver.run(app, halt_after=["a"], halt_before=["c"])
    assert (made.action.name, made.halted, app.get_next_action().name) == ("a", "halted", "b")


@pytest.mark.parametrize("given", [["b"], ("b",), "b", {"b"}, ["@tag:stop"], "@tag:stop"])
def test_halts_are_names_or_tags(driver: Driver, given: Any) -> None:
    """A name, names, and a tag all name actions."""
    builder = (
        ApplicationBuilder()
        .with_actions(writer("a"), writer("b", tags=("stop",)), writer("c"))
        .with_transitions(("a", "b"), ("b", "c"))
        .with_entrypoint("a")
    )
    assert driver.run(driver.build(builder), halt_after=given).action.name == "b"


def test_halts_take_actions(driver: Driver) -> None:
    """An action object stands for its name."""
    app = driver.build(ring("a", "b"))
    assert driver.run(app, halt_after=[app.graph.actions["b"]]).action.name == "b"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["bb"], r"halt_after: there is no action 'bb'; did you mean 'b'\?"),
        (["@tag:stpo"], r"no action has the tag 'stpo'; did you mean 'stop'\?"),
        ([3], "3 is not the name of an action"),
    ],
)
def test_an_unknown_halt_is_refused_before_anything_runs(driver: Driver, given: Any, message: str) -> None:
    """A halt that names no action is an error at once, which names the nearest one."""
    builder = (
        ApplicationBuilder()
        .with_actions(writer("a"), writer("b", tags=("stop",)))
        .with_transitions(("a", "b"), ("b", "a"))
        .with_entrypoint("a")
    )
    app = driver.build(builder)
    with pytest.raises(InputError, match=message):
        driver.run(app, halt_after=given)
    assert app.sequence_id is None
    assert driver.run(app, halt_after=["b"]).state["trace"] == ["a", "b"]


def test_halts_have_defaults(driver: Driver) -> None:
    """``with_halts`` serves calls that name none, and an empty list overrides it."""
    app = driver.build(ring("a", "b", "c").with_halts(halt_after=["b"]))
    assert driver.run(app).action.name == "b"
    assert driver.run(app, halt_after=["c"]).action.name == "c"
    assert driver.run(app, halt_after=[], max_steps=3).halted == "max_steps"


def test_max_steps_ends_a_loop(driver: Driver) -> None:
    """No more than ``max_steps`` actions run, and the next call goes on behind them."""
    app = driver.build(ring("a", "b"))
    made = driver.run(app, max_steps=3)
    assert (made.halted, made.action.name, made.state["trace"]) == ("max_steps", "a", ["a", "b", "a"])
    assert driver.run(app, max_steps=1).action.name == "b"


@pytest.mark.parametrize("given", [0, -1, 1.5, "2"])
def test_max_steps_is_a_number_of_steps(driver: Driver, given: Any) -> None:
    """Fewer than one step cannot be asked for."""
    app = driver.build(ring("a"))
    with pytest.raises(InputError, match="max_steps must be 1 or more"):
        driver.run(app, max_steps=given)
    assert app.sequence_id is None


def test_iterate_gives_each_step(driver: Driver) -> None:
    """``iterate`` yields action, result and state after each step, and stops as ``run`` does."""
    app = driver.build(counter())
    steps = driver.iterate(app, max_steps=3)
    assert [(step.action.name, step.result["count"], step.state["count"]) for step in steps] == [
        ("increment", number, number) for number in (1, 2, 3)
    ]
    paused = driver.iterate(driver.build(ring("a", "b", "c")), halt_before=["c"])
    assert [step.action.name for step in paused] == ["a", "b"]


def test_a_loop_that_is_left_leaves_the_application_usable(driver: Driver) -> None:
    """``break`` in a loop over ``iterate`` keeps the steps that were committed, and frees the application."""
    app = driver.build(counter())

    async def aleave() -> None:
        async for _ in app.aiterate(max_steps=9):
            break
        await app.astep()

    if driver.is_async:
        driver.wait(aleave())
    else:
        for _ in app.iterate(max_steps=9):
            break
        app.step()
    assert app.state["count"] == 2


# -- conditions -------------------------------------------------------------------------------------------


def counting_branch(seen: list[int]) -> ApplicationBuilder:
    def below(state: State) -> bool:
        seen.append(state["count"])
        return bool(state["count"] < 3)

    return (
        ApplicationBuilder()
        .with_actions(increment, stop=writer("stop"))
        .with_transitions(
            ("increment", "increment", Condition.of(below, reads=["count"])), ("increment", "stop", default)
        )
        .with_state(count=0)
        .with_entrypoint("increment")
    )


def test_a_condition_is_evaluated_once_a_state(driver: Driver) -> None:
    """Asking for the next action, halts and the next step share one evaluation."""
    seen: list[int] = []
    app = driver.build(counting_branch(seen))
    driver.step(app)
    assert seen == []
    assert [app.get_next_action().name for _ in range(3)] == ["increment"] * 3
    assert app.has_next_action()
    assert seen == [1]
    driver.run(app, halt_before=["stop"])
    driver.run(app)
    assert seen == [1, 2, 3]


def test_halt_after_evaluates_no_condition(driver: Driver) -> None:
    """Behind a halt nothing is asked, so a condition may read what is not there yet."""
    seen: list[int] = []
    app = driver.build(counting_branch(seen))
    driver.run(app, halt_after=["increment"])
    assert seen == []


def test_an_edit_makes_conditions_ask_again(driver: Driver) -> None:
    """The answer is kept for a state, not for an action."""
    app = driver.build(counting_branch([]))
    driver.step(app)
    assert app.get_next_action().name == "increment"
    app.update_state(app.state.update(count=9))
    assert app.get_next_action().name == "stop"


def test_a_condition_that_raises_does_not_undo_the_step(driver: Driver) -> None:
    """The step is committed, then the exception propagates, and an edit can mend it."""
    builder = (
        ApplicationBuilder()
        .with_actions(increment, stop=writer("stop"))
        .with_transitions(("increment", "stop", expr("count / divisor > 0")))
        .with_state(count=0, divisor=0)
        .with_entrypoint("increment")
    )
    app = driver.build(builder)
    with pytest.raises(ZeroDivisionError):
        driver.run(app)
    assert (app.sequence_id, app.state["count"]) == (0, 1)
    with pytest.raises(ZeroDivisionError):
        driver.run(app)
    assert app.sequence_id == 0
    app.update_state(app.state.update(divisor=1))
    assert driver.run(app).state["trace"] == ["stop"]


def test_the_first_transition_that_holds_is_taken(driver: Driver) -> None:
    """Transitions are tried in the order in which they stand."""
    builder = (
        ApplicationBuilder()
        .with_actions(increment, low=writer("low"), high=writer("high"))
        .with_transitions(("increment", "low", when(count__gte=1)), ("increment", "high", when(count__gte=1)))
        .with_state(count=0)
        .with_entrypoint("increment")
    )
    assert driver.run(driver.build(builder)).action.name == "low"


# -- inputs -----------------------------------------------------------------------------------------------


@action(writes=["prompt"])
def ask(state: State, prompt: str) -> State:
    return state.update(prompt=prompt)


@action(reads=["prompt"], writes=["reply"])
def reply(state: State, tone: Annotated[str, "any text"] = "plain") -> State:
    return state.update(reply=f"{state['prompt']} ({tone})")


@action(reads=["reply"], writes=["rating"])
def rate(state: State, rating: int) -> State:
    return state.update(rating=rating)


def dialogue() -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(ask, reply, rate)
        .with_transitions(("ask", "reply"), ("reply", "rate"), ("rate", "ask"))
        .with_entrypoint("ask")
    )


def test_inputs_are_offered_to_every_step(driver: Driver) -> None:
    """Each action of a call takes what it declares."""
    app = driver.build(dialogue())
    made = driver.run(app, halt_after=["rate"], inputs={"prompt": "hi", "tone": "warm", "rating": 5})
    assert made.state == {"prompt": "hi", "reply": "hi (warm)", "rating": 5}


def test_an_unknown_input_is_refused_at_once(driver: Driver) -> None:
    """An input that no action declares is an error before anything runs, with the nearest name."""
    app = driver.build(dialogue())
    with pytest.raises(InputError, match=r"no action of the graph takes an input 'promt'; did you mean 'prompt'\?"):
        driver.run(app, inputs={"promt": "hi", "prompt": "hi"})
    assert app.sequence_id is None


@pytest.mark.parametrize("verb", ["iterate", "stream_iterate", "stream_events", "stream_result"])
def test_every_verb_refuses_an_unknown_input_when_it_is_called(verb: str) -> None:
    """The error comes with the call, not with the first item."""
    app = dialogue().build()
    with pytest.raises(InputError, match="surplus"):
        getattr(app, verb)(inputs={"surplus": 1})
    if verb != "stream_result":
        with pytest.raises(InputError, match="surplus"):
            getattr(app, f"a{verb}")(inputs={"surplus": 1})


def test_a_missing_input_leaves_earlier_steps_committed(driver: Driver) -> None:
    """A step that lacks an input raises before its body; the application goes on from there."""
    app = driver.build(dialogue())
    with pytest.raises(InputError, match=r"action 'rate', step 2, needs the input 'rating'"):
        driver.run(app, halt_after=["rate"], inputs={"prompt": "hi"})
    assert (app.sequence_id, app.state["reply"], app.get_next_action().name) == (1, "hi (plain)", "rate")
    assert driver.run(app, halt_after=["rate"], inputs={"rating": 3}).state["rating"] == 3


def test_an_input_of_the_wrong_type_is_refused(driver: Driver) -> None:
    """A value that plainly has another type is an error before the body."""
    app = driver.build(dialogue())
    with pytest.raises(InputError, match=r"action 'ask' takes 'prompt' as str, not int"):
        driver.run(app, inputs={"prompt": 3})
    with pytest.raises(InputError, match="inputs must be a dict"):
        driver.run(app, inputs=["prompt"])
    assert app.sequence_id is None
    driver.step(app, inputs={"prompt": "hi"})
    assert app.state["prompt"] == "hi"


def test_an_input_that_no_step_took_is_a_warning(driver: Driver) -> None:
    """It names the action that is next and what that one takes, and points at the caller."""
    app = driver.build(dialogue())
    unused = r"took the input \['rating'\]; next is 'reply', which takes \['tone'\]"
    with pytest.warns(UnusedInputWarning, match=unused):
        driver.step(app, inputs={"prompt": "hi", "rating": 3})
    with pytest.warns(UnusedInputWarning, match=r"\['rating'\]; next is 'rate', which takes \['rating'\]"):
        driver.run(app, inputs={"rating": 3}, halt_before=["rate"])


def test_an_input_for_a_finished_run_is_a_warning_that_says_so(driver: Driver) -> None:
    """It names the way to start again."""
    app = driver.build(ApplicationBuilder().with_actions(ask).with_entrypoint("ask"))
    driver.run(app, inputs={"prompt": "hi"})
    with pytest.warns(
        UnusedInputWarning, match=r"is finished.*\['prompt'\]; app\.reset_to_entrypoint\(\) makes it start"
    ):
        driver.run(app, inputs={"prompt": "again"})
    app.reset_to_entrypoint() if not driver.is_async else driver.wait(app.areset_to_entrypoint())
    assert driver.run(app, inputs={"prompt": "again"}).state["prompt"] == "again"


def test_python_names_the_class_that_users_know() -> None:
    """A wrong call is told as one of ``Application``."""
    app: Any = dialogue().build()
    for verb in ("run", "arun", "iterate", "astream_result"):
        with pytest.raises(TypeError, match=rf"^Application\.{verb}\(\) takes 1 positional argument"):
            getattr(app, verb)({"prompt": "hi"})


def test_a_warning_that_is_an_error_leaves_the_application_usable(driver: Driver) -> None:
    """Under ``-W error`` the call has raised, its steps stay committed, and the next one runs."""
    app = driver.build(dialogue())
    with pytest.raises(UnusedInputWarning):
        driver.step(app, inputs={"prompt": "hi", "rating": 3})
    with pytest.raises(UnusedInputWarning):
        driver.stream_result(app, inputs={"rating": 3}, halt_after=["reply"])
    assert driver.run(app, inputs={"rating": 1}, halt_after=["rate"]).state["rating"] == 1


def test_the_rest_of_the_inputs_goes_to_kwargs(driver: Driver) -> None:
    """Only a graph with a ``**kwargs`` body accepts inputs that nobody declares."""

    @action(writes=["got"])
    def take(state: State, prompt: str, **rest: Any) -> State:
        return state.update(got=[prompt, rest])

    builder = ApplicationBuilder().with_actions(take).with_entrypoint("take")
    made = driver.run(driver.build(builder), inputs={"prompt": "hi", "more": 1})
    assert made.state["got"] == ["hi", {"more": 1}]


def test_a_signature_takes_reads_and_inputs(driver: Driver) -> None:
    """A function without ``state`` reads what its parameters name."""

    @action(writes=["answer"])
    def answer(question: str, tone: Input[str] = "plain") -> str:
        return f"{question} {tone}"

    builder = ApplicationBuilder().with_actions(answer).with_entrypoint("answer").with_state(question="why")
    assert driver.run(driver.build(builder), inputs={"tone": "warm"}).state["answer"] == "why warm"


def test_a_read_that_is_absent_is_an_error_before_the_body(driver: Driver) -> None:
    """A key that another action would have written is named when it is missing."""

    @action(writes=["answer"])
    def answer(question: str) -> str:
        return question

    builder = (
        ApplicationBuilder()
        .with_actions(answer, later=action(writes=["question"])(lambda state: state.update(question="x")))
        .with_transitions(("answer", "later"))
        .with_entrypoint("answer")
    )
    app = driver.build(builder)
    with pytest.raises(MissingKeyError, match="action 'answer' reads 'question'"):
        driver.run(app)
    assert app.sequence_id is None


# -- context ----------------------------------------------------------------------------------------------


def test_the_context_of_a_call_reaches_bodies(driver: Driver) -> None:
    """``StepContext`` carries it, and facts about the step."""
    seen: list[StepContext] = []

    @action(writes=["done"])
    def look(state: State, context: StepContext) -> State:
        seen.append(context)
        return state.update(done=True)

    builder = (
        ApplicationBuilder()
        .with_actions(look)
        .with_transitions(("look", "look"))
        .with_entrypoint("look")
        .with_identifiers("run", partition_key="user")
    )
    app = driver.build(builder)
    driver.run(app, context={"tenant": 7}, max_steps=2)
    first, second = seen
    assert (first.app_id, first.partition_key, first.sequence, first.action) == ("run", "user", 0, "look")
    assert (first.attempt, first.error, first.context, second.sequence) == (1, None, {"tenant": 7}, 1)
    assert first.idempotency_key != second.idempotency_key


def test_an_idempotency_key_tells_inputs_apart(driver: Driver) -> None:
    """Two runs of one step have one key where their inputs are equal, also those that cannot be stored."""
    seen: list[str] = []

    @action(writes=["done"])
    def look(state: State, context: StepContext, given: Any) -> State:
        seen.append(context.idempotency_key)
        return state.update(done=True)

    for given in (1, 1, 2, object()):
        app = driver.build(ApplicationBuilder().with_actions(look).with_entrypoint("look").with_identifiers("run"))
        driver.run(app, inputs={"given": given})
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


# -- where it stands, and edits ---------------------------------------------------------------------------


def test_an_application_says_where_it_stands(driver: Driver) -> None:
    """Identifiers, entrypoint, next action and text of an application."""
    app = driver.build(chain("a", "b").with_identifiers("run", partition_key="user"))
    assert (app.app_id, app.uid, app.partition_key, app.entrypoint) == ("run", "run", "user", "a")
    assert app.get_next_action().name == "a"
    driver.run(app)
    assert (app.get_next_action(), app.has_next_action(), app.sequence_id) == (None, False, 1)
    assert "run" in repr(app)


def test_an_edit_changes_the_state_and_no_sequence(driver: Driver) -> None:
    """``update_state`` takes a State made from ``app.state``; the next action stays."""
    app = driver.build(counter())
    driver.step(app)
    if driver.is_async:
        driver.wait(app.aupdate_state(app.state.update(count=10, more=1)))
    else:
        app.update_state(app.state.update(count=10, more=1))
    assert (app.state, app.sequence_id) == ({"count": 10, "more": 1}, 0)
    assert driver.step(app).state["count"] == 11


def test_an_edit_takes_a_state() -> None:
    """A dict is refused, and the application stays usable."""
    app = counter().build()
    with pytest.raises(InputError, match="update_state takes a State"):
        app.update_state({"count": 3})  # type: ignore[arg-type]
    assert app.step().state["count"] == 1


def test_a_reset_makes_the_entrypoint_next(driver: Driver) -> None:
    """The state and the count of steps go on."""
    app = driver.build(chain("a", "b"))
    driver.run(app)
    if driver.is_async:
        driver.wait(app.areset_to_entrypoint())
    else:
        app.reset_to_entrypoint()
    assert app.get_next_action().name == "a"
    assert (driver.run(app).state["trace"], app.sequence_id) == (["a", "b", "a", "b"], 3)


# -- one verb at a time -----------------------------------------------------------------------------------


def test_a_second_thread_is_refused() -> None:
    """While a body runs, another thread's call raises; then the application is usable again."""
    started, go_on = threading.Event(), threading.Event()

    @action(writes=["done"])
    def wait(state: State) -> State:
        started.set()
        assert go_on.wait(10)
        return state.update(done=True)

    app = ApplicationBuilder().with_actions(wait).with_transitions(("wait", "wait")).with_entrypoint("wait").build()
    thread = threading.Thread(target=app.step)
    thread.start()
    assert started.wait(10)
    with pytest.raises(ApplicationBusyError, match="run was called while step still runs"):
        app.run(max_steps=1)
    with pytest.raises(ApplicationBusyError):
        app.update_state(app.state.update(done=False))
    go_on.set()
    thread.join()
    assert app.step().state["done"]


def test_a_body_cannot_run_its_own_application(driver: Driver) -> None:
    """The call inside is refused, and the step comes to nothing."""
    apps: list[Any] = []

    @action(writes=["done"])
    def work(state: State) -> State:
        if len(apps) == 1:
            apps.append(apps[0])
            apps[0].step()
        return state.update(done=True)

    apps.append(driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work")))
    with pytest.raises(ApplicationBusyError):
        driver.run(apps[0])
    assert driver.run(apps[0]).state["done"]


def test_a_second_task_is_refused() -> None:
    """While a body is awaited, another task's call raises; then the application is usable again."""

    async def main() -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        @action(writes=["done"])
        async def wait(state: State) -> State:
            started.set()
            await go_on.wait()
            return state.update(done=True)

        app = ApplicationBuilder().with_actions(wait).with_transitions(("wait", "wait")).with_entrypoint("wait").build()
        first = asyncio.create_task(app.astep())
        await started.wait()
        with pytest.raises(ApplicationBusyError, match="arun was called while astep still runs"):
            await app.arun(max_steps=1)
        go_on.set()
        await first
        assert (await app.astep()).state["done"]

    asyncio.run(main())


def test_an_open_stream_counts(driver: Driver) -> None:
    """As long as a stream is open nothing else runs; once it is closed, everything does."""

    def tokens(state: State) -> Iterator[Any]:
        yield "a"
        yield "b"
        yield {}, state.update(reply="ab")

    work = streaming_action(writes=["reply"])(driver.body(tokens))
    app = driver.build(ApplicationBuilder().with_actions(work=work).with_entrypoint("work"))

    async def main() -> None:
        _, container = await app.astream_result(halt_after=["work"])
        with pytest.raises(ApplicationBusyError, match="close its stream"):
            await app.astep()
        async for _ in container:
            break
        with pytest.raises(ApplicationBusyError):
            await app.astep()
        await container.aclose()
        await app.arun()

    if driver.is_async:
        driver.wait(main())
    else:
        _, container = app.stream_result(halt_after=["work"])
        with pytest.raises(ApplicationBusyError, match="close its stream"):
            app.step()
        next(iter(container))
        with pytest.raises(ApplicationBusyError):
            app.step()
        container.close()
        app.run()
    assert app.state["reply"] == "ab"


# -- colours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["step", "run", "iterate", "stream_result", "stream_iterate", "stream_events"])
def test_a_sync_verb_refuses_an_async_action_before_any_body(verb: str) -> None:
    """The error names the action and the verb to use, although a sync action would come first."""
    app = (
        ApplicationBuilder()
        .with_actions(writer("a"), writer("b", is_async=True))
        .with_transitions(("a", "b"))
        .with_entrypoint("a")
        .build()
    )
    how = "await" if verb in ("step", "run", "stream_result") else "async for ... in"
    with pytest.raises(GraphError, match=rf"action 'b' is async, so {verb} cannot run it; use {how} app\.a{verb}"):
        getattr(app, verb)()
    assert app.state == {}
    assert asyncio.run(app.arun()).state["trace"] == ["a", "b"]


def test_a_sync_verb_refuses_an_async_hook() -> None:
    """A hook that must be awaited is named like an action."""

    class Awaiting(LifecycleHook):
        async def post_run_step(self, **facts: Any) -> None: ...

    app = counter().with_hooks(Awaiting()).build()
    with pytest.raises(GraphError, match=r"hook Awaiting\.post_run_step is async"):
        app.step()
    assert asyncio.run(app.astep()).state["count"] == 1


CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="nobody")


@pytest.mark.parametrize("thread", [True, False])
def test_a_sync_body_of_an_async_run_has_a_thread_and_its_context(*, thread: bool) -> None:
    """It runs in a worker thread with the caller's context copied in, or inline with ``thread=False``."""
    seen: list[Any] = []

    @action(writes=["done"], thread=thread)
    def look(state: State) -> State:
        seen.extend([threading.current_thread() is threading.main_thread(), CALLER.get()])
        CALLER.set("the body")
        return state.update(done=True)

    app = ApplicationBuilder().with_actions(look).with_entrypoint("look").build()

    async def main() -> str:
        CALLER.set("main")
        await app.arun()
        return CALLER.get()

    assert asyncio.run(main()) == "main"
    assert seen == [not thread, "main"]


@pytest.mark.parametrize("timeout", [None, 10.0])
def test_a_body_does_not_leak_context_to_the_caller(driver: Driver, timeout: float | None) -> None:
    """Every body runs in a context of its own step."""

    def look(state: State) -> State:
        before = CALLER.get()
        CALLER.set("the body")
        return state.append(seen=before)

    work = action(writes=["seen"], timeout=timeout)(driver.body(look))
    builder = ApplicationBuilder().with_actions(work=work).with_transitions(("work", "work")).with_entrypoint("work")
    app = driver.build(builder)
    assert driver.run(app, max_steps=3).state["seen"] == ["nobody"] * 3
    assert CALLER.get() == "nobody"


# -- hooks ------------------------------------------------------------------------------------------------


class Recorder(LifecycleHook):
    """Keeps what it is told, by point."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def pre_run_execute_call(self, **facts: Any) -> None:
        self.told.append(("pre_call", facts))

    def post_run_execute_call(self, **facts: Any) -> None:
        self.told.append(("post_call", facts))

    def pre_run_step(self, **facts: Any) -> None:
        self.told.append(("pre_step", facts))

    def post_run_step(self, **facts: Any) -> None:
        self.told.append(("post_step", facts))


def test_hooks_are_told_in_order_with_the_states_of_their_points(driver: Driver) -> None:
    """Before a step the state before it, after a step the state after it, in both colours."""
    told = Recorder()
    app = driver.build(counter().with_hooks(told).with_identifiers("run"))
    driver.run(app, max_steps=2)
    assert [(point, facts["state"]["count"]) for point, facts in told.told] == [
        ("pre_call", 0),
        ("pre_step", 0),
        ("post_step", 1),
        ("pre_step", 1),
        ("post_step", 2),
        ("post_call", 2),
    ]
    facts = told.told[2][1]
    assert (facts["action"].name, facts["sequence_id"], facts["result"], facts["exception"], facts["app_id"]) == (
        "increment",
        0,
        {"count": 1},
        None,
        "run",
    )
    assert told.told[0][1]["method"] == ("arun" if driver.is_async else "run")


def test_an_async_hook_is_awaited() -> None:
    """Async hooks see the same as sync ones."""
    told: list[int] = []

    class Awaiting(LifecycleHook):
        async def post_run_step(self, **facts: Any) -> None:
            await asyncio.sleep(0)
            told.append(facts["state"]["count"])

    asyncio.run(counter().with_hooks(Awaiting()).build().arun(max_steps=3))
    assert told == [1, 2, 3]


def test_an_exception_in_a_post_hook_leaves_the_step_committed(driver: Driver) -> None:
    """It propagates, and the application goes on behind the step."""

    class Failing(LifecycleHook):
        def post_run_step(self, **facts: Any) -> None:
            raise OSError("disk full")

    app = driver.build(counter().with_hooks(Failing()))
    for count in (1, 2):
        with pytest.raises(OSError, match="disk full"):
            driver.run(app, max_steps=5)
        assert (app.state["count"], app.sequence_id) == (count, count - 1)


def test_an_exception_in_a_pre_hook_runs_no_body(driver: Driver) -> None:
    """The state stays as it was."""

    class Failing(LifecycleHook):
        def pre_run_step(self, **facts: Any) -> None:
            raise OSError("not today")

    app = driver.build(counter().with_hooks(Failing()))
    with pytest.raises(OSError, match="not today"):
        driver.step(app)
    assert (app.state["count"], app.sequence_id) == (0, None)


# -- what a body may return -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda state: None, "returned None; it must return the new State"),
        (lambda state: {"done": True}, "returned a dict; it must return the new State"),
        (lambda state: ("text", state), "returned a str as its result; it must be a dict"),
        (lambda state: State(done=True), "does not descend from the one it was given"),
        (lambda state: state, "declares that it writes 'done', but did not"),
        (lambda state: state.update(dun=1), r"wrote 'dun', which is not in writes \['done'\]"),
    ],
)
def test_a_body_that_returns_something_else_is_refused(driver: Driver, returned: Any, message: str) -> None:
    """Each says what to return, and leaves the state as it was and the application usable."""
    bad = [True]

    def body(state: State) -> Any:
        return returned(state) if bad else state.update(done=True)

    builder = ApplicationBuilder().with_actions(work=action(writes=["done"])(driver.body(body))).with_entrypoint("work")
    app = driver.build(builder)
    with pytest.raises(ActionError, match=message):
        driver.run(app)
    assert (app.state, app.sequence_id) == ({}, None)
    bad.clear()
    assert driver.run(app).state["done"]


def test_a_body_that_raises_stop_iteration_is_not_taken_for_an_end(driver: Driver) -> None:
    """It becomes the RuntimeError that Python makes of it in a generator, also in a worker thread."""

    @action(writes=["first"])
    def first(state: State) -> State:
        return state.update(first=next(iter([])))

    app = driver.build(ApplicationBuilder().with_actions(first).with_entrypoint("first"))
    with pytest.raises(RuntimeError, match="StopIteration"):
        driver.run(app)
    assert app.sequence_id is None


def test_a_run_whose_coroutine_is_closed_closes_its_body() -> None:
    """As happens to what a loop has not finished: the state stays, and the application is free."""
    closed: list[str] = []

    @action(writes=["done"])
    async def work(state: State) -> State:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append("closed")
        return state

    app = ApplicationBuilder().with_actions(work).with_entrypoint("work").build()

    async def main() -> None:
        running = app.arun()
        running.send(None)
        running.close()

    asyncio.run(main())
    assert (closed, app.sequence_id) == (["closed"], None)
    app.update_state(app.state.update(done=True))
