"""A poem that is streamed, written as pair, bare and returning generators."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from stateflow import ApplicationBuilder, State, action, streaming_action

from tests.driving import Driver

LINES = ("shall I ", "compare thee ", "to a summer's day")


def pair(state: State, topic: str) -> Iterator[Any]:
    for line in LINES:
        yield {"line": line}, None
    poem = "".join(LINES)
    yield {"poem": poem}, state.update(poem=f"{topic}: {poem}")


def bare(state: State, topic: str) -> Iterator[Any]:
    for line in LINES:
        yield {"line": line}
    poem = "".join(LINES)
    yield {"poem": poem}, state.update(poem=f"{topic}: {poem}")


def returning(state: State, topic: str) -> Generator[Any, None, Any]:
    for line in LINES:
        yield {"line": line}
    poem = "".join(LINES)
    return {"poem": poem}, state.update(poem=f"{topic}: {poem}")


@action(reads=["poem"], writes=["title"])
def title(state: State) -> State:
    return state.update(title=state["poem"].partition(":")[0].title())


@pytest.mark.parametrize("form", [pair, bare, returning])
def test_a_poem_is_streamed(driver: Driver, form: Any) -> None:
    """Every form gives its lines, then its result, and the machine goes on behind it."""
    write = streaming_action(writes=["poem"])(driver.body(form)).with_name("write")
    app = driver.build(
        ApplicationBuilder().with_actions(write, title).with_transitions(("write", "title")).with_entrypoint("write")
    )
    made = driver.stream_result(app, halt_after=["write"], inputs={"topic": "summer"})
    assert [item["line"] for item in made.items] == list(LINES)
    assert made.result == {"poem": "shall I compare thee to a summer's day"}
    assert driver.run(app).state["title"] == "Summer"
