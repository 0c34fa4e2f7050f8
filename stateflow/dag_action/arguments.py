"""Reads what ``dag`` was called with: lists, mappings and lone names become one shape, a wrong shape a finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from stateflow.actions import Output
from stateflow.errors import kind

How = Literal["writes", "appends", "extends"]


def outputs(writes: Any, appends: Any, extends: Any, faults: list[str]) -> tuple[Output, ...]:
    """Return which node goes to which state key, and how."""
    before = len(faults)
    found: list[Output] = []
    taken: dict[str, str] = {}
    given: tuple[tuple[How, Any], ...] = (("writes", writes), ("appends", appends), ("extends", extends))
    for how, value in given:
        for key, nodes in _targets(how, value, faults).items():
            if key in taken:
                faults.append(f"two outputs go to the state key {key!r}, in {taken[key]} and in {how}; keep one")
            taken[key] = how
            found += [Output(key, node, how) for node in nodes]
    if not found and len(faults) == before:
        faults.append("nothing is written; name nodes in writes=[...]")
    return tuple(found)


def named(argument: str, given: Any, faults: list[str]) -> dict[str, str]:
    """Return the state key of each DAG input; in a list of names both are called the same."""
    if not isinstance(given, Mapping):
        return {name: name for name in listed(argument, given, faults)}
    return pairs(argument, given, faults, "state key")


def pairs(argument: str, given: Any, faults: list[str], what: str) -> dict[str, str]:
    """Return a mapping of names to names."""
    found = mapped(argument, given, faults)
    faults += [
        f"{argument}: {name!r} must be given the name of a {what}, not {value!r}"
        for name, value in found.items()
        if not isinstance(value, str)
    ]
    return {name: value for name, value in found.items() if isinstance(value, str)}


def listed(argument: str, given: Any, faults: list[str]) -> tuple[str, ...]:
    """Return the names in a list of them; one alone counts as a list."""
    if isinstance(given, str):
        return (given,)
    if given is not None and not isinstance(given, Iterable):
        faults.append(f"{argument} must be a list of names, not {kind(given)}; write {argument}=[...]")
        return ()
    items = list(given or ())
    faults += [f"{argument} must be a list of names, and {item!r} is no name" for item in items if not _is_name(item)]
    return tuple(item for item in items if _is_name(item))


def mapped(argument: str, given: Any, faults: list[str]) -> dict[str, Any]:
    """Return a mapping by name; its values may be anything, and are not printed."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        faults.append(f"{argument} must be a mapping of names, not {kind(given)}; write {argument}={{...}}")
        return {}
    faults += [
        f"{argument} must be a mapping of names, and {name!r} is no name" for name in given if not _is_name(name)
    ]
    return {name: value for name, value in given.items() if _is_name(name)}


def many(argument: str, given: Any, faults: list[str]) -> tuple[Any, ...]:
    """Return a list of objects as a tuple."""
    if isinstance(given, Iterable):
        return tuple(given)
    if given is not None:
        faults.append(f"{argument} must be a list, not {kind(given)}; write {argument}=[...]")
    return ()


def _targets(how: How, given: Any, faults: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the nodes of each state key."""
    if isinstance(given, Mapping):
        return {key: _nodes(how, key, nodes, faults) for key, nodes in mapped(how, given, faults).items()}
    wanted = f"{how} must be a list of names or a mapping"
    if isinstance(given, str):
        faults.append(f"{wanted}, not {given!r}; write [{given!r}]")
        return {given: (given,)}
    if given is None:
        return {}
    if not isinstance(given, Iterable):
        faults.append(f"{wanted}, not {kind(given)}; write {how}=[...]")
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for item in given:
        if isinstance(item, str):
            found[item] = (item,)
        else:
            remedy = f"; write {how}={item!r}" if isinstance(item, Mapping) else ""
            faults.append(f"{wanted}, and {item!r} in the list is no name{remedy}")
    return found


def _nodes(how: How, key: str, nodes: Any, faults: list[str]) -> tuple[str, ...]:
    if isinstance(nodes, str):
        return (nodes,)
    if how == "writes":
        remedy = "; several go to a list, in appends" if isinstance(nodes, (list, tuple)) else ""
        faults.append(f"writes: state key {key!r} must be given the name of one node, not {nodes!r}{remedy}")
        return ()
    if isinstance(nodes, Iterable) and not isinstance(nodes, Mapping):
        found = tuple(nodes)
        if all(_is_name(node) for node in found):
            return found
    faults.append(f"{how}: state key {key!r} must be given the name of a node, or a list of them, not {nodes!r}")
    return ()


def _is_name(value: object) -> bool:
    return isinstance(value, str)
