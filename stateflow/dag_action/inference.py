"""Reads a Hamilton graph: which nodes an action runs, what they need from outside, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from stateflow.actions import Need, Output
from stateflow.actions.signature import is_input, role_of
from stateflow.dag_action.hints import plain, shown
from stateflow.errors import names, nearest

if TYPE_CHECKING:
    from hamilton.driver import Driver
    from hamilton.node import Node


@dataclass(frozen=True, slots=True)
class Wish:
    """What ``dag`` was asked for: the outputs, and where the values of certain names come from.

    ``reads`` and ``optional_reads`` map inputs of the DAG, ``overrides`` nodes of it, to state keys.
    """

    outputs: tuple[Output, ...]
    reads: Mapping[str, str] = field(default_factory=dict)
    optional_reads: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    bound: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    stream: str | None = None

    def givers(self) -> dict[str, Iterable[str]]:
        """Return the names of DAG inputs by the argument of ``dag`` that says who gives them."""
        return {
            "bind": self.bound,
            "reads": self.reads,
            "optional_reads": self.optional_reads,
            "inputs": self.inputs,
        }


@dataclass(frozen=True, slots=True)
class External:
    """One input of the DAG: who gives it (a kind of ``Origin``), under which name, with which type."""

    name: str
    kind: str
    source: str
    required: bool
    type: Any


@dataclass(slots=True)
class Closure:
    """The part of the graph that the outputs need: nodes in order of execution, and what comes from outside."""

    nodes: list[Node] = field(default_factory=list)
    externals: dict[str, External] = field(default_factory=dict)
    overridden: dict[str, Node] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def needs(self) -> tuple[Need, ...]:
        """Return what the action asks of the application."""
        roles = {"read": "read", "input": "input", "context": "context", "open": "read-or-resource"}
        found = [
            Need(external.name, roles[external.kind], external.required, external.type, _key(external))  # type: ignore[arg-type]  # the values of roles are Roles
            for external in self.externals.values()
            if external.kind in roles
        ]
        return tuple(found)


def _key(external: External) -> str:
    return external.source if external.kind == "read" else ""


def closure(wish: Wish, driver: Driver) -> Closure:
    """Return the part of the driver's graph that the wish needs, with a finding for each fault in it."""
    graph: Mapping[str, Node] = driver.graph.nodes
    found = Closure()
    computed = {name for name, node in graph.items() if not node.user_defined}
    wanted = _wanted(wish, graph, computed, found.findings)
    _walk(wish, graph, wanted, found)
    is_whole = not found.findings  # else nobody can say what is not needed
    found.findings += _override_faults(wish, graph, computed)
    _name_externals(wish, driver, found)
    found.findings += _giver_faults(wish, driver, found, is_whole=is_whole)
    found.findings += [
        f"overrides: nothing that is written needs node {name!r}; remove it"
        for name in wish.overrides
        if is_whole and name in computed and name not in found.overridden
    ]
    return found


# -- outputs and overrides ----------------------------------------------------------------------------


def _wanted(wish: Wish, graph: Mapping[str, Node], computed: set[str], findings: list[str]) -> list[str]:
    wanted = []
    for output in wish.outputs:
        if output.node in wish.overrides:
            findings.append(f"{output.kind}: node {output.node!r} is overridden, so nothing computes it; remove one")
        elif output.node in computed:
            wanted.append(output.node)
        elif output.key in computed and not _is_near(output.node, computed):
            findings.append(_swapped(output.kind, output.node, output.key, "state key", "node"))
        elif output.node in graph:
            findings.append(
                f"{output.kind}: {output.node!r} is an input of the DAG, not a node; add a function that returns it"
            )
        else:
            findings.append(f"{output.kind}: the DAG has no node {output.node!r}{nearest(output.node, computed)}")
    return list(dict.fromkeys(wanted))


def _override_faults(wish: Wish, graph: Mapping[str, Node], computed: set[str]) -> list[str]:
    found = []
    for node, key in wish.overrides.items():
        if node in computed:
            continue
        if key in computed and not _is_near(node, computed):
            found.append(_swapped("overrides", key, node, "node", "state key"))
        elif node in graph:
            found.append(
                f"overrides: {node!r} is an input of the DAG, not a node; name it in reads={{{node!r}: {key!r}}}"
            )
        else:
            found.append(f"overrides: the DAG has no node {node!r}{nearest(node, computed)}")
    return found


def _swapped(argument: str, target: str, source: str, is_target: str, is_source: str) -> str:
    return (
        f"{argument} is swapped: you wrote {argument}={{{source!r}: {target!r}}}; it maps a {is_target} to a "
        f"{is_source}: {argument}={{{target!r}: {source!r}}}"
    )


def _is_near(name: str, known: Iterable[str]) -> bool:
    """Return whether a name is probably a slip for one of those known."""
    return bool(get_close_matches(name, list(known), n=1))


# -- the walk -------------------------------------------------------------------------------------------


