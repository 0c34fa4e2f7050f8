"""A user's own persister, an object with ``save``, ``load`` and ``list_app_ids``, as a store of whole states."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Generator, Mapping
from typing import Any, TypeVar, cast

from stateflow.codec import Codec
from stateflow.errors import CorruptRecordError, StoreError
from stateflow.journal import Address, Attempt, Record, RunSummary
from stateflow.state import State
from stateflow.store.protocol import (
    Page,
    check_address,
    check_limit,
    check_position,
    check_whole,
    conflict,
    cursor_number,
    spelled,
)
from stateflow.store.twins import AsyncTwins, seen

T = TypeVar("T")
Asking = Generator[Any, Any, T]  # yields what a method of the user's object returned, is sent its value
_Key = tuple[str, str | None, str]


class PersisterStore(AsyncTwins):
    """Saves the state after each step under its sequence id; an edit saves again under the id of the last step.

    What the object has no place for is not kept: the state before the first step, attempts, and all of a record but
    its action, its state and whether it failed. Two applications that write one run are not told apart. An object with
    async methods serves the async verbs only; a synchronous one runs in one worker thread there.
    """

    def __init__(self, persister: Any) -> None:
        super().__init__()
        self.codec = Codec()
        self._persister = persister
        self._heads: dict[_Key, tuple[int, str | None]] = {}  # position and action of the last record seen
        self._is_async = any(
            inspect.iscoroutinefunction(getattr(persister, name, None)) for name in ("save", "load", "list_app_ids")
        )

    def __repr__(self) -> str:
        return f"PersisterStore({self._persister!r})"

    # -- the store, sync --------------------------------------------------------------------------

    def commit(self, record: Record, expected: int | None) -> None:
        self._driven(self._commit(record, expected))

    def save_attempt(self, attempt: Attempt) -> None:
        """Do nothing: a persister keeps states only."""

    def load(self, address: Address) -> Record | None:
        return self._driven(self._load(address))

    def runs(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page:
        return self._driven(self._runs(project, partition_key, limit, cursor_number(after)))

    def attempts(self, address: Address) -> list[Attempt]:
        return []

    def delete(self, address: Address) -> bool:
        return self._driven(self._delete(address))

    # -- the store, async -------------------------------------------------------------------------

    async def acommit(self, record: Record, expected: int | None) -> None:
        if not self._is_async:
            return await super().acommit(record, expected)
        saving = asyncio.ensure_future(self._awaited(self._commit(record, expected)))
        saving.add_done_callback(seen)
        return await asyncio.shield(saving)  # a cancelled caller does not cut it off

    async def asave_attempt(self, attempt: Attempt) -> None:
        """Do nothing: a persister keeps states only."""

    async def aload(self, address: Address) -> Record | None:
        if not self._is_async:
            return await super().aload(address)
        return await self._awaited(self._load(address))

    async def aruns(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page:
        if not self._is_async:
            return await super().aruns(project=project, partition_key=partition_key, limit=limit, after=after)
        return await self._awaited(self._runs(project, partition_key, limit, cursor_number(after)))

    async def adelete(self, address: Address) -> bool:
        if not self._is_async:
            return await super().adelete(address)
        return await self._awaited(self._delete(address))

    # -- what both colours do ---------------------------------------------------------------------

    def _commit(self, record: Record, expected: int | None) -> Asking[None]:
        address = record.address
        check_address(address)
        check_position(record, expected)
        head, action = self._heads.get(_key(address), (expected, None))
        if head != expected:
            raise conflict(record, expected, head, action)
        if record.sequence is not None and record.kind != "genesis":
            yield self._persister.save(
                address.partition_key,
                address.app_id,
                record.sequence,
                record.action,
                State(record.state),
                "failed" if record.status == "failed" else "completed",
            )
        self._heads[_key(address)] = (record.position, record.action)

    def _load(self, address: Address) -> Asking[Record | None]:
        check_address(address)
        found = yield self._persister.load(address.partition_key, address.app_id, address.sequence)
        if found is None:
            if address.sequence is not None:
                last = yield self._persister.load(address.partition_key, address.app_id, None)
                if last is not None:
                    raise StoreError(f"{spelled(address)} has no step {address.sequence} in {self!r}")
            return None
        record = self._record(address, found)
        if address.sequence is None:
            self._heads[_key(address)] = (record.position, record.action)
        return record

    def _runs(self, project: str | None, partition: str | None, limit: int, before: int | None) -> Asking[Page]:
        check_limit(limit)
        found = yield self._persister.list_app_ids(partition)
        names = list(found)[:before]
        items = []
        for app_id in reversed(names[-limit:]):
            record = yield from self._load(Address(app_id, partition, project or "default"))
            if record is not None:
                items.append(_summary(record))
        return Page(tuple(items), str(len(names) - limit) if len(names) > limit else None)

    def _delete(self, address: Address) -> Asking[bool]:
        check_address(address)
        check_whole(address)
        delete = getattr(self._persister, "delete", None)
        if delete is None:
            raise StoreError(f"{self!r} cannot delete: give its class delete(partition_key, app_id)")
        found = yield self._persister.load(address.partition_key, address.app_id, None)
        if found is not None:
            yield delete(address.partition_key, address.app_id)
        self._heads.pop(_key(address), None)
        return found is not None

    def _record(self, address: Address, found: Any) -> Record:
        try:
            state, sequence, action = found["state"], found["sequence_id"], found["position"]
            failed = found.get("status", "completed") == "failed"
            known = dict(state)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CorruptRecordError(
                f"{spelled(address)}: load of {self!r} must return a dict with state, sequence_id, position and "
                f"status, as save was given them, not {found!r:.200}"
            ) from error
        head, _ = self._heads.get(_key(address), (0, None))
        run = Address(address.app_id, address.partition_key, address.project)
        position = max(head, sequence + 1) if address.sequence is None else sequence + 1
        return Record(run, position, sequence, "step", known, "failed" if failed else "halted", action)

    # -- the two drivers --------------------------------------------------------------------------

    def _driven(self, asking: Asking[T]) -> T:
        try:
            value = next(asking)
            while True:
                if inspect.isawaitable(value):
                    getattr(value, "close", lambda: None)()  # a coroutine that nobody awaits would warn
                    raise StoreError(f"{self!r} has async methods; build with abuild() and use the async verbs")
                value = asking.send(value)
        except StopIteration as end:
            return cast(T, end.value)

    async def _awaited(self, asking: Asking[T]) -> T:
        try:
            value = next(asking)
            while True:
                value = asking.send(await value if inspect.isawaitable(value) else value)
        except StopIteration as end:
            return cast(T, end.value)

    def _release(self) -> None:
        close = getattr(self._persister, "close", None)
        if close is not None:
            close()


def _key(address: Address) -> _Key:
    return address.project, address.partition_key, address.app_id


def _summary(record: Record) -> RunSummary:
    times: Mapping[str, float] = {"created": record.started, "updated": record.ended}
    return RunSummary(record.address, record.status, record.action, record.next_action, record.position, **times)
