"""Errors: one tree by whose fault it is, stable codes, and messages that name what was meant."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import stateflow
from stateflow import GraphError, MissingKeyError, StateflowError
from stateflow.errors import StreamClosed, kind, names, nearest

for module in pkgutil.walk_packages(stateflow.__path__, "stateflow."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)


def tree(kind: type[StateflowError] = StateflowError) -> Iterator[type[StateflowError]]:
    """Every class of the tree that the framework itself defines."""
    if kind.__module__.startswith("stateflow."):
        yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


CODES = {
    "stateflow": "StateflowError",
    "graph": "GraphError",
    "action": "ActionError",
    "missing-key": "MissingKeyError",
    "state-mutated": "StateMutatedError",
    "timeout": "StepTimeoutError",
    "input": "InputError",
    "busy": "ApplicationBusyError",
    "store": "StoreError",
    "concurrent-write": "ConcurrentWriteError",
    "corrupt-record": "CorruptRecordError",
    "unserializable": "UnserializableStateError",
    "recorded": "RecordedError",
}


def test_codes_are_stable() -> None:
    """People match on codes, so that a change here is a change for them."""
    found = {kind.code: kind.__name__ for kind in tree()}
    assert {code: found.get(code) for code in CODES} == CODES


def test_codes_are_unique() -> None:
    """No two classes share a code, and each has one of its own."""
    codes = [kind.code for kind in tree()]
    assert len(codes) == len(set(codes))
    assert all("code" in vars(kind) for kind in tree())


def test_every_public_error_is_in_the_tree() -> None:
    """Whatever is raised can be caught as a StateflowError."""
    public = [getattr(stateflow, name) for name in stateflow.__all__ if name.endswith("Error")]
    assert all(issubclass(kind, StateflowError) for kind in public)
    assert {kind.__name__ for kind in public} == set(CODES.values())


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [("MissingKeyError", KeyError), ("StepTimeoutError", TimeoutError)],
)
def test_some_are_builtin_errors_too(kind: str, builtin: type[Exception]) -> None:
    """A missing key is a KeyError, a timeout a TimeoutError."""
    assert issubclass(getattr(stateflow, kind), builtin)


def test_a_missing_key_reads_as_a_sentence() -> None:
    """KeyError alone would show the repr of its message."""
    assert str(MissingKeyError("the state has no key 'a'")) == "the state has no key 'a'"


def test_leaving_a_stream_is_no_error_of_users() -> None:
    """What tells a body that its consumer has left is not caught by ``except Exception``."""
    assert not issubclass(StreamClosed, Exception)


def test_findings_are_numbered() -> None:
    """One fault is the message; several are numbered lines, and all are kept."""
    assert str(GraphError("only one")) == "only one"
    error = GraphError("first", "second")
    assert error.findings == ("first", "second")
    assert str(error) == "2 faults were found:\n  1. first\n  2. second"


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("promt", ["prompt", "reply"], "; did you mean 'prompt'?"),
        ("reply", ["replay", "repl", "x"], "; did you mean 'replay' or 'repl'?"),
        ("x", ["prompt", "answer"], "; valid are ['answer', 'prompt']"),
        ("x", [], ""),
        (
            "x",
            [f"key{n:02}" for n in range(14)],
            "; valid are " + names(f"key{n:02}" for n in range(12)) + " and 2 more",
        ),
        (5, ["a", 3], "; valid are ['3', 'a']"),
        (None, ["a"], "; valid are ['a']"),
    ],
)
def test_the_nearest_names(name: Any, known: list[Any], said: str) -> None:
    """Near misses first, else what is valid, a dozen at most; whatever was given is compared as text."""
    assert nearest(name, known) == said


def test_values_are_named_with_their_article() -> None:
    """What was given instead is said in English."""
    given: tuple[object, ...] = (None, 1, {}, [], OSError())
    assert [kind(value) for value in given] == [
        "None",
        "an int",
        "a dict",
        "a list",
        "an OSError",
    ]
