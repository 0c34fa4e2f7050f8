"""Compiles what ``dag`` was asked for into a plan, its needs, its picture and its findings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from stateflow.actions import Dataflow, Need, NodeInfo, Origin
from stateflow.dag_action.hints import classes, fits, is_stream, plain, shown, spread
from stateflow.dag_action.inference import Closure, External, Wish, closure, type_faults
from stateflow.dag_action.plan import NodePlan, PlannedNode, step_of
from stateflow.errors import GraphError, names, nearest
from stateflow.state import ABSENT

if TYPE_CHECKING:
    from hamilton.driver import Driver
    from hamilton.node import Node

    from stateflow.dag_action.source import Source

Fits = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Given:
    """A place of the plan that the application fills. A value of one of ``classes`` fits at once, None says any does."""

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
    fits: Fits = field(default=lambda value, hint: True)
    fallback: str | None = None


def compiled(source: Source, wish: Wish) -> Compiled:
    """Return the compiled form; whatever is wrong is in its findings, and nothing is raised."""
    try:
        driver = source.driver()
    except GraphError as error:
        return Compiled(None, error.findings)
    found = closure(wish, driver)
    accepts = _check(driver)
    findings = [*found.findings, *_config_faults(wish, driver, found)]
    findings += type_faults(found, wish.bound, "bind", accepts)
    findings += type_faults(found, wish.config, "config", accepts)
    fallback = why_not_planned(driver, found)
    findings += _stream_faults(wish, driver, found, fallback)
    given, plan = _plan(found, wish, driver)
    if fallback is not None and plan.is_async and not _is_async_driver(driver):
        findings.append(f"the DAG has async nodes, which {fallback} cannot run; give a driver of hamilton.async_driver")
    return Compiled(
        driver=driver,
        findings=tuple(dict.fromkeys(findings)),
        needs=found.needs(),
        given=given,
        plan=plan,
        dataflow=cache(lambda: _dataflow(found, wish, driver)),
        fits=accepts,
        fallback=fallback,
    )


# -- the plan -------------------------------------------------------------------------------------------


def _plan(found: Closure, wish: Wish, driver: Driver) -> tuple[tuple[Given, ...], NodePlan]:
    places: dict[str, int] = {}
    start: list[Any] = []
    given: list[Given] = []
    constants = {"config": driver.graph.config, "bound": wish.bound}
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
        nodes=planned,
        start=tuple(start),
        outputs=tuple((name, places[name]) for name in _requested(wish) if name in index),
        stream=stream,
        is_async=any(node.is_async for node in planned) or (stream is not None and _gives_async(nodes[stream])),
        versions=cache(lambda: {node.name: version_of(node, driver.graph.config)[0] for node in nodes}),
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
    origins = {origin.parameter: f"{origin.kind}/{origin.name}" for origin in _origins(node, found)}
    return PlannedNode(
        name=node.name,
        function=node.callable,
        parameters=parameters,
        places=tuple((name, places[name]) for name in parameters),
        after=tuple(index[name] for name in parameters if name in index),
        is_async=_is_async(node.callable),
        by_name=any(_may_be_absent(name, found) for name in parameters) or stream in parameters,
        spreads={stream: spread(node.input_types[stream][0])} if stream in parameters and stream is not None else {},
        origins=origins,
        open=tuple((name, name) for name in parameters if name in found.externals and _is_open(name, found)),
    )


def _origins(node: Node, found: Closure) -> list[Origin]:
    origins = []
    for other in node.dependencies:
        external = found.externals.get(other.name)
        kind, name = (external.kind, external.source) if external is not None else ("node", other.name)
        origins.append(Origin(other.name, kind, name))
    return origins


def _may_be_absent(name: str, found: Closure) -> bool:
    return name in found.externals and not found.externals[name].required


def _is_open(name: str, found: Closure) -> bool:
    return found.externals[name].kind == "open"


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(inspect.unwrap(function))


def _gives_async(node: Node) -> bool:
    return inspect.isasyncgenfunction(inspect.unwrap(node.callable)) or spread(node.type) == "async iterator"


def version_of(node: Node, config: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the code version of a node, and what makes it partial."""
    from stateflow.dag_action.version import code_version

    functions = node.originating_functions or (node.callable,)
    return code_version(functions, config_used(functions, config), node.tags)


