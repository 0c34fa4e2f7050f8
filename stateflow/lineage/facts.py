"""What one action takes and what it gives, in one shape for every form of action."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from stateflow.actions import Action, Closed, Dataflow, Need, NodeInfo, SignatureAction, close

READ, INPUT, RESOURCE, CONFIG, NODE = "read", "input", "resource", "config", "node"

_GIVERS = {"read": READ, "input": INPUT, "resource": RESOURCE, "node": NODE, "config": CONFIG, "bound": CONFIG}
_ITERATORS = ("Iterator[", "AsyncIterator[", "Generator[", "AsyncGenerator[", "Iterable[", "AsyncIterable[")


@dataclass(frozen=True, slots=True)
class Use:
    """One argument: the node that takes it ('' for an opaque body), and who gives it.

    ``kind`` is ``read``, ``input``, ``resource``, ``config`` or ``node``; ``name`` names the giver.
    """

    node: str
    parameter: str
    kind: str
    name: str
    required: bool = True
    type: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """One write: the node whose value goes ('' for an opaque body), and the state key that takes it."""

    node: str
    key: str
    kind: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a drawing needs to know of one action."""

    name: str
    doc: str
    tags: dict[str, str]
    nodes: tuple[NodeInfo, ...]
    uses: tuple[Use, ...]
    puts: tuple[Put, ...]
    opaque: bool

    def names(self, kind: str) -> list[str]:
        """Return the givers of one kind, each once, in the order in which they are taken."""
        return list(dict.fromkeys(use.name for use in self.uses if use.kind == kind))


def facts(action: Action, resources: Container[str] = ()) -> Facts:
    """Return what an action takes and gives; its open names are closed against the resources."""
    closed = close(action, resources)
    flow = action.dataflow()
    found = _Inside(action, closed, resources)
    uses = list(found.taken(flow)) if flow else []
    puts = list(found.given(flow)) if flow else []
    covered = {(use.kind, use.name) for use in uses}
    uses += [use for use in found.declared_uses() if (use.kind, use.name) not in covered]
    keys = {put.key for put in puts}
    puts += [put for put in found.declared_puts() if put.key not in keys]
    return Facts(
        name=action.name,
        doc=_doc(action, flow),
        tags=dict.fromkeys(sorted(action.tags), ""),
        nodes=flow.nodes if flow else (),
        uses=tuple(uses),
        puts=tuple(puts),
        opaque=flow is None,
    )


class _Inside:
    """Reads the declarations of one action."""

    def __init__(self, action: Action, closed: Closed, resources: Container[str]) -> None:
        self.action = action
        self.closed = closed
        self.resources = resources
        self.needs: dict[str, Need] = {need.name: need for need in action.needs()}

    def taken(self, flow: Dataflow) -> Iterator[Use]:
        """Yield the arguments of the nodes of a DAG, less defaults and contexts."""
        inner = {node.name for node in flow.nodes}
        for node in flow.nodes:
            for origin in node.origins:
                if origin.kind == NODE and origin.name not in inner:
                    continue
                need = self.needs.get(origin.name) or self.needs.get(origin.parameter)
                kind = _GIVERS.get(origin.kind, "")
                name = origin.name
                if origin.kind == "open":
                    kind = RESOURCE if origin.name in self.resources else _closed_kind(need)
                    name = (need.key or need.name) if need and kind == READ else origin.name
                if kind:
                    shown = type_name(need.type) if need and kind in (READ, INPUT) else ""
                    yield Use(node.name, origin.parameter, kind, name, need.required if need else True, shown)

    def given(self, flow: Dataflow) -> Iterator[Put]:
        """Yield the writes of a DAG, by state key."""
        types = {node.name: node.type for node in flow.nodes}
        for output in sorted(flow.outputs, key=lambda output: output.key):
            kind = "writes" if output.kind == "writes" else "appends"
            yield Put(output.node if output.node in types else "", output.key, kind, types.get(output.node, ""))

    def declared_uses(self) -> Iterator[Use]:
        """Yield what the action as a whole takes, sorted, since declarations may be sets."""
        arguments = {key: name for name, key, _ in self.closed.read_arguments}
        required = set(self.closed.declared.reads)
        for key in sorted(self.closed.declared.readable):
            parameter = arguments.get(key, key)
            yield Use("", parameter, READ, key, key in required, self._type(parameter, key in arguments))
        inputs = [(name, True) for name in self.closed.inputs]
        inputs += [(name, False) for name in self.closed.optional_inputs]
        for name, needed in sorted(inputs):
            yield Use("", name, INPUT, name, needed, self._type(name, True))
        for name in sorted({*self.closed.resources, *self.closed.missing_resources}):
            yield Use("", name, RESOURCE, name)

    def declared_puts(self) -> Iterator[Put]:
        """Yield the state keys that the action as a whole writes, sorted."""
        appended = set(self.action.appends)
        written = sorted({*self.closed.writes, *appended})
        returned = self._returned()
        types = {written[0]: returned} if len(written) == 1 and not appended else _fields(returned)
        for key in written:
            yield Put("", key, "appends" if key in appended else "writes", type_name(types.get(key)))

    def _type(self, parameter: str, is_argument: bool) -> str:
        need = self.needs.get(parameter)
        return type_name(need.type) if need and is_argument else ""

    def _returned(self) -> Any:
        if not isinstance(self.action, SignatureAction):
            return Any
        function = inspect.unwrap(self.action.body)
        try:
            return typing.get_type_hints(function).get("return", Any)
        except (NameError, TypeError, AttributeError, SyntaxError):  # named only for type checkers: show its text
            return function.__annotations__.get("return", Any)


def _fields(hint: Any) -> dict[str, Any]:
    """Return the types of the keys of a TypedDict."""
    return typing.get_type_hints(hint) if typing.is_typeddict(hint) else {}


def type_name(hint: Any) -> str:
    """Return a type as it is printed in labels: ``list[str]``, ``Series``; '' when nothing is known."""
    while typing.get_origin(hint) in (typing.Annotated, typing.Required, typing.NotRequired):
        hint = typing.get_args(hint)[0]
    if hint is Any or hint is inspect.Parameter.empty or hint is None:
        return ""
    text = hint if isinstance(hint, str) else inspect.formatannotation(hint)
    short = re.sub(r"\b(?:\w+\.|<locals>\.)+(?=\w)", "", text)
    return "" if short == "Any" else short


def agreed(puts: list[Put], uses: list[Use]) -> str:
    """Return the type of a state key: what its writers agree on, else its readers, else ''."""
    made = {put.type for put in puts if put.kind == "writes" and put.type}
    if len(made) > 1:
        return ""
    taken = {use.type for use in uses if use.type}
    for candidates in (made, taken):
        if len(candidates) == 1:
            return next((kind for kind in candidates if not kind.startswith(_ITERATORS)), "")
    appended = any(put.kind == "appends" for put in puts) and not made and not taken
    return "list" if appended and all(put.kind == "appends" for put in puts) else ""


def _closed_kind(need: Need | None) -> str:
    return _GIVERS.get(need.role.removesuffix("-or-resource"), "") if need else READ


def _doc(action: Action, flow: Dataflow | None) -> str:
    inherited = None if flow else type(action).__doc__
    return inspect.cleandoc(vars(action).get("__doc__", inherited) or "")
