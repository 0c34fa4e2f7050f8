"""Turns what people give as halts into a set of action names."""

from __future__ import annotations

from collections.abc import Iterable

from stateflow.actions import Action
from stateflow.errors import InputError, nearest
from stateflow.graph import TAG, Graph

Halt = Iterable[str | Action] | str | Action | None


def halts(graph: Graph, given: Halt, *, where: str) -> frozenset[str]:
    """Return the action names that a halt stands for; ``"@tag:name"`` stands for every action with that tag.

    Raises:
        InputError: there is no such action, or no action has such a tag.
    """
    if given is None:
        return frozenset()
    found: set[str] = set()
    if not isinstance(given, Iterable | Action):
        raise InputError(f"{where}: {given!r} is not the name of an action, nor a list of names")
    for halt in [given] if isinstance(given, (str, Action)) else given:
        name = halt.name if isinstance(halt, Action) else halt
        if not isinstance(name, str):
            raise InputError(f"{where}: {name!r} is not the name of an action")
        if name.startswith(TAG):
            found |= _tagged(graph, name.removeprefix(TAG), where)
        elif name in graph.actions:
            found.add(name)
        else:
            raise InputError(f"{where}: there is no action {name!r}{nearest(name, graph.actions)}")
    return frozenset(found)


def _tagged(graph: Graph, tag: str, where: str) -> set[str]:
    found = {name for name, action in graph.actions.items() if tag in tuple(action.tags)}
    if not found:
        tags = [tag for action in graph.actions.values() for tag in action.tags]
        raise InputError(f"{where}: no action has the tag {tag!r}{nearest(tag, tags)}")
    return found
