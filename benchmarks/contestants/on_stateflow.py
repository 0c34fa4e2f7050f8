"""The programs on stateflow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from stateflow import ApplicationBuilder, LifecycleHook, State, action, dag, expr, streaming_action, when

from benchmarks.contestants import Run, answer, orders, question, turns


def counter(size: int) -> Run:
    @action(reads=["count"], writes=["count"])
    def increment(state: State) -> State:
        return state.update(count=state["count"] + 1)

    app = working(increment, "count", size, count=0)
    return lambda: app.run()[2]["count"]


def acounter(size: int) -> Run:
    @action(reads=["count"], writes=["count"])
    async def increment(state: State) -> State:
        return state.update(count=state["count"] + 1)

    app = working(increment, "count", size, count=0)

    async def run() -> Any:
        return (await app.arun())[2]["count"]

    return run


def working(work: Any, key: str, size: int, *hooks: Any, **state: Any) -> Any:
    builder = (
        ApplicationBuilder()
        .with_actions(work=work)
        .with_transitions(("work", "work", when(**{f"{key}__lt": size})))
        .with_state(**state)
        .with_entrypoint("work")
    )
    return (builder.with_hooks(*hooks) if hooks else builder).build()


def chat(size: int, *, history: int) -> Run:
    @action(reads=[], writes=["history"])
    def ask(state: State) -> State:
        return state.append(history=question())

    @action(reads=["history"], writes=["history"])
    def reply(state: State) -> State:
        return state.append(history=answer())

    full = history + size
    goes_on = expr(f"len(history) < {full}")
    app = (
        ApplicationBuilder()
        .with_actions(ask, reply)
        .with_transitions(("ask", "reply"), ("reply", "ask", goes_on))
        .with_state(history=turns(history))
        .with_entrypoint("ask")
        .build()
    )
    return lambda: len(app.run()[2]["history"])


class Spans(LifecycleHook):
    """Receives the record of every node."""

    def __init__(self) -> None:
        self.count = 0

    def post_run_node(self, **_: Any) -> None:
        self.count += 1


def ten_nodes(size: int) -> Run:
    from benchmarks.dataflows import ten_nodes as dataflow

    app = working(dag(dataflow, writes={"seed": "next_seed", "total": "total"}), "seed", size, seed=0, total=0)
    return lambda: app.run()[2]["total"]


def ten_nodes_spans(size: int) -> Run:
    """The same with a hook that receives the record of every node."""
    from benchmarks.dataflows import ten_nodes as dataflow

    spans = Spans()
    app = working(dag(dataflow, writes={"seed": "next_seed", "total": "total"}), "seed", size, spans, seed=0, total=0)

    def run() -> Any:
        total = app.run()[2]["total"]
        assert spans.count == 10 * size
        return total

    return run


def pandas(size: int) -> Run:
    from benchmarks.dataflows import orders as dataflow

    work = dag(dataflow, writes={"turn": "next_turn", "summary": "summary"})
    app = working(work, "turn", size, turn=0, orders=orders())
    return lambda: app.run()[2]["summary"]


def stream(size: int) -> Run:
    @streaming_action(reads=[], writes=["count"])
    def speak(state: State) -> Iterator[Any]:
        for index in range(size):
            yield {"token": index}
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
    async def speak(state: State) -> AsyncIterator[Any]:
        for index in range(size):
            yield {"token": index}
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
    return ApplicationBuilder().with_actions(speak=speak).with_entrypoint("speak").build()