def _walk(wish: Wish, graph: Mapping[str, Node], wanted: Iterable[str], found: Closure) -> None:
    """Collect nodes in the order in which Hamilton executes them: depth first, dependencies before the node."""
    done: set[str] = set()
    for start in wanted:
        path: list[tuple[Node, Any]] = []
        _enter(graph[start], wish, path)
        on_path = {start}
        while path:
            node, dependencies = path[-1]
            following = next((other for other in dependencies if other.name not in done), None)
            if following is None:
                path.pop()
                on_path.discard(node.name)
                if node.name not in done:
                    done.add(node.name)
                    _leave(node, wish, found)
            elif following.name in on_path:
                found.findings.append(_cycle([step.name for step, _ in path], following.name))
                return
            else:
                on_path.add(following.name)
                _enter(following, wish, path)
        done.add(start)


def _enter(node: Node, wish: Wish, path: list[tuple[Node, Any]]) -> None:
    path.append((node, iter(() if node.name in wish.overrides else node.dependencies)))


def _leave(node: Node, wish: Wish, found: Closure) -> None:
    if node.name in wish.overrides:
        found.overridden[node.name] = node
    elif not node.user_defined:
        found.nodes.append(node)


def _cycle(path: list[str], again: str) -> str:
    ring = [*path[path.index(again) :], again]
    return f"the DAG has a cycle: {' -> '.join(ring)}; break it by renaming a parameter"


# -- who gives an input -----------------------------------------------------------------------------------


def _name_externals(wish: Wish, driver: Driver, found: Closure) -> None:
    uses: dict[str, list[tuple[Any, bool]]] = {}
    for node in found.nodes:
        for other in node.dependencies:
            if other.user_defined:
                hint, kind = node.input_types[other.name]
                uses.setdefault(other.name, []).append((hint, kind.name == "REQUIRED"))
    for name, consumers in uses.items():
        kind, source = _giver(name, consumers, wish, driver.graph.config)
        required = name in wish.reads or any(needed for _, needed in consumers)
        found.externals[name] = External(name, kind, source, required, plain(driver.graph.nodes[name].type))
    for name, node in found.overridden.items():
        found.externals[name] = External(name, "read", wish.overrides[name], True, plain(node.type))


def _giver(name: str, consumers: list[tuple[Any, bool]], wish: Wish, config: Mapping[str, Any]) -> tuple[str, str]:
    if name in config:
        return "config", name
    if name in wish.bound:
        return "bound", name
    if name in wish.reads:
        return "read", wish.reads[name]
    if name in wish.optional_reads:
        return "read", wish.optional_reads[name]
    if name in wish.inputs or any(is_input(hint) for hint, _ in consumers):
        return "input", name
    if any(role_of(hint, "read-or-resource") == "context" for hint, _ in consumers):
        return "context", name
    return ("open" if any(needed for _, needed in consumers) else "default"), name


def _giver_faults(wish: Wish, driver: Driver, found: Closure, *, is_whole: bool) -> list[str]:
    findings = []
    givers = wish.givers()
    for argument, given in givers.items():
        for name in given:
            others = [other for other in givers if other != argument and name in givers[other]]
            if name in driver.graph.config:
                findings.append(f"{argument}: {name!r} is in the config already; remove it from one of them")
            elif others and argument < min(others):
                findings.append(f"{name!r} is named in both {argument} and {others[0]}; only one can give it")
            elif name not in found.externals or name in found.overridden:
                findings += _misnamed(argument, name, wish, driver.graph.nodes, found, is_whole=is_whole)
    for name in wish.optional_reads:
        if any(node.requires(name) for node in found.nodes):
            findings.append(f"optional_reads: input {name!r} has no default in the DAG; name it in reads")
    return findings


def _misnamed(
    argument: str, name: str, wish: Wish, graph: Mapping[str, Node], found: Closure, *, is_whole: bool
) -> list[str]:
    """Return what is wrong with a name that is none of the inputs needed."""
    inputs = [other for other, node in graph.items() if node.user_defined]
    source = {**wish.reads, **wish.optional_reads}.get(name)
    if name in found.overridden:
        return [f"{argument}: {name!r} is overridden already; remove it from one of them"]
    if name in graph and name not in inputs:
        return [f"{argument}: {name!r} is a node of the DAG, not an input; to replace it, name it in overrides"]
    if name in inputs:
        return [f"{argument}: nothing that is written needs the input {name!r}; remove it"] if is_whole else []
    if source in inputs and argument in ("reads", "optional_reads") and not _is_near(name, inputs):
        return [_swapped(argument, source, name, "DAG input", "state key")]
    return [f"{argument}: the DAG has no input {name!r}{nearest(name, found.externals if is_whole else inputs)}"]


def type_faults(found: Closure, given: Mapping[str, Any], argument: str, fits: Any) -> list[str]:
    """Return a finding for each of the given constants that has plainly the wrong type."""
    faults = []
    for name, value in given.items():
        external = found.externals.get(name)
        if external is not None and not fits(value, external.type):
            takers = names(node.name for node in found.nodes if name in node.input_types)
            wanted = shown(external.type)
            faults.append(f"{argument}: {name!r} must be {wanted} for {takers}, not {type(value).__name__}")
    return faults
