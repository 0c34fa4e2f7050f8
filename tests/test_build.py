"""Building an application: everything that can be wrong is judged before the first step, in one error."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stateflow import (
    Action,
    Application,
    ApplicationBuilder,
    Condition,
    GraphBuilder,
    GraphError,
    Input,
    InputError,
    LifecycleHook,
    Resource,
    State,
    action,
    dag,
    expr,
    open_store,
    streaming_action,
    visits,
    when,
)
from stateflow.application.findings import entry_findings

from tests.driving import Driver


@action(writes=["prompt"])
def ask(state: State, prompt: str) -> State:
    return state.update(prompt=prompt)


@action(reads=["prompt"], writes=["reply"], tags=["speaks"])
def answer(state: State, llm: str = "none") -> State:
    return state.update(reply=f"{state['prompt']} {llm}")


def chat() -> ApplicationBuilder:
    """Two actions in a loop."""
    return (
        ApplicationBuilder()
        .with_actions(ask, answer)
        .with_transitions(("ask", "answer"), ("answer", "ask"))
        .with_entrypoint("ask")
    )


def findings(builder: ApplicationBuilder) -> list[str]:
    """What a build says; the async build says the same."""
    with pytest.raises(GraphError) as caught:
        builder.build()
    with pytest.raises(GraphError) as again:
        asyncio.run(builder.abuild())
    assert again.value.findings == caught.value.findings
    return list(caught.value.findings)


# -- what an application knows of itself -------------------------------------------------------------------------


def test_an_application_before_its_first_step(driver: Driver) -> None:
    """It has its initial state, an id of its own, and stands before its entrypoint."""
    app = driver.build(chat().with_state(mood="calm").with_identifiers(partition_key="me"))
    assert (app.state, app.initial_keys, app.sequence_id) == ({"mood": "calm"}, ("mood",), None)
    assert (app.entrypoint, app.get_next_action().name, app.has_next_action()) == ("ask", "ask", True)
    assert (app.app_id == app.uid, len(app.app_id), app.partition_key) == (True, 36, "me")
    assert (list(app.graph.actions), app.resource_names) == (["ask", "answer"], ())
    assert repr(app) == f"<Application {app.app_id!r} at its start, 2 actions>"


def test_initial_keys_stay(driver: Driver) -> None:
    """They are the keys at build, whatever is written later."""
    app = driver.build(chat().with_state(mood="calm"))
    driver.step(app, inputs={"prompt": "hi"})
    assert (app.initial_keys, app.state) == (("mood",), {"mood": "calm", "prompt": "hi"})
    assert repr(app) == f"<Application {app.app_id!r} at ask, 2 actions>"


def test_state_is_given_in_any_way() -> None:
    """A mapping, a State and keywords add up; a key may be named ``state``."""
    app = chat().with_state({"a": 1, "b": 1}).with_state(State(b=2), c=3).with_state(state="CA").build()
    assert app.state == {"a": 1, "b": 2, "c": 3, "state": "CA"}


@pytest.mark.parametrize("wrong", [3, [("a", 1)], {1: "a"}])
def test_state_is_a_mapping_of_names(wrong: Any) -> None:
    """Anything else is refused at once."""
    with pytest.raises(InputError, match="state"):
        chat().with_state(wrong)


def test_the_entrypoint_may_be_an_action() -> None:
    """An action stands for its name."""
    assert chat().with_entrypoint(answer).with_state(prompt="x").build().entrypoint == "answer"


def test_an_application_shows_itself_in_a_notebook() -> None:
    """Its lineage is what a notebook displays."""
    assert "answer" in chat().build()._repr_html_()


def test_halts_have_defaults(driver: Driver) -> None:
    """with_halts counts where a call names none."""
    app = driver.build(chat().with_halts(halt_after=["@tag:speaks"]))
    assert driver.run(app, inputs={"prompt": "x"}).action.name == "answer"
    assert driver.run(app, inputs={"prompt": "x"}, halt_after=[ask]).action.name == "ask"


# -- many builds -------------------------------------------------------------------------------------------------


def test_a_builder_builds_many_times(driver: Driver) -> None:
    """Each build is an application of its own, with an id, a state and a next action of its own."""
    builder = chat().with_state(seen=[])
    one, two = driver.build(builder), driver.build(builder)
    for app in (one, two):
        driver.run(app, halt_after=["answer"], inputs={"prompt": app.app_id})
    assert one.app_id != two.app_id
    assert (one.state["prompt"], two.state["prompt"]) == (one.app_id, two.app_id)
    assert (one.sequence_id, two.sequence_id) == (1, 1)


def test_a_builder_goes_on_after_a_build() -> None:
    """What is added later is in the next build only."""
    builder = chat()
    first = builder.build()
    builder.with_actions(third=ask).with_transitions(("ask", "third", visits("ask", ge=9)))
    with pytest.raises(GraphError, match="stands after"):
        builder.build()
    assert list(first.graph.actions) == ["ask", "answer"]


def test_defaults_of_a_model_are_not_shared() -> None:
    """A mutable default is made anew for each build."""

    @dataclass
    class Chat:
        prompt: str = ""
        reply: str = ""
        log: Any = None

    builder = chat().with_typing(Chat)
    one, two = builder.build(), builder.build()
    one.run(halt_after=["answer"], inputs={"prompt": "x"})
    assert (one.state["reply"], two.state["reply"]) == ("x none", "")


def test_applications_share_a_tracker(driver: Driver, tmp_path: Path) -> None:
    """Two applications write into one store, each under its own id."""
    with closing(open_store(f"sqlite:///{tmp_path / 'runs.db'}")) as store:
        builder = chat().with_tracker(store, project="chat", params={"seed": 1})
        apps = [driver.build(builder) for _ in range(2)]
        for app in apps:
            driver.run(app, halt_after=["answer"], inputs={"prompt": app.app_id})
        for app in apps:
            record = store.load(app._machine.address)
            assert record is not None
            assert record.state["prompt"] == app.app_id


# -- findings -----------------------------------------------------------------------------------------------------


def test_all_findings_come_in_one_error() -> None:
    """Faults of the graph, the actions, names, hooks and halts are told together."""

    @action(reads=["nowhere"], writes="reply")
    def mistyped(state: State) -> State:
        return state

    class Silent(LifecycleHook):
        pass

    builder = (
        ApplicationBuilder()
        .with_actions(ask, ask, answer, mistyped)
        .with_transitions(("ask", "answr"), ("ask", "ask", expr("gone > 1")))
        .with_state(llm="a key")
        .with_resources(llm="a resource")
        .with_hooks(Silent())
        .with_halts(halt_after=["anser"])
        .with_entrypoint("aks")
    )
    said = "\n".join(findings(builder))
    for part in (
        "two actions are named 'ask'",
        "writes must be a list of names",
        "there is no action 'answr'",
        "entrypoint: there is no action 'aks'; did you mean 'ask'?",
        "the condition 'gone > 1' reads 'gone'",
        "'llm' is both a state key and a resource",
        "hook Silent overrides no method of LifecycleHook",
        "with_halts(halt_after=...): there is no action 'anser'; did you mean 'answer'?",
    ):
        assert part in said


def test_no_actions_or_no_entrypoint() -> None:
    """An empty application, and one without a beginning, say what to call."""
    assert findings(ApplicationBuilder()) == ["the application has no actions; add some with with_actions(...)"]
    builder = ApplicationBuilder().with_actions(ask)
    assert findings(builder) == ["the application has no entrypoint; name its first action: with_entrypoint('...')"]


@pytest.mark.parametrize("name", ["answr", "", 5, ask.function])
def test_an_unknown_entrypoint(name: Any) -> None:
    """Whatever was given is named, never a TypeError."""
    (said,) = findings(chat().with_entrypoint(name))
    assert said.startswith("entrypoint: there is no action")


def test_an_action_that_cannot_be_reached() -> None:
    """Every action that no path from the entrypoint leads to is named."""
    builder = chat().with_actions(lost=ask, gone=answer).with_transitions(("lost", "gone"))
    assert findings(builder) == [
        "no transition leads from the entrypoint 'ask' to action 'lost'",
        "no transition leads from the entrypoint 'ask' to action 'gone'",
    ]
    assert entry_findings(GraphBuilder().with_actions(ask).build(), "ask") == []


def test_unknown_halts_and_tags() -> None:
    """Names, tags and things that are neither, in both kinds of halts."""
    builder = chat().with_halts(halt_before=["asj", "ask"], halt_after=["@tag:speak"])
    assert findings(builder) == [
        "with_halts(halt_before=...): there is no action 'asj'; did you mean 'ask'?",
        "with_halts(halt_after=...): no action has the tag 'speak'; did you mean 'speaks'?",
    ]
    odd: Any = 3
    said = "with_halts(halt_before=...): 3 is not the name of an action, nor a list of names"
    assert findings(chat().with_halts(halt_before=odd)) == [said]
    odd = [3]
    assert findings(chat().with_halts(halt_after=odd)) == ["with_halts(halt_after=...): 3 is not the name of an action"]


def test_unknown_halts_of_a_call(driver: Driver) -> None:
    """A verb judges its halts before anything runs."""
    app = driver.build(chat())
    for name, halts in (("halt_after", ["anwser"]), ("halt_before", "@tag:speek")):
        with pytest.raises(InputError, match=f"{name}: .* did you mean"):
            driver.run(app, inputs={"prompt": "x"}, **{name: halts})
    with pytest.raises(InputError, match=r"halt_after: no action has the tag 'x'; valid are \['speaks'\]"):
        driver.run(app, halt_after="@tag:x", inputs={"prompt": "x"})
    assert (app.state, app.sequence_id) == ({}, None)


def test_a_key_that_is_state_and_resource() -> None:
    """An initial key and a written one are judged alike."""
    builder = chat().with_state(index=1).with_resources(index=object(), prompt=object(), llm="x")
    said = findings(builder)
    assert "'index' is both a state key and a resource; rename one of them" in said
    assert "'prompt' is both a state key and a resource; rename one of them" in said
    assert len(said) == 2


def test_an_input_that_is_a_resource() -> None:
    """A parameter marked as an input cannot also be given by name as a resource."""

    @action(writes=["prompt"])
    def marked(state: State, llm: Input[str]) -> State:
        return state.update(prompt=llm)

    builder = ApplicationBuilder().with_actions(marked).with_entrypoint("marked").with_resources(llm="x")
    assert findings(builder) == ["action 'marked' takes 'llm' as an input, but a resource has that name; rename one"]


def test_an_unknown_resource() -> None:
    """A class that takes what nobody gives is told the nearest name."""

    class Search(Action):
        writes = ("found",)

        def run(self, state: State, indx: Any) -> dict[str, Any]:
            return {}

        def update(self, result: dict[str, Any], state: State) -> State:
            return state.update(found=1)

    builder = ApplicationBuilder().with_actions(Search()).with_entrypoint("Search").with_resources(index=1)
    assert findings(builder) == [
        (
            "action 'Search' takes 'indx', which is neither one of its inputs nor a resource; name it in inputs, or "
            "give it with with_resources(indx=...); did you mean 'index'?"
        )
    ]


def test_a_read_that_nobody_writes() -> None:
    """It is given by with_state, or declared optional."""
    builder = ApplicationBuilder().with_actions(answer).with_entrypoint("answer").with_state(promt="x")
    assert findings(builder) == [
        (
            "action 'answer' reads 'prompt', which no action writes and the initial state lacks; give it with "
            "with_state(prompt=...), or declare it in optional_reads; did you mean 'promt'?"
        )
    ]


def test_an_inferred_read_that_nobody_writes() -> None:
    """A DAG is told to name an input, or to give a resource."""

    def reply(question: str) -> str:
        return question

    builder = ApplicationBuilder().with_actions(work=dag(reply, writes=["reply"])).with_entrypoint("work")
    (said,) = findings(builder)
    assert "give it with with_state(question=...) or with_resources(question=...), or name it in inputs=['q" in said


def test_a_resource_of_nearly_the_name_of_a_read() -> None:
    """It is what was meant where a resource can give the argument, and a declared read is never one."""

    def reply(keywords: list[str]) -> str:
        return keywords[0]

    @action(writes=["reply"])
    def short(keywords: list[str]) -> str:
        return keywords[0]

    for form in (dag(reply, writes=["reply"]), short):
        builder = ApplicationBuilder().with_actions(work=form).with_entrypoint("work").with_resources(keyword=1)
        (said,) = findings(builder)
        assert "with_state(keywords=...) or with_resources(keywords=...), or " in said
        assert said.endswith("; did you mean the resource 'keyword'?")
        builder = ApplicationBuilder().with_actions(work=form).with_entrypoint("work").with_state(keyword=1)
        assert findings(builder)[0].endswith("; did you mean 'keyword'?")
    named = dag(reply, writes=["reply"], reads=["keywords"])
    builder = ApplicationBuilder().with_actions(work=named).with_entrypoint("work").with_resources(keyword=1)
    assert "resource" not in findings(builder)[0]


def test_conditions_on_unknown_keys() -> None:
    """Each text is told once, for each key that nobody writes."""
    twice = expr("promt == 'x' and mood == 1")
    builder = (
        ApplicationBuilder()
        .with_actions(ask, answer)
        .with_transitions(("ask", "answer", twice), ("answer", "ask", twice), ("answer", "answer", when(nope=1)))
        .with_entrypoint("ask")
    )
    said = findings(builder)
    assert [line.partition(", which")[0] for line in said] == [
        "the condition \"promt == 'x' and mood == 1\" reads 'mood'",
        "the condition \"promt == 'x' and mood == 1\" reads 'promt'",
        "the condition 'nope == 1' reads 'nope'",
    ]
    assert said[1].endswith("did you mean 'prompt'?")


def test_conditions_may_read_what_is_given_or_written() -> None:
    """Initial keys and written keys are known."""
    given = Condition.of(lambda state: state["mood"], reads=["mood", "reply"])
    builder = (
        ApplicationBuilder().with_actions(ask, answer).with_transitions(("ask", "answer"), ("answer", "ask", given))
    )
    app = builder.with_state(mood=0).with_entrypoint("ask").build()
    assert app.run(inputs={"prompt": "x"}).halted == "finished"


def test_faults_of_hooks() -> None:
    """A hook that overrides nothing, misspells a method, or is a class, each with its remedy."""

    class Silent(LifecycleHook):
        pass

    class Misspelt(LifecycleHook):
        def post_run_stpe(self, **future_kwargs: Any) -> None: ...

    class Fine:
        def post_run_step(self, **future_kwargs: Any) -> None: ...

    assert findings(chat().with_hooks(Silent(), Misspelt(), Fine, Fine())) == [
        "hook Silent overrides no method of LifecycleHook, so it would never be called",
        (
            "hook Misspelt overrides no method of LifecycleHook, so it would never be called; 'post_run_stpe' is none "
            "of them; did you mean 'post_run_step' or 'post_run_node'?"
        ),
        "hook Fine is a class; give an instance: with_hooks(Fine())",
    ]


def test_faults_of_a_model() -> None:
    """Unknown fields, in writes and in the initial state, and what is no model."""

    @dataclass
    class Chat:
        prompt: str = ""
        replly: str = ""

    assert findings(chat().with_typing(Chat).with_state(promt="x")) == [
        "with_state gives 'promt', which Chat does not have; did you mean 'prompt'?",
        "action 'answer' writes 'reply', which Chat does not have; did you mean 'replly'?",
    ]
    (said,) = findings(chat().with_typing(int))
    assert said == "with_typing takes a pydantic model, a dataclass or a TypedDict, not <class 'int'>"


def test_a_required_field_that_nobody_writes_is_no_value() -> None:
    """A read of a field without a default is judged like any other read."""

    @dataclass
    class Chat:
        prompt: str
        reply: str = ""

    builder = ApplicationBuilder().with_actions(answer).with_entrypoint("answer").with_typing(Chat)
    (said,) = findings(builder)
    assert said.startswith("action 'answer' reads 'prompt', which no action writes")
    assert builder.with_state(prompt="x").build().run().state["reply"] == "x none"


def test_initial_values_fit_the_model() -> None:
    """They are coerced, or a finding names the field."""

    @dataclass
    class Chat:
        prompt: str = ""
        reply: str = ""
        turns: int = 0

    assert chat().with_typing(Chat).with_state(turns="3").build().state["turns"] == 3
    (said,) = findings(chat().with_typing(Chat).with_state(turns="many"))
    assert said.startswith(
        "the initial state wrote a value that does not fit Chat: turns: Input should be a valid integer"
    )


def test_a_resource_is_a_function() -> None:
    """A Resource over an open object is refused at once."""
    opened: Any = object()
    with pytest.raises(GraphError, match="Resource takes a function that opens the resource, not <object"):
        Resource(opened)


# -- building, sync and async ----------------------------------------------------------------------------------------


class Created(LifecycleHook):
    def __init__(self) -> None:
        self.facts: list[dict[str, Any]] = []

    def post_application_create(self, **facts: Any) -> None:
        self.facts.append(facts)


class ACreated(Created):
    async def post_application_create(self, **facts: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.facts.append(facts)


@pytest.mark.parametrize("kind", [Created, ACreated])
def test_a_hook_hears_of_the_application(kind: type[Created]) -> None:
    """post_application_create is called once a build, with the state and the graph, and awaited by abuild."""
    hook = kind()
    app = asyncio.run(chat().with_hooks(hook).with_state(a=1).with_identifiers("me").abuild())
    (facts,) = hook.facts
    assert facts == {"app_id": "me", "partition_key": None, "state": {"a": 1}, "graph": app.graph}


def test_build_refuses_an_async_hook_before_it_begins(tmp_path: Path) -> None:
    """The hook is named, and nothing has been written yet, so that abuild can follow."""
    hook, url = ACreated(), f"sqlite:///{tmp_path / 'runs.db'}"
    builder = chat().with_hooks(hook).with_identifiers("me").with_tracker(url)
    with pytest.raises(GraphError, match=r"hook ACreated.post_application_create is async.*await builder.abuild"):
        builder.build()

    async def built() -> str:
        async with await builder.abuild() as app:
            return app.app_id

    assert asyncio.run(built()) == "me"
    assert len(hook.facts) == 1


def test_an_async_creation_hook_leaves_sync_verbs_alone() -> None:
    """It is not called by verbs, so both colours can run the application."""
    app = asyncio.run(chat().with_hooks(ACreated()).abuild())
    assert app.run(halt_after=["ask"], inputs={"prompt": "x"}).halted == "halted"


def test_a_creation_hook_that_raises_fails_the_build(driver: Driver) -> None:
    """Its exception passes through."""

    class Broken(LifecycleHook):
        def post_application_create(self, **facts: Any) -> None:
            raise RuntimeError("not today")

    with pytest.raises(RuntimeError, match="not today"):
        driver.build(chat().with_hooks(Broken()))


def test_a_failed_build_closes_what_it_opened(driver: Driver, tmp_path: Path) -> None:
    """A store that the build has opened from an address is closed; one that was given stays open."""
    own, wal = tmp_path / "own.db", tmp_path / "own.db-wal"
    with closing(open_store(f"sqlite:///{own}")):
        assert wal.exists()  # as long as somebody has the file open
    with closing(open_store("memory://")) as given:
        builder = chat().with_tracker(given).with_state_persister(f"sqlite:///{own}")
        with pytest.raises(GraphError):
            driver.build(builder.with_entrypoint("nowhere"))
        assert not wal.exists()
        assert driver.build(chat().with_tracker(given)).has_next_action()


def test_unknown_stores_are_refused(driver: Driver) -> None:
    """What is no store is shown, with what one is."""
    with pytest.raises(InputError, match="3 is not a store; give an address such as"):
        driver.build(chat().with_tracker(3))


@dataclass(frozen=True)
class Mood:
    """A class of the user's that no annotation names."""

    name: str


