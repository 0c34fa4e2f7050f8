"""The programs on pydantic-graph, whose nodes change their state in place and whose runs are always async."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic_graph import BaseNode, End, GraphBuilder, GraphRunContext

from benchmarks.contestants import Run, answer, orders, question, turns


@dataclass
class Counting:
    size: int
    count: int = 0


@dataclass
class Increment(BaseNode[Counting, None, int]):
    async def run(self, ctx: GraphRunContext[Counting, None]) -> Increment | End[int]:
        ctx.state.count += 1
        return Increment() if ctx.state.count < ctx.state.size else End(ctx.state.count)


def counter(size: int) -> Run:
    app = built(Counting, Increment)
    return lambda: app.run_sync(state=Counting(size), inputs=Increment())


def acounter(size: int) -> Run:
    app = built(Counting, Increment)
    return lambda: app.run(state=Counting(size), inputs=Increment())


def built(state: type, start: Any, *others: Any) -> Any:
    graph = GraphBuilder(state_type=state, input_type=start, output_type=object, auto_instrument=False)
    graph.add(graph.edge_from(graph.start_node).to(start), *(graph.node(node) for node in (start, *others)))
    return graph.build()


@dataclass
class Chatting:
    full: int
    history: list[dict[str, str]]


@dataclass
class Ask(BaseNode[Chatting, None, int]):
    async def run(self, ctx: GraphRunContext[Chatting, None]) -> Reply:
        ctx.state.history.append(question())
        return Reply()


@dataclass
class Reply(BaseNode[Chatting, None, int]):
    async def run(self, ctx: GraphRunContext[Chatting, None]) -> Ask | End[int]:
        ctx.state.history.append(answer())
        return Ask() if len(ctx.state.history) < ctx.state.full else End(len(ctx.state.history))


def chat(size: int, *, history: int) -> Run:
    app, start = built(Chatting, Ask, Reply), turns(history)
    return lambda: app.run_sync(state=Chatting(history + size, [*start]), inputs=Ask())


@dataclass
class Working:
    size: int
    dag: Any
    table: Any = None
    turn: int = 0
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Work(BaseNode[Working, None, Any]):
    async def run(self, ctx: GraphRunContext[Working, None]) -> Work | End[Any]:
        state = ctx.state
        state.values = state.dag.execute(["next_seed", "total"], inputs={"seed": state.turn})
        state.turn = state.values["next_seed"]
        return Work() if state.turn < state.size else End(state.values["total"])


@dataclass
class Order(BaseNode[Working, None, Any]):
    async def run(self, ctx: GraphRunContext[Working, None]) -> Order | End[Any]:
        state = ctx.state
        inputs = {"turn": state.turn, "orders": state.table}
        state.values = state.dag.execute(["next_turn", "summary"], inputs=inputs)
        state.turn = state.values["next_turn"]
        return Order() if state.turn < state.size else End(state.values["summary"])


def ten_nodes(size: int) -> Run:
    """A node that calls ``Driver.execute``."""
    from hamilton import driver

    from benchmarks.dataflows import ten_nodes as dataflow

    app, dag = built(Working, Work), driver.Builder().with_modules(dataflow).build()
    return lambda: app.run_sync(state=Working(size, dag), inputs=Work())


def pandas(size: int) -> Run:
    """A node that calls ``Driver.execute`` on the pandas DAG."""
    from hamilton import driver

    from benchmarks.dataflows import orders as dataflow

    app, dag = built(Working, Order), driver.Builder().with_modules(dataflow).build()
    table = orders()
    return lambda: app.run_sync(state=Working(size, dag, table), inputs=Order())
