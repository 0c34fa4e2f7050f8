"""What it costs to import enough to build an application, in a fresh interpreter."""

from __future__ import annotations

from typing import Any

from benchmarks.harness import Case, Contestant, Kind

NAMES = "ApplicationBuilder, State, action, default, expr, when"
REASON = "Most of it is the making of the machine's classes, dataclasses above all."


def importing(what: str, title: str, size: int, budget: float) -> Case:
    def contestant(name: str, kind: Kind, statement: str, **more: Any) -> Contestant:
        return Contestant(name, kind, "fresh:imports", {"statement": statement, "what": what}, **more)

    return Case(
        f"import-{what.lower()}",
        title,
        what,
        size,
        (
            contestant("Python", "floor", "pass"),
            contestant("Python with asyncio, json, sqlite3", "floor", "import asyncio, json, sqlite3"),
            contestant("Burr", "rival", f"from burr.core import {NAMES}"),
            contestant("LangGraph", "rival", "from langgraph.graph import END, START, StateGraph"),
            contestant("pydantic-graph", "rival", "from pydantic_graph import BaseNode, End, GraphBuilder"),
            contestant("stateflow", "ours", f"from stateflow import {NAMES}", budget=budget, reason=REASON),
        ),
        timed=False,
    )


CASES = (
    importing("ms", "import: time of `python -c`", 3, 90.0),
    importing("MB", "import: memory of `python -c`", 1, 28.0),
)