def test_named_types_are_kept(driver: Driver) -> None:
    """with_types names classes that stores give back as they were."""
    with closing(open_store("memory://")) as store:
        builder = chat().with_identifiers("me").with_state(mood=Mood("calm")).with_types(Mood)
        driver.run(driver.build(builder.with_store(store)), halt_after=["ask"], inputs={"prompt": "x"})
        assert driver.build(builder).state["mood"] == Mood("calm")


def test_an_empty_app_id_is_refused(driver: Driver) -> None:
    """A variable that was never set does not start a run under another name."""
    with pytest.raises(InputError, match="the app_id is empty"):
        driver.build(chat().with_identifiers(""))


def test_an_existing_run_is_not_overwritten(driver: Driver) -> None:
    """An id that has records already needs a way to load them; the error names the ways."""
    with closing(open_store("memory://")) as store:
        builder = chat().with_identifiers("me").with_tracker(store)
        driver.run(driver.build(builder), halt_after=["answer"], inputs={"prompt": "x"})
        with pytest.raises(InputError, match=r"run 'me' exists already, at step 1; resume it with .* fork .* delete"):
            driver.build(builder)
        resumed = driver.build(builder.initialize_from(store))
        assert (resumed.sequence_id, resumed.initial_keys) == (1, ("prompt", "reply"))


