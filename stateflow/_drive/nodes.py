"""The one scheduler of DAGs with async nodes: what can run at the same time does, and a failure cancels the rest."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from heapq import heappop, heappush
from time import perf_counter
from typing import Any

from stateflow.context import NodeRun, Scope, current_scope
from stateflow.dag_action.plan import (
    Collected,
    NodePlanRun,
    PlannedNode,
    StreamRecord,
    failed,
    origins_of,
    out_of_time,
    place,
)
from stateflow.state import ABSENT, State


async def run_nodes(run: NodePlanRun) -> dict[str, Any]:
    """Run every node of a plan and return the values of the requested ones.

    Synchronous nodes run inline. When a node raises, those still running are cancelled and awaited first.

    Raises:
        TimeoutError: the step has run out of time.
    """
    nodes = len(run.plan.nodes)
    run.values += [ABSENT] * nodes
    await _Schedule(run, range(nodes), current_scope.get()).complete()
    return run.plan.results(run.values)


async def stream_nodes(run: NodePlanRun, state: State) -> AsyncGenerator[tuple[Any, Any], None]:
    """Yield ``(item, None)`` for each item of the stream node, run the nodes behind it, yield ``(values, state)``."""
    plan, values, scope = run.plan, run.values, current_scope.get()
    index = plan.stream or 0
    first = len(values)
    values += [ABSENT] * len(plan.nodes)
    await _Schedule(run, range(index), scope).complete()
    if scope is not None and scope.stopped:
        raise out_of_time()
    collected = Collected(is_text=plan.is_text)
    with StreamRecord(plan, index, values, scope, collected) as arguments:
        source = plan.nodes[index].function(**arguments)
        async with aclosing(_each(await source if inspect.isawaitable(source) else source)) as items:
            async for item in items:
                collected.items.append(item)
                yield item, None
    values[first + index] = collected
    await _Schedule(run, range(index + 1, len(plan.nodes)), scope).complete()
    yield plan.results(values), state


async def _each(items: Any) -> AsyncGenerator[Any, None]:
    """Iterate over a sync or an async iterable, and close it in the end."""
    try:
        if hasattr(items, "__aiter__"):
            async for item in items:
                yield item
        else:
            for item in items:
                yield item
    finally:
        if hasattr(items, "aclose"):
            await items.aclose()
        elif hasattr(items, "close"):
            items.close()


class _Schedule:
    """Some consecutive nodes of a plan, whose other values are there already."""

    def __init__(self, run: NodePlanRun, indices: range, scope: Scope | None) -> None:
        self.plan = run.plan
        self.values = run.values
        self.scope = scope
        self.offset = len(self.plan.start)
        self.waiting = {index: sum(other in indices for other in self.plan.nodes[index].after) for index in indices}
        self.followers: dict[int, list[int]] = {index: [] for index in indices}
        for index in indices:
            for other in self.plan.nodes[index].after:
                if other in indices:
                    self.followers[other].append(index)
        self.ready: list[int] = []  # synchronous nodes, a heap, so that they run in the order of the plan
        self.starting: list[int] = []  # async ones
        self.tasks: dict[asyncio.Task[Any], int] = {}
        for index, count in self.waiting.items():
            if not count:
                self._enter(index)

    async def complete(self) -> None:
        """Run the nodes to the last one."""
        nodes = self.plan.nodes
        try:
            while self.ready or self.starting or self.tasks:
                if len(self.starting) == 1 and not self.ready and not self.tasks:  # nothing to run beside it
                    index = self.starting.pop()
                    self._done(index, await self._call(nodes[index]))
                elif self.starting:
                    self._start()
                    await asyncio.sleep(0)  # lets them begin their waiting before a synchronous node blocks the loop
                elif self.ready:
                    index = heappop(self.ready)
                    self._done(index, await self._call(nodes[index]))
                else:
                    finished, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
                    self._take(finished)
        finally:
            await _cancelled(self.tasks)

    def _enter(self, index: int) -> None:
        if self.plan.nodes[index].is_async:
            self.starting.append(index)
        else:
            heappush(self.ready, index)

    def _start(self) -> None:
        for index in sorted(self.starting):
            node = self.plan.nodes[index]
            self.tasks[asyncio.create_task(self._call(node), name=node.name)] = index
        self.starting.clear()

    def _take(self, finished: Iterable[asyncio.Task[Any]]) -> None:
        for task in sorted(finished, key=self.tasks.__getitem__):
            value = task.result()  # the first failure in order of the plan is the one that counts
            self._done(self.tasks.pop(task), value)

    def _done(self, index: int, value: Any) -> None:
        self.values[self.offset + index] = value
        for other in self.followers[index]:
            self.waiting[other] -= 1
            if not self.waiting[other]:
                self._enter(other)

    async def _call(self, node: PlannedNode) -> Any:
        scope = self.scope
        if scope is not None and scope.stopped:
            raise out_of_time()
        arguments = node.arguments(self.values)
        if scope is None or not scope.watched:
            try:
                value = node.function(**arguments)
                return await value if node.is_async else value
            except Exception as error:
                place(error, node.name, self.plan.action)
                raise
        versions = self.plan.versions()
        scope.node_starts(node.name, arguments)
        started = perf_counter()
        try:
            value = node.function(**arguments)
            if node.is_async:
                value = await value
        except BaseException as error:
            place(error, node.name, self.plan.action)
            scope.node_ended(failed(node, started, error, scope, arguments, versions))
            raise
        origins = origins_of(node, scope, arguments)
        duration = perf_counter() - started
        scope.node_ended(NodeRun(node.name, started, duration, "done", origins, value, None, versions[node.name]))
        return value


async def _cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    left = list(tasks)
    for task in left:
        task.cancel()
    if left:
        await asyncio.gather(*left, return_exceptions=True)
