"""Runs a DAG through ``Driver.execute`` where no plan can stand in for it; with the same records."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from stateflow.context import Scope, current_scope
from stateflow.dag_action.compiled import Compiled
from stateflow.dag_action.inference import Wish
from stateflow.dag_action.plan import NodePlan, origins_of
from stateflow.dag_action.quiet import hushed, quiet
from stateflow.state import ABSENT

if TYPE_CHECKING:
    from hamilton.driver import Driver

_locks: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
_locks_lock = threading.Lock()


def execute(built: Compiled, wish: Wish, values: list[Any]) -> Any:
    """Execute the requested nodes and return their values by name; a coroutine of them with an async driver."""
    driver, plan = built.driver, built.plan
    assert driver is not None  # there are values of sound plans only
    assert plan is not None
    inputs: dict[str, Any] = dict(wish.bound)
    overrides: dict[str, Any] = {}
    for given in built.given:
        value = values[given.place]
        if value is not ABSENT:
            (overrides if given.name in wish.overrides else inputs)[given.name] = value
    twin: Any = _twin(driver, current_scope.get(), plan)
    requested = [name for name, _ in plan.outputs]
    if plan.is_async:
        hushed.set(True)  # until the step's own context ends
        return twin.execute(requested, inputs=inputs, overrides=overrides)
    with quiet(), _alone(driver):
        found: dict[str, Any] = twin.execute(requested, inputs=inputs, overrides=overrides)
    return found


def _twin(driver: Any, scope: Scope | None, plan: NodePlan) -> Any:
    """Return a copy of the driver for one execution: it records, builds no result, and leaves types to us."""
    from hamilton.lifecycle.base import LifecycleAdapterSet

    from stateflow.dag_action.adapters import Trust
    from stateflow.dag_action.recording import hooks_for, nothing_known

    describe = nothing_known if scope is None else _describer(plan, scope)
    extra: list[Any] = [hooks_for(driver.graph)(scope, describe, action=plan.action)]
    if "do_validate_input" not in driver.adapter.sync_methods:
        extra.append(Trust())
    adapters = LifecycleAdapterSet(*driver.adapter.adapters, *extra)
    adapters.sync_methods.pop("do_build_result", None)
    twin = object.__new__(type(driver))  # copying by protocol would import the driver's modules anew
    twin.__dict__.update(driver.__dict__)
    twin.graph, twin.graph_executor = copy.copy(driver.graph), copy.copy(driver.graph_executor)
    twin.adapter = twin.graph.adapter = twin.graph_executor.adapter = adapters
    return twin


def _describer(plan: NodePlan, scope: Scope) -> Callable[[Any, Mapping[str, Any]], tuple[Mapping[str, str], str]]:
    planned = {node.name: node for node in plan.nodes}

    def describe(node: Any, arguments: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
        return origins_of(planned[node.name], scope, arguments), plan.versions()[node.name]

    return describe


@contextmanager
def _alone(driver: Driver) -> Iterator[None]:
    """Let one thread at a time use a driver whose executor holds state of the run."""
    from hamilton.driver import DefaultGraphExecutor

    if type(driver.graph_executor) is DefaultGraphExecutor:
        yield
        return
    with _locks_lock:
        lock = _locks.setdefault(driver, threading.Lock())
    with lock:
        yield
