"""Floors: what the same work costs without a framework."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from benchmarks.contestants import Run, answer, question, turns

Values = dict[str, Any]


def loop(size: int) -> Run:
    """A loop over an immutable dict."""

    def run() -> int:
        state = {"count": 0}
        while state["count"] < size:
            state = {**state, "count": state["count"] + 1}
        return state["count"]

    return run


def aloop(size: int) -> Run:
    """The same with an awaited body."""

    async def increment(state: dict[str, int]) -> dict[str, int]:
        return {**state, "count": state["count"] + 1}

    async def run() -> int:
        state = {"count": 0}
        while state["count"] < size:
            state = await increment(state)
        return state["count"]

    return run


def increment(state: Values) -> Values:
    return {**state, "count": state["count"] + 1}


async def aincrement(state: Values) -> Values:
    return {**state, "count": state["count"] + 1}


def choose(transitions: dict[str, list[tuple[str, Callable[[Values], bool]]]], name: str, state: Values) -> str | None:
    for target, condition in transitions[name]:
        if condition(state):
            return target
    return None


def machine(size: int) -> Run:
    """The least that can be called a state machine: actions and transitions by name."""
    actions = {"increment": increment}
    transitions = {"increment": [("increment", lambda state: state["count"] < size)]}

    def run() -> int:
        name: str | None = "increment"
        state: Values = {"count": 0}
        while name is not None:
            state = actions[name](state)
            name = choose(transitions, name, state)
        return int(state["count"])

    return run


def amachine(size: int) -> Run:
    actions = {"increment": aincrement}
    transitions = {"increment": [("increment", lambda state: state["count"] < size)]}

    async def run() -> int:
        name: str | None = "increment"
        state: Values = {"count": 0}
        while name is not None:
            state = await actions[name](state)
            name = choose(transitions, name, state)
        return int(state["count"])

    return run


def chat(size: int, *, history: int) -> Run:
    """Append to a list by copying it."""
    start = turns(history)

    def run() -> int:
        messages, full = start, history + size
        while len(messages) < full:
            messages = [*messages, question()]
            messages = [*messages, answer()]
        return len(messages)

    return run


def ten_calls(size: int) -> Run:
    """The ten functions, called by hand."""
    from benchmarks.dataflows import ten_nodes as nodes

    def run() -> int:
        seed, total = 0, 0
        while seed < size:
            doubled, tripled = nodes.doubled(seed), nodes.tripled(seed)
            length = nodes.length(nodes.label(nodes.clipped(nodes.mixed(doubled, tripled))))
            total = nodes.total(nodes.weighted(nodes.shifted(doubled), length), tripled)
            seed = nodes.next_seed(seed)
        return total

    return run


def ten_executed(size: int) -> Run:
    """``Driver.execute`` in a loop."""
    from hamilton import driver

    from benchmarks.dataflows import ten_nodes

    dag = driver.Builder().with_modules(ten_nodes).build()

    def run() -> int:
        values = {"next_seed": 0, "total": 0}
        while values["next_seed"] < size:
            values = dag.execute(["next_seed", "total"], inputs={"seed": values["next_seed"]})
        return values["total"]

    return run


def orders_executed(size: int) -> Run:
    """``Driver.execute`` of the pandas DAG in a loop."""
    from hamilton import driver

    from benchmarks.contestants import orders
    from benchmarks.dataflows import orders as dataflow

    dag, table = driver.Builder().with_modules(dataflow).build(), orders()

    def run() -> Any:
        values: Values = {"next_turn": 0}
        while values["next_turn"] < size:
            inputs = {"turn": values["next_turn"], "orders": table}
            values = dag.execute(["next_turn", "summary"], inputs=inputs)
        return values["summary"]

    return run


def stream(size: int) -> Run:
    """A generator of dicts."""

    def items() -> Iterator[Values]:
        for index in range(size):
            yield {"token": index}

    def run() -> int:
        count = 0
        for _ in items():
            count += 1
        return count

    return run


def astream(size: int) -> Run:
    """An async generator of dicts."""

    async def items() -> AsyncIterator[Values]:
        for index in range(size):
            yield {"token": index}

    async def run() -> int:
        count = 0
        async for _ in items():
            count += 1
        return count

    return run
