"""The async twins keep order, and finish what they began."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

from stateflow.errors import ConcurrentWriteError
from stateflow.store import SQLiteStore

from tests.store.records import RUN, fill, genesis, step


def test_a_commit_whose_caller_is_cancelled_is_finished(sqlite_store: SQLiteStore) -> None:
    fill(sqlite_store, RUN, 1)

    async def main() -> Any:
        with sqlite_store._database._lock:  # holds the commit up until its caller is cancelled
            task = asyncio.ensure_future(sqlite_store.acommit(step(2), 1))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
        return await sqlite_store.aload(RUN)

    assert asyncio.run(main()).position == 2
    sqlite_store.commit(step(3), 2)


def test_a_commit_that_is_still_waiting_in_line_is_finished_too(sqlite_store: SQLiteStore) -> None:
    fill(sqlite_store, RUN, 1)

    async def main() -> Any:
        with sqlite_store._database._lock:
            tasks = [asyncio.ensure_future(sqlite_store.acommit(step(number), number - 1)) for number in (2, 3, 4)]
            await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return await sqlite_store.aload(RUN)

    assert asyncio.run(main()).position == 4


def test_a_failure_that_nobody_waits_for_is_quiet(sqlite_store: SQLiteStore) -> None:
    fill(sqlite_store, RUN, 1)
    complaints: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with sqlite_store._database._lock:
            task = asyncio.ensure_future(sqlite_store.acommit(step(1), 0))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await sqlite_store.aload(RUN)
        await asyncio.sleep(0.01)
        gc.collect()

    asyncio.run(main())
    assert complaints == []


def test_commits_that_are_started_together_are_done_in_order(sqlite_store: SQLiteStore) -> None:
    async def main() -> None:
        await asyncio.gather(
            sqlite_store.acommit(genesis(), None),
            *(sqlite_store.acommit(step(number), number - 1) for number in range(1, 30)),
        )

    asyncio.run(main())
    assert sqlite_store.load(RUN).position == 29  # type: ignore[union-attr]


def test_a_store_serves_several_loops_one_after_the_other(plain_store: Any) -> None:
    asyncio.run(plain_store.acommit(genesis(), None))
    asyncio.run(plain_store.acommit(step(1), 0))
    with pytest.raises(ConcurrentWriteError):
        asyncio.run(plain_store.acommit(step(1), 0))
    plain_store.close()


def test_closing_ends_the_thread(plain_store: Any) -> None:
    async def main() -> None:
        await plain_store.acommit(genesis(), None)
        assert _threads() == 1
        await plain_store.aclose()

    asyncio.run(main())
    while _threads():  # aclose does not block the loop until it has ended
        pass
    asyncio.run(plain_store.aload(RUN))
    assert _threads() == 1
    plain_store.close()
    assert _threads() == 0


def _threads() -> int:
    return sum(thread.name.startswith("stateflow-store") for thread in threading.enumerate())
