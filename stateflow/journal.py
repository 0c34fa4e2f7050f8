"""What is kept of a run: one ``Record`` for each position, and an ``Attempt`` for each failure.

A record carries live Python objects; a store decides how they are encoded.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stateflow.context import NodeRun, Span
from stateflow.errors import StoreError
from stateflow.state import Operation

if TYPE_CHECKING:
    from stateflow.store import Store

Kind = Literal["genesis", "step", "edit", "end"]
Status = Literal["running", "paused", "halted", "finished", "max_steps", "failed"]


@dataclass(frozen=True, slots=True)
class Address:
    """Which run, and which of its steps: by default the last one that was committed."""

    app_id: str
    partition_key: str | None = None
    project: str = "default"
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A key that a step read. ``writer`` is the position that wrote it, or None when it was absent."""

    key: str
    writer: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """A key that a step wrote: the position of its previous writer, and how often it was written before."""

    key: str
    previous: int | None
    count: int
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """A condition that was evaluated to choose a step, and what it gave."""

    target: str
    condition: str
    value: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as it is kept: the qualified name of its type, and its text."""

    type: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Return what is kept of an exception."""
        kind = type(error)
        return cls(f"{kind.__module__}.{kind.__qualname__}", str(error))


@dataclass(frozen=True, slots=True)
class Parent:
    """The run and sequence that a run was forked from."""

    app_id: str
    partition_key: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """One position of a run.

    ``state`` is the whole state after it and ``operations`` is how it came about. ``transition`` is the pair of
    actions whose arrow chose this step, ``conditions`` what was evaluated for that. Times are seconds since the epoch.
    """

    address: Address
    position: int
    sequence: int | None
    kind: Kind
    state: Mapping[str, Any]
    status: Status
    action: str | None = None
    next_action: str | None = None
    visits: Mapping[str, int] = field(default_factory=dict)
    writers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    reads: tuple[Read, ...] = ()
    writes: tuple[Write, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    transition: tuple[str, str] | None = None
    conditions: tuple[Tried, ...] = ()
    nodes: tuple[NodeRun, ...] = ()
    spans: tuple[Span, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    resources: tuple[tuple[str, str | None], ...] = ()
    error: Failure | None = None
    parent: Parent | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try of a step that failed or was interrupted; it uses up no sequence id."""

    address: Address
    sequence: int
    action: str
    number: int
    inputs: Mapping[str, Any]
    error: Failure
    nodes: tuple[NodeRun, ...] = ()
    started: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run as a list of runs shows it."""

    address: Address
    status: Status
    action: str | None
    next_action: str | None
    position: int
    created: float
    updated: float


class Journal:
    """Where a run is kept: the store that holds the truth and, if another one tracks the run, that one too."""

    def __init__(self, truth: Store, tracker: Store | None = None) -> None:
        self.truth = truth
        self.tracker = tracker if tracker is not truth else None

    @property
    def stores(self) -> tuple[Store, ...]:
        """The stores that still take records."""
        return (self.truth,) if self.tracker is None else (self.truth, self.tracker)

    def commit(self, record: Record) -> None:
        """Append a record to the truth."""
        self.truth.commit(record, expected_head(record))

    def track(self, record: Record) -> None:
        """Append a record that the truth has to the tracker, whose failure does not stop the run."""
        if self.tracker is not None:
            try:
                self.tracker.commit(record, expected_head(record))
            except StoreError as error:
                self.lose_tracker(error)

    def save_attempt(self, attempt: Attempt) -> None:
        """Keep a try that came to nothing."""
        self.truth.save_attempt(attempt)
        if self.tracker is not None:
            try:
                self.tracker.save_attempt(attempt)
            except StoreError as error:
                self.lose_tracker(error)

    async def acommit(self, record: Record) -> None:
        """The async twin of ``commit``."""
        await self.truth.acommit(record, expected_head(record))

    async def atrack(self, record: Record) -> None:
        """The async twin of ``track``."""
        if self.tracker is not None:
            try:
                await self.tracker.acommit(record, expected_head(record))
            except StoreError as error:
                self.lose_tracker(error)

    async def asave_attempt(self, attempt: Attempt) -> None:
        """The async twin of ``save_attempt``."""
        await self.truth.asave_attempt(attempt)
        if self.tracker is not None:
            try:
                await self.tracker.asave_attempt(attempt)
            except StoreError as error:
                self.lose_tracker(error)

    def lose_tracker(self, error: StoreError) -> None:
        """Go on without the tracker, saying so once."""
        self.tracker = None
        warnings.warn(f"the tracker failed and is left out of the rest of this run: {error}", TrackerWarning, 2)


class TrackerWarning(UserWarning):
    """A run goes on although its tracker has failed."""


def expected_head(record: Record) -> int | None:
    """Return the position that a run must stand at for this record to follow; None for its first."""
    return None if record.position == 0 else record.position - 1
