"""Strict mode: a value that a body only read, and changed in place, is found."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from stateflow import ApplicationBuilder, State, StateMutatedError, action, streaming_action
from stateflow.codec import Codec
from stateflow.strict import Strict, strict_by_default

from tests.driving import Driver


def alone(driver: Driver, body: Any, *, decorate: Any = action, **state: Any) -> Any:
    """An application of one action that reads everything it is given and writes ``out``."""
    given = decorate(reads=[*state], writes=["out", *state])(driver.body(body))
    builder = ApplicationBuilder().with_actions(work=given).with_transitions(("work", "work")).with_entrypoint("work")
    return driver.build(builder.with_state(out=None, **state))


def test_a_change_in_place_is_found(driver: Driver) -> None:
    """The error names action and key, says what to do, and nothing is committed."""

    def body(state: State) -> State:
        state["deep"]["list"].append(1)
        return state.update(out=1)

    app = alone(driver, body, deep={"list": []})
    with pytest.raises(StateMutatedError, match="action 'work' changed the value of 'deep' in place") as caught:
        driver.step(app)
    assert "copy it and write it: state.update(deep=...)" in str(caught.value)
    assert (app.state["out"], app.sequence_id) == (None, None)


def test_a_change_in_place_of_what_is_appended_to_is_found(driver: Driver) -> None:
    """Appending does not excuse a change of the old list."""

    def body(state: State) -> State:
        state["items"].insert(0, "sneaked in")
        return state.append(items=1)

    with pytest.raises(StateMutatedError, match="changed the value of 'items'"):
        driver.step(alone(driver, body, items=[0]))


def test_a_stream_is_held_against_it_too(driver: Driver) -> None:
    """Streaming bodies are checked when they end."""

    def body(state: State) -> Any:
        yield "item"
        state["items"].append(1)
        yield {}, state

    with pytest.raises(StateMutatedError, match="changed the value of 'items'"):
        driver.run(alone(driver, body, decorate=streaming_action, items=[0]), max_steps=1)


def test_what_is_written_anew_may_differ(driver: Driver) -> None:
    """Writing a changed copy, or replacing and deleting a key, is what one should do."""

    def body(state: State) -> State:
        return state.update(items=[*state["items"], 1]).wipe(delete=["gone"])

    app = alone(driver, body, items=[0], gone=[1])
    assert driver.step(app).state["items"] == [0, 1]


def test_reads_that_are_arguments_are_checked(driver: Driver) -> None:
    """A signature's reads are reads like any other."""

    @action(writes=["out"])
    @driver.body
    def work(items: list[int]) -> int:
        items.append(1)
        return len(items)

    app = driver.build(ApplicationBuilder().with_actions(work).with_entrypoint("work").with_state(items=[0]))
    with pytest.raises(StateMutatedError, match="'items'"):
        driver.step(app)


class Opaque:
    """A value that no codec knows."""


def test_what_cannot_be_encoded_is_named_once(driver: Driver, caplog: pytest.LogCaptureFixture) -> None:
    """A warning in the log names the key, one time; the value is not checked."""
    with caplog.at_level(logging.WARNING, logger="stateflow"):
        driver.run(alone(driver, lambda state: state.update(out=1), thing=Opaque(), other=1), max_steps=3)
    (said,) = caplog.messages
    assert said.startswith("strict mode does not check state key 'thing': ")


def test_a_value_that_became_unknown_has_changed() -> None:
    """An object put into a list in place is found, though the codec cannot encode it."""
    strict, items = Strict(Codec()), [1]
    before = strict.fingerprints(["items", "absent"], {"items": items})
    items.append(Opaque())  # type: ignore[arg-type]
    with pytest.raises(StateMutatedError, match="'items'"):
        strict.check("work", before, {"items": items}, ())
    strict.check("work", before, {"items": items}, {"items"})


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    """STATEFLOW_STRICT wins over pytest and notebooks."""
    monkeypatch.setenv("STATEFLOW_STRICT", value)
    assert strict_by_default() is expected


def test_it_is_off_when_asked(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without strict mode a change in place is not looked for."""
    monkeypatch.setenv("STATEFLOW_STRICT", "0")

    def body(state: State) -> State:
        state["items"].append(1)
        return state.update(out=1)

    assert driver.step(alone(driver, body, items=[])).state["out"] == 1


def test_unasked_it_is_on_in_tests_and_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under pytest and in ipykernel it is on; in a plain program off."""
    assert strict_by_default()
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert not strict_by_default()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert strict_by_default()


def test_a_plain_program_is_not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own, without pytest, does not pay for it."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    program = "from stateflow.strict import strict_by_default; print(strict_by_default())"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
