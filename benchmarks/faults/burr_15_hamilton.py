"""Burr 15: what its Hamilton action does not do, or does silently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from burr.core import ApplicationBuilder
from burr.integrations.hamilton import Hamilton, append_state, from_state, update_state
from burr.lifecycle import PostEndSpanHook, PostRunStepHook
from hamilton import driver
from hamilton.ad_hoc_utils import create_temporary_module


class Witness(PostEndSpanHook, PostRunStepHook):
    """Counts what it is told of."""

    def __init__(self) -> None:
        self.spans, self.steps = 0, 0

    def post_end_span(self, **_: Any) -> None:
        self.spans += 1

    def post_run_step(self, **_: Any) -> None:
        self.steps += 1


def doubled(number: int) -> int:
    return number * 2


def greeting(name: str = "world") -> str:
    return f"hello {name}"


def first() -> str:
    return "first"


def second() -> str:
    return "second"


async def fetched() -> str:
    return "fetched"


def tokens() -> Iterator[str]:
    yield from ("a", "b")


def built(*functions: Callable[..., Any]) -> driver.Driver:
    return driver.Builder().with_modules(create_temporary_module(*functions)).build()


def application(work: Any, **state: Any) -> Any:
    return (
        ApplicationBuilder()
        .with_actions(work=work)
        .with_transitions()
        .with_state(**state)
        .with_entrypoint("work")
        .build()
    )


def attempt(run: Callable[[], Any]) -> str:
    try:
        return repr(run())
    except Exception as error:  # noqa: BLE001  whatever it raises is the observation
        return type(error).__name__


def run_time_input() -> str:
    """Give the input of a DAG when the run is called."""
    app = application(Hamilton(inputs={}, outputs={"doubled": update_state("result")}, driver=built(doubled)))
    return attempt(lambda: app.run(halt_after=["work"], inputs={"number": 2})[2]["result"])


def async_node() -> str:
    """Run a DAG that has an async node with an async verb."""
    app = application(Hamilton(inputs={}, outputs={"fetched": update_state("page")}, driver=built(fetched)))
    page = asyncio.run(app.arun(halt_after=["work"]))[2]["page"]
    kind = type(page).__name__
    page.close()
    return f"the state holds a {kind}"


def streaming_node() -> str:
    """Stream a DAG whose node yields tokens."""
    app = application(Hamilton(inputs={}, outputs={"tokens": update_state("reply")}, driver=built(tokens)))
    _, container = app.stream_result(halt_after=["work"])
    streamed = list(container)
    return f"streamed {len(streamed)} items, the state holds a {type(app.state['reply']).__name__}"


def node_spans() -> str:
    """Count the spans that a step over a DAG of two nodes reports."""
    witness = Witness()
    work = Hamilton(
        inputs={}, outputs={"first": update_state("a"), "second": update_state("b")}, driver=built(first, second)
    )
    (
        ApplicationBuilder()
        .with_actions(work=work)
        .with_transitions()
        .with_entrypoint("work")
        .with_hooks(witness)
        .build()
        .run(halt_after=["work"])
    )
    return f"{witness.steps} step, {witness.spans} spans"


def unknown_node() -> str:
    """Ask for a node that does not exist, and say when that is noticed."""
    try:
        app = application(Hamilton(inputs={}, outputs={"frist": update_state("a")}, driver=built(first)))
    except Exception as error:  # noqa: BLE001  whatever it raises is the observation
        return f"{type(error).__name__} at build"
    return f"built; {attempt(lambda: app.run(halt_after=['work']))} when it runs"


def dropped_default() -> str:
    """Leave out, by ``missing="drop"``, a key whose node has a default."""
    work = Hamilton(
        inputs={"name": from_state("name", missing="drop")},
        outputs={"greeting": update_state("greeting")},
        driver=built(greeting),
    )
    return attempt(lambda: application(work).run(halt_after=["work"])[2]["greeting"])


def two_to_one_key() -> str:
    """Write two nodes to one key."""
    work = Hamilton(
        inputs={}, outputs={"first": update_state("a"), "second": update_state("a")}, driver=built(first, second)
    )
    return attempt(lambda: application(work).run(halt_after=["work"])[2]["a"])


def picture() -> str:
    """Draw the application, and look for the DAG's nodes."""
    work = Hamilton(
        inputs={"number": from_state("number")}, outputs={"doubled": append_state("results")}, driver=built(doubled)
    )
    drawn = application(work, number=1).visualize(include_state=True)
    return f"node 'doubled' in the picture: {'doubled' in drawn.source}"
