"""The async twin of every method, for any store whose own methods are synchronous."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from stateflow.journal import Address, Attempt, Record
from stateflow.store.protocol import Page, Store

P = ParamSpec("P")
T = TypeVar("T")

_living: WeakSet[AsyncTwins] = WeakSet()


class AsyncTwins(Store):
    """Runs the methods of a store one after the other in one thread of its own.

    What has been started is finished: cancelling the caller leaves the call in the thread to its end, and the next
    call waits for it.
    """

    _worker: ThreadPoolExecutor | None

    def __init__(self) -> None:
        self._worker = None
        _living.add(self)

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown()
        self._release()

    async def acommit(self, record: Record, expected: int | None) -> None:
        """Do as ``commit``; once begun it is finished, also when the caller is cancelled."""
        await self._in_worker(self.commit, record, expected)

    async def asave_attempt(self, attempt: Attempt) -> None:
        """Do as ``save_attempt``."""
        await self._in_worker(self.save_attempt, attempt)

    async def aload(self, address: Address) -> Record | None:
        """Do as ``load``."""
        return await self._in_worker(self.load, address)

    async def aruns(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page:
        """Do as ``runs``."""
        call = partial(self.runs, project=project, partition_key=partition_key, limit=limit, after=after)
        return await self._in_worker(call)

    async def aattempts(self, address: Address) -> list[Attempt]:
        """Do as ``attempts``."""
        return await self._in_worker(self.attempts, address)

    async def adelete(self, address: Address) -> bool:
        """Do as ``delete``."""
        return await self._in_worker(self.delete, address)

    async def aclose(self) -> None:
        """Do as ``close``."""
        await self._in_worker(self._release)
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.shutdown(wait=False)

    # -- inside -----------------------------------------------------------------------------------

    def _release(self) -> None:
        """Give back what the store holds open; its next use opens it again."""

    def _after_fork(self) -> None:
        """Forget, in the child of a fork, the threads and locks of the parent."""
        self._worker = None

    async def _in_worker(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="stateflow-store")
        work = asyncio.wrap_future(self._worker.submit(call, *args, **kwargs))
        work.add_done_callback(seen)
        return await asyncio.shield(work)


def seen(work: asyncio.Future[Any]) -> None:
    """Look at the outcome, as a cancelled caller will not."""
    if not work.cancelled():
        work.exception()


def _forked() -> None:
    for store in list(_living):
        store._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
