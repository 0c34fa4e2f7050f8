"""The asynchronous verbs: the twins of the synchronous ones, with the prefix ``a``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from stateflow import _drive
from stateflow._drive import END, Opened, Sink
from stateflow._plan import Outcome, Request, walk
from stateflow.actions import Action
from stateflow.application.caller import Caller, Inputs
from stateflow.application.halts import Halt
from stateflow.application.hold import Hold, Iteration, nothing
from stateflow.application.result import RunResult
from stateflow.application.streams import AsyncStreamContainer, aleave
from stateflow.events import Event, Item, StepCommitted, StepStarted


class AsyncVerbs(Caller):
    """Run the application from asynchronous code."""

    async def astep(self, *, inputs: Inputs = None, context: Any = None) -> RunResult:
        """The async twin of ``step``."""
        return await self._arun(self._request("astep", inputs=inputs, context=context, max_steps=1))

    async def arun(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> RunResult:
        """The async twin of ``run``; sync bodies run in worker threads."""
        return await self._arun(self._request("arun", halt_before, halt_after, inputs, context, max_steps))

    def aiterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iteration[RunResult]:
        """The async twin of ``iterate``."""
        request = self._request("aiterate", halt_before, halt_after, inputs, context, max_steps, steps=True)
        hold = self._hold("aiterate")
        return Iteration(self._aiterate(request, hold), hold)

    async def astream_result(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> tuple[Action | None, AsyncStreamContainer]:
        """The async twin of ``stream_result``."""
        request, sink, inbox = self._alive("astream_result", halt_before, halt_after, inputs, context, max_steps)
        hold = self._hold("astream_result")
        try:
            hold.take()
            events = _drive.adrive(self._machine, walk(self._machine, request), sink, inbox)
            kept: list[Any] = []
            event = await anext(events)
            while not self._ready(request, event, kept):
                if event.__class__ is Opened:
                    while (item := await event.source.take()) is not END:
                        kept.append(Item(event.action, 0, item))
                event = await anext(events)
            container = self._acontainer(request, events, kept, release=hold.free, to_end=True)
            return self._streamed(event), container
        except BaseException:
            hold.free()
            raise

    def astream_iterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iteration[tuple[Action, AsyncStreamContainer]]:
        """The async twin of ``stream_iterate``."""
        request, sink, inbox = self._alive("astream_iterate", halt_before, halt_after, inputs, context, max_steps)
        hold = self._hold("astream_iterate")
        return Iteration(self._astream_iterate(request, sink, inbox, hold), hold)

    def astream_events(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> Iteration[Event]:
        """The async twin of ``stream_events``."""
        request, sink, inbox = self._alive(
            "astream_events", halt_before, halt_after, inputs, context, max_steps, nodes=True
        )
        hold = self._hold("astream_events")
        return Iteration(self._astream_events(request, sink, inbox, hold), hold)

    # -- inside ---------------------------------------------------------------------------------------

    async def _arun(self, request: Request) -> RunResult:
        with self._hold(request.method):
            events = _drive.adrive(self._machine, walk(self._machine, request), self._quiet)
            return self._result(request, await _drive.aexhaust(events))

    async def _aiterate(self, request: Request, hold: Hold) -> AsyncGenerator[RunResult]:
        with hold:
            async for event in _drive.adrive(self._machine, walk(self._machine, request), self._quiet):
                if event.__class__ is StepCommitted:
                    yield self._after(event)
                else:
                    self._result(request, event)

    async def _astream_iterate(
        self, request: Request, sink: Sink, inbox: _drive.AsyncInbox, hold: Hold
    ) -> AsyncGenerator[tuple[Action, AsyncStreamContainer]]:
        with hold:
            events = _drive.adrive(self._machine, walk(self._machine, request), sink, inbox)
            async for event in events:
                if event.__class__ is StepStarted:
                    container = self._acontainer(request, events, [], release=nothing, to_end=False)
                    try:
                        yield self._machine.graph.actions[event.action], container
                    except BaseException:
                        await container.aclose()
                        raise
                    if container.closed:  # left, or failed: so is the call
                        return
                    await container.get()
                elif event.__class__ is Outcome:
                    self._result(request, event)

    async def _astream_events(
        self, request: Request, sink: Sink, inbox: _drive.AsyncInbox, hold: Hold
    ) -> AsyncGenerator[Event]:
        with hold:
            events: Any = _drive.adrive(self._machine, walk(self._machine, request), sink, inbox, as_events=True)
            async for event in events:
                try:
                    if event.__class__ is Opened:
                        while (item := await event.source.take()) is not END:
                            yield item
                    elif event.__class__ is Outcome:
                        self._result(request, event)
                    else:
                        yield event
                except GeneratorExit:
                    await aleave(events)
                    raise

    def _acontainer(
        self, request: Request, events: Any, kept: list[Any], *, release: Callable[[], None], to_end: bool
    ) -> AsyncStreamContainer:
        return AsyncStreamContainer(
            events, kept, lambda ended: self._result(request, ended), to_end=to_end, release=release
        )

    def _alive(
        self,
        method: str,
        halt_before: Halt,
        halt_after: Halt,
        inputs: Inputs,
        context: Any,
        max_steps: int | None,
        *,
        nodes: bool = False,
    ) -> tuple[Request, Sink, _drive.AsyncInbox]:
        inbox = _drive.AsyncInbox()
        sink = self._sink(inbox.put, nodes=nodes)
        request = self._request(
            method, halt_before, halt_after, inputs, context, max_steps, live=True, nodes=nodes, listen=sink
        )
        return request, sink, inbox
