"""An action that is a DAG of ten small nodes; rivals call ``Driver.execute`` in a body, Burr also by its own action."""

from __future__ import annotations

from benchmarks.harness import Case, Contestant

CASES = (
    Case(
        "dag",
        "10-node DAG action, no store",
        "µs per step",
        1_000,
        (
            Contestant("plain calls", "floor", "plain:ten_calls"),
            Contestant("Driver.execute", "floor", "plain:ten_executed"),
            Contestant("Burr, its Hamilton action", "rival", "on_burr:ten_nodes_action"),
            Contestant("Burr, Driver.execute", "rival", "on_burr:ten_nodes_executed"),
            Contestant("LangGraph, Driver.execute", "rival", "on_langgraph:ten_nodes"),
            Contestant("pydantic-graph, Driver.execute", "rival", "on_pydantic_graph:ten_nodes"),
            Contestant("stateflow", "ours", "on_stateflow:ten_nodes", budget=20.0),
            Contestant("stateflow, with node spans", "ours", "on_stateflow:ten_nodes_spans", budget=50.0),
        ),
    ),
)
