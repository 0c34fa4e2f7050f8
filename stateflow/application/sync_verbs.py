"""The synchronous verbs: step, run, iterate and the streaming ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stateflow._drive import END, Inbox, Opened, drive, exhaust
from stateflow._plan import Outcome, Request, walk
from stateflow.actions import Action
from stateflow.application.caller import Caller, Inputs, nothing
from stateflow.application.halts import Halt
from stateflow.application.result import RunResult
from stateflow.application.streams import StreamContainer
from stateflow.errors import StreamClosed
from stateflow.events import Event, Item, StepCommitted, StepStarted


class SyncVerbs(Caller):
    """Run the application from synchronous code."""

    def step(self, *, inputs: Inputs = None, context: Any = None) -> RunResult:
        """Run one action. Errors as in ``run``."""
        return self._run(self._request("step", inputs=inputs, context=context, max_steps=1))

    def run(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> RunResult:
        """Run actions until a halt, until no transition leads on, or until ``max_steps`` have run; one at least.

        Args:
            halt_before: actions, or ``"@tag:name"``, before which to pause; they win over ``halt_after``.
            halt_after: actions after which to stop.
            inputs: offered to every step; each action takes what it declares.
            context: handed to bodies through ``StepContext``, never stored.
            max_steps: how many actions to run at most.

        Returns:
            ``(action, result, state)`` with ``.halted``.

        Raises:
            InputError: an argument does not fit the graph, or a step lacks a required input.
            ApplicationBusyError: another verb runs.
            GraphError: the graph has an async action or hook; use ``arun``.
        """
        return self._run(self._request("run", halt_before, halt_after, inputs, context, max_steps))

    def iterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iterator[RunResult]:
        """Like ``run``, but yields ``(action, result, state)`` after each step."""
        request = self._request("iterate", halt_before, halt_after, inputs, context, max_steps, steps=True)
        self._refuse_async("iterate")
        with self._held("iterate"):
            for event in drive(self._machine, walk(self._machine, request)):
                if event.__class__ is StepCommitted:
                    yield self._after(event)
                else:
                    self._result(request, event)

    def stream_result(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> tuple[Action | None, StreamContainer]:
        """Run to the halt and return ``(action, container)``: iterate for the items, then ``get()``.

        An action is streamed live when ``halt_after`` names it or when no transition leaves it. Others are drained
        as they run, and replayed if the run ends at one.
        """
        request, inbox = self._live("stream_result", halt_before, halt_after, inputs, context, max_steps)
        self._hold("stream_result")
        try:
            events = drive(self._machine, walk(self._machine, request), inbox)
            kept: list[Any] = []
            for event in events:
                if event.__class__ is Opened and not self._is_live(request, event.action):
                    while (item := event.source.take()) is not END:
                        kept.append(Item(event.action, 0, item))
                elif self._ready(request, event, kept):
                    action = self._streamed(event)
                    break
            container = StreamContainer(events, kept, lambda ended: self._result(request, ended), to_end=True, release=self._free)
        except BaseException:
            self._free()
            raise
        return action, container

    def stream_iterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iterator[tuple[Action, StreamContainer]]:
        """Like ``iterate``, but yields ``(action, container)`` as each action starts; what is left is drained."""
        request, inbox = self._live("stream_iterate", halt_before, halt_after, inputs, context, max_steps)
        with self._held("stream_iterate"):
            events = drive(self._machine, walk(self._machine, request), inbox)
            for event in events:
                if event.__class__ is StepStarted:
                    container = StreamContainer(events, [], lambda ended: self._result(request, ended), to_end=False, release=nothing)
                    try:
                        yield self.graph.actions[event.action], container
                    except BaseException:
                        container.close()
                        raise
                    container.get()
                elif event.__class__ is Outcome:
                    self._result(request, event)

    def stream_events(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iterator[Event]:
        """Like ``run``, but yields everything that happens, as typed events; see ``stateflow.events``."""
        request, inbox = self._live("stream_events", halt_before, halt_after, inputs, context, max_steps, nodes=True)
        with self._held("stream_events"):
            events: Any = drive(self._machine, walk(self._machine, request), inbox, as_events=True)
            for event in events:
                try:
                    if event.__class__ is Opened:
                        while (item := event.source.take()) is not END:
                            yield item
                    elif isinstance(event, Event):
                        yield event
                except GeneratorExit:
                    _leave(events)
                    raise
                if event.__class__ is Outcome:
                    self._result(request, event)

    # -- inside ---------------------------------------------------------------------------------------

    def _run(self, request: Request) -> RunResult:
        self._refuse_async(request.method)
        self._hold(request.method)
        try:
            return self._result(request, exhaust(drive(self._machine, walk(self._machine, request))))
        finally:
            self._free()

    def _live(
        self,
        method: str,
        halt_before: Halt,
        halt_after: Halt,
        inputs: Inputs,
        context: Any,
        max_steps: int | None,
        *,
        nodes: bool = False,
    ) -> tuple[Request, Inbox]:
        self._refuse_async(method)
        inbox = Inbox()
        listen = self._sink(inbox.put, nodes=nodes)
        request = self._request(
            method, halt_before, halt_after, inputs, context, max_steps, live=True, nodes=nodes, listen=listen
        )
        return request, inbox


def _leave(events: Any) -> None:
    """Tell a driver that its consumer has left, so that the running step comes to nothing."""
    try:
        events.throw(StreamClosed())
    except (StreamClosed, StopIteration):
        pass
