"""Burr 7: values are shared between versions of the state and may be changed in place; undeclared writes pass."""

from __future__ import annotations

from typing import Any

from burr.core import ApplicationBuilder, State, action


@action(reads=["history"], writes=["length"])
def measure(state: State) -> State:
    state["history"].append("slipped in")  # a read, changed in place
    return state.update(length=len(state["history"]))


@action(reads=[], writes=["reply"])
def reply(state: State) -> State:
    return state.update(reply="yes", secret="written all the same")


def application(body: Any, name: str) -> Any:
    return (
        ApplicationBuilder()
        .with_actions(**{name: body})
        .with_transitions()
        .with_state(history=["hello"])
        .with_entrypoint(name)
        .build()
    )


def change_in_place() -> str:
    """Compare the state from before the step with what it was then."""
    app = application(measure, "measure")
    before = app.state
    app.step()
    return f"the state before the step now holds {before['history']}"


def undeclared_write() -> str:
    """Write a key that is not in ``writes``."""
    app = application(reply, "reply")
    app.step()
    return f"secret in the state: {'secret' in app.state}"
