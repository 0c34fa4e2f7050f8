"""The smallest application: one action that counts, and a condition that stops it."""

from __future__ import annotations

from stateflow import Application, ApplicationBuilder, State, action, default, expr


@action(reads=["counter"], writes=["counter"])
def count(state: State) -> State:
    """Add one."""
    return state.update(counter=state["counter"] + 1)


@action(reads=["counter"], writes=["message"])
def finish(state: State) -> tuple[dict[str, str], State]:
    """Say how far it went."""
    message = f"counted to {state['counter']}"
    return {"message": message}, state.update(message=message)


def build(limit: int = 10) -> Application:
    """Return an application that counts to ``limit``."""
    return (
        ApplicationBuilder()
        .with_actions(count, finish)
        .with_transitions(
            ("count", "count", expr(f"counter < {limit}")),
            ("count", "finish", default),
        )
        .with_state(counter=0)
        .with_entrypoint("count")
        .build()
    )


if __name__ == "__main__":
    action_, result, state = build().run()
    print(result, state["counter"])
