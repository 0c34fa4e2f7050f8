"""Stage 2: the same action runs a Hamilton driver inside. Its nodes are recorded, the machine is not touched."""

from __future__ import annotations

from functools import cache
from typing import Any

from hamilton.driver import Builder, Driver

from stateflow import Application, HamiltonRecorder, State, action
from stateflow_dags.rag import answer, retrieve

from examples.modular_rag import machine

NODES = ["passages", "llm_reply", "citations", "user_turn", "assistant_turn"]


@cache
def driver() -> Driver:
    """Build the DAG once; the recorder tells the running step of every node."""
    return Builder().with_modules(retrieve, answer).with_adapters(HamiltonRecorder()).build()


@action(reads=["question", "chat_history"], writes=[*machine.WRITES, "chat_history"])
def respond(state: State, index: Any) -> tuple[dict[str, Any], State]:
    """Run the nodes, and write what they give."""
    inputs = {"question": state["question"], "chat_history": state["chat_history"], "index": index}
    found = driver().execute([*NODES], inputs=inputs)
    result = {"passages": found["passages"], "reply": found["llm_reply"], "citations": found["citations"]}
    turns = [found["user_turn"], found["assistant_turn"]]
    return result, state.update(**result).extend(chat_history=turns)


def build(**options: Any) -> Application:
    """Return the application of this stage."""
    return machine.build(respond, **options)
