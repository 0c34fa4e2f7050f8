"""Drafts and feedback: a loop that waits for a person, each time in a new process."""

from __future__ import annotations

from pathlib import Path

from stateflow import ApplicationBuilder, State, action, default, expr, open_store

from tests.driving import Driver


@action(writes=["task", "drafts", "feedback"])
def receive(state: State, task: str) -> State:
    return state.update(task=task, drafts=[], feedback=[])


@action(reads=["task", "drafts", "feedback"], writes=["drafts"])
def draft(state: State) -> State:
    number = len(state["drafts"]) + 1
    return state.append(drafts=f"draft {number} of {state['task']} after {state['feedback']}")


@action(reads=["drafts"], writes=["feedback"])
def review(state: State, comment: str) -> State:
    return state.append(feedback=comment)


@action(reads=["drafts"], writes=["final"])
def publish(state: State) -> State:
    return state.update(final=state["drafts"][-1])


def application(url: str) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(receive, draft, review, publish)
        .with_transitions(
            ("receive", "draft"),
            ("draft", "review"),
            ("review", "publish", expr("feedback[-1] == 'good' or len(drafts) >= 5")),
            ("review", "draft", default),
        )
        .with_halts(halt_before=["review"], halt_after=["publish"])
        .with_entrypoint("receive")
        .with_identifiers("letter", partition_key="anna")
        .with_store(url)
    )


def test_it_waits_for_feedback_over_restarts(driver: Driver, tmp_path: Path) -> None:
    """Every call has its own application and store; between them only the file remains."""
    url = f"sqlite:///{tmp_path / 'letters.db'}"
    with driver.build(application(url)) as app:
        made = driver.run(app, inputs={"task": "a letter"})
        assert (made.action.name, made.halted, made.state["drafts"]) == (
            "review",
            "paused",
            ["draft 1 of a letter after []"],
        )
    for number, comment in enumerate(("shorter", "warmer"), start=2):
        with driver.build(application(url)) as app:
            assert app.get_next_action().name == "review"
            made = driver.run(app, inputs={"comment": comment})
            assert (made.halted, len(made.state["drafts"])) == ("paused", number)
    with driver.build(application(url)) as app:
        made = driver.run(app, inputs={"comment": "good"})
        assert (made.action.name, made.halted) == ("publish", "halted")
        assert made.state["final"] == "draft 3 of a letter after ['shorter', 'warmer']"
    store = open_store(url)
    (summary,) = store.runs(partition_key="anna").items
    assert (summary.address.app_id, summary.action, summary.status) == ("letter", "publish", "halted")
    store.close()
