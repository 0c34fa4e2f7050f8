"""The asynchronous verbs: the twins of the synchronous ones, with the prefix ``a``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from stateflow._drive import END, AsyncInbox, Opened, Sink, adrive, aexhaust
from stateflow._plan import Outcome, Request, walk
from stateflow.actions import Action
from stateflow.application.caller import Caller, Inputs, nothing
from stateflow.application.halts import Halt
from stateflow.application.result import RunResult
from stateflow.application.streams import AsyncStreamContainer
from stateflow.errors import StreamClosed
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

    async def aiterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> AsyncIterator[RunResult]:
        """The async twin of ``iterate``."""
        request = self._request("aiterate", halt_before, halt_after, inputs, context, max_steps, steps=True)
        with self._held("aiterate"):
            async for event in adrive(self._machine, walk(self._machine, request), self._quiet):
                if event.__class__ is StepCommitted:
                    yield self._after(event)
                else:
                    self._result(request, event)

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
        self._hold("astream_result")
        try:
            events = adrive(self._machine, walk(self._machine, request), sink, inbox)
            kept: list[Any] = []
            async for event in events:
                if event.__class__ is Opened and not self._is_live(request, event.action):
                    while (item := await event.source.take()) is not END:
                        kept.append(Item(event.action, 0, item))
                elif self._ready(request, event, kept):
                    action = self._streamed(event)
                    break
            container = AsyncStreamContainer(events, kept, lambda ended: self._result(request, ended), to_end=True, release=self._free)
        except BaseException:
            self._free()
            raise
        return action, container

    async def astream_iterate(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> AsyncIterator[tuple[Action, AsyncStreamContainer]]:
        """The async twin of ``stream_iterate``."""
        request, sink, inbox = self._alive("astream_iterate", halt_before, halt_after, inputs, context, max_steps)
        with self._held("astream_iterate"):
            events = adrive(self._machine, walk(self._machine, request), sink, inbox)
            async for event in events:
                if event.__class__ is StepStarted:
                    container = AsyncStreamContainer(events, [], lambda ended: self._result(request, ended), to_end=False, release=nothing)
                    try:
                        yield self.graph.actions[event.action], container
                    except BaseException:
                        await container.aclose()
                        raise
                    await container.get()
                elif event.__class__ is Outcome:
                    self._result(request, event)

    async def astream_events(
        self,
        *,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
    ) -> AsyncIterator[Event]:
        """The async twin of ``stream_events``."""
        request, sink, inbox = self._alive(
            "astream_events", halt_before, halt_after, inputs, context, max_steps, nodes=True
        )
        with self._held("astream_events"):
            events: Any = adrive(self._machine, walk(self._machine, request), sink, inbox, as_events=True)
            async for event in events:
                try:
                    if event.__class__ is Opened:
                        while (item := await event.source.take()) is not END:
                            yield item
                    elif isinstance(event, Event):
                        yield event
                except GeneratorExit:
                    await _aleave(events)
                    raise
                if event.__class__ is Outcome:
                    self._result(request, event)

    # -- inside ---------------------------------------------------------------------------------------

    async def _arun(self, request: Request) -> RunResult:
        self._hold(request.method)
        try:
            events = adrive(self._machine, walk(self._machine, request), self._quiet)
            return self._result(request, await aexhaust(events))
        finally:
            self._free()

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
    ) -> tuple[Request, Sink, AsyncInbox]:
        inbox = AsyncInbox()
        sink = self._sink(inbox.put, nodes=nodes)
        request = self._request(
            method, halt_before, halt_after, inputs, context, max_steps, live=True, nodes=nodes, listen=sink
        )
        return request, sink, inbox


async def _aleave(events: Any) -> None:
    """Tell a driver that its consumer has left, so that the running step comes to nothing."""
    try:
        await events.athrow(StreamClosed())
    except (StreamClosed, StopAsyncIteration):
        pass
