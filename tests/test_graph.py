"""Graphs: actions and ordered transitions, built once and used anywhere; every fault of theirs is one finding."""

from __future__ import annotations

from typing import Any

import pytest

from stateflow import (
    ApplicationBuilder,
    Condition,
    Graph,
    GraphBuilder,
    GraphError,
    State,
    Transition,
    action,
    default,
    expr,
    on_error,
    visits,
    when,
)

from tests.driving import Driver


@action(writes=["seen"])
def ask(state: State) -> State:
    return state.append(seen="ask")


@action(writes=["seen"])
def answer(state: State) -> State:
    return state.append(seen="answer")


@action(writes=["seen"])
def stop(state: State) -> State:
    return state.append(seen="stop")


@action(writes=["seen"])
def fails(state: State) -> State:
    raise ValueError("no")


def arrows(graph: Graph, source: str) -> list[str]:
    """The targets of an action, in the order in which they are tried."""
    return [arrow.target for arrow in graph.outgoing(source)]


def findings(builder: GraphBuilder) -> list[str]:
    """What a build says."""
    with pytest.raises(GraphError) as caught:
        builder.build()
    return list(caught.value.findings)


def three() -> GraphBuilder:
    """Three actions without a transition."""
    return GraphBuilder().with_actions(ask, answer, stop)


# -- what is built ---------------------------------------------------------------------------------------------


def test_a_graph_keeps_actions_and_transitions_in_order() -> None:
    """Transitions of a source are tried as they were given."""
    graph = three().with_transitions(("ask", "stop", when(done=True)), ("ask", "answer"), ("answer", "ask")).build()
    assert list(graph.actions) == ["ask", "answer", "stop"]
    assert arrows(graph, "ask") == ["stop", "answer"]
    assert [(arrow.source, arrow.order) for arrow in graph.transitions] == [("ask", 0), ("ask", 1), ("answer", 0)]
    assert repr(graph) == "<Graph of 3 actions, 3 transitions>"


def test_an_action_gets_the_name_of_its_keyword() -> None:
    """The same action may stand in a graph twice under two names, also one named like a parameter."""
    graph = GraphBuilder().with_actions(ask, again=ask, self=ask).build()
    assert [(name, given.name) for name, given in graph.actions.items()] == [
        ("ask", "ask"),
        ("again", "again"),
        ("self", "self"),
    ]
    assert ask.name == "ask"


def test_a_source_may_be_a_list_or_an_action() -> None:
    """Lists, tuples and actions themselves stand for names."""
    graph = (
        three()
        .with_transitions((["ask", answer], "stop", when(done=True)), (("ask", "answer"), "ask"), (stop, ask))
        .build()
    )
    assert [arrows(graph, name) for name in graph.actions] == [["stop", "ask"], ["stop", "ask"], ["ask"]]


def test_without_a_condition_an_arrow_is_the_default() -> None:
    """A pair is always taken."""
    (arrow,) = three().with_transitions(("ask", "answer")).build().transitions
    assert arrow == Transition("ask", "answer", default, 0)
    assert not arrow.handles_errors


def test_handlers_are_apart_from_what_follows_success() -> None:
    """An on_error arrow is no outgoing transition, and may stand after the default."""
    graph = three().with_transitions(("ask", "answer"), ("ask", "stop", on_error(ValueError))).build()
    assert arrows(graph, "ask") == ["answer"]
    assert [arrow.target for arrow in graph.handlers("ask")] == ["stop"]
    assert graph.reachable("ask") == {"ask", "answer", "stop"}


def test_reachable_follows_loops() -> None:
    """Every action that some path leads to, the first itself included."""
    graph = three().with_transitions(("ask", "answer"), ("answer", "ask")).build()
    assert (graph.reachable("ask"), graph.reachable("stop")) == ({"ask", "answer"}, {"stop"})


def test_a_builder_builds_many_graphs() -> None:
    """What is added after a build does not change what was built."""
    builder = three().with_transitions(("ask", "answer"))
    first = builder.build()
    second = builder.with_transitions(("answer", "stop")).build()
    assert (len(first.transitions), len(second.transitions)) == (1, 2)


def test_a_graph_is_used_in_many_applications(driver: Driver) -> None:
    """Applications over one graph run apart from each other."""
    graph = three().with_transitions(("ask", "answer"), ("answer", "stop")).build()
    builder = ApplicationBuilder().with_graph(graph).with_entrypoint("ask")
    one, two = driver.build(builder), driver.build(builder)
    driver.run(one, halt_after=["answer"])
    assert (one.state["seen"], dict(two.state)) == (["ask", "answer"], {})
    assert driver.run(two).halted == "finished"


