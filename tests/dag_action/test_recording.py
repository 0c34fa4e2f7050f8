"""What is recorded of the nodes of a DAG: by a plan, and by a driver that a body calls itself."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from hamilton import async_driver, driver

from stateflow.context import NodeRun, Scope, current_scope
from stateflow.dag_action import HamiltonRecorder, dag
from stateflow.state import Declared

from tests.dag_action.modules import asynchronous, chain, defaults, failing, marked
from tests.dag_action.running import Heard, run, scoped


def test_each_node_is_recorded() -> None:
    """With its value, its times and where each of its arguments came from."""
    action = dag(chain, writes=["text"], config={"offset": 2}, reads={"number": "count"})
    ran = run(action, {"count": 1})
    assert list(ran.nodes) == ["doubled", "plus", "text"]
    assert [(node.value, node.status) for node in ran.nodes.values()] == [(2, "done"), (4, "done"), ("= 4", "done")]
    assert ran.nodes["doubled"].origins == {"number": "read/count"}
    assert ran.nodes["plus"].origins == {"doubled": "node/doubled", "offset": "config/offset"}
    assert all(node.duration >= 0 and node.started > 0 for node in ran.nodes.values())
    assert {node.name: node.version for node in action.dataflow().nodes} == {
        name: node.version for name, node in ran.nodes.items()
    }


def test_open_names_are_recorded_as_what_they_became() -> None:
    """A read in one application, a resource in another."""
    action = dag(chain, writes=["plus"])
    ran = run(action, {"number": 1}, resources={"offset": 5})
    assert ran.nodes["doubled"].origins == {"number": "read/number"}
    assert ran.nodes["plus"].origins == {"doubled": "node/doubled", "offset": "resource/offset"}
    assert run(action, {"number": 1, "offset": 5}).nodes["plus"].origins["offset"] == "read/offset"


def test_a_missing_optional_is_recorded_as_a_default() -> None:
    """The argument was left out."""
    action = dag(defaults, writes=["greeting"], inputs=["mark"])
    assert run(action, {"name": "A"}).nodes["greeting"].origins == {
        "name": "read/name",
        "salutation": "default/salutation",
        "mark": "default/mark",
    }
    assert run(action, {"name": "A"}, {"mark": "."}).nodes["greeting"].origins["mark"] == "input/mark"


def test_the_context_has_an_origin() -> None:
    """Like every argument."""
    ran = run(dag(marked, writes=["placed"]), {"question": "Why"}, {"tone": "?"})
    assert ran.nodes["placed"].origins["context"] == "context/context"


def test_hooks_hear_of_nodes_in_order() -> None:
    """Before and after each, with its arguments."""
    ran = run(dag(chain, writes=["plus"]), {"number": 1, "offset": 1})
    assert isinstance(ran.scope.listener, Heard)
    assert ran.scope.listener.told == [
        "doubled starts with number",
        "doubled done",
        "plus starts with doubled, offset",
        "plus done",
    ]


def test_a_failing_node_is_recorded_too() -> None:
    """With its error; nodes after it never start."""
    action = dag(failing, writes=["sum_of"])
    scope = scoped(action, {"number": 1}, {})
    with pytest.raises(failing.OddError) as caught:
        run(action, {"number": 1}, scope=scope)
    assert [(node.name, node.status) for node in scope.nodes or []] == [("second", "done"), ("first", "failed")]
    assert (scope.nodes or [])[-1].error is caught.value


def test_nobody_watching_costs_no_records() -> None:
    """Then there are none."""
    assert run(dag(chain, writes=["text"]), {"number": 1, "offset": 1}, watched=False).scope.nodes is None


@pytest.mark.parametrize("watched", [True, False])
def test_a_timed_out_step_runs_no_further_node(watched: bool) -> None:
    """The node that runs cannot be stopped, but the next one does not start."""
    seen = []

    def slow(x: int) -> int:
        seen.append("slow")
        scope.stopped = True
        return x

    def never(slow: int) -> int:
        seen.append("never")
        return slow

    action = dag(slow, never, writes=["never"])
    scope = scoped(action, {"x": 1}, {}, watched=watched)
    with pytest.raises(TimeoutError, match="no further node"):
        run(action, {"x": 1}, scope=scope)
    assert seen == ["slow"]


# -- drivers of the user's own --------------------------------------------------------------------------


def in_scope(work: Any, *, watched: bool = True) -> list[NodeRun]:
    """Return the nodes that were recorded while ``work`` ran in a step of some action."""
    scope = Scope(Declared("body"), {}, None, watched=watched)

    def inside() -> None:
        current_scope.set(scope)
        work()

    contextvars.copy_context().run(inside)
    return scope.nodes or []


def test_a_driver_with_the_recorder_is_recorded_in_the_step_that_calls_it() -> None:
    """What only the body knows of its inputs stays open."""
    built = driver.Builder().with_modules(chain).with_config({"offset": 1}).with_adapters(HamiltonRecorder()).build()
    nodes = in_scope(lambda: built.execute(["text"], inputs={"number": 1}))
    assert [(node.name, node.value, node.status) for node in nodes] == [
        ("doubled", 2, "done"),
        ("plus", 3, "done"),
        ("text", "= 3", "done"),
    ]
    assert nodes[0].origins == {"number": "open/number"}
    assert nodes[1].origins == {"doubled": "node/doubled", "offset": "config/offset"}
    assert nodes[0].version == dag(chain, writes=["doubled"]).dataflow().nodes[0].version


def test_outside_a_run_the_recorder_does_nothing() -> None:
    """Nor where nobody watches."""
    built = driver.Builder().with_modules(chain).with_adapters(HamiltonRecorder()).build()
    assert built.execute(["doubled"], inputs={"number": 1}) == {"doubled": 2}
    assert in_scope(lambda: built.execute(["doubled"], inputs={"number": 1}), watched=False) == []


def test_the_recorder_records_failures() -> None:
    """And lets the error through."""
    built = driver.Builder().with_modules(failing).with_adapters(HamiltonRecorder()).build()

    def work() -> None:
        with pytest.raises(failing.OddError):
            built.execute(["first"], inputs={"number": 1})

    (node,) = in_scope(work)
    assert (node.name, node.status, type(node.error)) == ("first", "failed", failing.OddError)


def builder() -> Any:
    """Return a builder of async drivers, whose annotations are those of sync ones."""
    return async_driver.Builder()


def test_the_recorder_records_an_async_driver() -> None:
    """A node is recorded when its task is done, with its value, not its task."""

    async def work() -> None:
        built = await builder().with_modules(asynchronous).with_adapters(HamiltonRecorder()).build()
        assert await built.execute(["page"], inputs={"url": "u"}) == {"page": "<u> 1"}

    nodes = {node.name: node for node in in_scope(lambda: asyncio.run(work()))}
    assert {name: node.value for name, node in nodes.items()} == {"fetched": "<u>", "counted": 1, "page": "<u> 1"}
    assert nodes["page"].origins == {"fetched": "node/fetched", "counted": "node/counted"}


def test_the_recorder_records_failures_of_an_async_driver() -> None:
    """The node that failed, and not those that wait for it in vain."""

    async def fails(url: str) -> str:
        raise LookupError(url)

    async def work() -> None:
        built = await builder().with_modules(made.driver.graph_modules[0]).with_adapters(HamiltonRecorder()).build()
        with pytest.raises(LookupError):
            await built.execute(["behind"], inputs={"url": "u"})

    def behind(fails: str) -> str:
        return fails

    made = dag(fails, behind, writes=["behind"])
    nodes = in_scope(lambda: asyncio.run(work()))
    assert [(node.name, node.status) for node in nodes] == [("fails", "failed")]


def test_recorders_travel_to_other_processes_empty() -> None:
    """Nodes that run there cannot be recorded, but they run."""
    from stateflow.dag_action.recording import NodeHooks

    recorder = HamiltonRecorder()
    make, given = recorder.__reduce__()
    assert type(make(*given)) is type(recorder)
    scope = Scope(Declared("body"), {}, None, watched=True)
    make, given = NodeHooks(scope, lambda node, arguments: ({}, "")).__reduce__()
    arrived = make(*given)
    assert arrived.scope is None
    node = dag(chain, writes=["doubled"]).driver.graph.nodes["doubled"]
    arrived.pre_node_execute(run_id="r", node_=node, kwargs={})
    arrived.post_node_execute(run_id="r", node_=node, kwargs={}, success=True, error=None, result=1)
    assert arrived.describe(node, {}) == ({}, "")
    assert scope.nodes is None
