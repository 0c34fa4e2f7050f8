"""A loop of thinking and calling tools, bounded by ``visits``, that survives tools that fail."""

from __future__ import annotations

from typing import Any

import pytest

from stateflow import ApplicationBuilder, Retry, State, StepContext, action, default, expr, on_error, visits

from tests.driving import Driver


class Weather:
    """A tool that times out for one place, and is unreachable at first for another."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, place: str) -> str:
        self.calls.append(place)
        if place == "atlantis":
            raise TimeoutError("no answer")
        if place == "oslo" and self.calls.count("oslo") == 1:
            raise ConnectionError("try again")
        return f"{place} is sunny"


@action(reads=["places", "notes"], writes=["call", "answer"])
def think(state: State) -> State:
    done = len(state["notes"])
    if done < len(state["places"]):
        return state.update(call=state["places"][done], answer=None)
    return state.update(call=None, answer="; ".join(state["notes"]))


@action(reads=["call"], writes=["notes"], retry=Retry(attempts=2, on=(ConnectionError,)))
def use_tool(state: State, weather: Weather) -> State:
    return state.append(notes=weather(state["call"]))


@action(reads=["call"], writes=["notes"])
def excuse(state: State, context: StepContext) -> State:
    return state.append(notes=f"{state['call']}: {context.error}")


@action(reads=["notes"], writes=["answer"])
def give_up(state: State) -> State:
    return state.update(answer=f"I only know {state['notes']}")


def agent(weather: Weather, *places: str) -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(think, use_tool, excuse, give_up)
        .with_transitions(
            ("think", "give_up", visits("think", ge=4) & expr("call != None")),
            ("think", "use_tool", expr("call != None")),
            ("use_tool", "excuse", on_error(TimeoutError)),
            ("use_tool", "think", default),
            ("excuse", "think"),
        )
        .with_resources(weather=weather)
        .with_state(places=list(places), notes=[])
        .with_entrypoint("think")
    )


@pytest.mark.parametrize(
    ("places", "answer", "end"),
    [
        (("rome",), "rome is sunny", "think"),
        (("oslo", "rome"), "oslo is sunny; rome is sunny", "think"),
        (("atlantis", "rome"), "atlantis: no answer; rome is sunny", "think"),
        (("a", "b", "c", "d", "e"), "I only know ['a is sunny', 'b is sunny', 'c is sunny']", "give_up"),
    ],
)
def test_it_uses_tools_until_it_knows(driver: Driver, places: tuple[str, ...], answer: str, end: str) -> None:
    """A retry hides one fault, a handler another, and the fourth visit ends the loop."""
    weather = Weather()
    made: Any = driver.run(driver.build(agent(weather, *places)))
    assert (made.state["answer"], made.action.name, made.halted) == (answer, end, "finished")
    assert weather.calls.count("oslo") == (2 if "oslo" in places else 0)
