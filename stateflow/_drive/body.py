"""Runs a body in the context of its step, and tells items from the last result. Shared by both drivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stateflow._drive.sink import StepSink
from stateflow._plan import Call, Stream
from stateflow.context import current_scope
from stateflow.errors import ActionError, StepTimeoutError, StreamClosed, kind
from stateflow.state import State, StateView, view_of

OPEN: Any = object()  # a stream's body has not told its result yet
END: Any = object()  # what a source gives when its body has ended
WAIT: Any = object()  # what an async source gives when its next item is not there yet
Answer = tuple[dict[str, Any], State]


def perform(call: Call) -> Answer:
    """Run a synchronous body and return ``(result, State)``."""
    current_scope.set(call)
    closed = call.closed
    view, action = view_of(call, call.schema), closed.action
    arguments = with_resources(call) if closed.resources else call.arguments
    try:
        return action.finish(view, action.call(view, arguments))
    except StopIteration as stop:
        raise _stray(call) from stop


def start(call: Call, view: StateView) -> Any:
    """Call the body: the value it returns, a coroutine, or an iterator of items."""
    current_scope.set(call)
    arguments = with_resources(call) if call.closed.resources else call.arguments
    try:
        return call.closed.action.call(view, arguments)
    except StopIteration as stop:
        raise _stray(call) from stop


def _stray(call: Call) -> RuntimeError:
    """Return what Python makes of a StopIteration that leaves a generator or a coroutine."""
    return RuntimeError(f"action {call.closed.name!r} raised StopIteration")


def with_resources(call: Call) -> dict[str, Any]:
    """Return the arguments of a body, opening the resources among them."""
    return {**call.arguments, **{name: call.resources.open(name) for name in call.closed.resources}}


class Streaming:
    """What both colours know of a streaming body: which item is which, who hears it, and how it ended.

    Once it is ``over``, ``error`` and ``last`` say how it ended. With ``as_events`` the consumer gets typed events,
    else bare values.
    """

    __slots__ = ("as_events", "effect", "error", "heard", "last", "over", "sequence", "told", "view")

    def __init__(self, effect: Stream, *, as_events: bool) -> None:
        listener = effect.listener
        step = listener if isinstance(listener, StepSink) else None
        self.effect = effect
        self.view = view_of(effect, effect.schema)
        self.as_events = as_events
        self.heard: Callable[[Any], None] | None = None
        if step is not None and step.sink.hooks["post_stream_item"]:
            self.heard = step.passed
        self.sequence = 0 if step is None else step.sequence
        self.told: Any = OPEN
        self.last: Any = None
        self.error: BaseException | None = None
        self.over = False

    @property
    def action(self) -> str:
        """The name of the streaming action."""
        return self.effect.closed.name

    def is_item(self, raw: Any) -> bool:
        """Take note of what the body yielded; return whether it is an item.

        Raises:
            ActionError: the body goes on after its last result.
        """
        if self.told is not OPEN:
            raise ActionError(f"streaming action {self.action!r} yielded again after its last result (result, state)")
        if raw.__class__ is tuple and len(raw) == 2 and isinstance(raw[1], State):
            self.told = raw
            return False
        self.effect.items += 1
        return True

    def ended(self, returned: Any) -> None:
        """Take note of the end of the body.

        Raises:
            ActionError: it gave no last result, or two.
        """
        told, self.over = self.told, True
        if told is OPEN and returned is None:
            fact = f"streaming action {self.action!r} ended without its last result"
            raise ActionError(f"{fact}; yield (result, state) last")
        if told is not OPEN and returned is not None:
            raise ActionError(f"streaming action {self.action!r} both yielded and returned a last result; give one")
        self.last = returned if told is OPEN else told

    def iterator(self, body: Any) -> Callable[[], Any]:
        """Return the function that takes the next item of what a streaming body returned."""
        advance: Any = getattr(body, "__anext__" if self.effect.closed.is_async else "__next__", None)
        if advance is None:
            raise ActionError(f"streaming action {self.action!r} returned {kind(body)}, not a generator")
        return advance  # type: ignore[no-any-return]


class Opened:
    """Tells a streaming verb that a streaming body is about to start; the verb takes its items from ``source``."""

    __slots__ = ("action", "source")

    def __init__(self, source: Any) -> None:
        self.action: str = source.action
        self.source = source


def abandon(call: Call) -> None:
    """Stop a DAG that runs in a thread before its next node, and let nobody hear what the body still tells."""
    call.stopped = True
    call.listener = None


def too_slow(call: Call) -> StepTimeoutError:
    """Return the error of a body that takes too long, which is left to itself."""
    abandon(call)
    what = "waited longer for an item" if call.closed.is_streaming else "took longer"
    return StepTimeoutError(f"action {call.closed.name!r} {what} than its timeout of {call.closed.action.timeout} s")


def cleaned_up(error: BaseException, late: BaseException) -> None:
    """Keep what closing a body has raised with the error that closed it, which is the one that counts."""
    if isinstance(error, StreamClosed):
        error.cleanup = late
    else:
        BaseException.add_note(error, f"and closing the body raised {type(late).__name__}: {late}")
