"""Actions in every form in which people write them, and what is said of each when it is written wrongly."""

# ruff: noqa: UP007, UP045  both spellings of a union are tested

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, Literal, NewType, Optional, Protocol, TypedDict, TypeVar, Union

import numpy as np
import pytest

from stateflow import (
    Action,
    ActionError,
    ApplicationBuilder,
    GraphError,
    Input,
    InputError,
    MissingKeyError,
    Retry,
    State,
    StepContext,
    action,
    streaming_action,
)
from stateflow.actions.signature import fits

from tests import unresolvable
from tests.driving import Driver


def builder(given: Any, **state: Any) -> ApplicationBuilder:
    """A builder of one action named ``work``."""
    return ApplicationBuilder().with_actions(work=given).with_state(**state).with_entrypoint("work")


def alone(given: Any, **state: Any) -> Any:
    """An application of one action."""
    return builder(given, **state).build()


def findings(given: Any, **state: Any) -> list[str]:
    """What a build says of one action."""
    with pytest.raises(GraphError) as caught:
        builder(given, **state).build()
    return list(caught.value.findings)


# -- (a) functions ---------------------------------------------------------------------------------------


def test_a_function_returns_the_new_state(driver: Driver) -> None:
    """A body that returns only a State has an empty result."""

    @action(reads=["n"], writes=["n"])
    @driver.body
    def work(state: State) -> State:
        return state.update(n=state["n"] + 1)

    app = alone(work, n=1)
    ran, result, state = driver.run(app)
    assert (ran.name, result, state["n"]) == ("work", {}, 2)


def test_a_function_returns_result_and_state(driver: Driver) -> None:
    """The dict before the State is the result."""

    @action(writes=["n"])
    @driver.body
    def work(state: State, by: int = 2) -> tuple[dict[str, Any], State]:
        return {"by": by}, state.update(n=by)

    assert driver.run(alone(work)).result == {"by": 2}
    assert driver.run(alone(work), inputs={"by": 3}).result == {"by": 3}


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "returned None; it must return the new State"),
        (3, "returned an int; it must return the new State"),
        ({"n": 1}, "returned a dict; it must return the new State"),
        (("x", State(n=1)), "returned a str as its result; it must be a dict"),
        (({}, {"n": 1}), "returned a tuple; it must return the new State"),
        ((State(n=1), {}), "returned the State first, then a dict; the State comes last: return result, state"),
        (({}, State(n=1), 3), "returned a tuple; it must return the new State"),
    ],
)
def test_other_returns_are_refused(driver: Driver, returned: Any, said: str) -> None:
    """The error names the action and what it returned; the state stays as it was."""

    @action(writes=["n"])
    @driver.body
    def work(state: State) -> Any:
        return returned

    app = alone(work, n=0)
    with pytest.raises(ActionError, match=f"action 'work' {said}"):
        driver.run(app)
    assert (app.state, app.sequence_id) == ({"n": 0}, None)


def test_a_function_stays_a_function() -> None:
    """A decorated function is called with a plain State in a unit test, and keeps its name and docstring."""

    @action(reads=["n"], writes=["n"])
    def add(state: State, by: int, twice: bool = False) -> State:
        """Add."""
        return state.increment(n=by * (2 if twice else 1))

    assert add(State(n=1), 2) == {"n": 3}
    assert add(State(n=1), by=2, twice=True) == {"n": 5}
    bound: Any = add.bind(by=7)
    assert bound(State(n=1)) == {"n": 8}
    assert (add.__name__, add.__doc__, add.name, add.function.__name__) == ("add", "Add.", "add", "add")
    assert repr(add) == "<FunctionAction 'add' reads ['n'] writes ['n']>"


def test_an_async_function_stays_a_coroutine_function() -> None:
    """Called directly it returns what can be awaited."""

    @action(writes=["n"])
    async def work(state: State) -> State:
        return state.update(n=1)

    assert asyncio.run(work(State())) == {"n": 1}


def test_any_callable_can_be_decorated() -> None:
    """A partial or an object with ``__call__`` has the name that the graph gives it."""

    def add(state: State, by: int) -> State:
        return state.update(n=by)

    class Adder:
        def __call__(self, state: State) -> State:
            return state.update(n=5)

    decorate: Any = action(writes=["n"])
    assert alone(decorate(functools.partial(add, by=4))).run().state == {"n": 4}
    assert alone(decorate(Adder())).run().state == {"n": 5}
    assert (decorate(Adder()).name, decorate(functools.partial(add)).name) == ("Adder", "partial")
    assert alone(decorate(lambda state: state.update(n=6))).run().state == {"n": 6}


