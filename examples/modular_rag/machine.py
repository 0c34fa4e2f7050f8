"""The machine of all three stages: ask, respond, ask again. Refactoring what responds never touches it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hamilton.driver import Builder

from stateflow import Action, Application, ApplicationBuilder, Resource, State, action
from stateflow_dags.rag import chunk, index, load

HANDBOOK = Path(__file__).parent / "handbook"
WRITES = ["passages", "reply", "citations"]


@action(reads=[], writes=["question"])
def ask(state: State, question: str) -> State:
    """Take the question."""
    return state.update(question=question)


@cache
def open_index() -> Any:
    """Index the handbook of a library."""
    driver = Builder().with_modules(load, chunk, index).build()
    return driver.execute(["index"], inputs={"path": str(HANDBOOK)})["index"]


def build(respond: Action, *, store: Any = None, hooks: tuple[object, ...] = ()) -> Application:
    """Return the application around an action that responds."""
    builder = (
        ApplicationBuilder()
        .with_actions(ask, respond=respond)
        .with_transitions(("ask", "respond"), ("respond", "ask"))
        .with_state(chat_history=[])
        .with_entrypoint("ask")
        .with_halts(halt_after=["respond"])
        .with_resources(index=Resource(open_index, version="handbook 1"))
        .with_hooks(*hooks)
    )
    return (builder if store is None else builder.with_state_persister(store)).build()
