"""``MemoryStore``: runs kept in this process, encoded as on disk, so that what passes here passes there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import cast

from stateflow.codec import Codec
from stateflow.journal import Address, Attempt, Record, RunSummary, Status
from stateflow.store.masking import MARKERS
from stateflow.store.protocol import (
    Page,
    check_address,
    check_limit,
    check_position,
    check_whole,
    conflict,
    cursor_number,
    no_run,
    no_step,
)
from stateflow.store.rows import AttemptRow, Row, attempt_of, attempt_row, record_of, record_row
from stateflow.store.twins import AsyncTwins

_Key = tuple[str, str | None, str]


@dataclass(slots=True)
class _Run:
    number: int
    address: Address
    rows: list[Row] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)


class MemoryStore(AsyncTwins):
    """A store that lives as long as its object."""

    def __init__(self, *, codec: Codec | None = None) -> None:
        super().__init__()
        self.codec = codec or Codec()
        self.codec.register(*MARKERS)
        self._lock = threading.Lock()
        self._runs: dict[_Key, _Run] = {}
        self._started = 0

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._runs)} runs)"

    def commit(self, record: Record, expected: int | None) -> None:
        check_address(record.address)
        check_position(record, expected)
        row = record_row(record, self.codec)
        key = _key(record.address)
        with self._lock:
            run = self._runs.get(key)
            head = None if run is None else run.rows[-1].position
            if head != expected:
                rival = None if run is None else run.rows[min(record.position, len(run.rows) - 1)]
                raise conflict(record, expected, head, rival and rival.action)
            if run is None:
                self._started += 1
                run = self._runs[key] = _Run(self._started, Address(key[2], key[1], key[0]))
            run.rows.append(row)

    def save_attempt(self, attempt: Attempt) -> None:
        check_address(attempt.address)
        row = attempt_row(attempt, self.codec)
        with self._lock:
            run = self._runs.get(_key(attempt.address))
            if run is None:
                raise no_run(attempt.address)
            run.attempts.append(row)

    def load(self, address: Address) -> Record | None:
        check_address(address)
        with self._lock:
            run = self._runs.get(_key(address))
            row = None if run is None else _row_at(run, address)
        return None if row is None else record_of(row, address, self.codec, self)

    def runs(
        self,
        *,
        project: str | None = None,
        partition_key: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page:
        check_limit(limit)
        before = cursor_number(after)
        with self._lock:
            found = [
                run
                for run in self._runs.values()
                if (before is None or run.number < before)
                and project in (None, run.address.project)
                and partition_key in (None, run.address.partition_key)
            ]
            shown = found[: -limit - 1 : -1]
            items = tuple(map(_summary, shown))
        return Page(items, str(shown[-1].number) if len(found) > limit else None)

    def attempts(self, address: Address) -> list[Attempt]:
        check_address(address)
        with self._lock:
            run = self._runs.get(_key(address))
            rows = [] if run is None else list(run.attempts)
        wanted = [row for row in rows if address.sequence in (None, row.sequence)]
        return [attempt_of(row, address, self.codec, self) for row in wanted]

    def delete(self, address: Address) -> bool:
        check_address(address)
        check_whole(address)
        with self._lock:
            return self._runs.pop(_key(address), None) is not None

    def _after_fork(self) -> None:
        super()._after_fork()
        self._lock = threading.Lock()


def _key(address: Address) -> _Key:
    return address.project, address.partition_key, address.app_id


def _row_at(run: _Run, address: Address) -> Row:
    if address.sequence is None:
        return run.rows[-1]
    steps = [row for row in run.rows if row.kind in ("genesis", "step")]
    for row in reversed(steps):
        if row.sequence == address.sequence:
            return row
    raise no_step(address, (row.sequence for row in steps))


def _summary(run: _Run) -> RunSummary:
    first, last = run.rows[0], run.rows[-1]
    return RunSummary(
        run.address, cast(Status, last.status), last.action, last.next_action, last.position, first.started, last.ended
    )
