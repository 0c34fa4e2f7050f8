"""What only a file can do: be shared by processes, be killed, be damaged, be refused by the system."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stateflow.errors import ConcurrentWriteError, CorruptRecordError, InputError, StoreError
from stateflow.journal import Address
from stateflow.store import SQLiteStore, local_store, open_store

from tests.store.records import RUN, attempt, fill, genesis, step

WRITER = """
import sys
from stateflow.errors import ConcurrentWriteError
from stateflow.journal import Address, Record
from stateflow.store import SQLiteStore, local_store, open_store

path, name, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
store, run, won = SQLiteStore(path, durability="normal"), Address("run"), []
position = store.load(run).position + 1
while position <= last:
    try:
        record = Record(run, position, position - 1, "step", {"n": position}, "running", action=name)
        store.commit(record, position - 1)
        won.append(position)
        print(position, flush=True)
    except ConcurrentWriteError:
        pass
    position = store.load(run).position + 1
store.close()
"""


def start(*args: object, script: str = WRITER) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", script, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class TestFile:
    def test_a_file_is_for_this_user_only(self, tmp_path: Path) -> None:
        with closing(SQLiteStore(tmp_path / "runs.db")) as store:
            fill(store, RUN, 1)
            modes = {made.name: stat.S_IMODE(made.stat().st_mode) for made in tmp_path.rglob("*")}
        assert modes == {"runs.db": 0o600, "runs.db-wal": 0o600, "runs.db-shm": 0o600}

    def test_missing_folders_are_not_created(self, tmp_path: Path) -> None:
        path = tmp_path / "nope" / "x" / "runs.db"
        with pytest.raises(StoreError, match=r"there is no folder '.*x'; create it, or correct the path"):
            open_store(f"sqlite:///{path}")
        assert not list(tmp_path.iterdir())

    def test_the_home_of_local_runs_is_created_for_this_user_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STATEFLOW_HOME", str(tmp_path / "new" / "deep"))
        with closing(local_store("chat")):
            modes = {made.name: stat.S_IMODE(made.stat().st_mode) for made in tmp_path.rglob("*") if made.is_dir()}
        assert modes == {"new": 0o700, "deep": 0o700}

    def test_a_file_is_opened_again(self, tmp_path: Path) -> None:
        for steps in range(3):
            with closing(SQLiteStore(tmp_path / "runs.db")) as store:
                found = store.load(RUN)
                assert (found.position if found else -1) == steps - 1
                store.commit(step(steps) if steps else genesis(), steps - 1 if steps else None)

    def test_a_closed_store_opens_again_when_it_is_used(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        sqlite_store.close()
        assert not Path(str(sqlite_store._database) + "-wal").exists()
        assert sqlite_store.load(RUN) is not None

    def test_any_file_name_will_do(self, tmp_path: Path) -> None:
        path = tmp_path / "what? 100% #1 ü.db"
        with closing(SQLiteStore(path)) as store:
            fill(store, RUN, 1)
        assert path.exists()

    @pytest.mark.parametrize(("durability", "level"), [("full", 2), ("normal", 1)])
    def test_durability_is_the_level_of_sqlite(self, tmp_path: Path, durability: Any, level: int) -> None:
        with (
            closing(SQLiteStore(tmp_path / "runs.db", durability=durability)) as store,
            store._database.reading() as connection,
        ):
            found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
        assert found == [level, "wal"]

    def test_two_tables_share_a_file(self, tmp_path: Path) -> None:
        with (
            closing(SQLiteStore(tmp_path / "runs.db", table="one")) as one,
            closing(SQLiteStore(tmp_path / "runs.db", table="two")) as two,
        ):
            fill(one, RUN, 1)
            assert two.load(RUN) is None

    @pytest.mark.parametrize("table", ["", "a b", 'a"', "1a", "x" * 64, "ä"])
    def test_a_table_is_a_plain_name(self, tmp_path: Path, table: str) -> None:
        with pytest.raises(InputError, match="table is a name of ASCII letters"):
            SQLiteStore(tmp_path / "runs.db", table=table)

    def test_durability_is_one_of_two(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="durability is 'full' or 'normal', not 'maybe'"):
            SQLiteStore(tmp_path / "runs.db", durability="maybe")  # type: ignore[arg-type]

    def test_memory_is_another_store(self) -> None:
        with pytest.raises(InputError, match="memory://"):
            SQLiteStore(":memory:")

    def test_a_store_shows_its_file(self, tmp_path: Path) -> None:
        with closing(SQLiteStore(tmp_path / "runs.db")) as store:
            assert repr(store) == f"SQLiteStore({str(tmp_path / 'runs.db')!r})"


class TestProcesses:
    def test_one_process_wins_each_position(self, tmp_path: Path) -> None:
        path = tmp_path / "runs.db"
        with closing(SQLiteStore(path)) as store:
            store.commit(genesis(), None)
            children = [start(path, name, 60) for name in ("one", "two")]
            won = {child.args[-2]: child.communicate(timeout=60)[0].split() for child in children}  # type: ignore[index]
            assert [child.returncode for child in children] == [0, 0]
            assert sorted(int(position) for positions in won.values() for position in positions) == list(range(1, 61))
            for name, positions in won.items():
                for position in positions:
                    found = store.load(Address("run", sequence=int(position) - 1))
                    assert found is not None
                    assert found.action == name

    def test_processes_may_create_the_file_at_once(self, tmp_path: Path) -> None:
        script = "import sys; from stateflow.store import SQLiteStore; SQLiteStore(sys.argv[1]).close()"
        children = [start(tmp_path / "runs.db", script=script) for _ in range(4)]
        assert [child.wait(60) for child in children] == [0] * 4
        for child in children:
            child.communicate()

    @pytest.mark.parametrize("acknowledged", [1, 17, 60])
    def test_a_killed_process_leaves_all_that_it_was_told_is_committed(self, tmp_path: Path, acknowledged: int) -> None:
        path = tmp_path / "runs.db"
        with closing(SQLiteStore(path)) as store:
            store.commit(genesis(), None)
        child = start(path, "killed", 1_000_000)
        assert child.stdout is not None
        for _ in range(acknowledged):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        told = acknowledged + len(child.stdout.read().splitlines())
        child.communicate()
        with closing(SQLiteStore(path)) as store:
            last = store.load(RUN)
            assert last is not None
            assert last.position in (told, told + 1)
            for sequence in range(last.position):
                found = store.load(Address("run", sequence=sequence))
                assert found is not None
                assert found.state == {"n": sequence + 1}
            store.commit(step(last.position + 1), last.position)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
    def test_a_forked_child_has_a_connection_and_a_lock_of_its_own(self, tmp_path: Path) -> None:
        script = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads: that is what is tried
from stateflow.journal import Address, Record
from stateflow.store import MemoryStore, SQLiteStore

run = Address("run")
store, memory = SQLiteStore(sys.argv[1]), MemoryStore()
store.commit(Record(run, 0, None, "genesis", {}, "running"), None)
held, done = threading.Event(), threading.Event()

def hold():
    with store._database._lock, memory._lock:
        held.set()
        done.wait(30)

thread = threading.Thread(target=hold)
thread.start()
held.wait(30)
child = os.fork()
if child == 0:
    memory.commit(Record(run, 0, None, "genesis", {}, "running"), None)
    store.commit(Record(run, 1, 0, "step", {}, "running", action="child"), 0)
    os._exit(0)
_, code = os.waitpid(child, 0)
done.set()
thread.join()
store.commit(Record(run, 2, 1, "step", {}, "running", action="parent"), 1)
print(code, store.load(Address("run", sequence=0)).action, store.load(run).action)
store.close()
"""
        child = start(tmp_path / "runs.db", script=script)
        assert child.communicate(timeout=60)[0] == "0 child parent\n"


