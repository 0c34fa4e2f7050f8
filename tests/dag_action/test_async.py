"""DAGs with async nodes: what can run at the same time does; a failure cancels the rest."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import pytest

from stateflow.actions import close
from stateflow.context import current_scope
from stateflow.dag_action import NodePlanRun, dag
from stateflow.errors import InputError
from stateflow.state import State

from tests.dag_action.modules import asynchronous, chain
from tests.dag_action.running import run, scoped


def test_async_nodes_make_an_async_action() -> None:
    """Calling it gives a plan for the scheduler, not values."""
    action = dag(asynchronous, writes=["stored"])
    assert (action.is_async, action.is_node_plan, action.is_streaming) == (True, True, False)
    assert close(action).is_async
    assert isinstance(action.call(State(), {"url": "u"}), NodePlanRun)
    assert not dag(chain, writes=["text"]).is_node_plan


def test_sync_and_async_nodes_mix() -> None:
    """A sync node may stand between async ones; each is recorded."""
    ran = run(dag(asynchronous, writes=["stored"]), {"url": "u"})
    assert ran.result == {"stored": "<u> 1 stored"}
    assert set(ran.nodes) == {"fetched", "counted", "page", "stored"}
    assert run(dag(asynchronous, writes=["stored"]), {"url": "u"}, watched=False).scope.nodes is None


def test_a_sync_call_of_an_async_dag_is_refused() -> None:
    """A unit test learns what to do instead."""
    with pytest.raises(InputError, match="has async nodes"):
        dag(asynchronous, writes=["page"])(State(url="u"))


def test_independent_nodes_run_at_the_same_time() -> None:
    """Each waits for the other, which one after the other could not."""
    events = {"left": asyncio.Event(), "right": asyncio.Event()}

    async def left(x: int) -> int:
        events["left"].set()
        await events["right"].wait()
        return x

    async def right(x: int) -> int:
        events["right"].set()
        await events["left"].wait()
        return x

    def both(left: int, right: int) -> int:
        return left + right

    assert run(dag(left, right, both, writes=["both"]), {"x": 1}).result == {"both": 2}


def test_an_async_node_begins_before_a_sync_one_blocks() -> None:
    """What waits for the outside world is started first."""
    order = []

    async def waiting(x: int) -> int:
        order.append("waiting begins")
        await asyncio.sleep(0)
        return x

    def computing(x: int) -> int:
        order.append("computing")
        return x

    def last(waiting: int, computing: int) -> int:
        return waiting + computing

    assert run(dag(computing, waiting, last, writes=["last"]), {"x": 1}).result == {"last": 2}
    assert order == ["waiting begins", "computing"]


def test_a_failure_cancels_the_siblings_and_awaits_them() -> None:
    """Nothing runs on in the background."""
    seen = []

    async def fails(x: int) -> int:
        await asyncio.sleep(0)
        raise LookupError(x)

    async def waits(x: int) -> int:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            seen.append("cleaned up")
        return x

    def both(fails: int, waits: int) -> int:
        return fails + waits

    action = dag(fails, waits, both, writes=["both"])
    scope = scoped(action, {"x": 1}, {})
    with pytest.raises(LookupError):
        run(action, {"x": 1}, scope=scope)
    assert seen == ["cleaned up"]
    assert {node.name: node.status for node in scope.nodes or []} == {"fails": "failed", "waits": "failed"}


def test_of_two_failures_the_first_in_the_plan_counts() -> None:
    """Which of them is seen does not depend on the event loop."""

    async def one(x: int) -> int:
        raise LookupError("one")

    async def two(x: int) -> int:
        raise LookupError("two")

    def both(one: int, two: int) -> int:
        return one + two

    for _ in range(5):
        with pytest.raises(LookupError, match="one"):
            run(dag(one, two, both, writes=["both"]), {"x": 1})


def test_a_failing_sync_node_cancels_async_ones() -> None:
    """They are its siblings as well."""
    seen = []

    async def waits(x: int) -> int:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return x

    def fails(x: int) -> int:
        raise LookupError(x)

    def both(fails: int, waits: int) -> int:
        return fails + waits

    with pytest.raises(LookupError):
        run(dag(fails, waits, both, writes=["both"]), {"x": 1})
    assert seen == ["cancelled"]


def test_cancelling_the_run_cancels_its_nodes() -> None:
    """From outside, in the middle."""
    seen = []

    async def one(x: int) -> int:
        return await sleeps("one")

    async def two(x: int) -> int:
        return await sleeps("two")

    async def sleeps(name: str) -> int:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append(name)
        return 0

    def both(one: int, two: int) -> int:
        return one + two

    async def cancelled(action_run: Callable[[], Awaitable[object]]) -> None:
        task = asyncio.ensure_future(action_run())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    from stateflow._drive.nodes import run_nodes

    action = dag(one, two, both, writes=["both"])
    plan_run = action.call(State(), {"x": 1})
    asyncio.run(cancelled(functools.partial(run_nodes, plan_run)))
    assert sorted(seen) == ["one", "two"]


def test_a_timed_out_step_starts_no_further_node() -> None:
    """As in a sync DAG."""

    async def slow(x: int) -> int:
        scope = current_scope.get()
        assert scope is not None
        scope.stopped = True
        return x

    def never(slow: int) -> int:
        raise AssertionError

    with pytest.raises(TimeoutError, match="no further node"):
        run(dag(slow, never, writes=["never"]), {"x": 1})


def test_a_wrapped_async_function_is_found() -> None:
    """A decorator that keeps ``__wrapped__`` does not hide that the node is async."""

    def logged(function: Callable[..., Awaitable[int]]) -> Callable[..., Awaitable[int]]:
        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> Awaitable[int]:
            return function(*args, **kwargs)

        return wrapper

    @logged
    async def hidden(x: int) -> int:
        return x + 1

    action = dag(hidden, writes=["hidden"])
    assert action.is_async
    assert run(action, {"x": 1}).result == {"hidden": 2}
