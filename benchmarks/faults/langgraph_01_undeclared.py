"""LangGraph 1: undeclared writes are lost without a word; orphan nodes and unknown input keys compile and run."""

from __future__ import annotations

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph


class Chat(TypedDict, total=False):
    prompt: str
    reply: str


def answer(state: Chat) -> dict[str, Any]:
    return {"reply": "yes", "repyl": "a slip of the pen"}


def orphan(state: Chat) -> dict[str, Any]:
    return {"reply": "never"}


def compiled(*orphans: str) -> Any:
    graph = StateGraph(Chat)
    graph.add_node("answer", answer)
    for name in orphans:
        graph.add_node(name, orphan)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph.compile()


def undeclared_write() -> str:
    """Write a key that the schema does not have, beside one that it has."""
    return f"no error, state {compiled().invoke({'prompt': 'hello'})}"


def orphan_node() -> str:
    """Compile a graph with a node that nothing leads to."""
    graph = compiled("nobody_calls")
    return f"compiled, {'nobody_calls' in graph.nodes}"


def unknown_input() -> str:
    """Give an input key that the schema does not have."""
    return f"no error, state {compiled().invoke({'prompt': 'hello', 'promtp': 'lost'})}"