def test_an_object_may_be_async() -> None:
    """An object with an async ``__call__`` is an async action."""

    class Adder:
        async def __call__(self, state: State) -> State:
            return state.update(n=5)

    decorate: Any = action(writes=["n"])
    app = alone(decorate(Adder()))
    with pytest.raises(GraphError, match="action 'work' is async"):
        app.run()
    assert asyncio.run(app.arun()).state == {"n": 5}


def test_a_coroutine_that_nobody_awaits_is_named() -> None:
    """A plain function, class or signature that returns a coroutine is told to be async; the coroutine is closed."""

    async def later() -> int:
        raise AssertionError

    class Returns(Count):
        inputs = ()

        def run(self, state: State) -> Any:  # type: ignore[override]
            return later()

    @action(writes=["n"])
    def function(state: State) -> Any:
        return later()

    @action(writes=["n"])
    def signature() -> Any:
        return later()

    for given in (Returns(), function, signature):
        with pytest.raises(ActionError, match="action 'work' returned a coroutine; make its function async and await"):
            alone(given, n=0).run()


def test_decorating_twice_counts_the_outer_one() -> None:
    """An action may be declared anew over the function of another one."""

    @action(writes=["a"])
    def work(state: State) -> State:
        return state.update(b=1)

    assert alone(action(writes=["b"])(work)).run().state == {"b": 1}


def test_kwargs_take_what_nobody_declares(driver: Driver) -> None:
    """A ``**kwargs`` parameter gets the inputs that no action of the graph declares by name."""

    @action(writes=["seen"])
    @driver.body
    def work(state: State, named: int = 0, **others: Any) -> State:
        return state.update(seen=(named, others))

    @action()
    @driver.body
    def after(state: State, later: int = 0) -> State:
        return state

    app = builder(work).with_actions(after=after).with_transitions(("work", "after")).build()
    driver.run(app, inputs={"named": 1, "later": 2, "x": 3})
    assert app.state["seen"] == (1, {"x": 3})


def test_star_args_are_nobodys() -> None:
    """``*args`` stays empty; it is no input."""

    @action(writes=["seen"])
    def work(state: State, *args: Any, by: int = 1) -> State:
        return state.update(seen=(args, by))

    assert alone(work).run(inputs={"by": 2}).state["seen"] == ((), 2)


def test_a_missing_input_is_an_error_before_the_body() -> None:
    """The error names action, step and inputs, in the words of the call."""

    @action()
    def work(state: State, prompt: str, tone: str) -> State:
        raise AssertionError

    app = alone(work)
    with pytest.raises(InputError, match=r"action 'work', step 0, needs the inputs 'prompt', 'tone'; give"):
        app.run()
    with pytest.raises(InputError, match=r"needs the input 'tone'; give \{'tone': ...\} as inputs="):
        app.run(inputs={"prompt": "x"})
    assert app.sequence_id is None


def test_an_input_that_nobody_takes_is_an_error_at_once() -> None:
    """It is compared with the inputs of the whole graph."""

    @action()
    def work(state: State, prompt: str = "") -> State:
        return state

    with pytest.raises(InputError, match=r"no action of the graph takes an input 'promt'; did you mean 'prompt'\?"):
        alone(work).run(inputs={"promt": "x"})


# -- (b) classes ---------------------------------------------------------------------------------------


class Count(Action):
    reads = ("n",)
    writes: Any = ("n",)
    inputs: Any = ["by"]  # noqa: RUF012  as people write it

    def run(self, state: State, by: int) -> dict[str, Any]:
        return {"n": state["n"] + by}

    def update(self, result: dict[str, Any], state: State) -> State:
        return state.update(**result)


class Wait(Count):
    async def run(self, state: State, **inputs: Any) -> dict[str, Any]:  # type: ignore[override]
        await asyncio.sleep(0)
        return {"n": state["n"] + inputs["by"]}


class Told(Action):
    """Declares everything by properties, and its inputs as required and optional ones."""

    def __init__(self, key: str) -> None:
        self.key = key

    @property
    def reads(self) -> list[str]:  # type: ignore[override]
        return []

    @property
    def writes(self) -> list[str]:  # type: ignore[override]
        return [self.key]

    @property
    def inputs(self) -> tuple[list[str], list[str]]:
        return ["a"], ["b"]

    def run(self, state: State, a: int, b: int = 10, ctx: StepContext | None = None) -> dict[str, Any]:
        return {"sum": a + b, "action": ctx.action if ctx is not None else ""}

    def update(self, result: dict[str, Any], state: State) -> State:
        return state.update(**{self.key: result["sum"]})


