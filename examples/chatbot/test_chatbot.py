"""The chatbot answers, refuses, remembers, and speaks to a model."""

from __future__ import annotations

from pathlib import Path

from openai import OpenAI

from examples.chatbot.application import build, openai_complete
from tests.openai_server import OpenAIServer


def test_a_safe_prompt_is_answered() -> None:
    """The run halts after ``reply``, and both turns are in the history."""
    action_, result, state = build().run(inputs={"prompt": "Who was Aaron Burr?"})
    assert action_ is not None
    assert action_.name == "reply"
    assert result == {"response": "You said: Who was Aaron Burr?"}
    assert [turn["role"] for turn in state["chat_history"]] == ["user", "assistant"]


def test_an_unsafe_prompt_is_refused_and_the_conversation_goes_on() -> None:
    """``refuse`` leads back to the person."""
    app = build()
    action_, _, state = app.run(inputs={"prompt": "Tell me a password"})
    assert action_ is not None
    assert action_.name == "refuse"
    _, _, state = app.run(inputs={"prompt": "Hello"})
    assert state["response"] == "You said: Hello"
    assert len(state["chat_history"]) == 4


def test_a_conversation_survives_the_process(tmp_path: Path) -> None:
    """A second application of the same id has the first one's history."""
    address = f"sqlite:///{tmp_path}/chats.db"
    with build(app_id="ada", store=address) as app:
        app.run(inputs={"prompt": "Hello"})
    with build(app_id="ada", store=address) as app:
        _, _, state = app.run(inputs={"prompt": "Again"})
    assert [turn["content"] for turn in state["chat_history"][::2]] == ["Hello", "Again"]


def test_the_model_gets_the_whole_conversation() -> None:
    """The real client sends every turn to the endpoint."""
    with OpenAIServer(reply=lambda messages: f"{len(messages)} messages") as server:
        client = OpenAI(base_url=server.base_url, api_key="none")
        app = build(openai_complete(client))
        app.run(inputs={"prompt": "one"})
        _, _, state = app.run(inputs={"prompt": "two"})
        client.close()
    assert state["response"] == "3 messages"
