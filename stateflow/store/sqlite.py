"""``SQLiteStore``: runs in one SQLite file, for several threads and processes at once."""

from __future__ import annotations

import os
import re
import sqlite3
from typing import Any, Literal

from stateflow.codec import Codec
from stateflow.errors import CorruptRecordError, InputError, StoreError
from stateflow.journal import Address, Attempt, Record, RunSummary
from stateflow.store.database import Database
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
    spelled,
)
from stateflow.store.rows import AttemptRow, Row, attempt_of, attempt_row, record_of, record_row
from stateflow.store.statements import FORMAT, Statements
from stateflow.store.twins import AsyncTwins

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_NEWEST = (1 << 63) - 1


class SQLiteStore(AsyncTwins):
    """A store in the file at ``path``, which is created for this user only, as are missing folders.

    ``durability="full"`` keeps a commit through a crash of the machine, ``"normal"`` through a crash of the process.
    ``table`` is what the names of the tables begin with.

    Raises:
        StoreError: the file cannot be opened.
        InputError: an argument is not valid.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        durability: Literal["full", "normal"] = "full",
        table: str = "stateflow",
        read_only: bool = False,
        codec: Codec | None = None,
    ) -> None:
        super().__init__()
        if durability not in ("full", "normal"):
            raise InputError(f"durability is 'full' or 'normal', not {durability!r}")
        if not _TABLE.fullmatch(table):
            raise InputError(f"table is a name of ASCII letters, digits and _, not {table!r:.80}")
        if str(path) == ":memory:":
            raise InputError("SQLiteStore needs a file; use open_store('memory://') for a store in memory")
        self.codec = codec or Codec()
        self.codec.register(*MARKERS)
        self._table = table
        self._sql = Statements(table)
        self._database = Database(
            path, self._sql.schema, probe=f"{table}_format", read_only=read_only, full=durability == "full"
        )
        self._check_format()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._database)!r})"

    # -- writing ----------------------------------------------------------------------------------

    def commit(self, record: Record, expected: int | None) -> None:
        check_address(record.address)
        check_position(record, expected)
        row = record_row(record, self.codec)
        action, next_action = _text(row.action), _text(row.next_action)
        with self._database.writing() as connection:
            run, head = self._head(connection, record.address)
            if head != expected:
                rival = min(record.position, head or 0)
                raise conflict(record, expected, head, self._action_at(connection, run, rival))
            if run is None:
                run = connection.execute(
                    self._sql.start,
                    (*_name(record.address), row.position, row.status, action, next_action, row.started, row.ended),
                ).lastrowid
            else:
                connection.execute(self._sql.move, (row.position, row.status, action, next_action, row.ended, run))
            connection.execute(self._sql.append, (run, *row[:3], action, row.status, next_action, *row[6:]))

    def save_attempt(self, attempt: Attempt) -> None:
        check_address(attempt.address)
        row = attempt_row(attempt, self.codec)
        with self._database.writing() as connection:
            run, _ = self._head(connection, attempt.address)
            if run is None:
                raise no_run(attempt.address)
            connection.execute(self._sql.try_, (run, *row[:2], _text(row.action), *row[3:]))

    def delete(self, address: Address) -> bool:
        check_address(address)
        check_whole(address)
        with self._database.writing() as connection:
            run, _ = self._head(connection, address)
            if run is not None:
                for statement in self._sql.deletes:
                    connection.execute(statement, (run,))
        return run is not None

    # -- reading ----------------------------------------------------------------------------------

    def load(self, address: Address) -> Record | None:
        check_address(address)
        with self._database.reading() as connection:
            run, head = self._head(connection, address)
            if run is None:
                return None
            found = self._found(connection, run, head, address)
        if found is None:
            raise CorruptRecordError(f"{spelled(address)}: position {head} is missing from {self}; restore a backup")
        return record_of(_row(found), address, self.codec, self)

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
        partition = _text(partition_key)
        wanted = (_text(project), partition, partition, _NEWEST if before is None else before, limit + 1)
        with self._database.reading() as connection:
            found = connection.execute(self._sql.runs, wanted).fetchall()
        items = tuple(map(_summary, found[:limit]))
        return Page(items, str(found[limit - 1][0]) if len(found) > limit else None)

    def attempts(self, address: Address) -> list[Attempt]:
        check_address(address)
        with self._database.reading() as connection:
            run, _ = self._head(connection, address)
            found = connection.execute(self._sql.attempts, (run, address.sequence)).fetchall()
        return [attempt_of(_attempt_row(row), address, self.codec, self) for row in found]

    # -- inside -----------------------------------------------------------------------------------

    def _check_format(self) -> None:
        with self._database.reading() as connection:
            known = connection.execute(self._sql.has_format, (self._table,)).fetchone()
            found = connection.execute(self._sql.format).fetchone() if known else None
        if found != (FORMAT,):
            self.close()
            fact = f"holds runs of format {found[0]!r:.40}" if found else f"has no tables named {self._table}_…"
            raise StoreError(f"{self!r} {fact}; this release reads format {FORMAT}")

    def _head(self, connection: sqlite3.Connection, address: Address) -> tuple[int | None, int | None]:
        found: tuple[int, int] | None = connection.execute(self._sql.head, _name(address)).fetchone()
        return found or (None, None)

    def _action_at(self, connection: sqlite3.Connection, run: int | None, position: int) -> str | None:
        found = connection.execute(self._sql.action, (run, position)).fetchone()
        return None if found is None else _string(found[0])

    def _found(self, connection: sqlite3.Connection, run: int, head: int | None, address: Address) -> Any:
        if address.sequence is None:
            return connection.execute(self._sql.last, (run, head)).fetchone()
        found = connection.execute(self._sql.of_sequence, (run, address.sequence)).fetchone()
        if found is None:
            raise no_step(address, connection.execute(self._sql.sequences, (run,)).fetchone())
        return found

    def _release(self) -> None:
        self._database.close()

    def _after_fork(self) -> None:
        super()._after_fork()
        self._database.after_fork()


def _name(address: Address) -> tuple[str | bytes | None, ...]:
    return _text(address.project), _text(address.app_id), _text(address.partition_key)


def _text(value: str | None) -> str | bytes | None:
    """Return what is bound for a string; SQLite's text cannot hold lone surrogates."""
    if value is None or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _string(value: Any) -> Any:
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def _row(found: tuple[Any, ...]) -> Row:
    position, sequence, kind, action, status, next_action, *rest = found
    return Row(position, sequence, kind, _string(action), status, _string(next_action), *rest)


def _attempt_row(found: tuple[Any, ...]) -> AttemptRow:
    sequence, number, action, *rest = found
    return AttemptRow(sequence, number, _string(action), *rest)


def _summary(found: tuple[Any, ...]) -> RunSummary:
    _, project, partition_key, app_id, status, action, next_action, *rest = found
    address = Address(_string(app_id), _string(partition_key), _string(project))
    return RunSummary(address, status, _string(action), _string(next_action), *rest)
