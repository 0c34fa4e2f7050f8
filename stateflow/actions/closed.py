"""Closes an action against an application: every argument of its body gets one known giver."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from stateflow.actions.action import Action, Need
from stateflow.state import Declared


@dataclass(frozen=True, slots=True)
class Closed:
    """An action whose open names are settled: what the machine needs to know to run it.

    ``read_arguments`` holds (argument, state key, required) for bodies that take reads as arguments, and
    ``argument_keys`` those keys. ``is_plain`` says that the body takes nothing but the state; ``types`` are those
    that inputs must have.
    """

    name: str
    action: Action
    declared: Declared
    writes: tuple[str, ...]
    inputs: tuple[str, ...]
    optional_inputs: tuple[str, ...]
    any_input: bool
    resources: tuple[str, ...]
    contexts: tuple[str, ...]
    read_arguments: tuple[tuple[str, str, bool], ...]
    argument_keys: tuple[str, ...]
    missing_resources: tuple[str, ...]
    is_async: bool
    is_streaming: bool
    is_plain: bool
    types: tuple[tuple[str, Any], ...]


def close(action: Action, resources: Container[str] = ()) -> Closed:
    """Settle the open names of an action: a resource of that name if there is one, else what its role says."""
    given: dict[str, list[Need]] = {"input": [], "read": [], "resource": [], "context": []}
    for need in action.needs():
        given[_giver(need, resources)].append(need)
    read_arguments = tuple((need.name, need.key or need.name, need.required) for need in given["read"])
    required = [key for _, key, needed in read_arguments if needed]
    optional = [key for _, key, needed in read_arguments if not needed]
    reads = dict.fromkeys([*action.reads, *required])
    nothing_else = not any(given.values()) and not action.takes_any_input
    return Closed(
        name=action.name,
        action=action,
        declared=Declared(
            action.name,
            reads,
            [key for key in (*action.optional_reads, *optional) if key not in reads],
            action.writes,
            action.declared_in,
        ),
        writes=tuple(action.writes),
        inputs=tuple(need.name for need in given["input"] if need.required),
        optional_inputs=tuple(need.name for need in given["input"] if not need.required),
        any_input=action.takes_any_input,
        resources=tuple(need.name for need in given["resource"] if need.name in resources),
        contexts=tuple(need.name for need in given["context"]),
        read_arguments=read_arguments,
        argument_keys=tuple(key for _, key, _ in read_arguments),
        missing_resources=tuple(
            need.name for need in given["resource"] if need.required and need.name not in resources
        ),
        is_async=action.is_async,
        is_streaming=action.is_streaming,
        is_plain=nothing_else,
        types=tuple((need.name, need.type) for need in given["input"] if need.type is not Any),
    )


def _giver(need: Need, resources: Container[str]) -> str:
    if need.role in ("input-or-resource", "read-or-resource") and need.name in resources:
        return "resource"
    return need.role.removesuffix("-or-resource")
