"""From passages to a reply with citations, extractive or from a model, whole or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from stateflow_dags.rag import answer
from stateflow_dags.rag.model import Citation, Passage

from tests.dags.plain import execute, variables
from tests.openai_server import Failure, OpenAIServer

DOCUMENT = (
    "shutil.copytree(src, dst)\n    Recursively copy a directory tree.\n\n"
    "shutil.rmtree(path)\n    Recursively delete a directory tree.\n"
)
CUT = DOCUMENT.index("shutil.rmtree")
PASSAGES = [
    Passage("shutil", "shutil.rmtree", DOCUMENT[CUT:].strip(), CUT, len(DOCUMENT) - 1, 1),
    Passage("shutil", "shutil.copytree", DOCUMENT[:CUT].strip(), 0, CUT - 2, 0),
]
OUTPUTS = ["llm_reply", "citations", "user_turn", "assistant_turn"]
QUESTION = "How do I delete a directory tree?"


def reply(config: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    """What the module gives for the question, with these inputs in place of the usual."""
    usual = {"question": QUESTION, "chat_history": [], "passages": PASSAGES}
    return execute([answer], OUTPUTS, config, **(usual | inputs))


def test_the_extractive_reply_quotes_and_cites() -> None:
    """Without a key or a network the best sentence is the answer, at its exact place."""
    found = reply({})
    assert found["llm_reply"] == ("`shutil.rmtree(path)`: Recursively delete a directory tree. [1]")
    (citation,) = found["citations"]
    assert citation == Citation(
        number=1,
        source="shutil",
        title="shutil.rmtree",
        start=CUT,
        end=len(DOCUMENT) - 1,
        quote="shutil.rmtree(path)\n    Recursively delete a directory tree.",
    )
    assert DOCUMENT[citation.start : citation.end] == citation.quote
    assert found["user_turn"] == {"role": "user", "content": QUESTION}
    assert found["assistant_turn"] == {"role": "assistant", "content": found["llm_reply"]}


def test_words_from_inside_a_definition_begin_with_its_name() -> None:
    """They may not say it themselves; the citation is of the words alone."""
    text = "cache.lru(size)\n    Decorator.\n\n    Arguments of the cached function must be hashable."
    passages = [Passage("cache", "cache.lru", text, 0, len(text), 0)]
    found = reply({}, question="What must arguments of a cached function be?", passages=passages)
    assert found["llm_reply"] == "`cache.lru`: Arguments of the cached function must be hashable. [1]"
    assert found["citations"][0].quote == "Arguments of the cached function must be hashable."


def test_the_extractive_reply_knows_the_conversation() -> None:
    """A follow-up is answered for what it refers to."""
    history = [
        {"role": "user", "content": "How do I copy a directory tree?"},
        {"role": "assistant", "content": "Use shutil.copytree. [1]"},
    ]
    found = reply({}, question="And how do I delete it?", chat_history=history)
    assert "rmtree" in found["llm_reply"].splitlines()[0]


def test_no_passages_give_a_reply_that_says_so() -> None:
    """Nothing is cited and nothing is made up."""
    found = reply({}, passages=[])
    assert found["llm_reply"] == "I found nothing about this in the documents."
    assert found["citations"] == []


def test_only_the_first_top_k_passages_are_used() -> None:
    """`top_k` bounds what the reply may rest on, and may exceed what there is."""
    assert "rmtree" not in reply({}, passages=PASSAGES[::-1], top_k=1)["llm_reply"]
    assert reply({}, top_k=99)["llm_reply"] == reply({})["llm_reply"]
    with pytest.raises(ValueError, match="top_k is 0"):
        reply({}, top_k=0)


def test_the_model_gets_instructions_memory_passages_and_question(
    client: openai.OpenAI,
    server: OpenAIServer,
) -> None:
    """The prompt is one request with the whole conversation in order."""
    history = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello", "at": "noon"},
        {"role": "tool", "content": "left out"},
    ]
    inputs = {"client": client, "model": "m", "temperature": 0.7, "chat_history": history}
    server.reply = lambda messages: "Use rmtree [1]."
    found = reply({"llm": "openai"}, **inputs)
    assert found["llm_reply"] == "Use rmtree [1]."
    (body,) = server.asked()
    assert (body["model"], body["temperature"]) == ("m", 0.7)
    assert "stream" not in body
    system, first, second, last = body["messages"]
    assert system["role"] == "system"
    assert (first, second) == (history[0], {"role": "assistant", "content": "Hello"})
    assert "[1] shutil.rmtree (shutil)\nshutil.rmtree(path)" in last["content"]
    assert "[2] shutil.copytree" in last["content"]
    assert last["content"].endswith(f"Question: {QUESTION}")


@pytest.mark.parametrize(("turns", "kept"), [(0, 0), (1, 1), (2, 2), (6, 4), (100, 4)])
def test_the_memory_is_bounded(turns: int, kept: int) -> None:
    """The last turns are remembered; the question itself is not counted among them."""
    history = [{"role": role, "content": str(n)} for n in range(2) for role in ("user", "assistant")]
    history.append({"role": "user", "content": QUESTION})
    messages = answer.prompt(QUESTION, history, [], memory_turns=turns)
    assert messages[1:-1] == history[:-1][len(history) - 1 - kept :]


def test_prompts_that_make_no_sense_are_refused() -> None:
    """An empty question and a negative memory are named."""
    with pytest.raises(ValueError, match="the question is empty"):
        answer.prompt(" ", [], [])
    with pytest.raises(ValueError, match="memory_turns is -1"):
        answer.prompt("q", [], [], memory_turns=-1)


def test_streaming_gives_tokens_that_join_to_the_reply(
    client: openai.OpenAI,
    server: OpenAIServer,
) -> None:
    """One streamed request; `llm_reply` and everything behind it see the whole text."""
    server.reply = lambda messages: "Use rmtree [1].\nNot copytree [2]."
    config = {"llm": "openai", "stream": True}
    found = reply(config, client=client, model="m")
    assert found["llm_reply"] == "Use rmtree [1].\nNot copytree [2]."
    assert [citation.number for citation in found["citations"]] == [1, 2]
    assert [body["stream"] for body in server.asked()] == [True]


def test_tokens_arrive_while_the_model_writes(client: openai.OpenAI, server: OpenAIServer) -> None:
    """The stream node is an iterator, not a list."""
    server.reply = lambda messages: "one two three"
    tokens = answer.llm_tokens__openai(answer.prompt("q", [], []), client, "m")
    assert isinstance(tokens, Iterator)
    assert server.requests == []
    assert list(tokens) == ["one", " two", " three"]


def test_the_extractive_reply_streams_too() -> None:
    """The same text, word by word."""
    usual = {"question": QUESTION, "chat_history": [], "passages": PASSAGES}
    tokens = list(execute([answer], ["llm_tokens"], {"stream": True}, **usual)["llm_tokens"])
    assert len(tokens) > 3
    assert "".join(tokens) == reply({})["llm_reply"] == reply({"stream": True})["llm_reply"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_clients_errors_pass_through(
    client: openai.OpenAI,
    server: OpenAIServer,
    stream: bool,
) -> None:
    """A status and a timeout are the client's own exceptions, for retries and handlers to see."""
    config = {"llm": "openai", "stream": stream}
    server.fail(Failure(status=500), Failure(status=429))
    with pytest.raises(openai.InternalServerError):
        reply(config, client=client, model="m")
    with pytest.raises(openai.RateLimitError):
        reply(config, client=client, model="m")
    server.delay = 5.0
    with pytest.raises(openai.APITimeoutError):
        reply(config, client=client.with_options(timeout=0.2), model="m")


