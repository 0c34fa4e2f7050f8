"""What is wrong with the config or the stream of a DAG action, and why a driver cannot be replaced by a plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

from stateflow.dag_action.dataflow import config_keys
from stateflow.dag_action.hints import is_stream, shown, spread
from stateflow.dag_action.inference import Closure, Wish
from stateflow.errors import names, nearest

if TYPE_CHECKING:
    from hamilton.driver import Driver


def config_faults(wish: Wish, driver: Driver) -> list[str]:
    """Return a finding for each key of the config that nothing in the DAG can use."""
    from hamilton.graph_utils import find_functions

    known: set[str] = {name for name, node in driver.graph.nodes.items() if node.user_defined and node.depended_on_by}
    for module in driver.graph_modules:
        for _, function in find_functions(module):
            keys = config_keys(function)
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


def variant_faults(found: Closure, driver: Driver) -> list[str]:
    """Return a finding for each open name that functions would compute, had the config chosen one of them."""
    from hamilton.function_modifiers.base import sanitize_function_name
    from hamilton.graph_utils import find_functions

    variants: dict[str, list[str]] = {}
    keys: dict[str, set[str]] = {}
    for module in driver.graph_modules:
        for name, function in find_functions(module):
            node = sanitize_function_name(name)
            if node in found.externals and found.externals[node].kind == "open":
                variants.setdefault(node, []).append(name)
                keys.setdefault(node, set()).update(config_keys(function) or ())
    return [
        f"node {node!r} is computed by one of {names(sorted(functions))}, and the config chooses none; set "
        f"{names(sorted(keys[node]))} in config={{...}}, or name {node!r} in reads or inputs"
        for node, functions in sorted(variants.items())
    ]


def stream_faults(wish: Wish, driver: Driver, found: Closure, fallback: str | None) -> list[str]:
    """Return what keeps the node named in ``stream=`` from being streamed."""
    stream = wish.stream
    if stream is None:
        return []
    by_name = {node.name: node for node in found.nodes}
    node = by_name.get(stream)
    if node is None:
        computed = [name for name, other in driver.graph.nodes.items() if not other.user_defined]
        if stream not in computed:
            return [f"stream: the DAG has no node {stream!r}{nearest(stream, computed)}"]
        written = names(dict.fromkeys(output.node for output in wish.outputs))
        return [f"stream: node {stream!r} is not upstream of what is written, {written}"]
    faults = []
    if not is_stream(node.type) and not inspect.isgeneratorfunction(inspect.unwrap(node.callable)):
        faults.append(f"stream: node {stream!r} gives {shown(node.type)}; it must return an Iterator or AsyncIterator")
    if fallback is not None:
        faults.append(f"stream: {fallback} cannot stream; remove stream= or run the nodes without it")
    return faults + _edge_faults(found, stream)


def _edge_faults(found: Closure, stream: str) -> list[str]:
    """Judge the edges from iterators, which our leniency for streams has let pass."""
    from hamilton.htypes import types_match

    faults = []
    for node in found.nodes:
        for other in node.dependencies:
            hint = node.input_types[other.name][0]
            if other.user_defined or not is_stream(other.type) or types_match(hint, other.type):
                continue
            if other.name != stream:
                faults.append(
                    f"node {node.name!r} takes {other.name!r} as {shown(hint)}, but it is {shown(other.type)}, "
                    "and only the node named in stream= is collected"
                )
            elif not _takes_collected(hint, other.type, types_match):
                faults.append(
                    f"node {node.name!r} takes the stream {stream!r} as {shown(hint)}; it can have an iterator, a list"
                    f"{', or a str' if get_args(other.type)[:1] == (str,) else ''}"
                )
    return faults


def _takes_collected(hint: Any, given: Any, matches: Callable[[Any, Any], bool]) -> bool:
    """Return whether a consumer can take the items of a stream of type ``given`` once they are collected."""
    items = get_args(given)[:1]
    if spread(hint) != "value" or items in ((), (Any,)):
        return True
    return matches(hint, str if items == (str,) else list)


def why_not_planned(driver: Driver, found: Closure) -> str | None:
    """Return what only ``Driver.execute`` can run, or None where a plan does the same."""
    from hamilton.async_driver import AsyncGraphAdapter
    from hamilton.driver import DefaultGraphExecutor
    from hamilton.node import NodeType

    for node in found.nodes:
        if node.node_role in (NodeType.EXPAND, NodeType.COLLECT):
            return f"node {node.name!r} with Parallelizable or Collect"
    if type(driver.graph_executor) is not DefaultGraphExecutor:
        return f"the executor {type(driver.graph_executor).__name__}"
    adapters: Any = driver.adapter  # annotated as what it is made from, not as what it is
    for method in ("do_node_execute", "do_remote_execute"):
        for adapter in adapters.sync_methods.get(method, ()):
            if not isinstance(adapter, AsyncGraphAdapter):
                return f"the adapter {type(adapter).__name__}"
    for hooks in (adapters.sync_hooks, adapters.async_hooks):
        for name, hooked in hooks.items():
            if name not in ("pre_do_anything", "post_graph_construct"):
                return f"the adapter {type(hooked[0]).__name__}"
    return None