def test_fork_arguments_need_a_run_to_fork() -> None:
    """Half of a fork is refused at once."""
    with pytest.raises(InputError, match="need fork_from_app_id"):
        chat().initialize_from("memory://", fork_from_sequence_id=3)


def test_colours_are_told_apart_before_the_first_body() -> None:
    """A sync verb on a graph with an async action names it; streaming ones too."""

    @action(writes=["prompt"])
    async def waits(state: State) -> State:
        return state.update(prompt="x")

    @streaming_action(writes=["prompt"])
    async def streams(state: State) -> Any:
        yield {}, state.update(prompt="x")

    for given in (waits, streams):
        app: Application = ApplicationBuilder().with_actions(work=given).with_entrypoint("work").build()
        for verb in ("step", "run", "stream_result"):
            with pytest.raises(
                GraphError, match=rf"action 'work' is async, so {verb} cannot run it; use await app.a{verb}"
            ):
                getattr(app, verb)()
        for verb in ("iterate", "stream_events", "stream_iterate"):
            with pytest.raises(GraphError, match=f"action 'work' is async, so {verb} cannot"):
                list(getattr(app, verb)())
        assert asyncio.run(app.arun()).state["prompt"] == "x"


def test_update_state_takes_a_state_of_the_application() -> None:
    """A dict, or the view that a body got, is refused; the state stays."""
    seen: list[State] = []

    @action(writes=["n"])
    def work(state: State) -> State:
        seen.append(state)
        return state.update(n=1)

    app = ApplicationBuilder().with_actions(work).with_state(other=1).with_entrypoint("work").build()
    app.run()
    wrongs: Iterator[Any] = iter(({"n": 2}, seen[0], None))
    for wrong in wrongs:
        with pytest.raises(InputError, match=r"update_state takes a State made from app\.state, not"):
            app.update_state(wrong)
    assert app.state == {"other": 1, "n": 1}


