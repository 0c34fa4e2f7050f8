"""What happens during a run, as ``stream_events`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stateflow.context import NodeRun
from stateflow.state import State


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the step ``sequence`` of the action ``action``."""

    action: str
    sequence: int


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """A body is about to run; ``inputs`` are those that it took."""

    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NodeFinished(Event):
    """A node of the action's DAG has run."""

    node: NodeRun


@dataclass(frozen=True, slots=True)
class Item(Event):
    """A streaming body yielded ``value``, or a body or node emitted it."""

    value: Any


@dataclass(frozen=True, slots=True)
class StepCommitted(Event):
    """A step has been committed; ``error`` is set where an ``on_error`` transition took its failure."""

    result: Mapping[str, Any] | None
    state: State
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """The call has ended: ``halted`` says why, and ``next_action`` what would run next, where that is known."""

    halted: str
    next_action: str | None
    state: State


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """A body has failed for good; the exception follows."""

    error: BaseException