def config_used(functions: Sequence[Callable[..., Any]], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the config that decides which nodes Hamilton makes of these functions."""
    used: set[str] = set()
    for function in functions:
        keys = _config_keys(function)
        if keys is None:
            return dict(config)
        used |= keys
    return {key: config[key] for key in sorted(used) if key in config}


def _config_keys(function: Callable[..., Any]) -> set[str] | None:
    """Return the config keys that a function's modifiers declare, or None where they may look at any."""
    from hamilton.function_modifiers import base

    if getattr(function, base.DynamicResolver.get_lifecycle_name(), None):
        return None
    kinds = (
        base.NodeResolver,
        base.NodeCreator,
        base.NodeInjector,
        base.NodeExpander,
        base.NodeTransformer,
        base.NodeDecorator,
    )
    keys: set[str] = set()
    for kind in kinds:
        for modifier in getattr(function, kind.get_lifecycle_name(), ()):
            required, optional = modifier.required_config(), modifier.optional_config()
            if required is None:
                return None
            keys.update(required, optional or ())
    return keys


# -- what is wrong ----------------------------------------------------------------------------------------


def _check(driver: Driver) -> Fits:
    """Return what says whether a value fits a type: the driver's own adapter if it has one, else our lenient check."""
    from hamilton.htypes import check_input_type

    from stateflow.dag_action.adapters import Leniency

    for adapter in driver.adapter.sync_methods.get("do_validate_input", ()):
        if not isinstance(adapter, Leniency):
            return lambda value, hint: value is None or adapter.do_validate_input(node_type=hint, input_value=value)
    return lambda value, hint: fits(value, hint, check_input_type)


def _config_faults(wish: Wish, driver: Driver, found: Closure) -> list[str]:
    from hamilton.graph_utils import find_functions

    known: set[str] = {name for name, node in driver.graph.nodes.items() if node.user_defined and node.depended_on_by}
    for module in driver.graph_modules:
        for _, function in find_functions(module):
            keys = _config_keys(function)
            if keys is None:
                return []
            known |= keys
    return [
        f"config: nothing in the DAG uses {name!r}{nearest(name, known)}"
        for name in wish.config
        if name not in known and not name.startswith("hamilton.") and name not in _names_of_functions(driver)
    ]


def _names_of_functions(driver: Driver) -> set[str]:
    from hamilton.function_modifiers.base import sanitize_function_name
    from hamilton.graph_utils import find_functions

    found = [name for module in driver.graph_modules for name, _ in find_functions(module)]
    return {sanitize_function_name(name) for name in found}


def _stream_faults(wish: Wish, driver: Driver, found: Closure, fallback: str | None) -> list[str]:
    stream = wish.stream
    if stream is None:
        return []
    by_name = {node.name: node for node in found.nodes}
    node = by_name.get(stream)
    if node is None:
        computed = [name for name, other in driver.graph.nodes.items() if not other.user_defined]
        if stream not in computed:
            return [f"stream: the DAG has no node {stream!r}{nearest(stream, computed)}"]
        return [f"stream: node {stream!r} is not upstream of what is written, {names(_requested(wish))}"]
    faults = []
    if not is_stream(node.type) and not inspect.isgeneratorfunction(inspect.unwrap(node.callable)):
        faults.append(f"stream: node {stream!r} gives {shown(node.type)}; it must return an Iterator or AsyncIterator")
    if fallback is not None:
        faults.append(f"stream: {fallback} cannot stream; remove stream= or run the nodes without it")
    return faults + _edge_faults(found, stream)


def _edge_faults(found: Closure, stream: str) -> list[str]:
    """Judge the edges that our leniency for streams has let pass, except those of the stream node itself."""
    from hamilton.htypes import types_match

    faults = []
    for node in found.nodes:
        for other in node.dependencies:
            hint = node.input_types[other.name][0]
            if other.user_defined or other.name == stream or not is_stream(other.type):
                continue
            if not types_match(hint, other.type):
                faults.append(
                    f"node {node.name!r} takes {other.name!r} as {shown(hint)}, but it is {shown(other.type)}, "
                    f"and only the node named in stream= is collected"
                )
    return faults


def why_not_planned(driver: Driver, found: Closure) -> str | None:
    """Return what only ``Driver.execute`` can run, or None where a plan does the same."""
    from hamilton.driver import DefaultGraphExecutor
    from hamilton.node import NodeType

    for node in found.nodes:
        if node.node_role in (NodeType.EXPAND, NodeType.COLLECT):
            return f"node {node.name!r} with Parallelizable or Collect"
    if type(driver.graph_executor) is not DefaultGraphExecutor:
        return f"the executor {type(driver.graph_executor).__name__}"
    methods = driver.adapter.sync_methods
    for adapter in driver.adapter.adapters:
        if any(adapter in methods.get(name, ()) for name in ("do_node_execute", "do_remote_execute")):
            if type(adapter).__name__ != "AsyncGraphAdapter":
                return f"the adapter {type(adapter).__name__}"
    hooks = {**driver.adapter.sync_hooks, **driver.adapter.async_hooks}
    for name, adapters in hooks.items():
        if name not in ("pre_do_anything", "post_graph_construct"):
            return f"the adapter {type(adapters[0]).__name__}"
    return None


def _is_async_driver(driver: Driver) -> bool:
    from hamilton.async_driver import AsyncDriver

    return isinstance(driver, AsyncDriver)


# -- the picture --------------------------------------------------------------------------------------------


def _dataflow(found: Closure, wish: Wish, driver: Driver) -> Dataflow:
    ranks: dict[str, int] = {}
    for node in found.nodes:
        ranks[node.name] = 1 + max((ranks.get(other.name, -1) for other in node.dependencies), default=-1)
    ordered = sorted(found.nodes, key=lambda node: (ranks[node.name], node.name))
    known = {node.name for node in ordered}
    infos = tuple(_info(node, found, driver.graph.config) for node in ordered)
    return Dataflow(infos, tuple(output for output in wish.outputs if output.node in known))


def _info(node: Node, found: Closure, config: Mapping[str, Any]) -> NodeInfo:
    version, partial = version_of(node, config)
    tags = {key: value if isinstance(value, str) else ",".join(map(str, value)) for key, value in node.tags.items()}
    doc = inspect.cleandoc(node.documentation or "")
    return NodeInfo(node.name, shown(plain(node.type)), tuple(_origins(node, found)), tags, doc, version, partial)
