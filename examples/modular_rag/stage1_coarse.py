"""Stage 1: one coarse function does everything. The lineage shows one box."""

from __future__ import annotations

from typing import Any

from stateflow import Application, State, action
from stateflow_dags.rag import answer, retrieve

from examples.modular_rag import machine


@action(reads=["question", "chat_history"], writes=[*machine.WRITES, "chat_history"])
def respond(state: State, index: Any) -> tuple[dict[str, Any], State]:
    """Find passages, write a reply that cites them, remember both turns."""
    question, chat_history = state["question"], state["chat_history"]
    query = retrieve.query(question, chat_history)
    candidates = retrieve.candidates__lexical(query, index)
    passages = retrieve.passages(candidates, retrieve.scores(query, candidates))
    reply = answer.llm_reply__extractive(question, chat_history, answer.context(passages))
    citations = answer.citations(reply, passages)
    result = {"passages": passages, "reply": reply, "citations": citations}
    turns = [answer.user_turn(question), answer.assistant_turn(reply)]
    return result, state.update(**result).extend(chat_history=turns)


def build(**options: Any) -> Application:
    """Return the application of this stage."""
    return machine.build(respond, **options)
