"""DAGs that stream: items come as they are made; nodes behind them see them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from stateflow._drive.nodes import stream_nodes
from stateflow.dag_action import dag
from stateflow.state import State

from tests.dag_action.modules import streaming
from tests.dag_action.running import run, scoped

WORDS = ["Q: ", "a ", "b "]


@pytest.mark.parametrize("watched", [True, False])
def test_items_come_raw_and_the_state_gets_them_collected(watched: bool) -> None:
    """Strings are joined; the nodes behind get what their annotations say."""
    action = dag(streaming, writes=["reply", "shouted", "listed"], appends={"log": "tokens"}, stream="tokens")
    assert action.findings() == []
    assert (action.is_streaming, action.is_async) == (True, False)
    ran = run(action, {"question": "a b"}, watched=watched)
    assert ran.items == WORDS
    assert ran.result == {"reply": "Q: a b", "shouted": ["Q: ", "A ", "B "], "listed": 3, "log": "Q: a b "}


def test_items_that_are_no_strings_are_collected_in_a_list() -> None:
    """Also where there are none."""
    action = dag(streaming, writes=["total", "collected", "numbers"], stream="numbers")
    assert run(action, {"question": "abc"}).result == {"total": 3, "collected": [0, 1, 2], "numbers": [0, 1, 2]}
    assert run(action, {"question": ""}).result == {"total": 0, "collected": [], "numbers": []}


@pytest.mark.parametrize("is_async", [False, True])
def test_a_stream_of_text_without_items_is_an_empty_string(is_async: bool) -> None:
    """A model that says nothing does not change the type of a state key."""

    def words(prompt: str) -> Iterator[str]:
        yield from prompt.split()

    async def awords(prompt: str) -> AsyncIterator[str]:
        for word in prompt.split():
            yield word

    def reply(words: str) -> str:
        return words.strip()

    def areply(awords: str) -> str:
        return awords.strip()

    node, behind = (awords, areply) if is_async else (words, reply)
    action = dag(node, behind, writes={"raw": node.__name__, "reply": behind.__name__}, stream=node.__name__)
    assert run(action, {"prompt": ""}).result == {"raw": "", "reply": ""}


def test_items_come_while_the_node_still_runs() -> None:
    """Nodes before it have run at once, those behind it have not."""
    order: list[str] = []

    def prompt(question: str) -> str:
        order.append("prompt")
        return question

    def tokens(prompt: str) -> Iterator[str]:
        for letter in prompt:
            order.append(f"make {letter}")
            yield letter

    def behind(tokens: str) -> str:
        order.append("behind")
        return tokens

    items = dag(prompt, tokens, behind, writes=["behind"], stream="tokens").call(State(), {"question": "xy"})
    assert order == ["prompt"]
    assert next(items) == ("x", None)
    assert order == ["prompt", "make x"]
    *_, (values, state) = items
    assert (values, state) == ({"behind": "xy"}, State())
    assert order == ["prompt", "make x", "make y", "behind"]


def test_the_stream_node_is_recorded_with_what_was_collected() -> None:
    """Like every node, and in its place."""
    ran = run(dag(streaming, writes=["reply"], stream="tokens"), {"question": "a b"})
    assert list(ran.nodes) == ["prompt", "tokens", "reply"]
    assert ran.nodes["tokens"].value == "Q: a b "
    assert ran.nodes["tokens"].origins == {"prompt": "node/prompt"}


def test_leaving_early_closes_the_nodes_iterator() -> None:
    """At once, and the node is recorded as failed."""
    seen = []

    def tokens(question: str) -> Iterator[str]:
        try:
            yield from question
        finally:
            seen.append("closed")

    action = dag(tokens, writes=["tokens"], stream="tokens")
    scope = scoped(action, {"question": "abc"}, {})
    from stateflow.context import current_scope

    token = current_scope.set(scope)
    try:
        items = action.call(State(), {"question": "abc"})
        assert next(items) == ("a", None)
        items.close()
    finally:
        current_scope.reset(token)
    assert seen == ["closed"]
    assert [node.status for node in scope.nodes or []] == ["failed"]


def test_an_exception_in_the_middle_passes_through() -> None:
    """After the items that came before it."""

    def tokens(question: str) -> Iterator[str]:
        yield question
        raise LookupError(question)

    items = dag(tokens, writes=["tokens"], stream="tokens").call(State(), {"question": "a"})
    assert next(items) == ("a", None)
    with pytest.raises(LookupError):
        next(items)


def test_a_node_may_return_any_iterator() -> None:
    """Not just a generator; one without ``close`` too."""

    def tokens(question: str) -> Iterator[str]:
        return iter(question)

    assert dag(tokens, writes=["tokens"], stream="tokens")(State(question="ab"))[0] == {"tokens": "ab"}


def test_two_consumers_see_all_items() -> None:
    """One iterator for both would be empty for the second."""

    def tokens(question: str) -> Iterator[str]:
        yield from question

    def first(tokens: Iterator[str]) -> list[str]:
        return list(tokens)

    def second(tokens: Iterator[str]) -> list[str]:
        return list(tokens)

    action = dag(tokens, first, second, writes=["first", "second"], stream="tokens")
    assert run(action, {"question": "ab"}).result == {"first": ["a", "b"], "second": ["a", "b"]}


# -- async --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("watched", [True, False])
def test_an_async_iterator_streams_too(watched: bool) -> None:
    """Consumers that iterate over it again get an async iterator over what is there."""
    action = dag(streaming, writes=["slow_reply", "replayed"], stream="slow_tokens")
    assert action.findings() == []
    assert (action.is_async, action.is_streaming, action.is_node_plan) == (True, True, True)
    ran = run(action, {"question": "a b"}, watched=watched)
    assert ran.items == ["Q:", "a", "b"]
    assert ran.result == {"slow_reply": "Q:ab", "replayed": ["Q:", "a", "b"]}


def test_a_sync_stream_between_async_nodes() -> None:
    """Any async node makes the whole async."""

    async def fetched(question: str) -> str:
        await asyncio.sleep(0)
        return question

    def tokens(fetched: str) -> Iterator[str]:
        yield from fetched

    async def stored(tokens: list[str]) -> int:
        await asyncio.sleep(0)
        return len(tokens)

    ran = run(dag(fetched, tokens, stored, writes=["stored"], stream="tokens"), {"question": "abc"})
    assert (ran.items, ran.result) == (["a", "b", "c"], {"stored": 3})


def test_a_coroutine_that_returns_an_async_iterator() -> None:
    """As clients do that open a connection first."""

    async def _items(text: str) -> AsyncIterator[str]:
        for letter in text:
            yield letter

    async def tokens(question: str) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        return _items(question)

    ran = run(dag(tokens, writes=["tokens"], stream="tokens"), {"question": "ab"})
    assert (ran.items, ran.result) == (["a", "b"], {"tokens": "ab"})


def test_leaving_an_async_stream_closes_the_nodes_iterator() -> None:
    """Before the consumer goes on."""
    seen = []

    async def tokens(question: str) -> AsyncIterator[str]:
        try:
            for letter in question:
                yield letter
        finally:
            await asyncio.sleep(0)
            seen.append("closed")

    async def leave() -> None:
        state = State()
        items = stream_nodes(dag(tokens, writes=["tokens"], stream="tokens").call(state, {"question": "abc"}), state)
        assert await anext(items) == ("a", None)
        await items.aclose()
        assert seen == ["closed"]

    asyncio.run(leave())


def test_a_timed_out_async_stream_does_not_begin() -> None:
    """The nodes before it took too long."""
    from stateflow.context import current_scope

    async def prompt(question: str) -> str:
        scope = current_scope.get()
        assert scope is not None
        scope.stopped = True
        return question

    async def tokens(prompt: str) -> AsyncIterator[str]:
        yield prompt

    with pytest.raises(TimeoutError):
        run(dag(prompt, tokens, writes=["tokens"], stream="tokens"), {"question": "a"})
