"""Burr 3: an exception in the middle of a stream is swallowed and the partial result committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from burr.core import ApplicationBuilder, State
from burr.core.action import streaming_action


@streaming_action(reads=[], writes=["reply"])
def reply(state: State) -> Iterator[tuple[dict[str, Any], State | None]]:
    text = ""
    for token in ("the ", "answer "):
        text += token
        yield {"reply": token}, state.update(reply=text)  # so that a reader who leaves early keeps the text so far
    raise ConnectionError("the model hung up")


def outcome() -> str:
    """Drain the stream, and say what came of the exception."""
    app = (
        ApplicationBuilder()
        .with_actions(reply)
        .with_transitions()
        .with_state(reply="")
        .with_entrypoint("reply")
        .build()
    )
    _, container = app.stream_result(halt_after=["reply"])
    list(container)
    _, state = container.get()
    return f"no exception, committed {state['reply']!r}"
