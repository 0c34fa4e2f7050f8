"""Long chains and wide joins run in about the time of the plain calls."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import pytest

from stateflow.dag_action import dag
from stateflow.state import State

CHAIN, FAN = 2_000, 4_000
LIMIT = 20


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """A module to which a test adds functions."""
    made = types.ModuleType("made_by_test_scale")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def define(module: types.ModuleType, source: str) -> None:
    """Execute source in a module."""
    vars(__import__("builtins"))["exec"](compile(source, "<scale>", "exec"), vars(module))


def shortest(work: Callable[[], Any]) -> float:
    """Return the least CPU time that the work took in some tries."""
    times = []
    for _ in range(7):
        started = process_time()
        work()
        times.append(process_time() - started)
    return min(times)


def test_a_chain_of_thousands(module: types.ModuleType, untraced: None) -> None:
    """Hamilton's own execution exceeds the recursion limit at a thousand."""
    lines = ["def n0(x: int) -> int:\n    return x + 1"]
    lines += [f"def n{index}(n{index - 1}: int) -> int:\n    return n{index - 1} + 1" for index in range(1, CHAIN)]
    define(module, "\n".join(lines))
    action = dag(module, writes=[f"n{CHAIN - 1}"])
    assert action.findings() == []
    functions = [vars(module)[f"n{index}"] for index in range(CHAIN)]

    def plainly() -> int:
        value = 0
        for function in functions:
            value = function(value)
        return value

    def planned() -> int:
        found: int = action.call(State(), {"x": 0})[f"n{CHAIN - 1}"]
        return found

    assert planned() == plainly() == CHAIN
    assert shortest(planned) < LIMIT * shortest(plainly)
    assert len(action.dataflow().nodes) == CHAIN


def test_a_fan_of_thousands(module: types.ModuleType, untraced: None) -> None:
    """One input, many consumers, one node that takes them all."""
    lines = [f"def f{index}(x: int) -> int:\n    return x + {index}" for index in range(FAN)]
    taken = ", ".join(f"f{index}: int" for index in range(FAN))
    lines.append(f"def joined({taken}) -> int:\n    return f0 + f{FAN - 1}")
    define(module, "\n".join(lines))
    action = dag(module, writes=["joined"])
    assert action.findings() == []
    functions = [vars(module)[f"f{index}"] for index in range(FAN)]

    def plainly() -> int:
        values = {f"f{index}": function(1) for index, function in enumerate(functions)}
        found: int = vars(module)["joined"](**values)
        return found

    def planned() -> int:
        found: int = action.call(State(), {"x": 1})["joined"]
        return found

    assert planned() == plainly() == FAN + 1
    assert shortest(planned) < LIMIT * shortest(plainly)
