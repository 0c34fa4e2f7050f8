"""A chatbot that waits for a person, and its safety branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stateflow import ApplicationBuilder, State, action, default, open_store, streaming_action, when

from tests.driving import Driver


@action(reads=[], writes=["prompt", "chat_history"])
def human_input(state: State, prompt: str) -> State:
    return state.update(prompt=prompt).append(chat_history={"role": "user", "content": prompt})


@action(reads=["prompt"], writes=["safe"])
def check_safety(state: State) -> tuple[dict[str, Any], State]:
    safe = "unsafe" not in state["prompt"]
    return {"safe": safe}, state.update(safe=safe)


@action(reads=["prompt", "chat_history"], writes=["response", "chat_history"])
def reply(state: State, model: str) -> tuple[dict[str, Any], State]:
    response = f"{model} heard {state['prompt']!r} in turn {len(state['chat_history'])}"
    said = {"role": "assistant", "content": response}
    return {"response": response}, state.update(response=response).append(chat_history=said)


@action(writes=["response", "chat_history"])
def refuse(state: State) -> tuple[dict[str, Any], State]:
    response = "I am afraid I cannot do that"
    return {"response": response}, state.update(response=response).append(
        chat_history={"role": "assistant", "content": response}
    )


def chatbot() -> ApplicationBuilder:
    return (
        ApplicationBuilder()
        .with_actions(human_input, check_safety, refuse=refuse, reply=reply.bind(model="gpt-4o-mini"))
        .with_transitions(
            ("human_input", "check_safety"),
            ("check_safety", "refuse", when(safe=False)),
            ("check_safety", "reply", default),
            (["refuse", "reply"], "human_input"),
        )
        .with_state(chat_history=[])
        .with_entrypoint("human_input")
    )


def test_a_chatbot_answers(driver: Driver) -> None:
    """The first program of the design: one turn, one reply, tracked in a local project."""
    with driver.build(chatbot().with_tracker("local", project="chat")) as app:
        action_, result, state = driver.run(
            app, halt_after=["reply", "refuse"], inputs={"prompt": "Who was Aaron Burr?"}
        )
    assert action_.name == "reply"
    assert result == {"response": "gpt-4o-mini heard 'Who was Aaron Burr?' in turn 1"}
    assert [turn["role"] for turn in state["chat_history"]] == ["user", "assistant"]


def test_a_chatbot_refuses(driver: Driver) -> None:
    """The safety branch leads to another action, and the conversation goes on after it."""
    app = driver.build(chatbot())
    halts = ["reply", "refuse"]
    assert driver.run(app, halt_after=halts, inputs={"prompt": "something unsafe"}).action.name == "refuse"
    assert driver.run(app, halt_after=halts, inputs={"prompt": "something else"}).action.name == "reply"
    assert [turn["role"] for turn in app.state["chat_history"]] == ["user", "assistant"] * 2


def test_a_chatbot_waits_for_its_person(driver: Driver) -> None:
    """Pausing before the input is the loop that a web server runs, with a store between the requests."""
    store = open_store("memory://")
    for number, prompt in enumerate(("one", "unsafe two", "three"), start=1):
        app = driver.build(chatbot().with_identifiers("chat", partition_key="user").with_store(store))
        made = driver.run(app, halt_before=["human_input"], inputs={"prompt": prompt})
        assert (made.action.name, made.result, made.halted) == ("human_input", None, "paused")
        assert len(made.state["chat_history"]) == 2 * number


def words(state: State) -> Iterator[Any]:
    said = ""
    for word in ("You ", "said ", state["prompt"]):
        said += word
        yield {"delta": word}, None
    yield {"response": said}, state.update(response=said).append(chat_history={"role": "assistant", "content": said})


def test_a_chatbot_streams(driver: Driver) -> None:
    """The branch that streams and the one that does not are consumed alike."""
    talk = streaming_action(reads=["prompt"], writes=["response", "chat_history"])(driver.body(words))
    builder = (
        ApplicationBuilder()
        .with_actions(human_input, check_safety, refuse=refuse, reply=talk)
        .with_transitions(
            ("human_input", "check_safety"),
            ("check_safety", "refuse", when(safe=False)),
            ("check_safety", "reply", default),
            (["refuse", "reply"], "human_input"),
        )
        .with_state(chat_history=[])
        .with_entrypoint("human_input")
    )
    app = driver.build(builder)
    made = driver.stream_result(app, halt_after=["reply", "refuse"], inputs={"prompt": "hello"})
    assert [item["delta"] for item in made.items] == ["You ", "said ", "hello"]
    assert made.result == {"response": "You said hello"}
    made = driver.stream_result(app, halt_after=["reply", "refuse"], inputs={"prompt": "unsafe"})
    assert (made.action.name, made.items, made.state["response"]) == ("refuse", [], "I am afraid I cannot do that")
