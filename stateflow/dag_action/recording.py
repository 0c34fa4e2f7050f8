"""Recorders on Hamilton's node hooks. Importing this module imports Hamilton, so only functions import it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Token
from time import perf_counter
from typing import TYPE_CHECKING, Any

from hamilton.async_driver import AsyncGraphAdapter
from hamilton.lifecycle.base import (
    BasePostGraphExecute,
    BasePostNodeExecute,
    BasePreGraphExecute,
    BasePreNodeExecute,
)

from stateflow.context import NodeRun, Scope, current_scope
from stateflow.dag_action.plan import out_of_time, place
from stateflow.dag_action.quiet import hushed

if TYPE_CHECKING:
    from hamilton.graph import FunctionGraph
    from hamilton.node import Node

Describe = Callable[["Node", Mapping[str, Any]], tuple[Mapping[str, str], str]]
"""Given a node and its arguments, returns their origins and the node's code version."""


class NodeHooks(BasePreNodeExecute, BasePostNodeExecute):  # type: ignore[misc]  # Hamilton ships no types
    """Records each node of one execution of a driver in one scope, also from worker threads.

    ``action`` names the action that executes the driver itself: Hamilton's banners are held back, and errors say where
    they were raised. In another process it arrives without a scope: nodes that run there cannot be recorded.
    """

    def __init__(self, scope: Scope | None, describe: Describe, action: str = "") -> None:
        self.scope = scope
        self.describe = describe
        self.action = action
        self._running: dict[tuple[str | None, str], tuple[float, Token[Scope | None]]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return NodeHooks, (None, nothing_known, self.action)

    def pre_node_execute(self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None) -> None:
        if self.scope is None:
            return
        if self.scope.stopped:
            raise out_of_time()
        if self.action:
            hushed.set(True)  # a worker thread does not inherit it
        if self.scope.watched:
            self.scope.node_starts(node_.name, kwargs)
        self._running[task_id, node_.name] = perf_counter(), current_scope.set(self.scope)

    def post_node_execute(
        self,
        *,
        run_id: str,
        node_: Node,
        kwargs: dict[str, Any],
        success: bool,
        error: Exception | None,
        result: Any,
        task_id: str | None = None,
    ) -> None:
        held = self._running.pop((task_id, node_.name), None)
        if error is not None and self.action and (held is not None or self.scope is None):
            place(error, node_.name, self.action)
        if self.scope is None or held is None:
            return
        started, token = held
        current_scope.reset(token)
        if self.scope.watched:
            end_node(self.scope, self.describe, node_, kwargs, started, error, result)


class TaskHooks(NodeHooks):
    """The same for an async driver, where a node's value is a task: a node is recorded when that is done.

    Its time includes the wait for its arguments.
    """

    def pre_node_execute(self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None) -> None:
        if self.scope is not None and self.scope.stopped:
            raise out_of_time()

    def post_node_execute(
        self,
        *,
        run_id: str,
        node_: Node,
        kwargs: dict[str, Any],
        success: bool,
        error: Exception | None,
        result: Any,
        task_id: str | None = None,
    ) -> None:
        scope, started = self.scope, perf_counter()
        if not isinstance(result, asyncio.Task):
            return

        def record(done: asyncio.Task[Any]) -> None:
            arguments = {name: _value(argument) for name, argument in kwargs.items()}
            if any(argument is _FAILED for argument in arguments.values()):
                return  # the node never ran
            failure = asyncio.CancelledError() if done.cancelled() else done.exception()
            if failure is not None and self.action:
                place(failure, node_.name, self.action)
            if scope is None or not scope.watched:
                return
            scope.node_starts(node_.name, arguments)
            value = done.result() if failure is None else None
            end_node(scope, self.describe, node_, arguments, started, failure, value)

        result.add_done_callback(record)


def end_node(
    scope: Scope,
    describe: Describe,
    node: Node,
    arguments: Mapping[str, Any],
    started: float,
    error: BaseException | None,
    value: Any,
) -> None:
    """Tell the scope of a node that has ended just now."""
    origins, version = describe(node, arguments)
    status = "done" if error is None else "failed"
    duration = perf_counter() - started
    scope.node_ended(
        NodeRun(node.name, started, duration, status, origins, value if error is None else None, error, version)
    )


def nothing_known(_node: Node, _arguments: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
    """Describe a node of which nothing is known."""
    return {}, ""


class Recorder(BasePreGraphExecute, BasePostGraphExecute, BasePreNodeExecute, BasePostNodeExecute):  # type: ignore[misc]
    """Records the nodes of a user's own driver in the scope in which the driver is called.

    Driver objects may be shared: every execution has its own record.
    """

    def __init__(self) -> None:
        self._runs: dict[str, NodeHooks] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Recorder, ()

    def pre_graph_execute(
        self, *, run_id: str, graph: FunctionGraph, final_vars: Any, inputs: Any, overrides: Any
    ) -> None:
        scope = current_scope.get()
        if scope is not None and scope.watched:
            self._runs[run_id] = hooks_for(graph)(scope, _describer(graph))

    def post_graph_execute(self, *, run_id: str, graph: FunctionGraph, success: bool, error: Any, results: Any) -> None:
        self._runs.pop(run_id, None)

    def pre_node_execute(self, *, run_id: str, node_: Node, kwargs: dict[str, Any], task_id: str | None = None) -> None:
        held = self._runs.get(run_id)
        if held is not None:
            held.pre_node_execute(run_id=run_id, node_=node_, kwargs=kwargs, task_id=task_id)

    def post_node_execute(
        self,
        *,
        run_id: str,
        node_: Node,
        kwargs: dict[str, Any],
        success: bool,
        error: Exception | None,
        result: Any,
        task_id: str | None = None,
    ) -> None:
        held = self._runs.get(run_id)
        if held is not None:
            held.post_node_execute(
                run_id=run_id, node_=node_, kwargs=kwargs, success=success, error=error, result=result, task_id=task_id
            )


_FAILED = object()


def _value(argument: Any) -> Any:
    if not isinstance(argument, asyncio.Task):
        return argument
    return _FAILED if argument.cancelled() or argument.exception() is not None else argument.result()


def hooks_for(graph: FunctionGraph) -> type[NodeHooks]:
    """Return the kind of hooks that fits the driver to which a graph belongs."""
    is_async = any(isinstance(adapter, AsyncGraphAdapter) for adapter in graph.adapter.adapters)
    return TaskHooks if is_async else NodeHooks


def _describer(graph: FunctionGraph) -> Describe:
    """Describe nodes of a driver about whose inputs only the calling body knows more than their names."""

    def describe(node: Node, arguments: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
        from stateflow.dag_action.dataflow import version_of

        origins = {}
        for name in arguments:
            held = graph.nodes.get(name)
            given = "config" if name in graph.config else "open"
            origins[name] = f"{given if held is None or held.user_defined else 'node'}/{name}"
        return origins, version_of(node, graph.config)[0]

    return describe
