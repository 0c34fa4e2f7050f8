"""The synchronous verbs: step, run, iterate and the streaming ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from stateflow._drive import END, Inbox, Opened, drive, exhaust
from stateflow._plan import Outcome, Request, walk
from stateflow.actions import Action
from stateflow.application.caller import Caller, Inputs
from stateflow.application.halts import Halt
from stateflow.application.hold import nothing
from stateflow.application.result import RunResult
from stateflow.application.streams import StreamContainer, leave
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
        return self._iterate(request)

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
        hold = self._hold("stream_result")
        try:
            hold.take()
            events = drive(self._machine, walk(self._machine, request), inbox)
            kept: list[Any] = []
            event = next(events)
            while not self._ready(request, event, kept):
                if event.__class__ is Opened:
                    while (item := event.source.take()) is not END:
                        kept.append(Item(event.action, 0, item))
                event = next(events)
            container = self._container(request, events, kept, release=hold.free, to_end=True)
            return self._streamed(event), container
        except BaseException:
            hold.free()
            raise

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
        return self._stream_iterate(request, inbox)

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
        return self._stream_events(request, inbox)

    # -- inside ---------------------------------------------------------------------------------------

    def _run(self, request: Request) -> RunResult:
        self._refuse_async(request.method)
        with self._hold(request.method):
            return self._result(request, exhaust(drive(self._machine, walk(self._machine, request))))

    def _iterate(self, request: Request) -> Iterator[RunResult]:
        with self._hold("iterate"):
            for event in drive(self._machine, walk(self._machine, request)):
                if event.__class__ is StepCommitted:
                    yield self._after(event)
                else:
                    self._result(request, event)

    def _stream_iterate(self, request: Request, inbox: Inbox) -> Iterator[tuple[Action, StreamContainer]]:
        with self._hold("stream_iterate"):
            events = drive(self._machine, walk(self._machine, request), inbox)
            for event in events:
                if event.__class__ is StepStarted:
                    container = self._container(request, events, [], release=nothing, to_end=False)
                    try:
                        yield self._machine.graph.actions[event.action], container
                    except BaseException:
                        container.close()
                        raise
                    if container.closed:  # left, or failed: so is the call
                        return
                    container.get()
                elif event.__class__ is Outcome:
                    self._result(request, event)

    def _stream_events(self, request: Request, inbox: Inbox) -> Iterator[Event]:
        with self._hold("stream_events"):
            events: Any = drive(self._machine, walk(self._machine, request), inbox, as_events=True)
            for event in events:
                try:
                    if event.__class__ is Opened:
                        while (item := event.source.take()) is not END:
                            yield item
                    elif event.__class__ is Outcome:
                        self._result(request, event)
                    else:
                        yield event
                except GeneratorExit:
                    leave(events)
                    raise

    def _container(
        self, request: Request, events: Any, kept: list[Any], *, release: Callable[[], None], to_end: bool
    ) -> StreamContainer:
        return StreamContainer(events, kept, lambda ended: self._result(request, ended), to_end=to_end, release=release)

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