def test_a_broken_stream_is_an_error_not_a_short_reply(
    client: openai.OpenAI,
    server: OpenAIServer,
) -> None:
    """What was cut off does not pass for a reply."""
    server.reply = lambda messages: "one two three four"
    server.fail(Failure(after_pieces=3))
    with pytest.raises(Exception, match=r"(?i)peer closed|incomplete|connection"):
        reply({"llm": "openai", "stream": True}, client=client, model="m")


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("Delete with rmtree [1].", [1]),
        ("Both [2][1], again [1].", [1, 2]),
        ("Both [1, 2].", [1, 2]),
        ("None.", []),
        ("Wrong [0] [3] [99999].", []),
        ("Code a[1] is no citation.", []),
        ("[1]", [1]),
    ],
)
def test_citations_are_the_numbers_in_the_reply(said: str, numbers: list[int]) -> None:
    """Each once, in order; numbers without a passage are left out; quotes are exact."""
    found = answer.citations(said, PASSAGES)
    assert [citation.number for citation in found] == numbers
    for citation in found:
        assert DOCUMENT[citation.start : citation.end] == citation.quote


def test_nodes_that_call_the_model_are_tagged() -> None:
    """Only they are external, and only in the openai form."""
    for stream, node in ((False, "llm_reply"), (True, "llm_tokens")):
        found = variables([answer], {"llm": "openai", "stream": stream})
        external = {name for name, v in found.items() if v.tags.get("external") == "true"}
        assert external == {node}
    assert not any("external" in v.tags for v in variables([answer], {}).values())


def test_no_input_bears_the_name_of_a_node() -> None:
    """Reads and writes of an application never shadow a node of the module."""
    for config in ({}, {"stream": True}, {"llm": "openai"}, {"llm": "openai", "stream": True}):
        found = variables([answer], config)
        inputs = {name for name, v in found.items() if v.is_external_input}
        assert inputs >= {"question", "chat_history", "passages", "top_k"}
        assert not inputs & {"llm_reply", "reply", "citations", "user_turn", "assistant_turn"}
