"""LangGraph's faults, by their number: the same program on stateflow behaves; on LangGraph it shows the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stateflow import ActionError, ApplicationBuilder, GraphError, InputError, State, action, default, when

from tests.driving import Driver

Shows = Callable[[str, str, str], None]


@action(reads=["prompt"], writes=["reply"])
def answer(state: State) -> State:
    return state.update(reply="yes")


@action(reads=["prompt"], writes=["reply"])
def slip(state: State) -> State:
    return state.update(reply="yes", repyl="a slip of the pen")


def chat(body: Any) -> ApplicationBuilder:
    return ApplicationBuilder().with_actions(answer=body).with_state(prompt="hello").with_entrypoint("answer")


def test_1_an_undeclared_write_is_refused(driver: Driver, rival_shows: Shows) -> None:
    app = chat(slip).build()
    with pytest.raises(ActionError, match=r"wrote 'repyl', which is not in writes \['reply'\]; did you mean 'reply'"):
        driver.run(app)
    assert app.state.get_all() == {"prompt": "hello"}
    rival_shows("langgraph_01_undeclared", "undeclared_write", "no error, state {'prompt': 'hello', 'reply': 'yes'}")


def test_1_an_action_that_nothing_leads_to_is_found_at_build(rival_shows: Shows) -> None:
    with pytest.raises(GraphError, match="nobody_calls"):
        chat(answer).with_actions(nobody_calls=answer).build()
    rival_shows("langgraph_01_undeclared", "orphan_node", "compiled, True")


def test_1_an_unknown_input_is_refused(driver: Driver, rival_shows: Shows) -> None:
    app = chat(answer).build()
    with pytest.raises(InputError, match="promtp"):
        driver.run(app, inputs={"promtp": "lost"})
    assert app.sequence_id is None
    rival_shows("langgraph_01_undeclared", "unknown_input", "no error, state {'prompt': 'hello', 'reply': 'yes'}")


def test_6_the_picture_has_the_arrows_of_the_graph(rival_shows: Shows) -> None:
    """Conditions are values that know what they lead to, so no type hint is needed to draw them."""

    @action(writes=["reply"])
    def node(state: State) -> State:
        return state.update(reply="yes")

    app = (
        ApplicationBuilder()
        .with_actions(check=node, answer=node, refuse=node, archive=node)
        .with_transitions(
            ("check", "answer", when(safe=True)), ("check", "refuse", default), (["answer", "refuse"], "archive")
        )
        .with_state(safe=True)
        .with_entrypoint("check")
        .build()
    )
    arrows: Any = app.lineage().graph.out_edges("action/check", data="kind")
    assert sorted(target for _, target, kind in arrows if kind == "transition") == ["action/answer", "action/refuse"]
    rival_shows("langgraph_06_drawing", "arrows", "check leads to __end__")