def test_a_class_runs_then_updates(driver: Driver) -> None:
    """What run returns is the result; update makes the State of it."""
    app = alone(Wait() if driver.is_async else Count(), n=1)
    ran, result, state = driver.run(app, inputs={"by": 2})
    assert (ran.name, result, state["n"]) == ("work", {"n": 3}, 3)


def test_a_class_is_named_after_itself() -> None:
    """Without a name from the graph, the class's name counts, or one that it gives itself."""

    class Named(Count):
        name = "mine"  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]  people do

    assert (Count().name, Named().name, Named().with_name("other").name) == ("Count", "mine", "other")
    graph = ApplicationBuilder().with_actions(Count(), Named(), third=Named()).with_state(n=0)
    chained = graph.with_transitions(("Count", "mine"), ("mine", "third")).with_entrypoint("Count").build()
    assert list(chained.graph.actions) == ["Count", "mine", "third"]


def test_a_class_declares_by_properties(driver: Driver) -> None:
    """Reads, writes and inputs may be computed for each instance; a StepContext is injected by annotation."""
    app = alone(Told("total"))
    assert driver.run(app, inputs={"a": 1}).result == {"sum": 11, "action": "work"}
    assert driver.run(alone(Told("total")), inputs={"a": 1, "b": 2}).state == {"total": 3}


def test_a_class_binds_and_checks_types() -> None:
    """Inputs of a class have the types that its run is annotated with, and can be bound."""
    app = alone(Count(), n=1)
    with pytest.raises(InputError, match="action 'work' takes 'by' as int, not str"):
        app.run(inputs={"by": "2"})
    assert alone(Count().bind(by=5), n=1).run().state["n"] == 6
    with pytest.raises(GraphError, match=r"takes no argument 'bye'; did you mean 'by'\?"):
        Count().bind(bye=1)


def test_update_sees_what_run_sees() -> None:
    """Both get the same restricted view."""

    class Peek(Action):
        writes = ("n",)

        def run(self, state: State) -> dict[str, Any]:
            return {}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state.update(n=state["hidden"])

    with pytest.raises(MissingKeyError, match=r"touched 'hidden'.*declare reads = \['hidden'\]; writes = \['n'\]"):
        alone(Peek(), hidden=1, n=0).run()


@pytest.mark.parametrize(
    ("run", "update", "said"),
    [
        (lambda: 3, lambda state: state, "action 'work': run returned an int; it must return a dict, its result"),
        (lambda: None, lambda state: state, "run returned None"),
        (dict, lambda state: None, "action 'work': update returned None; it must return the new State"),
        (dict, lambda state: {}, "update returned a dict"),
    ],
)
def test_a_class_returns_what_it_should(run: Any, update: Any, said: str) -> None:
    """A result that is no dict, or an update that is no State, is named."""

    class Wrong(Action):
        def run(self, state: State) -> Any:
            return run()

        def update(self, result: Any, state: State) -> Any:
            return update(state)

    with pytest.raises(ActionError, match=said):
        alone(Wrong()).run()


def test_a_class_without_its_methods_is_a_finding() -> None:
    """Both run (or stream_run) and update are there, and update is no coroutine."""

    class Empty(Action):
        pass

    class Waiting(Count):
        async def update(self, result: Any, state: State) -> State:  # type: ignore[override]
            return state

    assert findings(Empty()) == [
        "action 'work': class Empty has neither run nor stream_run",
        "action 'work': class Empty has no update(result, state)",
    ]
    assert findings(Waiting(), n=0) == ["action 'work': update must be a plain function; move the waiting into run"]


def test_a_generator_named_run_is_a_finding() -> None:
    """A class whose run yields is told to call it stream_run."""

    class Yields(Count):
        def run(self, state: State, by: int) -> Any:
            yield by

    assert findings(Yields(), n=0) == ["action 'work': run yields items; call it stream_run"]


def test_inputs_of_a_class_are_names_that_run_takes() -> None:
    """A lone string, a list of something else, and a name that run does not take are findings."""

    class Mistyped(Count):
        inputs = ("bye",)

    class Lone(Count):
        inputs = "by"

    class Numbers(Count):
        inputs: Any = ([1], [])

    assert findings(Mistyped(), n=0) == [
        "action 'work': inputs name 'bye', which run does not take; did you mean 'by'?",
    ]
    for wrong in (Lone(), Numbers()):
        (said,) = findings(wrong, n=0)
        assert said.startswith("action 'work': inputs must be a list of names, or (required names, optional names)")


