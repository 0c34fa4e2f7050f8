"""Records to put into a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stateflow.journal import Address, Attempt, Failure, Record

RUN = Address("run")


def genesis(address: Address = RUN, state: Mapping[str, Any] | None = None, **more: Any) -> Record:
    return Record(address, 0, None, "genesis", state or {}, "running", **more)


def step(position: int, address: Address = RUN, state: Mapping[str, Any] | None = None, **more: Any) -> Record:
    """The step at a position of a run without edits, in which sequence ids run one behind."""
    facts: dict[str, Any] = {"sequence": position - 1, "kind": "step", "status": "running", "action": "count", **more}
    return Record(address, position, state={"n": position} if state is None else state, **facts)


def attempt(address: Address = RUN, number: int = 1, sequence: int = 0, **more: Any) -> Attempt:
    facts: dict[str, Any] = {"inputs": {}, "error": Failure("builtins.ValueError", "no"), **more}
    return Attempt(address, sequence, "count", number, **facts)


def fill(store: Any, address: Address, steps: int) -> None:
    """Commit a genesis and this many steps."""
    store.commit(genesis(address), None)
    for position in range(1, steps + 1):
        store.commit(step(position, address), position - 1)
