"""A router of modes, made of a graph and bound actions, that fails, resumes by its id, and is forked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stateflow import ApplicationBuilder, GraphBuilder, State, action, default, when

from tests.driving import Driver

MODES = ("answer_question", "generate_image", "generate_code")


class Model:
    """Stands for a remote model that is down at times."""

    def __init__(self) -> None:
        self.down = False
        self.calls: list[str] = []

    def __call__(self, mode: str, prompt: str) -> str:
        self.calls.append(mode)
        if self.down:
            raise ConnectionError("the model is down")
        return f"{mode}: {prompt}"


@action(writes=["prompt", "mode"])
def route(state: State, prompt: str) -> State:
    mode = next((mode for mode in MODES if mode.split("_")[1] in prompt), "unknown")
    return state.update(prompt=prompt, mode=mode)


@action(reads=["prompt", "mode"], writes=["response"])
def respond(state: State, model: Model, prefix: str) -> tuple[dict[str, Any], State]:
    response = f"{prefix} {model(state['mode'], state['prompt'])}"
    return {"response": response}, state.update(response=response)


@action(writes=["response"])
def ask_again(state: State) -> State:
    return state.update(response="what do you want?")


@action(reads=["prompt", "response"], writes=["chat_history"])
def remember(state: State) -> State:
    return state.append(chat_history=(state["prompt"], state["response"]))


def graph() -> Any:
    builder = (
        GraphBuilder()
        .with_actions(
            route,
            ask_again,
            remember,
            **{mode: respond.bind(prefix=f"[{mode.split('_')[0]}]") for mode in MODES},
        )
        .with_transitions(*[("route", mode, when(mode=mode)) for mode in MODES])
        .with_transitions(("route", "ask_again", default), ([*MODES, "ask_again"], "remember"), ("remember", "route"))
    )
    return builder.build()


GRAPH = graph()


def application(url: str, model: Model) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_graph(GRAPH)
        .with_resources(model=model)
        .with_entrypoint("route")
        .with_identifiers("router")
        .with_store(url, project="router")
    )


def test_it_fails_resumes_and_is_forked(driver: Driver, tmp_path: Path) -> None:
    """A failure loses no step; a new process goes on; a fork from sequence 4 takes another way."""
    url, model = f"sqlite:///{tmp_path / 'runs.db'}", Model()
    with driver.build(application(url, model)) as app:
        for prompt in ("a question", "an image"):
            driver.run(app, halt_after=["remember"], inputs={"prompt": prompt})
        assert app.sequence_id == 5
        model.down = True
        with pytest.raises(ConnectionError, match="down"):
            driver.run(app, halt_after=["remember"], inputs={"prompt": "some code"})
        assert (app.sequence_id, app.state["mode"], app.get_next_action().name) == (6, "generate_code", "generate_code")

    model = Model()
    with driver.build(application(url, model)) as app:
        made = driver.run(app, halt_after=["remember"])
        assert model.calls == ["generate_code"]
        assert made.state["chat_history"] == [
            ("a question", "[answer] answer_question: a question"),
            ("an image", "[generate] generate_image: an image"),
            ("some code", "[generate] generate_code: some code"),
        ]

    fork = (
        ApplicationBuilder()
        .with_graph(GRAPH)
        .with_resources(model=model)
        .with_entrypoint("route")
        .with_identifiers("forked")
        .with_tracker(url, project="router")
        .initialize_from(
            url,
            fork_from_app_id="router",
            fork_from_sequence_id=4,
            override_state_values={"response": "another image"},
        )
    )
    with driver.build(fork) as app:
        assert (app.sequence_id, app.get_next_action().name) == (4, "remember")
        made = driver.run(app, halt_after=["ask_again"], inputs={"prompt": "hm"})
        assert made.state["chat_history"][1] == ("an image", "another image")
        assert (app.sequence_id, made.state["response"]) == (7, "what do you want?")

    with driver.build(application(url, model)) as app:
        assert (app.sequence_id, len(app.state["chat_history"])) == (8, 3)
