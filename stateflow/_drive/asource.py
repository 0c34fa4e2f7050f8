"""``AsyncSource``: the items of a streaming body, sync or async, taken one by one without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from stateflow._drive.body import END, OPEN, WAIT, Answer, Streaming, abandon, start, too_slow
from stateflow._drive.inbox import AsyncInbox
from stateflow._drive.inside import Inside, Pieces
from stateflow._drive.nodes import stream_nodes
from stateflow._drive.worker import in_thread
from stateflow._plan import Stream
from stateflow.events import Item


class AsyncSource(Streaming):
    """Opened at the first item. An error of the body ends it, and is left in ``error`` for the plan.

    ``ready`` gives an item that is there already, at the cost of a function call; where it gives ``WAIT``, await
    ``waited``.
    """

    __slots__ = (
        "_advance", "_body", "_inbox", "_is_bare", "_is_slow", "_pending", "_plain", "_run", "_told", "_waiting"
    )  # fmt: skip

    def __init__(self, effect: Stream, inbox: AsyncInbox | None, *, as_events: bool) -> None:
        super().__init__(effect, as_events=as_events)
        self._inbox = inbox
        self._told = () if inbox is None else inbox.told
        self._is_bare = self.heard is None and not as_events
        self._run: Callable[..., Any] = copy_context().run
        self._plain = effect.closed.is_async and effect.closed.action.timeout is None
        self._body: Any = None
        self._advance: Any = None
        self._is_slow = True  # whether an item must be awaited
        self._pending: Any = None
        self._waiting: list[Any] = []

    def ready(self) -> Any:  # noqa: PLR0911  one way out for each way in which an item comes
        """Return the next item if the body gives it without waiting, else ``WAIT``; at its end ``END``."""
        if self._waiting:
            return self._waiting.pop(0)
        if self.over:
            return END
        if self._is_slow:
            return WAIT
        while True:
            coming = self._advance()
            try:
                waits_for = self._run(coming.send, None)
            except StopIteration as stop:
                raw = stop.value
                if self._is_bare and self.told is OPEN and not self._told:  # by far the most common: as `_item` does
                    if raw.__class__ is not tuple or len(raw) != 2:
                        self.effect.items += 1
                        return raw
                    if raw[1] is None:
                        self.effect.items += 1
                        return raw[0]
                value = self._item(raw)
                if value is not WAIT:
                    return value
            except StopAsyncIteration:
                return self._stopped(None)
            except BaseException as error:
                return self._broken(error)
            else:
                self._pending = (Inside if self._inbox is None else Pieces)(self._run, coming, waits_for)
                return WAIT

    async def waited(self) -> Any:
        """Wait for the next item, or ``END``."""
        try:
            while True:
                raw = await self._next()
                if raw is not WAIT:
                    value = self._item(raw)
                    if value is not WAIT:
                        return value
                elif self._waiting:
                    return self._waiting.pop(0)
        except StopAsyncIteration as stop:
            return self._stopped(stop.args[0] if stop.args else None)
        except BaseException as error:
            return self._broken(error)

    async def take(self) -> Any:
        """Return the next item, or ``END``."""
        value = self.ready()
        return await self.waited() if value is WAIT else value

    async def drain(self) -> None:
        """Take what is left."""
        while await self.take() is not END:
            pass

    def finish(self) -> Answer:
        """Return ``(result, State)`` of a body that has ended well."""
        answer: Answer = self._run(self.effect.closed.action.finish, self.view, self.last)
        return answer

    async def close(self) -> None:
        """Close the body; one that still runs in a thread of its own is left to itself."""
        pending, self._pending = self._pending, None
        if isinstance(pending, Pieces) and self._inbox is not None:
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await pending.cancel(self._inbox)
        if self.effect.closed.is_async and hasattr(self._body, "aclose"):
            await Inside(self._run, self._body.aclose())
        elif hasattr(self._body, "close") and not self.effect.stopped:
            self._run(self._body.close)

    # -- inside -----------------------------------------------------------------------------------------

    def _item(self, raw: Any) -> Any:
        """Return an item as the consumer gets it; ``WAIT`` for the last result, or a broken body's ``END``."""
        try:
            if not self.is_item(raw):
                return WAIT
            value = raw[0] if raw.__class__ is tuple and len(raw) == 2 and raw[1] is None else raw
            if self.heard is not None:
                self.heard(value)
        except BaseException as error:
            return self._broken(error)
        if self.as_events:
            value = Item(self.action, self.sequence, value)
        if self._inbox is None or not self._inbox.told:
            return value
        self._collect()
        self._waiting.append(value)
        return self._waiting.pop(0)

    def _stopped(self, returned: Any) -> Any:
        try:
            self.ended(returned)
        except BaseException as error:
            self.error = error
        return self._rest()

    def _broken(self, error: BaseException) -> Any:
        self.error, self.over = error, True
        return self._rest()

    def _rest(self) -> Any:
        """Return what the body has told before it ended, one by one."""
        self._collect()
        return self._waiting.pop(0) if self._waiting else END

    def _collect(self) -> None:
        if self._inbox is not None:
            for told in self._inbox.take():
                self._waiting.append(told if self.as_events or told.__class__ is not Item else told.value)

    async def _open(self) -> None:
        closed = self.effect.closed
        if closed.is_async or not closed.action.thread:
            self._body = self._run(start, self.effect, self.view)
            if closed.action.is_node_plan:
                self._body = stream_nodes(self._body, self.view)
        else:
            self._body = await self._in_worker(partial(self._run, start, self.effect, self.view))
        self._advance = self.iterator(self._body)

    async def _next(self) -> Any:
        """Return what the body yields next, or ``WAIT`` where it has told something before that."""
        pending: Any
        pending, self._pending = self._pending, None
        if self._inbox is not None:
            pending = self._told_or_next(pending or Pieces(_called, self._coming()), self._inbox)
        elif pending is None:
            pending = self._coming()
        timeout = self.effect.closed.action.timeout
        if timeout is None:
            return await pending
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                return await pending
        except TimeoutError:
            if limit.expired():
                raise too_slow(self.effect) from None
            raise

    async def _told_or_next(self, pending: Pieces, inbox: AsyncInbox) -> Any:
        if await pending.run(inbox):
            self._is_slow = not self._plain
            return pending.value
        self._pending, self._is_slow = pending, True
        self._collect()
        return WAIT

    async def _coming(self) -> Any:
        if self._advance is None:
            await self._open()
            self._is_slow = not self._plain
        if self.effect.closed.is_async:
            advance: Any = self._advance
            return await Inside(self._run, advance())
        if self.effect.closed.action.thread:
            ended, value = await self._in_worker(partial(self._run, self._step))
        else:
            ended, value = self._run(self._step)
        if ended:
            raise StopAsyncIteration(value)
        return value

    async def _in_worker(self, work: Callable[[], Any]) -> Any:
        try:
            return await in_thread(self.effect, work)
        except asyncio.CancelledError:
            abandon(self.effect)
            raise

    def _step(self) -> tuple[bool, Any]:
        try:  # StopIteration cannot cross a future
            return False, next(self._body)
        except StopIteration as stop:
            return True, stop.value
        except StopAsyncIteration as stray:
            raise RuntimeError(f"action {self.action!r} raised StopAsyncIteration") from stray


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