def test_update_state_refuses_a_state_that_would_replace_all() -> None:
    """A State from scratch, read back, or of another application does not descend from this one; ``merge`` takes it."""

    @action(writes=["n"])
    def work(state: State) -> State:
        return state.increment(n=1)

    builder = ApplicationBuilder().with_actions(work).with_state(kept=1, n=0).with_entrypoint("work")
    app, former = builder.build(), builder.build().state
    for wrong in (State(zzz=1), State.deserialize(app.state.serialize()), former.update(n=3)):
        with pytest.raises(InputError, match=r"one made otherwise.*write app\.update_state\(app\.state\.update\("):
            app.update_state(wrong)
    before = app.run().state
    app.update_state(before.merge(State(zzz=1)).wipe(delete=["n"]).append(seen=1))
    assert app.state == {"kept": 1, "zzz": 1, "seen": [1]}
    app.update_state(copy.deepcopy(before).subset("n"))
    assert app.state == {"n": 1}


def test_a_hook_method_that_cannot_take_its_facts_is_a_finding() -> None:
    """It names hook, method, what is wrong and what the method is given; one that takes every fact is fine."""

    class Strange(LifecycleHook):
        def pre_run_step(self, *, action: Any) -> None: ...  # type: ignore[override]
        def post_run_step(self, *, stage: str, **more: Any) -> None: ...  # type: ignore[override]
        def post_end_stream(self, *, app_id: Any, partition_key: Any, action: Any, sequence_id: Any) -> None: ...  # type: ignore[override]

    with pytest.raises(GraphError) as caught:
        ApplicationBuilder().with_actions(ask).with_entrypoint("ask").with_hooks(Strange()).build()
    unnamed, unknown = caught.value.findings
    assert unnamed.startswith(
        "hook Strange.pre_run_step cannot be called with the facts of its point (got an unexpected"
    )
    assert unknown.startswith(
        "hook Strange.post_run_step cannot be called with the facts of its point (missing a required"
    )
    assert unnamed.endswith(
        ": it is given app_id, partition_key, action, sequence_id, state, inputs; name those that you need, then "
        "**future_kwargs"
    )


def test_a_builder_is_drawn_without_being_run(tmp_path: Path) -> None:
    """Its lineage is that of the application, though no store is opened and no hook called."""
    created: list[str] = []

    class Told(LifecycleHook):
        def post_application_create(self, *, app_id: str, **facts: Any) -> None:
            created.append(app_id)

    builder = ApplicationBuilder().with_actions(ask).with_entrypoint("ask").with_state(n=1).with_hooks(Told())
    expected = builder.build().lineage().to_json()
    stored = builder.with_identifiers("run").with_store(f"sqlite:///{tmp_path / 'runs.db'}")
    assert stored.lineage().to_json() == expected
    assert (len(created), list(tmp_path.iterdir())) == (1, [])


def test_a_condition_with_a_mistyped_suffix_says_which_was_meant() -> None:
    """``count__greater`` is a legal key that nobody writes; more likely ``count__gt`` was meant."""

    @action(reads=["count"], writes=["count"])
    def step(state: State) -> State:
        return state.increment(count=1)

    builder = ApplicationBuilder().with_actions(step).with_state(count=0).with_entrypoint("step")
    with pytest.raises(GraphError, match=r"did you mean when\(count__gt="):
        builder.with_transitions(("step", "step", when(count__greater=3))).build()
