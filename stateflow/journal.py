"""What is kept of a run: one ``Record`` for each position, and an ``Attempt`` for each failure.

A record carries live Python objects; a store decides how they are encoded.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stateflow.context import NodeRun, Span
from stateflow.errors import StateflowError, StoreError
from stateflow.state import Operation

if TYPE_CHECKING:
    from stateflow.store import Store

Kind = Literal["genesis", "step", "edit", "end"]
Status = Literal["running", "paused", "halted", "finished", "max_steps", "failed"]


@dataclass(frozen=True, slots=True)
class Address:
    """Which run, and which of its steps.

    Attributes:
        app_id: names the run within its partition and project.
        partition_key: the group that the run belongs to, such as a user.
        project: what ``with_store`` and ``with_tracker`` were given.
        sequence: a step; None means the last record of the run.
    """

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
    """A key that a step wrote: the position of its previous writer, and how often it was written before.

    ``kept`` says that the step declares the key and left it alone.
    """

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
        """Return what is kept of an exception; one of an earlier process knows it already."""
        if isinstance(error, RecordedError):
            return error.failure
        kind = type(error)
        try:
            text = str(error)
        except Exception as unsaid:  # noqa: BLE001  its author's fault must not hide the error
            text = f"(its text cannot be had: {type(unsaid).__name__})"
        return cls(f"{kind.__module__}.{kind.__qualname__}", text)


class RecordedError(StateflowError):
    """An exception that an earlier process recorded: ``type`` is the qualified name of its class."""

    code = "recorded"

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        self.type = failure.type
        super().__init__(f"{failure.type}: {failure.message}")


@dataclass(frozen=True, slots=True)
class Parent:
    """The run and sequence that a run was forked from."""

    app_id: str
    partition_key: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """One position of a run.

    Attributes:
        address: the run; its ``sequence`` is None.
        position: the number of the record, from 0; edits and ends count too.
        sequence: the number of the step, from 0; None before the first.
        kind: ``genesis`` (the first record, written by the build), ``step``, ``edit`` (a change from outside) or
            ``end`` (a later call found that no transition leads on).
        state: the whole state after it.
        status: how the run stands after it: ``running`` (it goes on, has not begun, or its call ended in an error),
            ``paused`` (before ``next_action``, by ``halt_before``), ``halted`` (by ``halt_after``), ``max_steps``,
            ``finished`` (no transition leads on), ``failed`` (an ``on_error`` took the error of ``action``, and its
            handler, ``next_action``, is next).
        action: the last action that ran; None before the first, and after a reset to the entrypoint.
        next_action: what runs next; None at the end, and where no condition has been evaluated yet.
        visits: the number of committed steps by action, over the whole run.
        writers: for each key of the state, the position that wrote it last and how often it has been written.
        operations: what was done to the state, in order; a store does not keep them.
        reads: the keys that the step read, and who had written them.
        writes: the keys that it wrote or, though declared, left alone.
        inputs: what it took from the caller.
        result: what the body returned beside the state.
        transition: source and target of the arrow that chose this step; None for the entrypoint.
        conditions: what was evaluated for that choice, in order.
        nodes: the nodes of its DAG, in the order in which they ended.
        spans: what it recorded with ``span``.
        attributes: what it recorded with ``log_attributes`` outside any span.
        resources: name and version of the resources that the action takes.
        error: of a step with status ``failed``.
        parent: where a fork was taken from; in its first record.
        params: what ``with_tracker`` was given; in the first record.
        started: seconds since the epoch.
        ended: seconds since the epoch.
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
    """A try of a step that failed or was interrupted; it uses up no sequence id.

    Attributes:
        address: the run.
        sequence: the step that was tried.
        action: its action.
        number: which try it was, from 1.
        inputs: what it took from the caller.
        error: what it raised.
        nodes: the nodes of its DAG that had run.
        started: seconds since the epoch; of the step, not of the try.
        ended: seconds since the epoch.
    """

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
    """One run as a list of runs shows it.

    Attributes:
        address: the run.
        status: that of its last record, as are ``action``, ``next_action`` and ``position``.
        action: the last action that ran; None when none has.
        next_action: what runs next, where that is known.
        position: the number of the last record.
        created: when the run began, in seconds since the epoch.
        updated: when its last record was written.
    """

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

    def has(self, record: Record) -> bool:
        """Return whether the truth holds this record as its last, as far as it can be read and keeps times."""
        try:
            found = self.truth.load(record.address)
        except Exception:  # noqa: BLE001  asked while an interrupt is on its way, which counts more
            return False
        if found is None or (found.position, found.action) != (record.position, record.action):
            return False
        return found.ended in (record.ended, 0.0)

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
