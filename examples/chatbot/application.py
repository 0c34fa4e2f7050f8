"""A chatbot with a safety branch: what is unsafe is refused, the rest is answered by a model or, offline, echoed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stateflow import Application, ApplicationBuilder, State, action, default, when

Complete = Callable[[list[dict[str, str]]], str]
UNSAFE = ("password", "bomb")


@action(reads=[], writes=["prompt", "chat_history"])
def human_input(state: State, prompt: str) -> State:
    """Take what the person says."""
    return state.update(prompt=prompt).append(chat_history={"role": "user", "content": prompt})


@action(reads=["prompt"], writes=["safe"])
def check_safety(state: State) -> tuple[dict[str, bool], State]:
    """Judge the prompt."""
    safe = not any(word in state["prompt"].lower() for word in UNSAFE)
    return {"safe": safe}, state.update(safe=safe)


@action(reads=[], writes=["response", "chat_history"])
def refuse(state: State) -> tuple[dict[str, str], State]:
    """Say that this is not answered."""
    return _said(state, "I cannot help with that.")


@action(reads=["chat_history"], writes=["response", "chat_history"])
def reply(state: State, complete: Complete) -> tuple[dict[str, str], State]:
    """Answer from the whole conversation; ``complete`` is a resource."""
    return _said(state, complete(state["chat_history"]))


def _said(state: State, text: str) -> tuple[dict[str, str], State]:
    after = state.update(response=text).append(chat_history={"role": "assistant", "content": text})
    return {"response": text}, after


def echo(messages: list[dict[str, str]]) -> str:
    """Answer without a model."""
    return f"You said: {messages[-1]['content']}"


def openai_complete(client: Any, model: str = "gpt-4o-mini") -> Complete:
    """Return a function that asks an ``openai.OpenAI`` client, of any endpoint that speaks its protocol."""

    def complete(messages: list[dict[str, str]]) -> str:
        answer = client.chat.completions.create(model=model, messages=messages)
        return answer.choices[0].message.content or ""

    return complete


def build(complete: Complete = echo, *, app_id: str | None = None, store: Any = None) -> Application:
    """Return the chatbot; with ``app_id`` and ``store`` a conversation is kept and resumed."""
    builder = (
        ApplicationBuilder()
        .with_actions(human_input, check_safety, refuse, reply)
        .with_transitions(
            ("human_input", "check_safety"),
            ("check_safety", "refuse", when(safe=False)),
            ("check_safety", "reply", default),
            (["refuse", "reply"], "human_input"),
        )
        .with_state(chat_history=[])
        .with_entrypoint("human_input")
        .with_halts(halt_after=["reply", "refuse"])
        .with_resources(complete=complete)
        .with_identifiers(app_id)
    )
    return (builder if store is None else builder.with_store(store, project="chatbot")).build()


if __name__ == "__main__":
    app = build()
    for prompt in ("Who was Aaron Burr?", "How do I steal a password?"):
        state = app.run(inputs={"prompt": prompt}).state
        print(f"> {prompt}\n{state['response']}")
