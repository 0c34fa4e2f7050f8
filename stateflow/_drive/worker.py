"""Synchronous bodies in worker threads of an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from stateflow._plan import Call


def in_thread(call: Call, work: Callable[[], Any]) -> asyncio.Future[Any]:
    """Start a piece of work in a worker thread and return its future.

    With a timeout the thread is a daemon of its own: a body that never ends must not keep the event loop from closing.
    """
    loop = asyncio.get_running_loop()
    if call.closed.action.timeout is None:
        return loop.run_in_executor(None, work)
    future: asyncio.Future[Any] = loop.create_future()

    def job() -> None:
        try:
            told = future.set_result, work()
        except BaseException as error:
            told = future.set_exception, error
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, future, *told)

    threading.Thread(target=job, daemon=True, name=f"stateflow-{call.closed.name}").start()
    return future


def _tell(future: asyncio.Future[Any], tell: Callable[[Any], None], value: Any) -> None:
    if not future.done():
        tell(value)
