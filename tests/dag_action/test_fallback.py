"""Where a plan cannot stand in for Hamilton's driver, the driver runs, with the same records."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from hamilton import async_driver, base, driver
from hamilton.lifecycle import NodeExecutionHook, NodeExecutionMethod
from hamilton.lifecycle.base import BasePostNodeExecuteAsync

from stateflow.context import current_scope
from stateflow.dag_action import dag
from stateflow.state import State

from tests.dag_action.modules import asynchronous, chain, failing, parallel, streaming
from tests.dag_action.running import run, scoped


class Doubling(NodeExecutionMethod):  # type: ignore[misc]  # Hamilton ships no types
    """Runs nodes in a way of its own."""

    def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **future_kwargs: Any) -> Any:
        value = node_callable(**node_kwargs)
        return value * 2 if isinstance(value, int) else value


class Noting(NodeExecutionHook):  # type: ignore[misc]  # Hamilton ships no types
    """A tracker of the user's."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def run_before_node_execution(self, *, node_name: str, **future_kwargs: Any) -> None:
        self.seen.append(f"before {node_name}")

    def run_after_node_execution(self, *, node_name: str, **future_kwargs: Any) -> None:
        self.seen.append(f"after {node_name}")


def test_an_adapter_that_replaces_execution_is_obeyed() -> None:
    """And its values are what is recorded."""
    ran = run(dag(chain, writes=["plus"], adapters=[Doubling()]), {"number": 1, "offset": 1})
    assert ran.result == {"plus": 10}
    assert {name: node.value for name, node in ran.nodes.items()} == {"doubled": 4, "plus": 10}
    assert ran.nodes["plus"].origins == {"doubled": "node/doubled", "offset": "read/offset"}
    assert ran.nodes["plus"].version


def test_trackers_of_the_users_hear_every_node() -> None:
    """Their hooks work as they do on a driver."""
    noting = Noting()
    assert dag(chain, writes=["plus"], adapters=[noting])(State(number=1, offset=1))[0] == {"plus": 3}
    assert noting.seen == ["before doubled", "after doubled", "before plus", "after plus"]


def test_overrides_bound_values_and_optional_inputs() -> None:
    """Are given as in a plan."""
    action = dag(chain, writes=["text"], adapters=[Noting()], overrides={"doubled": "twice"}, bind={"offset": 1})
    assert run(action, {"twice": 2.5}).result == {"text": "= 3.5"}

    def shown(x: float, y: int = 3) -> str:
        return f"{x} {y}"

    action = dag(shown, writes=["shown"], adapters=[Noting()], inputs=["y"])
    assert run(action, {"x": 1}).result == {"shown": "1 3"}
    assert run(action, {"x": 1}, {"y": 4}).result == {"shown": "1 4"}


def test_a_given_driver_takes_what_a_plan_takes() -> None:
    """Its own check would refuse an int for a float."""

    def half(x: float) -> float:
        return x / 2

    built = driver.Builder().with_modules(*dag(half, writes=["half"]).driver.graph_modules).with_adapters(Noting())
    assert dag(driver=built.build(), writes=["half"])(State(x=1))[0] == {"half": 0.5}


def test_an_executor_of_the_users_is_used() -> None:
    """Also where no node needs it."""
    built = driver.Builder().enable_dynamic_execution(allow_experimental_mode=True).with_modules(chain).build()
    action = dag(driver=built, writes=["plus"])
    assert run(action, {"number": 1, "offset": 1}).result == {"plus": 3}
    assert "executor TaskBasedGraphExecutor" in str(action._built().fallback)


def test_a_result_builder_has_no_say() -> None:
    """The values go to the state as they are, also where one adapter executes and builds."""
    built = driver.Builder().with_modules(chain).with_adapters(base.SimplePythonDataFrameGraphAdapter()).build()
    assert dag(driver=built, writes=["plus"])(State(number=1, offset=1))[0] == {"plus": 3}


def test_a_cache_skips_what_it_knows(tmp_path: Path) -> None:
    """Given by path, options or just True."""
    calls = []

    def costly(x: int) -> int:
        calls.append(x)
        return x + 1

    action = dag(costly, writes=["costly"], cache=str(tmp_path))
    assert run(action, {"x": 1}).result == run(action, {"x": 1}).result == {"costly": 2}
    again = dag(costly, writes=["costly"], cache={"path": str(tmp_path)})
    assert run(again, {"x": 1}).result == {"costly": 2}
    assert calls == [1]


