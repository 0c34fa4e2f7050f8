"""A chat that goes on: two actions that append a message each, over a history that is already there.

pydantic-graph appends to the list in place; it keeps no earlier state, so it does less than the others.
"""

from __future__ import annotations

from benchmarks.harness import Case, Contestant


def after(turns: int, budget: float) -> Case:
    arguments = {"history": turns}
    return Case(
        f"chat-{turns}",
        f"chat loop at {turns:,} turns of history",
        "µs per message",
        200,
        (
            Contestant("list copy", "floor", "plain:chat", arguments),
            Contestant("Burr", "rival", "on_burr:chat", arguments),
            Contestant("LangGraph", "rival", "on_langgraph:chat", arguments),
            Contestant("pydantic-graph (in place)", "rival", "on_pydantic_graph:chat", arguments),
            Contestant("stateflow", "ours", "on_stateflow:chat", arguments, budget=budget),
        ),
    )


CASES = (after(100, 5.0), after(5_000, 15.0))
