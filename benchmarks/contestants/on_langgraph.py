"""The programs on LangGraph."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph

from benchmarks.contestants import Run, answer, orders, question, turns


class Counting(TypedDict):
    count: int


class Chatting(TypedDict):
    history: Annotated[list[dict[str, str]], operator.add]


class Working(TypedDict):
    seed: int
    total: int


class Ordering(TypedDict):
    turn: int
    orders: Any
    summary: dict[str, float]


def counter(size: int) -> Run:
    def increment(state: Counting) -> Counting:
        return {"count": state["count"] + 1}

    app = looping(Counting, increment, lambda state: state["count"] < size)
    return lambda: app.invoke({"count": 0}, {"recursion_limit": size + 10})["count"]


def acounter(size: int) -> Run:
    async def increment(state: Counting) -> Counting:
        return {"count": state["count"] + 1}

    app = looping(Counting, increment, lambda state: state["count"] < size)

    async def run() -> Any:
        return (await app.ainvoke({"count": 0}, {"recursion_limit": size + 10}))["count"]

    return run


def looping(schema: type, work: Any, goes_on: Any) -> Any:
    graph = StateGraph(schema)
    graph.add_node("work", work)
    graph.add_edge(START, "work")
    graph.add_conditional_edges("work", lambda state: "work" if goes_on(state) else END, ["work", END])
    return graph.compile()


def chat(size: int, *, history: int) -> Run:
    def ask(state: Chatting) -> Chatting:
        return {"history": [question()]}

    def reply(state: Chatting) -> Chatting:
        return {"history": [answer()]}

    full, start = history + size, turns(history)
    graph = StateGraph(Chatting)
    graph.add_node("ask", ask)
    graph.add_node("reply", reply)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "reply")
    graph.add_conditional_edges("reply", lambda state: "ask" if len(state["history"]) < full else END, ["ask", END])
    app = graph.compile()
    return lambda: len(app.invoke({"history": start}, {"recursion_limit": size + 10})["history"])


def ten_nodes(size: int) -> Run:
    """A node that calls ``Driver.execute``."""
    from hamilton import driver

    from benchmarks.dataflows import ten_nodes as dataflow

    dag = driver.Builder().with_modules(dataflow).build()

    def work(state: Working) -> Working:
        values = dag.execute(["next_seed", "total"], inputs={"seed": state["seed"]})
        return {"seed": values["next_seed"], "total": values["total"]}

    app = looping(Working, work, lambda state: state["seed"] < size)
    return lambda: app.invoke({"seed": 0}, {"recursion_limit": size + 10})["total"]


def pandas(size: int) -> Run:
    """A node that calls ``Driver.execute`` on the pandas DAG."""
    from hamilton import driver

    from benchmarks.dataflows import orders as dataflow

    dag, table = driver.Builder().with_modules(dataflow).build(), orders()

    def work(state: Ordering) -> dict[str, Any]:
        values = dag.execute(["next_turn", "summary"], inputs={"turn": state["turn"], "orders": state["orders"]})
        return {"turn": values["next_turn"], "summary": values["summary"]}

    app = looping(Ordering, work, lambda state: state["turn"] < size)
    return lambda: app.invoke({"turn": 0, "orders": table}, {"recursion_limit": size + 10})["summary"]


def stream(size: int) -> Run:
    def speak(state: Counting) -> Counting:
        write = get_stream_writer()
        for index in range(size):
            write({"token": index})
        return {"count": size}

    app = speaking(speak)

    def run() -> int:
        count = 0
        for _ in app.stream({"count": 0}, stream_mode="custom"):
            count += 1
        return count

    return run


def astream(size: int) -> Run:
    async def speak(state: Counting) -> Counting:
        write = get_stream_writer()
        for index in range(size):
            write({"token": index})
        return {"count": size}

    app = speaking(speak)

    async def run() -> int:
        count = 0
        async for _ in app.astream({"count": 0}, stream_mode="custom"):
            count += 1
        return count

    return run


def speaking(speak: Any) -> Any:
    graph = StateGraph(Counting)
    graph.add_node("speak", speak)
    graph.add_edge(START, "speak")
    graph.add_edge("speak", END)
    return graph.compile()
