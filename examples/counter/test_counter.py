"""The counter counts."""

from __future__ import annotations

import pytest

from stateflow import State

from examples.counter.application import build, count


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_it_counts_to_its_limit(limit: int) -> None:
    """The run ends in ``finish`` with the counter at the limit."""
    action_, result, state = build(limit).run()
    assert action_ is not None
    assert action_.name == "finish"
    assert result == {"message": f"counted to {limit}"}
    assert state["counter"] == limit


def test_an_action_is_a_plain_function() -> None:
    """A body can be tested without an application."""
    assert count(State(counter=4))["counter"] == 5
