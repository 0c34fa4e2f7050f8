"""What can be wrong with an application as a whole: each fault is one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stateflow.actions import Closed
from stateflow.errors import nearest
from stateflow.graph import Graph


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


def closing_findings(
    closed: Mapping[str, Closed], resources: tuple[str, ...], keys: Iterable[str], *, has_model: bool
) -> list[str]:
    """Judge names: resources that are missing or also state keys, inputs that are resources, unknown fields."""
    known = set(keys)
    written = {key: name for name, action in closed.items() for key in action.writes}
    found = []
    for name, action in closed.items():
        for missing in action.missing_resources:
            found.append(
                f"action {name!r} takes {missing!r}, which is neither one of its inputs nor a resource"
                f"{nearest(missing, (*resources, *action.inputs, *action.optional_inputs))}; "
                "name it in inputs, or give it with with_resources(...)"
            )
        for both in (*action.inputs, *action.optional_inputs):
            if both in resources:
                found.append(f"action {name!r} takes {both!r} as an input, but a resource has that name; rename one")
    for resource in resources:
        if resource in known or resource in written:
            found.append(f"{resource!r} is both a state key and a resource; rename one of them")
    if has_model:
        for key, name in written.items():
            if key not in known:
                found.append(f"action {name!r} writes {key!r}, which the model of with_typing lacks{nearest(key, known)}")
    return found


def read_findings(graph: Graph, closed: Mapping[str, Closed], keys: Iterable[str]) -> list[str]:
    """Judge keys that are read, by actions and conditions, though nobody ever writes them."""
    known = {*keys, *(key for action in closed.values() for key in action.writes)}
    found = []
    for name, action in closed.items():
        inferred = {key for _, key, _ in action.read_arguments}
        for key in action.declared.reads:
            if key not in known:
                remedy = f"name it in inputs=[{key!r}]" if key in inferred else "declare it in optional_reads"
                found.append(
                    f"action {name!r} reads {key!r}, which no action writes and the initial state lacks"
                    f"{nearest(key, known)}; give it with with_state({key}=...), or {remedy}"
                )
    seen = set()
    for step in graph.transitions:
        for key in step.condition.reads:
            if key not in known and (step.condition.text, key) not in seen:
                seen.add((step.condition.text, key))
                found.append(
                    f"the condition {step.condition.text!r} reads {key!r}, which no action writes and the initial state "
                    f"lacks{nearest(key, known)}"
                )
    return found