def test_an_argument_of_a_class_that_nobody_gives_is_a_finding() -> None:
    """A parameter of run that is neither listed in inputs nor a resource is named at build."""

    class Search(Action):
        def run(self, state: State, indx: Any) -> dict[str, Any]:
            return {}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state

    said = r"takes 'indx', which is neither one of its inputs nor a resource; .*did you mean 'index'"
    with pytest.raises(GraphError, match=said):
        builder(Search()).with_resources(index=1).build()


# -- (c) streaming -----------------------------------------------------------------------------------------


def bare(state: State) -> Iterator[Any]:
    yield "a"
    yield "b"
    yield {"n": 1}, state.update(n=1)


def pairs(state: State) -> Iterator[Any]:
    yield "a", None
    yield "b", None
    yield {"n": 1}, state.update(n=1)


def returning(state: State) -> Any:
    yield "a"
    yield "b"
    return {"n": 1}, state.update(n=1)


@pytest.mark.parametrize("body", [bare, pairs, returning])
def test_a_generator_streams(driver: Driver, body: Callable[..., Any]) -> None:
    """Items bare or in pairs, and the last result yielded or returned, come to the same."""
    work = streaming_action(writes=["n"])(driver.body(body))
    streamed = driver.stream_result(alone(work), halt_after=["work"])
    assert (streamed.items, streamed.result, streamed.state["n"]) == (["a", "b"], {"n": 1}, 1)
    assert driver.run(alone(work)).result == {"n": 1}


class Spell(Action):
    """A streaming class; ``last`` is how it tells its result."""

    writes: Any = ("word",)
    inputs: Any = ("word",)

    def __init__(self, last: str) -> None:
        self.last = last

    def stream_run(self, state: State, word: str) -> Any:
        yield from word
        if self.last == "returned":
            return {"word": word}
        if self.last == "written":
            state = state.update(word="by stream_run")
        yield {"word": word}, state
        return None

    def update(self, result: dict[str, Any], state: State) -> State:
        return state if self.last == "written" else state.update(word=result["word"])


class ASpell(Spell):
    async def stream_run(self, state: State, word: str) -> AsyncIterator[Any]:
        for letter in word:
            await asyncio.sleep(0)
            yield letter, None
        yield {"word": word}, state


def test_a_class_streams(driver: Driver) -> None:
    """Its stream_run yields items and last its result with the state; update makes the State."""
    work = ASpell("yielded") if driver.is_async else Spell("yielded")
    streamed = driver.stream_result(alone(work), inputs={"word": "ab"}, halt_after=["work"])
    assert (streamed.items, streamed.result, streamed.state) == (["a", "b"], {"word": "ab"}, {"word": "ab"})


def test_a_streaming_class_may_return_its_result(driver: Driver) -> None:
    """A sync stream_run may return the result dict, as run does."""
    assert driver.run(alone(Spell("returned")), inputs={"word": "ab"}).state == {"word": "ab"}


def test_what_stream_run_wrote_is_kept(driver: Driver) -> None:
    """The State that stream_run yielded last is the one that update gets."""
    assert driver.run(alone(Spell("written")), inputs={"word": "ab"}).state == {"word": "by stream_run"}


def test_decorators_of_generators_are_findings_when_swapped() -> None:
    """A generator needs @streaming_action, and only a generator does."""

    @action(writes=["n"])
    def yields(state: State) -> Any:
        yield state

    @action(writes=["n"])
    async def ayields(state: State) -> Any:
        yield state

    @streaming_action(writes=["n"])
    def returns(state: State) -> Any:
        return state

    said = "action 'work' yields items; decorate it with @streaming_action instead of @action"
    assert findings(yields) == findings(ayields) == [said]
    assert findings(returns) == ["action 'work' never yields; decorate it with @action, or yield its items"]


def goes_on(state: State) -> Iterator[Any]:
    yield {}, state
    yield "more"


def twice(state: State) -> Iterator[Any]:
    yield {}, state
    yield {}, state


def without(state: State) -> Iterator[Any]:
    yield "a"


def wrong_result(state: State) -> Iterator[Any]:
    yield "a"
    yield "result", state


