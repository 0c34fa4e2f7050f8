"""A follow-up question gets its subject from the conversation; any other stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow_dags.rag.followup import earlier_turns, standalone
from stateflow_dags.rag.model import Message


def said(*questions: str) -> list[Message]:
    """A conversation of these questions, each with a reply."""
    turns: list[Message] = []
    for question in questions:
        turns.append({"role": "user", "content": question})
        turns.append({"role": "assistant", "content": "Like this. [1]"})
    return turns


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        (
            "How do I copy a whole directory tree?",
            "And how do I delete it again?",
            "How do I delete a whole directory tree again?",
        ),
        (
            "How do I copy a file?",
            "And how do I do that for directories?",
            "How do I copy a file for directories?",
        ),
        (
            "How can I read a CSV file?",
            "Can I do the same with pandas?",
            "Can I read a CSV file with pandas?",
        ),
        (
            "How do I copy a file?",
            "does it raise an error?",
            "does it raise an error? (copy a file)",
        ),
        ("How do I sort a list?", "What about in reverse?", "What about in reverse? (sort a list)"),
        ("Sort a list", "Why?", "Why? (Sort a list)"),
        ("What is a heap?", "And when is it useful?", "when is it useful? (What is a heap)"),
    ],
)
def test_a_follow_up_is_completed(before: str, question: str, expected: str) -> None:
    """References are filled with what the question before was about."""
    assert standalone(question, said(before)) == expected


@pytest.mark.parametrize(
    "question",
    [
        "How do I parse JSON?",
        "And how do I read a ZIP archive?",
        "How do I open a file and read it line by line?",
        "How do I check that a file exists?",
        "What is asyncio?",
        "csv dialects",
    ],
)
def test_a_question_of_its_own_stays(question: str) -> None:
    """Words that look like references but speak of something in the same question do not count."""
    assert standalone(question, said("How do I copy a file?")) == question


def test_without_memory_a_follow_up_stays() -> None:
    """There is nothing to complete it with."""
    assert standalone("And how do I delete it again?", []) == "And how do I delete it again?"


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    """The subject is carried from question to question until a new one comes."""
    history = said("How do I copy a file?", "How do I delete it?")
    assert standalone("And how do I rename it?", history) == "How do I rename a file?"
    history = said("How do I copy a file?", "How do I start a thread?")
    assert standalone("And how do I stop it?", history) == "How do I stop a thread?"


def test_the_question_itself_may_already_be_in_the_history() -> None:
    """An application that appends before it asks gets the same result."""
    history = said("How do I copy a file?")
    asked = {"role": "user", "content": "How do I delete it?"}
    assert standalone("How do I delete it?", [*history, asked]) == "How do I delete a file?"
    assert earlier_turns("How do I delete it?", [*history, asked]) == history


def test_an_empty_question_is_refused() -> None:
    """The error says what to do."""
    with pytest.raises(ValueError, match="the question is empty"):
        standalone(" \n", [])


turns = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text(max_size=40)},
)


@given(st.text(min_size=1).filter(str.strip), st.lists(turns, max_size=12))
def test_any_conversation_gives_a_question_that_is_not_empty(
    question: str,
    history: list[Message],
) -> None:
    """No text breaks the rules, and the same conversation always gives the same question."""
    found = standalone(question, history)
    assert found.strip()
    assert found == standalone(question, history)


def test_long_input_is_handled_quickly() -> None:
    """The rules stay linear in what they are given."""
    long = "And it " + "! " * 100_000
    assert standalone(long, said("How do I copy a file?", long))
