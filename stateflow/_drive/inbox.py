"""``AsyncInbox``: events from inside bodies, put in from any thread and taken out by the async driver."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any


class AsyncInbox:
    """Keeps events in the order in which they came, and wakes who waits for them."""

    _loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self.told: deque[Any] = deque()

    def open(self) -> None:
        """Bind it to the running event loop, before anything is put in."""
        self._loop = asyncio.get_running_loop()

    def put(self, event: Any) -> None:
        """Add an event, from any thread."""
        self.told.append(event)
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # a body that timed out has outlived the loop
            self.told.clear()

    def take(self) -> list[Any]:
        """Take out what has come."""
        return [self.told.popleft() for _ in range(len(self.told))]

    async def news_or(self, future: asyncio.Future[Any]) -> None:
        """Wait until something has come or the future is done."""
        future.add_done_callback(self._done)
        try:
            while not self.told and not future.done():
                self._news.clear()
                await self._news.wait()
        finally:
            future.remove_done_callback(self._done)

    def _done(self, _: asyncio.Future[Any]) -> None:
        self._news.set()


async def meanwhile(task: asyncio.Future[Any], inbox: AsyncInbox) -> AsyncGenerator[Any]:
    """Yield what comes while a task runs; a consumer that leaves cancels the task and waits for its end."""
    try:
        while True:
            await inbox.news_or(task)
            for event in inbox.take():
                yield event
            if task.done() and not inbox.told:
                return
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