def wrong_return(state: State) -> Any:
    yield "a"
    return {"n": 1}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (goes_on, "yielded again after its last result"),
        (twice, "yielded again after its last result"),
        (without, "ended without its last result; yield .result, state. last"),
        (wrong_result, "returned a str as its result; it must be a dict"),
    ],
)
def test_generator_misuse_is_named(driver: Driver, body: Callable[..., Any], said: str) -> None:
    """A generator that breaks the protocol is named, and its step comes to nothing."""
    app = alone(streaming_action()(driver.body(body)))
    with pytest.raises(ActionError, match=said):
        driver.run(app)
    assert app.sequence_id is None


@pytest.mark.parametrize(
    ("body", "said"),
    [(wrong_return, "returned a dict; it must return the new State"), (lambda: None, "not a generator")],
    ids=["return", "no generator"],
)
def test_sync_generator_misuse_is_named(body: Any, said: str) -> None:
    """A return value that is no pair, and a stream_run that gives no iterator, are named."""

    class Wrong(Spell):
        inputs = ()

        def stream_run(self, state: State) -> Any:  # type: ignore[override]
            return {}

    given = streaming_action()(body) if body is wrong_return else Wrong("")
    with pytest.raises(ActionError, match=said):
        alone(given).run()


# -- (e) signatures ----------------------------------------------------------------------------------------


@action(writes=["answer"])
def answer(question: str, context: str, tone: Input[str] = "plain", greeting: str = "Hi") -> str:
    return f"{greeting}: {question}/{context}/{tone}"


def test_a_signature_says_reads_and_inputs(driver: Driver) -> None:
    """Parameters are reads, Input marks inputs, a default makes a read optional, the value is what is written."""
    app = driver.build(builder(answer, question="q", context="c"))
    assert driver.run(app).state["answer"] == "Hi: q/c/plain"
    app = driver.build(builder(answer, question="q", context="c", greeting="Yo"))
    ran = driver.run(app, inputs={"tone": "loud"})
    assert (ran.state["answer"], ran.result) == ("Yo: q/c/loud", {"answer": "Yo: q/c/loud"})


def test_a_signature_stays_a_function() -> None:
    """It is called with plain values, as it is written."""
    assert answer("q", context="c") == "Hi: q/c/plain"
    assert answer.bind(tone="low")("q", "c") == "Hi: q/c/low"


def test_a_signature_may_be_async() -> None:
    """An async function's awaited value is what is written."""

    @action(writes=["n"])
    async def work(n: int) -> int:
        return n + 1

    app = alone(work, n=1)
    assert asyncio.run(app.arun()).state == {"n": 2}


def test_several_writes_are_a_dict(driver: Driver) -> None:
    """With more than one write the function returns exactly those keys."""

    @action(writes=["a", "b"])
    @driver.body
    def work(given: Input[Any]) -> Any:
        return given

    assert driver.run(alone(work), inputs={"given": {"a": 1, "b": 2}}).state == {"a": 1, "b": 2}
    for wrong, shown in (
        ({"a": 1}, r"a dict that lacks \['b'\]"),
        ({"a": 1, "b": 2, "c": 3}, r"a dict that has \['c'\], which the action does not write"),
        ({"c": 3}, r"a dict that lacks \['a', 'b'\] and has \['c'\], which the action does not write"),
        (3, "an int"),
    ):
        with pytest.raises(
            ActionError, match=rf"action 'work' returned {shown}; it must return a dict of \['a', 'b'\]"
        ):
            driver.run(alone(work), inputs={"given": wrong})


def test_appends_add_to_lists(driver: Driver) -> None:
    """Values of ``appends`` are appended to the lists that are there, or start one."""

    @action(writes=["last"], appends=["history"])
    @driver.body
    def work(said: Input[str]) -> dict[str, Any]:
        return {"last": said, "history": {"said": said}}

    app = driver.build(builder(work, history=[0]))
    assert driver.run(app, inputs={"said": "x"}).state == {"history": [0, {"said": "x"}], "last": "x"}

    @action(appends=["history"])
    @driver.body
    def only(said: Input[str]) -> str:
        return said

    assert driver.run(alone(only), inputs={"said": "x"}).state == {"history": ["x"]}


def test_a_read_of_a_signature_that_is_gone_is_named() -> None:
    """A required read that the state has lost is an error before the body."""

    @action(writes=["n"])
    def work(n: int) -> int:
        raise AssertionError

    app = alone(work, n=1)
    app.update_state(app.state.wipe(delete=["n"]))
    with pytest.raises(MissingKeyError, match="action 'work' reads 'n', which the state does not have"):
        app.run()


