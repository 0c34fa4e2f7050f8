"""The compiled plan of a DAG: plain data, and the tight loop that runs a plan whose nodes are all synchronous.

Values lie in one list: first what the action is given and its constants, then each node's value in order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any, Literal

from stateflow.context import NodeRun, Scope
from stateflow.dag_action.hints import Spread
from stateflow.state import ABSENT

Step = tuple[Literal["none", "one", "many", "keywords"], Callable[..., Any], Any]
"""How the loop calls a node, the node's function, and what fetches its arguments from the values."""

_VARIADIC = 0x04 | 0x08  # CO_VARARGS, CO_VARKEYWORDS


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """One node of a plan.

    ``places`` are its parameters and where their arguments lie among the values, ``after`` the indices of the nodes
    that it waits for. ``by_name`` says that arguments may be missing or need a form of their own, ``spreads`` in which
    form it wants the items of a stream. ``origins`` maps its parameters to ``kind/name``; which kind those in ``open``
    have depends on the application.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    after: tuple[int, ...]
    is_async: bool
    by_name: bool
    spreads: Mapping[str, Spread]
    origins: Mapping[str, str]
    open: tuple[str, ...]

    def arguments(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the arguments by name; an optional input that is missing is left out."""
        if not self.by_name:
            return {name: values[source] for name, source in self.places}
        found = {}
        for name, source in self.places:
            value = values[source]
            if value is ABSENT:
                continue
            found[name] = value.spread(self.spreads.get(name, "value")) if type(value) is Collected else value
        return found


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A DAG ready to run: its nodes in topological order, the values known beforehand, the places of its outputs.

    ``action`` is the name of the action that it belongs to, ``stream`` the index of the node whose items are passed on
    as they come, ``is_text`` whether that node is annotated to give strings.
    """

    action: str
    nodes: tuple[PlannedNode, ...]
    start: tuple[Any, ...]
    outputs: tuple[tuple[str, int], ...]
    stream: int | None
    is_text: bool
    is_async: bool
    versions: Callable[[], Mapping[str, str]]
    steps: tuple[Step, ...]

    def results(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the values of the requested nodes by name."""
        found = {}
        for name, place in self.outputs:
            value = values[place]
            found[name] = value.spread("value") if type(value) is Collected else value
        return found


@dataclass(slots=True)
class NodePlanRun:
    """One execution of a plan: the values so far, to which each node adds its own."""

    plan: NodePlan
    values: list[Any]


class Collected:
    """The items of a stream node, for the nodes behind it. Where they are text, none at all are an empty string."""

    __slots__ = ("is_text", "items")

    def __init__(self, *, is_text: bool) -> None:
        self.items: list[Any] = []
        self.is_text = is_text

    def spread(self, form: Spread) -> Any:
        """Return the items as a consumer wants them; each call gives a fresh iterator."""
        if form == "iterator":
            return iter(self.items)
        if form == "async iterator":
            return _Replay(iter(self.items))
        if form == "value" and (self.items or self.is_text) and all(isinstance(item, str) for item in self.items):
            return "".join(self.items)
        return list(self.items)


class _Replay:
    """An async iterator over items that are there already."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items

    def __aiter__(self) -> _Replay:
        return self

    def __anext__(self) -> _There:
        for item in self._items:
            return _There(item)
        raise StopAsyncIteration


class _There:
    """An awaitable whose value is there already."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, Any]:
        yield from ()  # makes this a generator, which awaiting needs
        return self._value


# -- running --------------------------------------------------------------------------------------


def run(plan: NodePlan, values: list[Any], scope: Scope | None, first: int = 0, last: int | None = None) -> None:
    """Run the nodes from ``first`` up to, not including, ``last``; each adds its value to ``values``.

    Raises:
        TimeoutError: the step has run out of time.
    """
    if scope is not None and scope.watched:
        _run_watched(plan, values, scope, first, last)
        return
    append = values.append
    steps = plan.steps if first == 0 and last is None else plan.steps[first:last]
    try:
        for form, function, take in steps:
            if scope is not None and scope.stopped:
                break
            if form == "one":
                append(function(values[take]))
            elif form == "many":
                append(function(*take(values)))
            elif form == "none":
                append(function())
            else:
                append(function(**take(values)))
        else:
            return
    except Exception as error:
        place(error, plan.nodes[len(values) - len(plan.start)].name, plan.action)
        raise
    raise out_of_time()


