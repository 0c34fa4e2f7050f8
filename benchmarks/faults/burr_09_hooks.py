"""Burr 9: the hook after a call never learns of its exception; a nested application wipes the parent's context."""

from __future__ import annotations

from typing import Any

from burr.core import ApplicationBuilder, ApplicationContext, State, action
from burr.lifecycle import PostApplicationExecuteCallHook


class Witness(PostApplicationExecuteCallHook):
    """Keeps the exceptions that it is told of."""

    def __init__(self) -> None:
        self.told: list[Exception | None] = []

    def post_run_execute_call(self, *, exception: Exception | None, **_: Any) -> None:
        self.told.append(exception)


@action(reads=[], writes=["done"])
def fail(state: State) -> State:
    raise ConnectionError("no answer")


@action(reads=[], writes=["done"])
def inner(state: State) -> State:
    return state.update(done=True)


def application(body: Any, *hooks: Any) -> Any:
    return (
        ApplicationBuilder()
        .with_actions(work=body)
        .with_transitions()
        .with_entrypoint("work")
        .with_identifiers(app_id="parent")
        .with_hooks(*hooks)
        .build()
    )


def exception_of_a_run() -> str:
    """Let a run fail, and ask the hook."""
    witness = Witness()
    try:
        application(fail, witness).run(halt_after=["work"])
    except ConnectionError:
        return f"the hook was told {witness.told}"
    return "no exception"


def context_after_a_nested_run() -> str:
    """Run another application inside a body, and look at the context before and after."""
    seen = []

    @action(reads=[], writes=["done"])
    def nest(state: State) -> State:
        seen.append(ApplicationContext.get())
        application(inner).run(halt_after=["work"])
        seen.append(ApplicationContext.get())
        return state.update(done=True)

    application(nest).run(halt_after=["work"])
    before, after = seen
    return f"before {before.app_id}, after {after}"