class TestDamage:
    @pytest.mark.parametrize(
        "change",
        [
            "state = x'7b'",
            "state = x'ff'",
            "state = '{}'",
            "state = x'5b5d'",
            "parts = x'5b5d'",
            "parts = CAST(replace(CAST(parts AS TEXT), '[1,', '[{},') AS BLOB)",
            "kind = 'other'",
            "status = 'other'",
            "sequence = 'x'",
            "kind = x'ff'",
        ],
    )
    def test_a_damaged_record_is_named_and_other_runs_load(self, sqlite_store: SQLiteStore, change: str) -> None:
        fill(sqlite_store, RUN, 2)
        fill(sqlite_store, Address("other"), 1)
        _change(sqlite_store, f"UPDATE stateflow_record SET {change} WHERE run = 1 AND position = 2")
        with pytest.raises(StoreError) as caught:
            sqlite_store.load(RUN)
        assert str(caught.value).startswith("run 'run' in project 'default': position 2 (step ")
        assert "{}" in change or isinstance(caught.value, CorruptRecordError)
        assert sqlite_store.load(Address("other")) is not None
        assert len(sqlite_store.runs().items) == 2

    def test_a_missing_record_is_never_skipped(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 2)
        _change(sqlite_store, "DELETE FROM stateflow_record WHERE position = 2")
        with pytest.raises(CorruptRecordError, match="position 2 is missing"):
            sqlite_store.load(RUN)

    def test_a_record_without_its_head_is_found_when_it_is_written_again(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 2)
        _change(sqlite_store, "UPDATE stateflow_run SET position = 1")
        with pytest.raises(StoreError, match="failed: UNIQUE constraint failed"):
            sqlite_store.commit(step(2), 1)
        assert sqlite_store.load(RUN).position == 1  # type: ignore[union-attr]

    def test_a_damaged_attempt_is_named(self, sqlite_store: SQLiteStore) -> None:
        sqlite_store.commit(genesis(), None)
        sqlite_store.save_attempt(attempt())
        _change(sqlite_store, "UPDATE stateflow_attempt SET parts = x'00'")
        with pytest.raises(CorruptRecordError, match="attempt 1 of step 0 in SQLiteStore"):
            sqlite_store.attempts(RUN)

    def test_text_that_is_no_unicode_is_damage(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        _change(sqlite_store, "UPDATE stateflow_record SET kind = CAST(x'ff' AS TEXT) WHERE position = 1")
        with pytest.raises(CorruptRecordError, match="is damaged, or no SQLite database"):
            sqlite_store.load(RUN)

    def test_a_file_that_is_no_database_is_damage(self, tmp_path: Path) -> None:
        path = tmp_path / "runs.db"
        path.write_bytes(b"not a database at all " * 100)
        with pytest.raises(CorruptRecordError, match="is damaged, or no SQLite database") as caught:
            SQLiteStore(path)
        assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)

    def test_a_torn_file_is_damage(self, tmp_path: Path) -> None:
        path = tmp_path / "runs.db"
        with closing(SQLiteStore(path)) as store:
            fill(store, RUN, 300)
        content = path.read_bytes()
        path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
        with pytest.raises(CorruptRecordError, match="is damaged"), closing(SQLiteStore(path)) as store:
            store.load(RUN)

    def test_a_record_of_a_later_release_says_so(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        _change(sqlite_store, "UPDATE stateflow_record SET parts = CAST('[[9,2],1,2,3,4,5,6]' AS BLOB)")
        with pytest.raises(StoreError, match="its format 9 is not 1, the one that this release reads") as caught:
            sqlite_store.load(RUN)
        assert not isinstance(caught.value, CorruptRecordError)

    def test_a_file_of_a_later_release_says_so(self, sqlite_store: SQLiteStore) -> None:
        _change(sqlite_store, "UPDATE stateflow_format SET format = 9")
        with pytest.raises(StoreError, match="holds runs of format 9; this release reads format 1"):
            SQLiteStore(sqlite_store._database.path)


class TestRefusedBySystem:
    def test_a_read_only_store_reads_and_does_not_write(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        with closing(SQLiteStore(sqlite_store._database.path, read_only=True)) as store:
            assert store.load(RUN) is not None
            with pytest.raises(StoreError, match="was opened with read_only=True"):
                store.commit(step(2), 1)

    def test_a_read_only_store_does_not_create_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be opened; check that the file exists"):
            SQLiteStore(tmp_path / "runs.db", read_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_a_file_of_others_has_no_runs(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "others.db")) as connection:
            connection.execute("CREATE TABLE t (x)")
        with pytest.raises(StoreError, match="has no tables named stateflow_"):
            SQLiteStore(tmp_path / "others.db", read_only=True)

    def test_a_folder_that_cannot_be_made_is_a_store_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="cannot be opened") as caught:
            SQLiteStore(tmp_path / "file" / "runs.db")
        assert isinstance(caught.value.__cause__, OSError)

    @pytest.mark.parametrize("name", ["a\0b", "."])
    def test_a_path_that_is_no_file_is_a_store_error(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(StoreError, match="cannot be opened"):
            SQLiteStore(tmp_path / name)

    def test_a_read_only_folder_is_a_store_error(self, tmp_path: Path) -> None:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o500)
        script = """
import os, sys
if os.getuid() == 0:
    os.setuid(65534)  # root may write everywhere
from stateflow.errors import StoreError
try:
    from stateflow.store import SQLiteStore, local_store, open_store
    SQLiteStore(sys.argv[1])
except StoreError as error:
    print(error, type(error.__cause__).__name__)
"""
        # the script imports before it gives up root, as the folder of the project may be closed to others
        script = script.replace("import os, sys", "import os, sys, sqlite3, importlib.metadata\nimport stateflow.store")
        for parent in (tmp_path, *tmp_path.parents[:-1]):
            if os.getuid() == 0 and parent.stat().st_uid == 0 and parent.name.startswith(("pytest-", "test_")):
                parent.chmod(0o755)
        folder.chmod(0o555)
        child = start(folder / "runs.db", script=script)
        assert child.communicate(timeout=60)[0].endswith("PermissionError\n")

    def test_a_file_that_may_not_be_written_is_a_store_error(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        with sqlite_store._database.reading() as connection:
            connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="cannot be written; give this user write permission") as caught:
            sqlite_store.commit(step(2), 1)
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)

    def test_a_full_disk_is_a_store_error_and_the_commit_can_be_tried_again(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        with sqlite_store._database.reading() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        large = step(2, state={"text": "x" * 100_000})
        with pytest.raises(StoreError, match="could not grow, so nothing was written; the disk"):
            sqlite_store.commit(large, 1)
        assert sqlite_store.load(RUN).position == 1  # type: ignore[union-attr]
        with sqlite_store._database.reading() as connection:
            connection.execute("PRAGMA max_page_count = 1000")
        sqlite_store.commit(large, 1)

    def test_a_lock_that_lasts_is_a_store_error(
        self, sqlite_store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(sqlite_store, RUN, 1)
        with sqlite_store._database.reading() as connection:
            connection.execute("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(sqlite_store._database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="has been locked by another process for 5 s"):
                sqlite_store.commit(step(2), 1)
            assert sqlite_store.load(RUN) is not None
            other.execute("ROLLBACK")
        sqlite_store.commit(step(2), 1)

    def test_a_lock_that_goes_is_waited_for(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        with closing(sqlite3.connect(sqlite_store._database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writer = threading.Thread(target=sqlite_store.commit, args=(step(2), 1))
            writer.start()
            time.sleep(0.1)
            other.execute("COMMIT")
            writer.join(5)
        assert sqlite_store.load(RUN).position == 2  # type: ignore[union-attr]

    def test_the_switch_to_a_write_ahead_log_waits_for_others(self, tmp_path: Path) -> None:
        path = tmp_path / "runs.db"
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("CREATE TABLE t (x)")
            other.execute("BEGIN IMMEDIATE")
            timer = threading.Timer(0.2, other.execute, ("COMMIT",))
            timer.start()
            SQLiteStore(path).close()
            timer.join()

    def test_an_input_output_error_opens_the_file_again(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        with (
            pytest.raises(StoreError, match="failed: disk I/O error"),
            sqlite_store._database.writing() as connection,
        ):
            raise error
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
        sqlite_store.commit(step(2), 1)

    def test_an_interrupt_inside_a_transaction_leaves_no_trace(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)

        def interrupted() -> None:
            with sqlite_store._database.writing() as connection:
                connection.execute("DELETE FROM stateflow_run")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert sqlite_store.load(RUN) is not None

    def test_a_connection_lost_in_a_transaction_is_a_store_error(self, sqlite_store: SQLiteStore) -> None:
        fill(sqlite_store, RUN, 1)
        with pytest.raises(StoreError, match="Cannot operate on a closed"), sqlite_store._database.writing() as lost:
            lost.close()
        assert sqlite_store.load(RUN) is not None


def test_conflicts_leave_no_lock_behind(sqlite_store: SQLiteStore) -> None:
    fill(sqlite_store, RUN, 1)
    with pytest.raises(ConcurrentWriteError):
        sqlite_store.commit(step(1), 0)
    with closing(sqlite3.connect(sqlite_store._database.path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")


def test_stored_values_are_json_that_other_programs_read(sqlite_store: SQLiteStore) -> None:
    sqlite_store.commit(genesis(state={"text": "\ud800", "nan": float("nan"), "n": 1}), None)
    with closing(sqlite3.connect(sqlite_store._database.path)) as connection:
        (state,) = connection.execute("SELECT state FROM stateflow_record").fetchone()
    assert json.loads(state)["n"] == 1


def _change(store: SQLiteStore, statement: str) -> None:
    with closing(sqlite3.connect(store._database.path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0