def _run_watched(plan: NodePlan, values: list[Any], scope: Scope, first: int, last: int | None) -> None:
    versions = plan.versions()
    for node in plan.nodes[first:last]:
        if scope.stopped:
            raise out_of_time()
        arguments = node.arguments(values)
        scope.node_starts(node.name, arguments)
        started = perf_counter()
        try:
            value = node.function(**arguments)
        except BaseException as error:
            place(error, node.name, plan.action)
            scope.node_ended(failed(node, started, error, scope, arguments, versions))
            raise
        values.append(value)
        scope.node_ended(
            NodeRun(
                node.name,
                started,
                perf_counter() - started,
                "done",
                origins_of(node, scope, arguments),
                value,
                None,
                versions[node.name],
            )
        )


def failed(
    node: PlannedNode,
    started: float,
    error: BaseException,
    scope: Scope,
    arguments: Mapping[str, Any],
    versions: Mapping[str, str],
) -> NodeRun:
    """Return the record of a node that raised."""
    origins = origins_of(node, scope, arguments)
    duration = perf_counter() - started
    return NodeRun(node.name, started, duration, "failed", origins, None, error, versions[node.name])


def origins_of(node: PlannedNode, scope: Scope, arguments: Mapping[str, Any]) -> Mapping[str, str]:
    """Return where the arguments of a node came from in this application and this call."""
    if not node.open and len(arguments) == len(node.parameters):
        return node.origins
    found = dict(node.origins)
    for name in node.open:
        found[name] = f"read/{name}" if name in scope.declared.readable else f"resource/{name}"
    for parameter in node.parameters:
        if parameter not in arguments:
            found[parameter] = f"default/{parameter}"
    return found


def place(error: BaseException, node: str, action: str) -> None:
    """Say in a note of an error in which node it was raised, once; what ends a program or a task is left alone."""
    note = f"in node {node!r} of action {action!r}"
    if isinstance(error, Exception) and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def out_of_time() -> TimeoutError:
    """Return the error with which a DAG stops before its next node once its step has timed out."""
    return TimeoutError("the step has timed out; no further node of its DAG is run")


def stream(plan: NodePlan, values: list[Any], scope: Scope | None, state: Any) -> Iterator[Any]:
    """Yield ``(item, None)`` for each item of the stream node, then run the nodes behind it, then ``(values, state)``.

    The nodes before it have run already. Closing this closes the node's iterator.
    """
    index = plan.stream or 0
    collected = Collected(is_text=plan.is_text)
    with StreamRecord(plan, index, values, scope, collected) as arguments:
        items = plan.nodes[index].function(**arguments)
        try:
            for item in items:
                collected.items.append(item)
                yield item, None
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
    values.append(collected)
    run(plan, values, scope, index + 1)
    yield plan.results(values), state


class StreamRecord:
    """Records the stream node around the time in which it gives items; its value is what was collected."""

    def __init__(
        self, plan: NodePlan, index: int, values: list[Any], scope: Scope | None, collected: Collected
    ) -> None:
        self.plan = plan
        self.node = plan.nodes[index]
        self.arguments = self.node.arguments(values)
        self.scope = scope if scope is not None and scope.watched else None
        self.collected = collected
        self.started = 0.0

    def __enter__(self) -> dict[str, Any]:
        if self.scope is not None:
            self.scope.node_starts(self.node.name, self.arguments)
            self.started = perf_counter()
        return self.arguments

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        scope, node = self.scope, self.node
        if error is not None:
            place(error, node.name, self.plan.action)
        if scope is None:
            return
        versions = self.plan.versions()
        if error is not None:
            scope.node_ended(failed(node, self.started, error, scope, self.arguments, versions))
            return
        origins = origins_of(node, scope, self.arguments)
        duration = perf_counter() - self.started
        value = self.collected.spread("value")
        scope.node_ended(NodeRun(node.name, self.started, duration, "done", origins, value, None, versions[node.name]))


# -- how a node is called ---------------------------------------------------------------------------


def step_of(node: PlannedNode) -> Step:
    """Return the cheapest way to call a node: by position where the names of its arguments open its signature."""
    sources = [source for _, source in node.places]
    if node.by_name or not _opens(node.function, node.parameters):
        return "keywords", node.function, node.arguments
    if not sources:
        return "none", node.function, None
    return ("one", node.function, sources[0]) if len(sources) == 1 else ("many", node.function, itemgetter(*sources))


def _opens(function: Callable[..., Any], parameters: tuple[str, ...]) -> bool:
    if not isinstance(function, FunctionType):
        return False
    code: CodeType = function.__code__
    if code.co_flags & _VARIADIC or code.co_kwonlyargcount:
        return False
    return len(parameters) <= code.co_argcount and code.co_varnames[: len(parameters)] == parameters
