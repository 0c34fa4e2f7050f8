"""The picture of a DAG action for drawings and lineages, and the code versions of its nodes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stateflow.actions import Dataflow, NodeInfo, Origin
from stateflow.dag_action.hints import plain, shown
from stateflow.dag_action.inference import Closure, Wish

if TYPE_CHECKING:
    from hamilton.node import Node


Identity = tuple[str, tuple[str, ...]]
"""The code version of a node, and what makes it partial."""


def dataflow_of(found: Closure, wish: Wish, identities: Mapping[str, Identity]) -> Dataflow:
    """Return the nodes by topological rank, then name, and where their values go."""
    ranks: dict[str, int] = {}
    for node in found.nodes:
        ranks[node.name] = 1 + max((ranks.get(other.name, -1) for other in node.dependencies), default=-1)
    ordered = sorted(found.nodes, key=lambda node: (ranks[node.name], node.name))
    known = {node.name for node in ordered}
    infos = tuple(_info(node, found, identities[node.name]) for node in ordered)
    return Dataflow(infos, tuple(output for output in wish.outputs if output.node in known))


def _info(node: Node, found: Closure, identity: Identity) -> NodeInfo:
    version, partial = identity
    tags = {
        key: ",".join(map(str, value)) if isinstance(value, list) else str(value) for key, value in node.tags.items()
    }
    doc = inspect.cleandoc(node.documentation or "")
    return NodeInfo(node.name, shown(plain(node.type)), tuple(origins(node, found)), tags, doc, version, partial)


def origins(node: Node, found: Closure) -> list[Origin]:
    """Return where each argument of a node comes from."""
    listed = []
    for other in node.dependencies:
        external = found.externals.get(other.name)
        kind, name = (external.kind, external.source) if external is not None else ("node", other.name)
        listed.append(Origin(other.name, kind, name))
    return listed


def version_of(node: Node, config: Mapping[str, Any]) -> Identity:
    """Return the code version of a node, and what makes it partial."""
    from stateflow.dag_action.version import code_version

    functions = node.originating_functions or (node.callable,)
    return code_version(functions, config_used(functions, config), node.tags)


def config_used(functions: Sequence[Callable[..., Any]], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the config that decides which nodes Hamilton makes of these functions."""
    used: set[str] = set()
    for function in functions:
        keys = config_keys(function)
        if keys is None:
            return dict(config)
        used |= keys
    return {key: config[key] for key in sorted(used) if key in config}


def config_keys(function: Callable[..., Any]) -> set[str] | None:
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