def test_graphs_are_put_together() -> None:
    """Graphs bring their actions and transitions; what joins them is added."""
    talk = GraphBuilder().with_actions(ask, answer).with_transitions(("ask", "answer")).build()
    end = GraphBuilder().with_actions(stop).build()
    graph = GraphBuilder().with_graphs(talk, end).with_transitions(("answer", "stop")).build()
    assert list(graph.actions) == ["ask", "answer", "stop"]
    app = ApplicationBuilder().with_graphs(talk, end).with_transitions(("answer", "stop")).with_entrypoint("ask")
    assert app.build().run().state["seen"] == ["ask", "answer", "stop"]


def test_graphs_that_share_a_name_are_a_finding() -> None:
    """Nothing is silently replaced when graphs are put together."""
    talk = GraphBuilder().with_actions(ask).build()
    other = GraphBuilder().with_actions(ask=stop).build()
    assert findings(GraphBuilder().with_graphs(talk, other)) == [
        "two actions are named 'ask'; give one another name: with_actions(other_name=...)"
    ]


def test_only_graphs_are_put_together() -> None:
    """A builder in place of its graph, or anything else, is refused at once."""
    wrong: Any = three()
    with pytest.raises(
        GraphError, match=r"with_graph takes a Graph, not GraphBuilder; build it first: builder.build\(\)"
    ):
        GraphBuilder().with_graph(wrong)
    with pytest.raises(GraphError, match=r"with_graph takes a Graph, not NoneType$"):
        ApplicationBuilder().with_graphs(None)  # type: ignore[arg-type]


# -- "*" -------------------------------------------------------------------------------------------------------


def test_every_action_but_the_target() -> None:
    """A wildcard stands for every action except its target."""
    graph = three().with_transitions(("*", "stop", when(done=True)), ("ask", "answer", when(more=True))).build()
    assert [arrows(graph, name) for name in graph.actions] == [["answer", "stop"], ["stop"], []]


def test_wildcards_come_after_own_transitions() -> None:
    """Own transitions are tried first, wherever the wildcard was given."""
    given = (("*", "stop", expr("n > 3")), ("ask", "answer", expr("n > 1")), ("ask", "ask", expr("n > 2")))
    graph = three().with_transitions(*given).build()
    assert arrows(graph, "ask") == ["answer", "ask", "stop"]
    assert [arrow.order for arrow in graph.outgoing("ask")] == [0, 1, 2]


def test_a_wildcard_passes_over_actions_with_a_default() -> None:
    """An own default is always taken, so the wildcard is not drawn behind it; others fall back on it."""
    graph = three().with_transitions(("ask", "answer"), ("*", "stop"), ("*", "ask", when(more=True))).build()
    assert [arrows(graph, name) for name in graph.actions] == [["answer"], ["stop"], ["ask"]]


def test_a_wildcard_behind_defaults_everywhere_is_a_finding() -> None:
    """An arrow that could never be taken is named."""
    builder = GraphBuilder().with_actions(ask, stop).with_transitions(("ask", "ask"), ("*", "stop", when(done=True)))
    assert findings(builder) == [
        "transition '*' -> 'stop' is never taken: every other action has a default that is tried first"
    ]


def test_a_wildcard_handles_errors_of_every_other_action(driver: Driver) -> None:
    """Defaults do not stand in the way of a handler; a failing handler does not handle itself."""
    builder = (
        ApplicationBuilder()
        .with_actions(ask, fails, rescue=fails)
        .with_transitions(("ask", "fails"), ("*", "rescue", on_error(ValueError)))
        .with_entrypoint("ask")
    )
    app = driver.build(builder)
    with pytest.raises(ValueError, match="no"):
        driver.run(app)
    assert (app.sequence_id, app.graph.handlers("rescue")) == (1, ())


# -- findings ----------------------------------------------------------------------------------------------------


def test_unknown_actions_name_the_nearest() -> None:
    """Sources and targets that do not exist are each one finding."""
    builder = three().with_transitions(("aks", "answer"), ("ask", "anser"), (["ask", "stp"], "stop"), ("x" * 9, "*"))
    assert findings(builder) == [
        "transition 'aks' -> 'answer': there is no action 'aks'; did you mean 'ask'?",
        "transition 'ask' -> 'anser': there is no action 'anser'; did you mean 'answer'?",
        "transition 'ask' -> 'stop': there is no action 'stp'; did you mean 'stop'?",
        "transition 'xxxxxxxxx' -> '*': there is no action 'xxxxxxxxx'; valid are ['answer', 'ask', 'stop']",
        "transition 'xxxxxxxxx' -> '*': there is no action '*'; valid are ['answer', 'ask', 'stop']",
    ]


