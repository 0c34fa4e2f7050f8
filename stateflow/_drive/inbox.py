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

    def wake(self) -> None:
        """Wake who waits, although nothing has come."""
        self._news.set()

    def take(self) -> list[Any]:
        """Take out what has come."""
        self._news.clear()
        return [self.told.popleft() for _ in range(len(self.told))]

    async def news(self) -> None:
        """Wait until something has come."""
        await self._news.wait()


async def meanwhile(task: asyncio.Future[Any], inbox: AsyncInbox) -> AsyncGenerator[Any]:
    """Yield what comes while a task runs; a consumer that leaves cancels the task and waits for its end."""
    task.add_done_callback(lambda _: inbox.wake())
    try:
        while True:
            for event in inbox.take():
                yield event
            if task.done():
                return
            await inbox.news()
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
