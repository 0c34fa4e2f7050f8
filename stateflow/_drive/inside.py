"""Awaits a coroutine in the ``contextvars`` context of its step, without the cost of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from stateflow._drive.inbox import AsyncInbox

START: Any = object()


class Inside:
    """Awaitable that runs every part of a coroutine, from one suspension to the next, in the given context.

    ``waits_for`` is what a coroutine that has been started already waits for.
    """

    __slots__ = ("_coroutine", "_run", "_waits_for")

    def __init__(self, run: Callable[..., Any], coroutine: Any, waits_for: Any = START) -> None:
        self._run = run
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        run, send, throw = self._run, self._coroutine.send, self._coroutine.throw
        waits_for = self._waits_for
        try:
            if waits_for is START:
                waits_for = run(send, None)
            while True:
                try:
                    value = yield waits_for
                except GeneratorExit:
                    run(self._coroutine.close)
                    raise
                except BaseException as error:  # cancellation among them
                    waits_for = run(throw, error)
                else:
                    waits_for = run(send, value)
        except StopIteration as stop:
            return stop.value


class Pieces:
    """Runs a coroutine like ``Inside``, but hands back between its waits when an inbox has news.

    All pieces run in the task of whoever asks for them. A task of its own for each would break what a body holds open
    from item to item: ``asyncio.timeout``, task groups, cancel scopes.
    """

    __slots__ = ("_coroutine", "_run", "_waits_for", "value")

    def __init__(self, run: Callable[..., Any], coroutine: Any, waits_for: Any = START) -> None:
        self._run = run
        self._coroutine = coroutine
        self._waits_for = waits_for
        self.value: Any = None

    async def run(self, inbox: AsyncInbox) -> bool:
        """Run on; return True at the end, with the ``value``, and False where there is news first."""
        while True:
            error = None
            if self._waits_for is not START:
                error = await self._waited(inbox)
                if error is None and inbox.told:
                    return False
            if self._piece_ends(error):
                return True

    async def cancel(self, inbox: AsyncInbox) -> None:
        """Cancel what the coroutine waits for, and run it to its end."""
        takes_over = asyncio.isfuture(self._waits_for) and self._waits_for.cancel()
        if not takes_over and self._piece_ends(asyncio.CancelledError()):
            return
        inbox.take()
        while not await self.run(inbox):
            inbox.take()

    def _piece_ends(self, error: BaseException | None) -> bool:
        """Run one piece; return whether it was the last one."""
        try:
            if error is None:
                self._waits_for = self._run(self._coroutine.send, None)
            else:
                self._waits_for = self._run(self._coroutine.throw, error)
        except StopIteration as stop:
            self.value = stop.value
            return True
        return False

    async def _waited(self, inbox: AsyncInbox) -> BaseException | None:
        """Wait for the future or for news; return a cancellation that the future cannot take over."""
        future = self._waits_for
        try:
            if future is None:  # a bare yield: the event loop goes round once
                await asyncio.sleep(0)
                return None
            future._asyncio_future_blocking = False  # as a task does that waits for it
            await inbox.news_or(future)
        except asyncio.CancelledError as error:
            if future is None or not future.cancel():
                return error
            while not future.done():
                await asyncio.wait([future])
        return None