def test_a_read_nobody_writes_says_how_to_mark_an_input() -> None:
    """The remedy of a signature is Input[...]."""
    (said,) = findings(answer, question="q")
    assert "give it with with_state(context=...) or with_resources(context=...), or mark the parameter" in said
    assert "context: Input[...]" in said


def test_a_signature_writes_something() -> None:
    """Without writes its value would go nowhere; streaming has no signature form."""

    @action()
    def nothing(n: Input[int]) -> int:
        return n

    @streaming_action(writes=["n"])
    def streams(n: Input[int]) -> Any:
        yield n

    assert findings(nothing) == ["action 'work' has no state parameter and writes nothing; declare writes=[...]"]
    assert findings(streams) == ["action 'work': a streaming action takes a 'state' parameter first"]


# -- what all forms share ---------------------------------------------------------------------------------------


def test_state_comes_first() -> None:
    """A state parameter in another place, or by keyword only, is a finding and not an error of the decorator."""

    @action()
    def second(prompt: str, state: State) -> State:
        return state

    @action()
    def keyword(*, state: State) -> State:
        return state

    class Second(Count):
        inputs = ()

        def run(self, before: int, state: State) -> dict[str, Any]:  # type: ignore[override]
            return {}

    @action(writes=["n"])
    def other(before: State) -> State:
        return before

    for given in (second, keyword):
        assert findings(given) == ["action 'work': 'state' must be the first parameter of its function"]
    assert findings(Second(), n=0) == ["action 'work': 'state' must be the first parameter of run"]
    assert findings(other) == ["action 'work': parameter 'before' is a State; call it 'state' and put it first"]


def test_arguments_are_given_by_keyword() -> None:
    """A parameter before ``/`` could never be given; the state may stand there."""

    @action()
    def work(state: State, prompt: str, /) -> State:
        return state

    @action()
    def fine(state: State, /, prompt: str = "") -> State:
        return state

    assert findings(work) == ["action 'work' is called by keyword, so 'prompt' cannot stand before '/'"]
    assert alone(fine).run().state == {}


@pytest.mark.parametrize("kind", ["reads", "writes", "optional_reads", "appends", "tags"])
@pytest.mark.parametrize("value", ["prompt", [1], 5, None, [["a"]]])
@pytest.mark.parametrize("decorator", [action, streaming_action])
def test_names_come_in_lists(kind: str, value: Any, decorator: Any) -> None:
    """A lone string or anything else than names is a finding; the decorator itself never raises."""

    def body(state: State) -> Iterator[Any]:
        yield {}, state

    given = decorator(**{kind: value})(body)
    assert f"action 'work': {kind} must be a list of names, not" in "\n".join(findings(given))


def test_names_of_a_class_come_in_lists() -> None:
    """Attributes of a class are judged like arguments of a decorator."""

    class Lone(Count):
        writes = "n"

    assert findings(Lone(), n=0) == ["action 'work': writes must be a list of names, not 'n'"]


@pytest.mark.parametrize("timeout", [0, -1, "2", True])
def test_a_timeout_is_seconds(timeout: Any) -> None:
    """A timeout that is no positive number, and a retry that is no Retry, are findings."""

    @action(timeout=timeout, retry=3)  # type: ignore[arg-type]
    def work(state: State) -> State:
        return state

    said = findings(work)
    assert said[0] == "action 'work': retry must be a Retry(attempts=...), not 3"
    assert said[1:] == [f"action 'work': timeout must be seconds, more than 0, not {timeout!r}"]


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"delay": -1.0}, {"backoff": -0.5}])
def test_a_retry_has_limits(wrong: Any) -> None:
    """No attempt, or time that runs backwards, is refused at once."""
    with pytest.raises(GraphError, match="Retry needs attempts >= 1, delay >= 0 and backoff >= 0"):
        Retry(**wrong)


@pytest.mark.parametrize(
    "wrong", [("ValueError",), (ValueError, 3), (KeyboardInterrupt,), KeyboardInterrupt, [ValueError]]
)
def test_a_retry_is_after_exceptions(wrong: Any) -> None:
    """Names, lists and what is no Exception are refused at once; a lone class counts as a tuple of it."""
    with pytest.raises(GraphError, match=r"on=.* such as \(TimeoutError,\), not "):
        Retry(on=wrong)
    assert Retry(on=ValueError) == Retry(on=(ValueError,))


