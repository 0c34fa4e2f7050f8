"""Containers: what a streaming verb hands out. Iterate for the items, then ``get()`` the result and the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from stateflow._drive import END, WAIT, Opened
from stateflow._plan import Outcome
from stateflow.application.result import RunResult
from stateflow.errors import InputError, StreamClosed
from stateflow.events import Item, StepCommitted
from stateflow.state import State

Answer = tuple[Mapping[str, Any] | None, State]


class _Container:
    """What both colours share: what came before the container was handed out, and how its end is recognised.

    ``source`` gives the items of the body that is running. ``finish`` makes the verb's result of how the call ended.
    ``to_end`` says that it goes on to the end of the call, rather than of its step. ``release`` frees the application
    once the container is at its end.
    """

    def __init__(
        self,
        events: Any,
        kept: list[Any],
        finish: Callable[[Outcome], RunResult],
        *,
        to_end: bool,
        release: Callable[[], None],
    ) -> None:
        self._events = events
        self._kept = kept
        self._source: Any = None
        self._finish = finish
        self._to_end = to_end
        self._release = release
        self._answer: Answer | None = None
        self.closed = False

    def _ends(self, event: Any) -> None:
        if event.__class__ is StepCommitted and not self._to_end:
            self._answer = (event.result, event.state)
        elif event.__class__ is Outcome:
            self._leave()
            ended = self._finish(event)
            self._answer = (ended.result, ended.state)

    def _leave(self) -> None:
        self.closed = True
        self._source = None
        self._release()

    def _has_ended(self) -> bool:
        """Return whether there is nothing to leave; a call that has ended gives its result all the same."""
        if self._kept and self._kept[-1].__class__ is Outcome:
            self._ends(self._kept[-1])
        return self.closed or self._answer is not None

    def _result(self) -> Answer:
        if self._answer is None:
            raise InputError("this stream was left before its end, so its step has no result; its state is unchanged")
        return self._answer

    def __del__(self) -> None:
        if not self.closed:
            self._release()


class StreamContainer(_Container):
    """The items of an action, as they come. Leaving early closes the body, and its step comes to nothing."""

    def __iter__(self) -> Iterator[Any]:
        while not self.closed and self._answer is None:
            if self._source is not None:
                take = self._source.take
                while (item := take()) is not END:
                    yield item
                self._source = None
            event = self._following()
            if event.__class__ is Item:
                yield event.value
            elif event.__class__ is Opened:
                self._source = event.source
            else:
                self._ends(event)

    def _following(self) -> Any:
        if self._kept:
            return self._kept.pop(0)
        try:
            return next(self._events)
        except BaseException:
            self._leave()
            raise

    def get(self) -> Answer:
        """Return ``(result, state)``, draining the items that are left.

        Raises:
            InputError: the stream was closed before its end.
        """
        for _ in self:
            pass
        return self._result()

    def close(self) -> None:
        """Leave the stream. A body that still runs is closed; its step is not committed."""
        if self._has_ended():
            return
        try:
            leave(self._events)
        finally:
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStreamContainer(_Container):
    """The items of an action, as they come, for ``async for``. Leaving early closes the body."""

    def __aiter__(self) -> Self:  # a generator would outlive the loop that drops it, and keep the application busy
        return self

    async def __anext__(self) -> Any:
        while True:
            if self._source is not None:
                item = self._source.ready()
                if item is WAIT:
                    item = await self._source.waited()
                if item is not END:
                    return item
                self._source = None
            if self.closed or self._answer is not None:
                raise StopAsyncIteration
            event = await self._following()
            if event.__class__ is Item:
                return event.value
            if event.__class__ is Opened:
                self._source = event.source
            else:
                self._ends(event)

    async def _following(self) -> Any:
        if self._kept:
            return self._kept.pop(0)
        try:
            return await self._events.__anext__()
        except BaseException:
            self._leave()
            raise

    async def get(self) -> Answer:
        """Return ``(result, state)``, draining the items that are left.

        Raises:
            InputError: the stream was closed before its end.
        """
        async for _ in self:
            pass
        return self._result()

    async def aclose(self) -> None:
        """Leave the stream. A body that still runs is closed; its step is not committed."""
        if self._has_ended():
            return
        try:
            await aleave(self._events)
        finally:
            self._leave()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def leave(events: Any) -> None:
    """Tell a driver that its consumer has left, and raise what the cleanup of the body raises."""
    try:
        events.throw(StreamClosed())
        for _ in events:
            pass
    except StopIteration:
        pass
    except StreamClosed as left:
        if left.cleanup is not None:
            raise left.cleanup from None


async def aleave(events: Any) -> None:
    """Do as ``leave``."""
    try:
        await events.athrow(StreamClosed())
        async for _ in events:
            pass
    except StopAsyncIteration:
        pass
    except StreamClosed as left:
        if left.cleanup is not None:
            raise left.cleanup from None
