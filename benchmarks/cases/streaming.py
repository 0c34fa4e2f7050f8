"""Items that a body yields, up to the caller. pydantic-graph has no items, so it does not take part."""

from __future__ import annotations

from benchmarks.harness import Case, Contestant

CASES = (
    Case(
        "stream",
        "streaming, sync",
        "µs per item",
        20_000,
        (
            Contestant("generator", "floor", "plain:stream"),
            Contestant("Burr", "rival", "on_burr:stream"),
            Contestant("LangGraph", "rival", "on_langgraph:stream"),
            Contestant("stateflow", "ours", "on_stateflow:stream", budget=0.4),
        ),
    ),
    Case(
        "stream-async",
        "streaming, async",
        "µs per item",
        20_000,
        (
            Contestant("async generator", "floor", "plain:astream"),
            Contestant("Burr", "rival", "on_burr:astream"),
            Contestant("LangGraph", "rival", "on_langgraph:astream"),
            Contestant("stateflow", "ours", "on_stateflow:astream", budget=0.8),
        ),
    ),
)