def test_a_retry_waits_longer_each_time() -> None:
    """The pause grows by ``backoff`` up to ``max_delay``."""
    retry = Retry(attempts=5, delay=1.0, backoff=3.0, max_delay=5.0)
    assert [retry.pause(attempt) for attempt in (1, 2, 3)] == [1.0, 3.0, 5.0]


def test_bind_copies() -> None:
    """A bound argument is fixed in the copy alone, and the graph no longer asks for it."""

    @action(writes=["said"])
    def say(state: State, word: str, times: int) -> State:
        return state.update(said=word * times)

    thrice = say.bind(times=3)
    assert [need.name for need in say.needs()] == ["word", "times"]
    assert [need.name for need in thrice.needs()] == ["word"]
    app = alone(thrice.bind(word="a").bind(word="b"))
    assert app.run().state == {"said": "bbb"}
    with pytest.raises(InputError, match=r"takes an input 'times'"):
        app.run(inputs={"times": 1})


def test_bind_refuses_unknown_names() -> None:
    """A name that the body does not take is refused at once, with near ones; ``**kwargs`` takes any."""

    @action()
    def work(state: State, model: str) -> State:
        return state

    @action(writes=["seen"])
    def anything(state: State, **options: Any) -> State:
        return state.update(seen=options)

    with pytest.raises(GraphError, match=r"bind: action 'work' takes no argument 'modle'; did you mean 'model'\?"):
        work.bind(modle="x")
    app = alone(anything.bind(model="x"))
    assert app.run(inputs={"y": 1}).state["seen"] == {"model": "x", "y": 1}


def test_a_signature_may_bind_a_read() -> None:
    """A bound parameter is no read any more."""
    assert alone(answer.bind(context="bound"), question="q").run().state["answer"] == "Hi: q/bound/plain"


def test_resources_come_by_name(driver: Driver) -> None:
    """A parameter with a resource's name gets it, in functions, classes, signatures and generators."""

    class Ask(Action):
        writes = ("b",)

        def run(self, state: State, llm: str, other: str = "no") -> dict[str, Any]:
            return {"b": llm + other}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state.update(**result)

    @action(writes=["a"])
    @driver.body
    def function(state: State, llm: str, word: str) -> State:
        return state.update(a=llm + word)

    @action(writes=["c"])
    @driver.body
    def signature(llm: str, a: str) -> str:
        return llm + a

    @streaming_action(writes=["d"])
    @driver.body
    def streams(state: State, llm: str) -> Any:
        yield llm
        yield {}, state.update(d=llm)

    app = driver.build(
        ApplicationBuilder()
        .with_actions(function, signature, streams, ask=Ask())
        .with_transitions(("function", "ask"), ("ask", "signature"), ("signature", "streams"))
        .with_entrypoint("function")
        .with_resources(llm="gpt")
    )
    driver.run(app, inputs={"word": "!"})
    assert app.state == {"a": "gpt!", "b": "gptno", "c": "gptgpt!", "d": "gpt"}


def test_the_step_context_comes_by_annotation(driver: Driver) -> None:
    """Any parameter annotated with StepContext gets it, optional or not, in every form."""

    @action(writes=["a"])
    @driver.body
    def function(state: State, ctx: StepContext) -> State:
        return state.update(a=(ctx.action, ctx.sequence, ctx.attempt, ctx.context))

    @action(writes=["b"])
    @driver.body
    def signature(here: Optional[StepContext] = None) -> Any:
        return here and here.action

    app = driver.build(
        ApplicationBuilder()
        .with_actions(function, signature)
        .with_transitions(("function", "signature"))
        .with_entrypoint("function")
    )
    driver.run(app, context={"tenant": 1})
    assert app.state == {"a": ("function", 0, 1, {"tenant": 1}), "b": "signature"}


def test_tags_name_actions_in_halts(driver: Driver) -> None:
    """``@tag:name`` halts at every action with the tag."""

    @action(tags=["ask", "human"])
    @driver.body
    def one(state: State) -> State:
        return state

    @action(tags=("tell",))
    @driver.body
    def two(state: State) -> State:
        return state

    built = ApplicationBuilder().with_actions(one, two).with_transitions(("one", "two"), ("two", "one"))
    app = driver.build(built.with_entrypoint("one"))
    assert driver.run(app, halt_after=["@tag:tell"]).action.name == "two"
    paused = driver.run(app, halt_before="@tag:tell")
    assert (paused.action.name, paused.halted) == ("two", "paused")


# -- annotations ---------------------------------------------------------------------------------------------


