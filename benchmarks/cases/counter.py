"""One step of a loop that counts: what a framework costs when the work is nothing."""

from __future__ import annotations

from benchmarks.harness import Case, Contestant

CASES = (
    Case(
        "counter",
        "one step, no store: counter loop, sync",
        "µs per step",
        5_000,
        (
            Contestant("plain loop", "floor", "plain:loop"),
            Contestant("minimal machine", "floor", "plain:machine"),
            Contestant("Burr", "rival", "on_burr:counter"),
            Contestant("LangGraph", "rival", "on_langgraph:counter"),
            Contestant("pydantic-graph", "rival", "on_pydantic_graph:counter"),
            Contestant(
                "stateflow",
                "ours",
                "on_stateflow:counter",
                budget=3.0,
                reason="What is left are the view, the judgement of writes, a context and two effects.",
            ),
        ),
    ),
    Case(
        "counter-async",
        "one step, no store: counter loop, async body",
        "µs per step",
        5_000,
        (
            Contestant("plain loop", "floor", "plain:aloop"),
            Contestant("minimal machine", "floor", "plain:amachine"),
            Contestant("Burr", "rival", "on_burr:acounter"),
            Contestant("LangGraph", "rival", "on_langgraph:acounter"),
            Contestant("pydantic-graph", "rival", "on_pydantic_graph:acounter"),
            Contestant("stateflow", "ours", "on_stateflow:acounter", budget=4.0),
        ),
    ),
)
