"""Burr 6: ``halt_after`` evaluates the conditions behind the halt, and conditions are evaluated over and over."""

from __future__ import annotations

from burr.core import ApplicationBuilder, Condition, State, action, when


@action(reads=[], writes=["prompt"])
def ask(state: State) -> State:
    return state.update(prompt="hello")


@action(reads=["count"], writes=["count"])
def increment(state: State) -> State:
    return state.update(count=state["count"] + 1)


def missing_key_behind_a_halt() -> str:
    """Halt after an action whose outgoing condition reads a key that comes later."""
    app = (
        ApplicationBuilder()
        .with_actions(ask, increment)
        .with_transitions(("ask", "increment", when(feedback="go on")))
        .with_entrypoint("ask")
        .build()
    )
    try:
        app.run(halt_after=["ask"])
    except Exception as error:  # noqa: BLE001  whatever it raises is the observation
        return f"{type(error).__name__} at the halt"
    return "halted"


def evaluations() -> str:
    """Count the evaluations of the only condition in ten steps."""
    evaluated = []

    def below(state: State) -> bool:
        evaluated.append(state["count"])
        return bool(state["count"] < 10)

    app = (
        ApplicationBuilder()
        .with_actions(increment)
        .with_transitions(("increment", "increment", Condition(["count"], below)))
        .with_state(count=0)
        .with_entrypoint("increment")
        .build()
    )
    for _ in app.iterate(halt_after=[]):
        pass
    return f"{len(evaluated)} evaluations in {app.state['count']} steps"
