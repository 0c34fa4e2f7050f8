"""A conversation of the demo: which one is resumed, who may go on with it, and one question of it."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from stateflow import Application, InputError, Resource
from stateflow.persistence import LocalTrackingClient
from stateflow_integrations.demo import application, knowledge
from stateflow_integrations.demo.watch import Watch


@dataclass(frozen=True)
class Answer:
    """A reply and the passages that it cites; a position is a pair of characters counted from the document's start."""

    question: str
    reply: str
    citations: list[dict[str, Any]]


@contextmanager
def opened(
    known: knowledge.Knowledge, *, llm: str, model: str, new: bool, watch: Watch, say: Callable[[str], None]
) -> Iterator[Application]:
    """Return the application of the last conversation about these documents, or of a new one.

    Raises:
        InputError: the model needs a key and has none.
    """
    resources: dict[str, Any] = {"index": known.resource()}
    if llm == "openai":
        resources["client"] = _client()
    with closing(LocalTrackingClient(application.PROJECT)) as store, ExitStack() as held:
        begun = f"{known.name}.{os.urandom(4).hex()}"
        app_id = begun if new else _last(store, known.name) or known.name
        if not held.enter_context(_held(app_id)):
            say("another demo is in this conversation; here a new one begins")
            app_id = begun
            held.enter_context(_held(app_id))  # a third demo may take it for the last
        machine = application.graph(llm=llm, model=model)
        with application.build(machine, app_id=app_id, resources=resources, hooks=(watch,), store=store) as app:
            if app.sequence_id is not None:
                say(f"resuming the conversation {app.app_id!r} after step {app.sequence_id}")
            yield app


def ask(app: Application, question: str, show: Callable[[str], None]) -> Answer:
    """Ask one question; ``show`` gets the reply in pieces, as they are written."""
    following = app.get_next_action()
    if following is None or following.name != "ask":  # an earlier question was interrupted before its answer
        app.reset_to_entrypoint()
    _, stream = app.stream_result(inputs={"question": question})
    with stream:
        for token in stream:
            show(token)
    _, state = stream.get()
    return Answer(question, state["reply"], [_citation(cited) for cited in state["citations"]])


def _citation(cited: Any) -> dict[str, Any]:
    return {
        "number": cited.number,
        "source": cited.source,
        "title": cited.title,
        "position": [cited.start, cited.end],
        "quote": cited.quote,
    }


def _client() -> Resource:
    if not os.environ.get("OPENAI_API_KEY"):
        raise InputError(
            "--llm openai needs a key: set OPENAI_API_KEY; any text will do where OPENAI_BASE_URL names a server "
            "that asks for none"
        )
    from openai import OpenAI

    return Resource(OpenAI)


def _last(store: LocalTrackingClient, name: str) -> str | None:
    """Return the conversation about these documents that was last gone on with."""
    ours = re.compile(re.escape(name) + r"(?:\.[0-9a-f]{8})?")
    newest: tuple[float, str] | None = None
    after: str | None = None
    while True:
        page = store.runs(project=application.PROJECT, after=after)
        found = [(run.updated, run.address.app_id) for run in page.items if ours.fullmatch(run.address.app_id)]
        newest = max([*found, *([newest] if newest else [])], default=None)
        after = page.next
        if after is None:
            return newest[1] if newest else None


@contextmanager
def _held(conversation: str) -> Iterator[bool]:
    """Hold a conversation against other processes; False when one of them does. The lock ends with its process."""
    path = knowledge.folder() / "locks" / conversation  # never removed: another process may be waiting with it open
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
        else:
            yield True
