"""LangGraph 6: conditional edges without type hints draw a wrong graph: arrows are missing, an end is made up."""

from __future__ import annotations

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph


class Chat(TypedDict, total=False):
    safe: bool
    reply: str


def node(state: Chat) -> dict[str, Any]:
    return {"reply": "yes"}


def route(state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  the missing hints are the point
    return "answer" if state["safe"] else "refuse"


def arrows() -> str:
    """Draw a check that leads to ``answer`` or ``refuse``, and read off where it leads."""
    graph = StateGraph(Chat)
    for name in ("check", "answer", "refuse", "archive"):
        graph.add_node(name, node)
    graph.add_edge(START, "check")
    graph.add_conditional_edges("check", route)
    for name in ("answer", "refuse"):
        graph.add_edge(name, "archive")
    graph.add_edge("archive", END)
    drawn = graph.compile().get_graph()
    return "check leads to " + ", ".join(sorted(edge.target for edge in drawn.edges if edge.source == "check"))
