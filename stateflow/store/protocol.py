"""``Store``: what a run asks of storage, and what every store answers in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from stateflow.codec import Codec
from stateflow.errors import ConcurrentWriteError, InputError, StoreError
from stateflow.journal import Address, Attempt, Record, RunSummary

LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, newest first; ``next`` is what ``runs(after=)`` takes to go on, None on the last page."""

    items: tuple[RunSummary, ...]
    next: str | None = None


class Store(Protocol):
    """Where runs are kept. Every method can be called from any thread; each has an async twin.

    ``codec`` holds the types that the store can write; an application registers its own there when it is built.
    """

    codec: Codec

    def commit(self, record: Record, expected: int | None) -> None:
        """Append one record in one transaction. ``expected`` is the head's position, None for a new run.

        Raises:
            ConcurrentWriteError: another writer took the position; nothing was written.
            UnserializableStateError: the state holds a type that the codec does not know; nothing was written.
            StoreError: the storage failed.
        """
        ...

    def save_attempt(self, attempt: Attempt) -> None:
        """Keep a failed or interrupted try of a step; it takes no position."""
        ...

    def load(self, address: Address) -> Record | None:
        """Return the last record of a run, or the last one of ``address.sequence`` before any edit after it.

        Returns None when there is no such run. The record's ``operations`` are not kept.

        Raises:
            CorruptRecordError: the record cannot be read back; other runs still can.
            StoreError: the run has no such sequence, or the record holds a type that is not registered.
        """
        ...

    def runs(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page:
        """Return one page of runs, the newest first; runs that start meanwhile do not move later pages."""
        ...

    def attempts(self, address: Address) -> list[Attempt]:
        """Return the attempts of a run, or those of ``address.sequence``, in the order they were saved."""
        ...

    def delete(self, address: Address) -> bool:
        """Delete a run with all its records and attempts; return whether there was one."""
        ...

    def close(self) -> None:
        """Release files and threads. A closed store opens again when it is used."""
        ...

    async def acommit(self, record: Record, expected: int | None) -> None: ...
    async def asave_attempt(self, attempt: Attempt) -> None: ...
    async def aload(self, address: Address) -> Record | None: ...
    async def aruns(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page: ...
    async def aattempts(self, address: Address) -> list[Attempt]: ...
    async def adelete(self, address: Address) -> bool: ...
    async def aclose(self) -> None: ...


# -- what every store checks and says -------------------------------------------------------------


def spelled(address: Address) -> str:
    """Return a run as messages name it."""
    partition = "" if address.partition_key is None else f" of partition {address.partition_key!r}"
    return f"run {address.app_id!r}{partition} in project {address.project!r}"


def check_address(address: Address) -> None:
    """Refuse ids that are not strings or too long.

    Raises:
        InputError: an id is not a string of at most 200 characters.
    """
    ids = {"project": address.project, "partition_key": address.partition_key or "", "app_id": address.app_id}
    for name, value in ids.items():
        if not isinstance(value, str):
            raise InputError(f"{name} must be a string, not {value!r:.80}; use str(...)")
        if len(value) > LONGEST_ID:
            raise InputError(f"{name} has {len(value)} characters; at most {LONGEST_ID} are allowed: {value[:40]!r}…")


def check_position(record: Record, expected: int | None) -> None:
    """Refuse a record that does not follow the head that its writer has seen.

    Raises:
        StoreError: the record's position is not the next one.
    """
    following = 0 if expected is None else expected + 1
    if record.position != following:
        raise StoreError(f"{spelled(record.address)}: position {record.position} cannot follow {expected}")


def check_whole(address: Address) -> None:
    """Refuse an address of one step where the whole run is meant.

    Raises:
        InputError: the address has a sequence.
    """
    if address.sequence is not None:
        raise InputError(f"delete takes a whole run; leave out sequence={address.sequence}")


def check_limit(limit: int) -> None:
    """Refuse an empty page.

    Raises:
        InputError: the limit is below 1.
    """
    if limit < 1:
        raise InputError(f"limit must be at least 1, not {limit}")


def cursor_number(after: str | None) -> int | None:
    """Return what a cursor stands for.

    Raises:
        InputError: no page gave this cursor.
    """
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InputError(f"after={after!r:.80} is no cursor; use the .next of an earlier page")
    return int(after)


def conflict(record: Record, expected: int | None, head: int | None, other: str | None) -> ConcurrentWriteError:
    """Return the error of a writer that lost; ``head`` and ``other`` are the position found, and its action."""
    run, mine = spelled(record.address), _by(record.action)
    what = _KINDS[record.kind].format("its start" if record.sequence is None else f"step {record.sequence}")
    if head is None:
        found = "another writer has deleted the run; start a new one"
    elif expected is None:
        found = f"the run exists already, at position {head}; load it to resume, or choose another app_id"
    elif head < record.position:
        found = f"another writer has started the run anew, and it stands at position {head}{_by(other)}; load it again"
    else:
        found = f"another writer has taken that position{_by(other)}; load the run again and go on from there"
    return ConcurrentWriteError(f"{run}: position {record.position} ({what}){mine} was not written, because {found}")


_KINDS = {"genesis": "its first record", "step": "{}", "edit": "an edit after {}", "end": "its end after {}"}


def _by(action: str | None) -> str:
    return "" if action is None else f" by action {action!r}"


def no_step(address: Address, sequences: Iterable[int | None]) -> StoreError:
    """Return the error for a sequence that a run does not have."""
    known = [sequence for sequence in sequences if sequence is not None]
    valid = f"it has steps {min(known)} to {max(known)}" if known else "it has no steps yet"
    return StoreError(f"{spelled(address)} has no step {address.sequence}; {valid}")


def no_run(address: Address) -> StoreError:
    """Return the error for a run that is needed and not there."""
    return StoreError(f"there is no {spelled(address)}; commit its first record before anything else")
