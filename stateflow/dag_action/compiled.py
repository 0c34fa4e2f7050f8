"""Compiles what ``dag`` was asked for into a plan, its needs, its picture and its findings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from stateflow.actions import Dataflow, Need
from stateflow.dag_action.dataflow import Identity, dataflow_of, origins, version_of
from stateflow.dag_action.faults import config_faults, stream_faults, variant_faults, why_not_planned
from stateflow.dag_action.hints import Fits, anything, classes, plain, spread
from stateflow.dag_action.inference import Closure, External, Wish, closure, type_faults
from stateflow.dag_action.plan import NodePlan, PlannedNode, step_of
from stateflow.errors import GraphError
from stateflow.state import ABSENT

if TYPE_CHECKING:
    from hamilton.driver import Driver
    from hamilton.node import Node

    from stateflow.dag_action.source import Source


@dataclass(frozen=True, slots=True)
class Given:
    """A place of the plan that the application fills. Values of ``classes`` fit at once; None says that any does."""

    name: str
    place: int
    external: External
    classes: tuple[type, ...] | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything known of a DAG action. With findings the plan is that of the sound part, and is not run."""

    driver: Driver | None
    findings: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    given: tuple[Given, ...] = ()
    plan: NodePlan | None = None
    dataflow: Callable[[], Dataflow] = field(default=lambda: Dataflow((), ()))
    fits: Fits = anything
    fallback: str | None = None

    def renamed(self, action: str) -> Compiled:
        """Return the same for an action of another name."""
        return self if self.plan is None else replace(self, plan=replace(self.plan, action=action))


def compiled(source: Source, wish: Wish, action: str) -> Compiled:
    """Return the compiled form; whatever is wrong is in its findings, and nothing is raised."""
    try:
        driver = source.driver()
    except GraphError as error:
        return Compiled(None, error.findings)
    from stateflow.dag_action.adapters import check_of

    found = closure(wish, driver)
    accepts = check_of(driver)
    findings = [*found.findings, *(config_faults(wish, driver) or variant_faults(found, driver))]
    findings += type_faults(found, wish.bound, "bind", accepts)
    findings += type_faults(found, wish.config, "config", accepts)
    fallback = why_not_planned(driver, found)
    findings += stream_faults(wish, driver, found, fallback)
    identities = cache(lambda: {node.name: version_of(node, driver.graph.config) for node in found.nodes})
    given, plan = _plan(found, wish, driver.graph.config, identities, action)
    if fallback is not None and plan.is_async and not _is_async_driver(driver):
        findings.append(f"the DAG has async nodes, which {fallback} cannot run; give a driver of hamilton.async_driver")
    return Compiled(
        driver=driver,
        findings=tuple(dict.fromkeys(findings)),
        needs=found.needs(),
        given=given,
        plan=plan,
        dataflow=cache(lambda: dataflow_of(found, wish, identities())),
        fits=accepts,
        fallback=fallback,
    )


# -- the plan -------------------------------------------------------------------------------------------


def _plan(
    found: Closure,
    wish: Wish,
    config: Mapping[str, Any],
    identities: Callable[[], Mapping[str, Identity]],
    action: str,
) -> tuple[tuple[Given, ...], NodePlan]:
    places: dict[str, int] = {}
    start: list[Any] = []
    given: list[Given] = []
    constants = {"config": config, "bound": wish.bound}
    for external in found.externals.values():
        if external.kind == "default":
            continue
        places[external.name] = len(start)
        if external.kind in constants:
            start.append(constants[external.kind][external.name])
        else:
            kinds = None if external.name in found.overridden else classes(external.type)
            given.append(Given(external.name, len(start), external, kinds))
            start.append(ABSENT)
    nodes = _ordered(found.nodes, wish.stream)
    index = {node.name: number for number, node in enumerate(nodes)}
    places.update({name: len(start) + number for name, number in index.items()})
    planned = tuple(_planned(node, found, places, index, wish.stream) for node in nodes)
    stream = index.get(wish.stream) if wish.stream is not None else None
    return tuple(given), NodePlan(
        action=action,
        nodes=planned,
        start=tuple(start),
        outputs=tuple((name, places[name]) for name in _requested(wish) if name in index),
        stream=stream,
        is_text=stream is not None and str in get_args(plain(nodes[stream].type)),
        is_async=any(node.is_async for node in planned) or (stream is not None and _gives_async(nodes[stream])),
        versions=cache(lambda: {name: version for name, (version, _) in identities().items()}),
        steps=tuple(step_of(node) for node in planned),
    )


def _requested(wish: Wish) -> list[str]:
    return list(dict.fromkeys(output.node for output in wish.outputs))


def _ordered(nodes: list[Node], stream: str | None) -> list[Node]:
    """Return the nodes with those that the stream node needs first, then itself, then all others."""
    if stream is None:
        return nodes
    needed = {stream}
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(other.name for other in node.dependencies)
    return [node for node in nodes if node.name in needed] + [node for node in nodes if node.name not in needed]


def _planned(
    node: Node, found: Closure, places: Mapping[str, int], index: Mapping[str, int], stream: str | None
) -> PlannedNode:
    parameters = tuple(other.name for other in node.dependencies if other.name in places)
    return PlannedNode(
        name=node.name,
        function=node.callable,
        parameters=parameters,
        places=tuple((name, places[name]) for name in parameters),
        after=tuple(index[name] for name in parameters if name in index),
        is_async=_is_async(node.callable),
        by_name=any(_may_be_absent(name, found) for name in parameters) or stream in parameters,
        spreads={stream: spread(node.input_types[stream][0])} if stream in parameters and stream is not None else {},
        origins={origin.parameter: f"{origin.kind}/{origin.name}" for origin in origins(node, found)},
        open=tuple(name for name in parameters if name in found.externals and found.externals[name].kind == "open"),
    )


def _may_be_absent(name: str, found: Closure) -> bool:
    return name in found.externals and not found.externals[name].required


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(inspect.unwrap(function))


def _gives_async(node: Node) -> bool:
    return inspect.isasyncgenfunction(inspect.unwrap(node.callable)) or spread(node.type) == "async iterator"


def _is_async_driver(driver: Driver) -> bool:
    from hamilton.async_driver import AsyncDriver

    return isinstance(driver, AsyncDriver)
