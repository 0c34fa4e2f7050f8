"""What a body can reach while it runs: its ``StepContext``, spans, attributes and emitted items.

Outside a run ``emit``, ``span`` and ``log_attributes`` do nothing, so bodies stay testable as plain functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from stateflow.state import Access, Declared


@dataclass(frozen=True, slots=True)
class StepContext:
    """Facts about the running step; injected into a parameter annotated with this class.

    ``context`` is what the caller gave the verb as ``context=``; it is never stored. ``error`` is the exception
    that led here through ``on_error``. ``idempotency_key`` is equal for retries of one step with equal inputs.
    """

    app_id: str
    partition_key: str | None
    sequence: int
    action: str
    attempt: int
    error: BaseException | None
    context: Any
    idempotency_key: str


@dataclass(slots=True)
class Span:
    """A named piece of work inside a body. Times are seconds on the clock of ``time.perf_counter``."""

    name: str
    parent: Span | None = None
    started: float = 0.0
    ended: float | None = None
    error: BaseException | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeRun:
    """One execution of one node of a DAG.

    ``origins`` maps each argument to where its value came from, as ``kind/name``. ``status`` is ``done`` or
    ``failed``; ``started`` is seconds on the clock of ``time.perf_counter``, ``duration`` is seconds.
    """

    name: str
    started: float
    duration: float
    status: str
    origins: Mapping[str, str]
    value: Any = None
    error: BaseException | None = None
    version: str = ""


class Listener(Protocol):
    """Who is told of what happens inside a body; the driver of a run is one."""

    @property
    def raised(self) -> BaseException | None: ...
    def emitted(self, value: Any) -> None: ...
    def span_started(self, span: Span) -> None: ...
    def span_ended(self, span: Span) -> None: ...
    def attributes_logged(self, attributes: dict[str, Any], span: Span | None) -> None: ...
    def node_starts(self, name: str, arguments: Mapping[str, Any]) -> None: ...
    def node_ended(self, node: NodeRun) -> None: ...


class Scope(Access):
    """One execution of an action: what it may see, and what it has told so far.

    ``watched`` says whether anybody wants node records: a store, a hook or a stream of events. ``stopped`` is set
    when the step has timed out; a DAG then runs no further node.
    """

    stopped = False
    spans: list[Span] | None = None
    attributes: dict[str, Any] | None = None
    nodes: list[NodeRun] | None = None

    def __init__(self, declared: Declared, base: dict[str, Any], listener: Listener | None, watched: bool) -> None:
        self.declared = declared
        self.base = base
        self.listener = listener
        self.watched = watched

    def node_starts(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Tell the hooks that a node is about to run."""
        if self.listener is not None and not self.stopped:
            self.listener.node_starts(name, arguments)

    def node_ended(self, node: NodeRun) -> None:
        """Keep the record of a node and tell the hooks."""
        if self.nodes is None:
            self.nodes = []
        self.nodes.append(node)
        if self.listener is not None:
            self.listener.node_ended(node)


current_scope: ContextVar[Scope | None] = ContextVar("stateflow_scope", default=None)
_open_span: ContextVar[tuple[Scope, Span] | None] = ContextVar("stateflow_span", default=None)


@contextmanager
def span(name: str, /, **attributes: Any) -> Iterator[Span]:
    """Record a named piece of work inside a body, with its duration and, if one escapes, its error."""
    scope = current_scope.get()
    opened = Span(name, _innermost(scope), attributes=attributes)
    if scope is None:
        yield opened
        return
    opened.started = perf_counter()
    if scope.spans is None:
        scope.spans = []
    scope.spans.append(opened)
    if scope.listener is not None:
        scope.listener.span_started(opened)
    token = _open_span.set((scope, opened))
    try:
        yield opened
    except BaseException as error:
        opened.error = error
        raise
    finally:
        _open_span.reset(token)
        opened.ended = perf_counter()
        if scope.listener is not None:
            scope.listener.span_ended(opened)


def log_attributes(**attributes: Any) -> None:
    """Attach facts to the innermost open span, or to the step itself."""
    scope = current_scope.get()
    if scope is None:
        return
    inner = _innermost(scope)
    if inner is not None:
        inner.attributes.update(attributes)
    else:
        scope.attributes = {**(scope.attributes or {}), **attributes}
    if scope.listener is not None:
        scope.listener.attributes_logged(attributes, inner)


def emit(value: Any) -> None:
    """Send an item to whoever streams this run, at once, from inside any body or node."""
    scope = current_scope.get()
    if scope is not None and scope.listener is not None:
        scope.listener.emitted(value)


def _innermost(scope: Scope | None) -> Span | None:
    held = _open_span.get()  # may belong to the step of a parent application
    return held[1] if held is not None and held[0] is scope else None
