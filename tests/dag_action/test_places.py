"""An error that a node raises says, in a note, which node of which action it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hamilton import async_driver
from hamilton.lifecycle import NodeExecutionHook
from hamilton.lifecycle.base import BasePostNodeExecuteAsync

from stateflow import ApplicationBuilder, Retry
from stateflow.dag_action import DagAction, dag
from stateflow.state import State

from tests.dag_action.modules import parallel
from tests.dag_action.running import run, scoped


class Noting(NodeExecutionHook):  # type: ignore[misc]  # Hamilton ships no types
    """A tracker of the user's, for which the driver itself has to run."""

    def run_before_node_execution(self, **future_kwargs: Any) -> None: ...
    def run_after_node_execution(self, **future_kwargs: Any) -> None: ...


class NotingAsync(BasePostNodeExecuteAsync):  # type: ignore[misc]  # Hamilton ships no types
    """The same for an async driver."""

    async def post_node_execute(self, **rest: Any):  # type: ignore[no-untyped-def]
        pass


def base_price(amount: int) -> int:
    return amount


def price(base_price: int) -> int:
    return 1 // base_price


def rounded(price: int) -> int:
    return price


async def asked(amount: int) -> int:
    await asyncio.sleep(0)
    return 1 // amount


async def other(amount: int) -> int:
    await asyncio.sleep(0)
    return amount


def both(asked: int, other: int) -> int:
    return asked + other


def items(amount: int) -> Iterator[int]:
    yield 1
    yield 1 // amount


async def slow_items(amount: int) -> AsyncIterator[int]:
    yield 1
    yield 1 // amount


def summed(items: list[int]) -> int:
    return sum(items)


def slow_sum(slow_items: list[int]) -> int:
    return sum(slow_items)


def told(items: list[int], late: int) -> int:
    return 1 // late


SYNC = (base_price, price, rounded)
ACTIONS: dict[str, tuple[DagAction, str]] = {
    "the loop": (dag(*SYNC, writes=["rounded"], name="quote"), "price"),
    "the scheduler": (dag(asked, other, both, writes=["both"], name="quote"), "asked"),
    "a lone async node": (dag(asked, writes=["asked"], name="quote"), "asked"),
    "the driver": (dag(*SYNC, writes=["rounded"], name="quote", adapters=[Noting()]), "price"),
    "a stream": (dag(items, summed, writes=["summed"], stream="items", name="quote"), "items"),
    "an async stream": (
        dag(slow_items, slow_sum, writes=["slow_sum"], stream="slow_items", name="quote"),
        "slow_items",
    ),
    "behind a stream": (
        dag(items, told, writes=["told"], stream="items", name="quote", reads={"amount": "one", "late": "amount"}),
        "told",
    ),
}


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "unwatched"])
@pytest.mark.parametrize("case", ACTIONS)
def test_an_error_names_its_node(case: str, watched: bool) -> None:
    """Whatever runs the node, and whether or not it is recorded; once, and the error is the one that was raised."""
    action, node = ACTIONS[case]
    with pytest.raises(ZeroDivisionError) as raised:
        run(action, {"amount": 0, "one": 1}, watched=watched)
    assert raised.value.__notes__ == [f"in node {node!r} of action 'quote'"]


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "unwatched"])
def test_an_error_in_an_async_driver_names_its_node(watched: bool) -> None:
    """And not those that wait for it."""
    builder: Any = async_driver.Builder()
    modules = dag(asked, other, both, writes=["both"]).driver.graph_modules
    built = asyncio.run(builder.with_modules(*modules).with_adapters(NotingAsync()).build())
    action = dag(driver=built, writes=["both"], name="quote")
    assert not action.is_node_plan
    with pytest.raises(ZeroDivisionError) as raised:
        run(action, {"amount": 0}, watched=watched)
    assert raised.value.__notes__ == ["in node 'asked' of action 'quote'"]


def test_a_step_adds_where_it_was() -> None:
    """The note of the node comes first, under the name that the application gives to the action."""
    action = dag(*SYNC, writes=["rounded"])
    assert action.needs()
    builder = ApplicationBuilder().with_actions(quote=action).with_entrypoint("quote").with_state(amount=0)
    with pytest.raises(ZeroDivisionError) as raised:
        builder.with_identifiers(app_id="run").build().run()
    assert raised.value.__notes__ == ["in node 'price' of action 'quote'", "in action 'quote', step 0, run run"]


def test_an_error_that_is_raised_again_is_noted_once() -> None:
    """A node may keep its error, and a step may be tried again."""
    error = ValueError("the same")

    def broken(amount: int) -> int:
        raise error

    action = dag(broken, writes=["broken"], retry=Retry(attempts=3))
    builder = ApplicationBuilder().with_actions(action).with_entrypoint("broken").with_state(amount=0)
    with pytest.raises(ValueError, match="the same"):
        builder.build().run()
    assert [note for note in error.__notes__ if "node" in note] == ["in node 'broken' of action 'broken'"]


@pytest.mark.parametrize("adapters", [[], [Noting()]], ids=["plan", "driver"])
def test_a_direct_call_says_it_too(adapters: list[Any]) -> None:
    """A unit test sees the same note as a run."""
    with pytest.raises(ZeroDivisionError) as raised:
        dag(*SYNC, writes=["rounded"], name="quote", adapters=adapters)(State(amount=0))
    assert raised.value.__notes__ == ["in node 'price' of action 'quote'"]


def test_an_error_in_a_worker_of_the_driver_names_its_node() -> None:
    """Blocks of Parallelizable run in threads."""

    def squared(item: int) -> int:
        return 1 // item

    action = dag(parallel.item, squared, parallel.squares, writes=["squares"], name="quote")
    with pytest.raises(ZeroDivisionError) as raised:
        run(action, {"count": 1})
    assert raised.value.__notes__ == ["in node 'squared' of action 'quote'"]


def test_what_is_no_fault_of_a_node_is_not_noted() -> None:
    """A step that is out of time stops between its nodes."""
    action = dag(*SYNC, writes=["rounded"])
    scope = scoped(action, {"amount": 1}, {}, watched=False)
    scope.stopped = True
    with pytest.raises(TimeoutError) as raised:
        run(action, {"amount": 1}, scope=scope)
    assert not hasattr(raised.value, "__notes__")