def test_cache_true_takes_hamiltons_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working directory."""
    monkeypatch.chdir(tmp_path)
    assert dag(chain, writes=["doubled"], cache=True)(State(number=1))[0] == {"doubled": 2}
    assert (tmp_path / ".hamilton_cache").is_dir()


def test_parallelizable_nodes_run() -> None:
    """In worker threads, where they are recorded in the step all the same."""
    ran = run(dag(parallel, writes=["squares"]), {"count": 4})
    assert ran.result == {"squares": [0, 1, 4, 9]}
    names = [node.name for node in ran.scope.nodes or []]
    assert (names.count("item"), names.count("squared"), names.count("squares")) == (1, 4, 1)


def test_threads_take_turns_at_a_dynamic_driver() -> None:
    """Its executor keeps the state of a run."""
    action = dag(parallel, writes=["squares"])
    action.findings()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(action(State(count=5))[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"squares": [0, 1, 4, 9, 16]}] * 4


def test_exceptions_pass_unchanged_and_without_a_banner(caplog: pytest.LogCaptureFixture) -> None:
    """Hamilton's traceback would say it twice."""
    action = dag(failing, writes=["first"], adapters=[Noting()])
    scope = scoped(action, {"number": 1}, {})
    with pytest.raises(failing.OddError, match="1 is odd"):
        run(action, {"number": 1}, scope=scope)
    assert [(node.name, node.status) for node in scope.nodes or []] == [("first", "failed")]
    assert not caplog.records
    logging.getLogger("hamilton.driver").error("still there")
    assert len(caplog.records) == 1


def test_a_timed_out_step_starts_no_further_node() -> None:
    """As in a plan."""

    def slow(x: int) -> int:
        scope.stopped = True
        return x

    def never(slow: int) -> int:
        raise AssertionError

    action = dag(slow, never, writes=["never"], adapters=[Noting()])
    scope = scoped(action, {"x": 1}, {})
    with pytest.raises(TimeoutError, match="no further node"):
        run(action, {"x": 1}, scope=scope)


def test_an_unwatched_fallback_records_nothing() -> None:
    """Nodes still see the step they run in."""
    seen = []

    def looks(x: int) -> int:
        seen.append(current_scope.get())
        return x

    ran = run(dag(looks, writes=["looks"], adapters=[Noting()]), {"x": 1}, watched=False)
    assert ran.scope.nodes is None
    assert seen == [ran.scope]


def test_a_timed_out_step_starts_no_node_of_an_async_driver() -> None:
    """As in every other DAG."""
    builder: Any = async_driver.Builder()
    built = asyncio.run(builder.with_modules(asynchronous).with_adapters(NotingAsync()).build())
    action = dag(driver=built, writes=["page"])
    scope = scoped(action, {"url": "u"}, {})
    scope.stopped = True
    with pytest.raises(TimeoutError):
        run(action, {"url": "u"}, scope=scope)


def test_what_falls_back_cannot_stream() -> None:
    """Which is said before anything runs, with the adapter's name."""
    (finding,) = dag(streaming, writes=["reply"], stream="tokens", adapters=[Noting()]).findings()
    assert "stream: the adapter Noting cannot stream" in finding
    (finding,) = dag(parallel, writes=["squares"], stream="item").findings()[:1]
    assert "item" in finding


# -- async drivers ------------------------------------------------------------------------------------


class NotingAsync(BasePostNodeExecuteAsync):  # type: ignore[misc]  # Hamilton ships no types
    """An async tracker of the user's."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def post_node_execute(self, *, node_: Any, **rest: Any):  # type: ignore[no-untyped-def]
        self.seen.append(node_.name)


def test_a_plain_async_driver_is_planned() -> None:
    """Its own adapter only does what the scheduler does better."""
    builder: Any = async_driver.Builder()
    built = asyncio.run(builder.with_modules(asynchronous).build())
    action = dag(driver=built, writes=["page"])
    assert action.findings() == []
    assert action.is_node_plan
    assert run(action, {"url": "u"}).result == {"page": "<u> 1"}


def test_an_async_driver_with_hooks_runs_itself() -> None:
    """Its hooks are called, and its nodes recorded."""
    noting = NotingAsync()
    builder: Any = async_driver.Builder()
    built = asyncio.run(builder.with_modules(asynchronous).with_adapters(noting).build())
    action = dag(driver=built, writes=["page"])
    assert action.findings() == []
    assert (action.is_async, action.is_node_plan) == (True, False)
    ran = run(action, {"url": "u"})
    assert ran.result == {"page": "<u> 1"}
    assert run(action, {"url": "u"}, watched=False).scope.nodes is None
    del noting.seen[3:]
    assert sorted(noting.seen) == sorted(ran.nodes) == ["counted", "fetched", "page"]
    assert ran.nodes["page"].value == "<u> 1"
