"""What can be wrong with an application as a whole: each fault is one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from stateflow.actions import Closed, SignatureAction
from stateflow.conditions.comparisons import meant
from stateflow.errors import nearest
from stateflow.graph import Graph
from stateflow.schema import ModelSchema


def entry_findings(graph: Graph, entrypoint: str | None) -> list[str]:
    """Judge the entrypoint, and whether every action can be reached from it."""
    if not graph.actions:
        return ["the application has no actions; add some with with_actions(...)"]
    if entrypoint is None:
        return ["the application has no entrypoint; name its first action: with_entrypoint('...')"]
    if entrypoint not in graph.actions:
        return [f"entrypoint: there is no action {entrypoint!r}{nearest(entrypoint, graph.actions)}"]
    reachable = graph.reachable(entrypoint)
    lost = [name for name in graph.actions if name not in reachable]
    return [f"no transition leads from the entrypoint {entrypoint!r} to action {name!r}" for name in lost]


def closing_findings(closed: Mapping[str, Closed], resources: tuple[str, ...], keys: Iterable[str]) -> list[str]:
    """Judge names: resources that are missing or also state keys, inputs that are resources."""
    known = set(keys)
    written = {key for action in closed.values() for key in action.writes}
    found = []
    for name, action in closed.items():
        inputs = (*action.inputs, *action.optional_inputs)
        found += [
            f"action {name!r} takes {missing!r}, which is neither one of its inputs nor a resource; name it in inputs, "
            f"or give it with with_resources({missing}=...){nearest(missing, (*resources, *inputs))}"
            for missing in action.missing_resources
        ]
        found += [
            f"action {name!r} takes {both!r} as an input, but a resource has that name; rename one"
            for both in inputs
            if both in resources
        ]
    both_kinds = [resource for resource in resources if resource in known or resource in written]
    return found + [f"{both!r} is both a state key and a resource; rename one of them" for both in both_kinds]


def field_findings(closed: Mapping[str, Closed], schema: ModelSchema | None, initial: Iterable[str]) -> list[str]:
    """Judge keys that are written or given at the start, and that the model does not have."""
    if schema is None:
        return []
    fields, model = schema.hints, schema.model.__name__
    found = [
        f"with_state gives {key!r}, which {model} does not have{nearest(key, fields)}"
        for key in initial
        if key not in fields
    ]
    for name, action in closed.items():
        found += [
            f"action {name!r} writes {key!r}, which {model} does not have{nearest(key, fields)}"
            for key in action.writes
            if key not in fields
        ]
    return found


def read_findings(
    graph: Graph, closed: Mapping[str, Closed], keys: Iterable[str], resources: Collection[str] = ()
) -> list[str]:
    """Judge keys that are read, by actions and conditions, though nobody ever writes them."""
    known = {*keys, *(key for action in closed.values() for key in action.writes)}
    found = []
    for name, action in closed.items():
        inferred = {key for _, key, _ in action.read_arguments}
        could_be_resources = {need.name for need in action.action.needs() if need.role == "read-or-resource"}
        for key in action.declared.reads:
            if key not in known:
                is_open = key in could_be_resources
                remedy = _remedy(action, key) if key in inferred else "declare it in optional_reads"
                givers = f"with_state({key}=...){f' or with_resources({key}=...)' if is_open else ''}"
                found.append(
                    f"action {name!r} reads {key!r}, which no action writes and the initial state lacks; give it with "
                    f"{givers}, or {remedy}{_meant(key, known, resources if is_open else ())}"
                )
    seen = set()
    for step in graph.transitions:
        for key in step.condition.reads:
            if key not in known and (step.condition.text, key) not in seen:
                seen.add((step.condition.text, key))
                found.append(
                    f"the condition {step.condition.text!r} reads {key!r}, which no action writes and the initial "
                    f"state lacks{meant(key, known) or nearest(key, known)}"
                )
    return found


def _meant(key: str, known: Collection[str], resources: Collection[str]) -> str:
    """Return which key, or which resource where that is nearer, was probably meant, for a message's end."""
    closest = get_close_matches(key, sorted({*known, *resources}), n=1)
    if closest and closest[0] in resources:
        return f"; did you mean the resource {closest[0]!r}?"
    return nearest(key, known)


def _remedy(action: Closed, key: str) -> str:
    """Return how to say that the caller gives an argument that counts as a read."""
    if isinstance(action.action, SignatureAction):
        return f"mark the parameter as an input: {key}: Input[...]"
    return f"name it in inputs=[{key!r}]"