def test_two_actions_of_one_name() -> None:
    """The second one is refused, with the way to rename it."""
    (said,) = findings(GraphBuilder().with_actions(ask, ask))
    assert said == "two actions are named 'ask'; give one another name: with_actions(other_name=...)"


def test_a_transition_after_the_default() -> None:
    """What stands behind an arrow that is always taken is named, with both arrows."""
    builder = three().with_transitions(("ask", "answer"), ("ask", "stop", when(done=True)), ("ask", "ask"))
    assert findings(builder) == [
        "transition 'ask' -> 'stop' stands after 'ask' -> 'answer', which is always taken; put the default last",
        "transition 'ask' -> 'ask' stands after 'ask' -> 'answer', which is always taken; put the default last",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "ask",
        ("ask",),
        ("ask", "answer", default, 4),
        ["ask", "answer"],
        ("ask", ["answer", "stop"]),
        (3, "answer"),
        ([], "answer"),
        ([["ask"]], "answer"),
        ("ask", None),
        None,
    ],
)
def test_a_transition_is_a_tuple_of_names(spec: Any) -> None:
    """Anything else is a finding that shows the form, and never a TypeError."""
    assert findings(three().with_transitions(spec)) == [
        f"transition {spec!r} must be (source, target) or (source, target, condition)"
    ]


@pytest.mark.parametrize("condition", [True, "done", lambda state: True, None])
def test_a_condition_is_a_condition(condition: Any) -> None:
    """A bool, a string or a function is no condition; the ways to make one are named."""
    (said,) = findings(three().with_transitions(("ask", "answer", condition)))
    assert said.startswith("transition ('ask', 'answer'): ")
    assert said.endswith("is not a condition; use when, expr or Condition.of")


def test_visits_of_an_unknown_action() -> None:
    """An action that a condition counts exists."""
    builder = three().with_transitions(("ask", "answer", visits("anser", ge=3)))
    assert findings(builder) == ["visits('anser'): there is no action 'anser'; did you mean 'answer'?"]


def test_what_is_no_action_says_what_to_do() -> None:
    """A plain function, a class in place of an instance, and anything else, each with its remedy."""
    from stateflow import Action

    class Search(Action):
        pass

    def plain(state: State) -> State:
        return state

    builder = GraphBuilder().with_actions(plain, Search, 3, ask=plain, find=Search, sum=sum)
    assert findings(builder) == [
        "'plain' is a plain function; decorate it: @action(reads=[...], writes=[...])",
        "Search is a class; give an instance: Search=Search()",
        "3 is not an action",
        "'ask' is a plain function; decorate it: @action(reads=[...], writes=[...])",
        "Search is a class; give an instance: find=Search()",
        "'sum' is a plain function; decorate it: @action(reads=[...], writes=[...])",
    ]


def test_a_plain_function_in_a_transition_is_named() -> None:
    """A function stands for its name, which must be that of an action."""

    def anser(state: State) -> State:
        return state

    loose: Any = (ask, anser)
    assert findings(three().with_transitions(loose)) == [
        "transition 'ask' -> 'anser': there is no action 'anser'; did you mean 'answer'?"
    ]


@pytest.mark.parametrize("name", ["*", "@tag:x", "@", ""])
def test_reserved_names(name: str) -> None:
    """Names with a meaning in transitions and halts are refused."""
    (said,) = findings(GraphBuilder().with_actions(**{name: ask}))
    assert said == f"{name!r} cannot name an action; '*' and '@' have a meaning in transitions and halts"


def test_all_findings_come_at_once() -> None:
    """One error numbers the faults of actions, transitions and conditions."""

    @action(reads="prompt")
    def mistyped(state: State) -> State:
        return state

    builder = GraphBuilder().with_actions(ask, ask, mistyped)
    short: Any = ("ask",)
    builder.with_transitions(("ask", "nowhere"), short, ("ask", "mistyped", Condition.of(bool, reads=["n"])))
    with pytest.raises(GraphError) as caught:
        builder.build()
    assert len(caught.value.findings) == 4
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[1][:5], len(lines)) == ("4 faults were found:", "  1. ", 5)


def test_a_graph_shows_itself_in_a_notebook() -> None:
    """Its lineage is what a notebook displays."""
    graph = three().with_transitions(("ask", "answer")).build()
    assert "ask" in graph._repr_html_()
