"""Burr 5: ``stream_result`` that ends at an action outside the halt set runs it twice, or raises a TypeError."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from burr.core import ApplicationBuilder, State, action, when
from burr.core.action import streaming_action

RUNS: list[str] = []


@action(reads=["safe"], writes=["checked"])
def check(state: State) -> State:
    RUNS.append("check")
    return state.update(checked=True)


@action(reads=[], writes=["reply"])
def refuse(state: State) -> State:
    RUNS.append("refuse")
    return state.update(reply="no")


@streaming_action(reads=[], writes=["reply"])
def refuse_at_length(state: State) -> Iterator[tuple[dict[str, Any], State | None]]:
    RUNS.append("refuse")
    yield {"reply": "no"}, None
    yield {"reply": "no"}, state.update(reply="no")


@action(reads=[], writes=["reply"])
def answer(state: State) -> State:
    RUNS.append("answer")
    return state.update(reply="yes")


def application(refusal: Any) -> Any:
    RUNS.clear()
    return (
        ApplicationBuilder()
        .with_actions(check, answer, refuse=refusal)
        .with_transitions(("check", "refuse", when(safe=False)), ("check", "answer", when(safe=True)))
        .with_state(safe=False)
        .with_entrypoint("check")
        .build()
    )


def at_another_end() -> str:
    """Stream to ``answer`` where the run ends at ``refuse``."""
    app = application(refuse)
    try:
        app.stream_result(halt_after=["answer"])
    except Exception as error:  # noqa: BLE001  whatever it raises is the observation
        return f"{' '.join(RUNS)}, then {type(error).__name__}"
    return " ".join(RUNS)


def at_another_streaming_end() -> str:
    """Stream to ``answer`` where the run ends at a ``refuse`` that streams."""
    _, container = application(refuse_at_length).stream_result(halt_after=["answer"])
    list(container)
    return " ".join(RUNS)