def test_annotations_that_cannot_be_resolved_count_as_any() -> None:
    """What is imported for type checkers alone is not checked; StepContext and Input are known even so."""
    app = (
        ApplicationBuilder()
        .with_actions(unresolvable.work, unresolvable.signed)
        .with_transitions(("work", "signed"), ("signed", "work"))
        .with_halts(halt_after=["signed"])
        .with_entrypoint("work")
        .build()
    )
    ran = app.run(inputs={"amount": "no Decimal", "count": 3, "tone": "loud"})
    assert ran.state == {"seen": ("no Decimal", 3, "work"), "said": "3 loud"}
    with pytest.raises(InputError, match="takes 'count' as int, not str"):
        app.run(inputs={"amount": 1, "count": "3", "tone": "loud"})


def test_wrongly_typed_inputs_are_refused_before_the_body() -> None:
    """The error names action, input, the type asked for and the type given; the state stays."""

    @action()
    def work(state: State, top: int | None = None, how: Literal["a", "b"] = "a", marked: Input[str] = "") -> State:
        raise AssertionError

    app = alone(work, n=0)
    wrongs = (("top", "3", "int . None"), ("how", "c", r"Literal\['a', 'b'\]"), ("marked", 1, "str"))
    for name, value, shown in wrongs:
        kind = type(value).__name__
        with pytest.raises(InputError, match=rf"action 'work' takes '{name}' as .*{shown}.*, not {kind}"):
            app.run(inputs={name: value})
    assert (app.state, app.sequence_id) == ({"n": 0}, None)


def test_none_is_fine_where_it_is_the_default() -> None:
    """An annotation need not repeat it."""

    @action(writes=["seen"])
    def work(state: State, model: str = None) -> State:  # type: ignore[assignment]  # noqa: RUF013  people write it
        return state.update(seen=model)

    app = alone(work)
    assert app.run(inputs={"model": None}).state == {"seen": None}
    app.reset_to_entrypoint()
    with pytest.raises(InputError, match=r"takes 'model' as .*str.*, not int"):
        app.run(inputs={"model": 3})


class Speaks(Protocol):
    def speak(self) -> str: ...


class Options(TypedDict):
    top: int


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


UserId = NewType("UserId", int)
T = TypeVar("T")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (np.int64(1), int),
        (1, float),
        (1.5, float),
        (np.float32(1.5), float),
        (Fraction(1, 2), float),
        (1, complex),
        (True, bool),
        ("a", str),
        (None, type(None)),
        (None, Optional[int]),
        (3, Union[int, str]),
        ("a", int | str),
        ("a", Literal["a", "b"]),
        (Colour.RED, Literal[Colour.RED]),
        (Colour.RED, Colour),
        ([1], list[str]),
        ((1, 2), tuple[int, ...]),
        ("text", Sequence[str]),
        ({"top": "x"}, Options),
        (object(), Speaks),
        (Point(1), Point),
        (3, UserId),
        ("x", UserId),
        ("x", T),
        (print, Callable[..., Any]),
        (Point, type[Point]),
        (3, Annotated[int, "a mark"]),
        (3, Input[int]),
        ("x", Input[Optional[str]]),  # type: ignore[misc]  # fine in an annotation
        (None, Optional[Input[str]]),
        ([1], Iterable[int]),
        (object(), Any),
        (object(), Union[int, Any]),
        (object(), object),
    ],
)
def test_values_that_fit(value: Any, hint: Any) -> None:
    """Numbers fit by kind, containers by their outer type, and what cannot be judged is taken for fitting."""
    assert fits(value, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("1", int),
        (True, int),
        (1.5, int),
        (True, float),
        ("1", float),
        (Decimal(1), float),
        (1, bool),
        (1, str),
        (b"x", str),
        (None, str),
        ("a", Optional[int]),
        (1.5, Union[int, str]),
        ("c", Literal["a", "b"]),
        (1, Literal["1"]),
        ([], Literal["a"]),
        (np.array([1, 2]), Literal[1, 2]),
        ("red", Colour),
        ((1,), list[int]),
        ([("top", 1)], Options),
        ({"x": 1}, Point),
        ("print", Callable[..., Any]),
        (3, Input[str]),
        (3, Optional[Input[str]]),
        (3, Annotated[str, "a mark"]),
    ],
)
def test_values_that_plainly_do_not_fit(value: Any, hint: Any) -> None:
    """Only a plain mistake is refused, and no comparison of values breaks."""
    assert not fits(value, hint)
