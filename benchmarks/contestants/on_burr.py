"""The programs on Burr."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from burr.core import ApplicationBuilder, Condition, State, action
from burr.core.action import streaming_action

from benchmarks.contestants import Run, answer, orders, question, turns


def counter(size: int) -> Run:
    @action(reads=["count"], writes=["count"])
    def increment(state: State) -> State:
        return state.update(count=state["count"] + 1)

    return lambda: counting(increment, size).run(halt_after=[])[2]["count"]


def acounter(size: int) -> Run:
    @action(reads=["count"], writes=["count"])
    async def increment(state: State) -> State:
        return state.update(count=state["count"] + 1)

    app = counting(increment, size)

    async def run() -> Any:
        return (await app.arun(halt_after=[]))[2]["count"]

    return run


def counting(increment: Any, size: int) -> Any:
    below = Condition(["count"], lambda state: state["count"] < size)  # half the cost of `expr`
    return (
        ApplicationBuilder()
        .with_actions(increment=increment)
        .with_transitions(("increment", "increment", below))
        .with_state(count=0)
        .with_entrypoint("increment")
        .build()
    )


def chat(size: int, *, history: int) -> Run:
    @action(reads=[], writes=["history"])
    def ask(state: State) -> State:
        return state.append(history=question())

    @action(reads=["history"], writes=["history"])
    def reply(state: State) -> State:
        return state.append(history=answer())

    full = history + size
    app = (
        ApplicationBuilder()
        .with_actions(ask, reply)
        .with_transitions(
            ("ask", "reply"), ("reply", "ask", Condition(["history"], lambda state: len(state["history"]) < full))
        )
        .with_state(history=turns(history))
        .with_entrypoint("ask")
        .build()
    )
    return lambda: len(app.run(halt_after=[])[2]["history"])


def ten_nodes_action(size: int) -> Run:
    """Its own Hamilton action."""
    from burr.integrations.hamilton import Hamilton, from_state, update_state
    from hamilton import driver

    from benchmarks.dataflows import ten_nodes

    work = Hamilton(
        inputs={"seed": from_state("seed")},
        outputs={"next_seed": update_state("seed"), "total": update_state("total")},
        driver=driver.Builder().with_modules(ten_nodes).build(),
    )
    app = working(work, "seed", size, seed=0, total=0)
    return lambda: app.run(halt_after=[])[2]["total"]


def ten_nodes_executed(size: int) -> Run:
    """A function action that calls ``Driver.execute``."""
    from hamilton import driver

    from benchmarks.dataflows import ten_nodes

    dag = driver.Builder().with_modules(ten_nodes).build()

    @action(reads=["seed"], writes=["seed", "total"])
    def work(state: State) -> State:
        values = dag.execute(["next_seed", "total"], inputs={"seed": state["seed"]})
        return state.update(seed=values["next_seed"], total=values["total"])

    app = working(work, "seed", size, seed=0, total=0)
    return lambda: app.run(halt_after=[])[2]["total"]


def pandas(size: int) -> Run:
    """A function action that calls ``Driver.execute`` on the pandas DAG."""
    from hamilton import driver

    from benchmarks.dataflows import orders as dataflow

    dag = driver.Builder().with_modules(dataflow).build()

    @action(reads=["turn", "orders"], writes=["turn", "summary"])
    def work(state: State) -> State:
        values = dag.execute(["next_turn", "summary"], inputs={"turn": state["turn"], "orders": state["orders"]})
        return state.update(turn=values["next_turn"], summary=values["summary"])

    app = working(work, "turn", size, turn=0, orders=orders())
    return lambda: app.run(halt_after=[])[2]["summary"]


def working(work: Any, key: str, size: int, **state: Any) -> Any:
    return (
        ApplicationBuilder()
        .with_actions(work=work)
        .with_transitions(("work", "work", Condition([key], lambda state: state[key] < size)))
        .with_state(**state)
        .with_entrypoint("work")
        .build()
    )


def stream(size: int) -> Run:
    @streaming_action(reads=[], writes=["count"])
    def speak(state: State) -> Iterator[tuple[dict[str, Any], State | None]]:
        for index in range(size):
            yield {"token": index}, None
        yield {}, state.update(count=size)

    app = speaking(speak)

    def run() -> int:
        _, container = app.stream_result(halt_after=["speak"])
        count = 0
        for _ in container:
            count += 1
        return count

    return run


def astream(size: int) -> Run:
    @streaming_action(reads=[], writes=["count"])
    async def speak(state: State) -> AsyncIterator[tuple[dict[str, Any], State | None]]:
        for index in range(size):
            yield {"token": index}, None
        yield {}, state.update(count=size)

    app = speaking(speak)

    async def run() -> int:
        _, container = await app.astream_result(halt_after=["speak"])
        count = 0
        async for _ in container:
            count += 1
        return count

    return run


def speaking(speak: Any) -> Any:
    return ApplicationBuilder().with_actions(speak=speak).with_transitions().with_entrypoint("speak").build()
