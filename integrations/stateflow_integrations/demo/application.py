"""The application of the demo: ask, retrieve, answer or give up, and ask again."""

from __future__ import annotations

from typing import Any

from stateflow import Application, ApplicationBuilder, Graph, GraphBuilder, State, action, dag, default, expr
from stateflow_dags.rag import answer, retrieve

PROJECT = "demo"


@action(reads=[], writes=["question"])
def ask(state: State, question: str) -> State:
    """Take the question."""
    return state.update(question=question)


@action(reads=["question"], writes=["reply", "citations"], appends=["chat_history"])
def give_up(state: State) -> State:
    """Say that nothing was found, and remember that this was asked."""
    reply = "I found nothing about this in the documents."
    turns = [{"role": "user", "content": state["question"]}, {"role": "assistant", "content": reply}]
    return state.update(reply=reply, citations=[]).extend(chat_history=turns)


def graph(*, llm: str = "extractive", model: str = "") -> Graph:
    """Return the state machine. ``llm`` is ``"extractive"`` or ``"openai"``, which needs a ``client`` resource."""
    bound = {"model": model} if llm == "openai" else {}
    answering = dag(
        answer,
        name="answer",
        stream="llm_tokens",
        writes={"reply": "llm_reply", "citations": "citations"},
        appends={"chat_history": ["user_turn", "assistant_turn"]},
        config={"llm": llm, "stream": True},
        bind=bound,
    )
    return (
        GraphBuilder()
        .with_actions(ask, give_up, retrieve=dag(retrieve, writes=["passages"]), answer=answering)
        .with_transitions(
            ("ask", "retrieve"),
            ("retrieve", "answer", expr("len(passages) > 0")),
            ("retrieve", "give_up", default),
            (["answer", "give_up"], "ask"),
        )
        .build()
    )


def build(
    machine: Graph, *, app_id: str, resources: dict[str, Any], hooks: tuple[object, ...] = (), store: Any = "local"
) -> Application:
    """Return the application; a conversation of the same ``app_id`` is resumed."""
    return (
        ApplicationBuilder()
        .with_graph(machine)
        .with_state(chat_history=[])
        .with_entrypoint("ask")
        .with_halts(halt_after=["answer", "give_up"])
        .with_resources(**resources)
        .with_hooks(*hooks)
        .with_identifiers(app_id)
        .with_store(store, project=PROJECT)
        .build()
    )
