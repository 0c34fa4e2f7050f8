"""A counter with ``expr``, and one whose state has a type."""

from __future__ import annotations

import dataclasses
from typing import Any, TypedDict

import pytest

from stateflow import ActionError, ApplicationBuilder, InputError, State, action, default, expr

from tests.driving import Driver


@action(reads=["count"], writes=["count"])
def increment(state: State, by: int = 1) -> tuple[dict[str, Any], State]:
    count = state["count"] + by
    return {"count": count}, state.update(count=count)


@action(reads=["count"], writes=["result"])
def finish(state: State) -> State:
    return state.update(result=f"counted to {state['count']}")


def counter() -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(increment, finish)
        .with_transitions(
            ("increment", "increment", expr("count < limit and count % 100 != 42")), ("increment", "finish", default)
        )
        .with_entrypoint("increment")
    )


@pytest.mark.parametrize(("limit", "by", "end"), [(10, 1, 10), (10, 4, 12), (1000, 1, 42)])
def test_it_counts_to_its_limit(driver: Driver, limit: int, by: int, end: int) -> None:
    """The expression decides when the loop ends."""
    app = driver.build(counter().with_state(count=0, limit=limit))
    made = driver.run(app, halt_after=["finish"], inputs={"by": by})
    assert made.state["result"] == f"counted to {end}"


def test_it_is_iterated(driver: Driver) -> None:
    """Each step can be looked at."""
    app = driver.build(counter().with_state(count=0, limit=3))
    assert [step.action.name for step in driver.iterate(app)] == ["increment"] * 3 + ["finish"]


# -- typed state ------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Tally:
    count: int = 0
    limit: int = 3
    result: str | None = None


class Shape(TypedDict, total=False):
    count: int
    limit: int
    result: str


def model() -> Any:
    pydantic = pytest.importorskip("pydantic")
    return pydantic.create_model("Count", count=(int, 0), limit=(int, 3), result=(str | None, None))


@pytest.mark.parametrize("kind", ["pydantic", "dataclass", "TypedDict"])
def test_its_state_has_a_type(driver: Driver, kind: str) -> None:
    """Defaults are initial values, what is written is coerced, ``app.state.data`` is an instance."""
    pytest.importorskip("pydantic")
    typed: Any = model() if kind == "pydantic" else {"dataclass": Tally, "TypedDict": Shape}[kind]
    builder = counter().with_typing(typed)
    if kind == "TypedDict":
        builder.with_state(count=0, limit=3)
    app = driver.build(builder)
    app.update_state(app.state.update(limit="5"))
    made = driver.run(app)
    assert (made.state["limit"], made.state["result"]) == (5, "counted to 5")
    data = made.state.data
    assert (data["count"] if kind == "TypedDict" else data.count) == 5


def test_a_value_that_does_not_fit_is_refused(driver: Driver) -> None:
    """Neither a step nor an edit can write it, and what is missing is named."""
    pydantic = pytest.importorskip("pydantic")
    typed = pydantic.create_model("Count", count=(int, 0), limit=(int, ...), result=(str | None, None))
    wrong = [True]

    @action(reads=["count"], writes=["count"])
    def count(state: State) -> State:
        return state.update(count="many" if wrong else 1)

    builder = ApplicationBuilder().with_actions(count).with_entrypoint("count").with_typing(typed)
    app = driver.build(builder)
    with pytest.raises(ActionError, match=r"(?s)action 'count' wrote a value that does not fit Count.*count"):
        driver.run(app)
    with pytest.raises(ActionError, match="update_state wrote"):
        app.update_state(app.state.update(count="many"))
    assert (app.state["count"], app.sequence_id) == (0, None)
    wrong.clear()
    assert driver.run(app).state["count"] == 1
    with pytest.raises(InputError, match=r"no value yet for \['limit'\]"):
        assert app.state.data
