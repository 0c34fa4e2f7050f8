"""One SQLite file: how it is created and opened, its transactions, and its errors in our words."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stateflow.errors import CorruptRecordError, StoreError

BUSY_SECONDS = 5.0
_inherited: Final[list[sqlite3.Connection]] = []  # of a parent process; SQLite forbids to touch them here


class Database:
    """One connection behind a lock: SQLite has one writer at a time anyway, and any thread may close it.

    ``schema`` is run where there is no table of the name ``probe``.
    """

    def __init__(self, path: str | os.PathLike[str], schema: str, *, probe: str, read_only: bool, full: bool) -> None:
        self.path = Path(path)
        self._probe = probe
        self._schema = schema
        self._read_only = read_only
        self._full = full
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        with self.reading():
            pass

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run a block in one transaction that is committed at its end, or leaves no trace.

        Raises:
            StoreError: SQLite failed; the message says what to do.
        """
        if self._read_only:
            raise StoreError(f"{self} was opened with read_only=True; open it without to write")
        with self._lock:
            connection = self._opened()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                self._undo(connection)
                if isinstance(error, sqlite3.Error):
                    raise self._explained(error) from error
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run a block that only reads, all of it as of one moment.

        Raises:
            StoreError: SQLite failed; the message says what to do.
        """
        with self._lock:
            connection = self._opened()
            try:
                connection.execute("BEGIN")
                yield connection
            except sqlite3.Error as error:
                raise self._explained(error) from error
            finally:
                self._undo(connection)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._drop()

    def after_fork(self) -> None:
        """Leave the connection and the lock to the parent process."""
        if self._connection is not None:
            _inherited.append(self._connection)
        self._connection = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._drop()

    # -- opening ----------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._open()
            except sqlite3.Error as error:
                raise self._explained(error) from error
            except (OSError, ValueError) as error:
                raise StoreError(f"{self} cannot be opened: {error}") from error
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if not self._read_only:
            _create(self.path)
        uri = self.path.absolute().as_uri() + ("?mode=ro" if self._read_only else "?mode=rw")
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._full else 'NORMAL'}")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # reads the file for the first time
            if not self._read_only:
                _prepare(connection, self._schema, self._probe)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        connection, self._connection = getattr(self, "_connection", None), None
        if connection is not None:
            connection.close()

    # -- failing ----------------------------------------------------------------------------------

    def _undo(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()  # closing rolls back too

    def _explained(self, error: sqlite3.Error) -> StoreError:
        """Say what happened; after an I/O error the connection is not trusted any more."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_IOERR:
            self._drop()
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "decode to UTF-8" in str(error):
            return CorruptRecordError(f"{self} is damaged, or no SQLite database ({error}); restore it from a backup")
        return StoreError(f"{self} {_REMEDIES.get(code, f'failed: {error}')}")


_REMEDIES = {
    sqlite3.SQLITE_BUSY: f"has been locked by another process for {BUSY_SECONDS:g} s, so nothing was written; "
    "try again, or end the process that keeps its transaction open",
    sqlite3.SQLITE_FULL: "could not grow, so nothing was written; the disk, or the limit set for the file, is full",
    sqlite3.SQLITE_READONLY: "cannot be written; give this user write permission to the file and its folder",
    sqlite3.SQLITE_PERM: "cannot be accessed; give this user permission to the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that the file exists, and that this user may write its folder",
}


def _create(path: Path) -> None:
    """Create the file for this user only. SQLite gives its side files the same mode."""
    if not path.parent.exists():  # a wrong address, more likely than a wish
        raise StoreError(
            f"{path} cannot be created: there is no folder {str(path.parent)!r}; create it, or correct the path"
        )
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare(connection: sqlite3.Connection, schema: str, probe: str) -> None:
    """Switch to write-ahead logging and create the tables, which takes the write lock the first time only."""
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has an effect in an empty file only
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _write_ahead(connection)
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (probe,)).fetchone() is None:
        connection.execute("BEGIN IMMEDIATE")
        for statement in schema.split(";"):
            connection.execute(statement)
        connection.execute("COMMIT")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the journal; SQLite does not wait by itself for others that open the file at the same moment."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
