"""Runs a DAG action as a step of an application would, without the application."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stateflow._drive.nodes import run_nodes, stream_nodes
from stateflow.actions import close
from stateflow.context import NodeRun, Scope, Span, StepContext, current_scope
from stateflow.dag_action import DagAction, NodePlanRun
from stateflow.state import StateView, settle, view_of

CONTEXT = StepContext("app", None, 7, "dag", 1, None, None, "key")


@dataclass
class Heard:
    """A listener that keeps the order of what it was told."""

    told: list[str] = field(default_factory=list)
    raised: BaseException | None = None

    def emitted(self, value: Any) -> None:
        self.told.append(f"emitted {value}")

    def span_started(self, span: Span) -> None: ...
    def span_ended(self, span: Span) -> None: ...
    def attributes_logged(self, attributes: dict[str, Any], span: Span | None) -> None: ...

    def node_starts(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.told.append(f"{name} starts with {', '.join(arguments)}")

    def node_ended(self, node: NodeRun) -> None:
        self.told.append(f"{node.name} {node.status}")


@dataclass
class Ran:
    """What came of one step."""

    result: dict[str, Any]
    state: dict[str, Any]
    items: list[Any]
    scope: Scope

    @property
    def nodes(self) -> dict[str, NodeRun]:
        return {node.name: node for node in self.scope.nodes or []}


def scoped(action: DagAction, state: Mapping[str, Any], resources: Mapping[str, Any], *, watched: bool = True) -> Scope:
    """Return the scope of a step of the action."""
    return Scope(close(action, resources).declared, dict(state), Heard(), watched=watched)


def run(
    action: DagAction,
    state: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    *,
    watched: bool = True,
    scope: Scope | None = None,
) -> Ran:
    """Run a step of the action in a context of its own; one with async nodes in an event loop of its own."""
    return contextvars.copy_context().run(_run, action, state or {}, inputs or {}, resources or {}, watched, scope)


def _run(
    action: DagAction,
    state: Mapping[str, Any],
    inputs: Mapping[str, Any],
    resources: Mapping[str, Any],
    watched: bool,
    scope: Scope | None,
) -> Ran:
    scope = scope or scoped(action, state, resources, watched=watched)
    view = view_of(scope)
    current_scope.set(scope)
    raw = action.call(view, arguments(action, state, inputs, resources))
    items: list[Any] = []
    if action.is_async:
        raw = asyncio.run(_awaited(raw, view, items))
    elif action.is_streaming:
        *pairs, raw = raw
        items += [item for item, _ in pairs]
    result, after = action.finish(view, raw)
    return Ran(result, settle(scope, after)[0], items, scope)


async def _awaited(raw: Any, view: StateView, items: list[Any]) -> Any:
    if not isinstance(raw, NodePlanRun):
        return await raw
    if raw.plan.stream is None:
        return await run_nodes(raw)
    last = None
    async for item, after in stream_nodes(raw, view):
        if after is None:
            items.append(item)
        else:
            last = item, after
    return last


def arguments(
    action: DagAction, state: Mapping[str, Any], inputs: Mapping[str, Any], resources: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the machine would call the action with."""
    closed = close(action, resources)
    found = {name: inputs[name] for name in (*closed.inputs, *closed.optional_inputs) if name in inputs}
    found |= {name: resources[name] for name in closed.resources}
    found |= {argument: state[key] for argument, key, _ in closed.read_arguments if key in state}
    return found | dict.fromkeys(closed.contexts, CONTEXT)
