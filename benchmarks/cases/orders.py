"""An action that is a DAG of ten pandas nodes over 20,000 rows: does the framework still show?"""

from __future__ import annotations

from benchmarks.harness import Case, Contestant

CASES = (
    Case(
        "pandas",
        "pandas DAG, 20,000 rows",
        "µs per step",
        30,
        (
            Contestant("Driver.execute", "floor", "plain:orders_executed"),
            Contestant("Burr, Driver.execute", "rival", "on_burr:pandas"),
            Contestant("LangGraph, Driver.execute", "rival", "on_langgraph:pandas"),
            Contestant("pydantic-graph, Driver.execute", "rival", "on_pydantic_graph:pandas"),
            Contestant("stateflow", "ours", "on_stateflow:pandas"),
        ),
    ),
)
