"""A user's own persister, in both colours, works as a store of whole states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stateflow.errors import ConcurrentWriteError, CorruptRecordError, StoreError
from stateflow.journal import Address
from stateflow.state import State
from stateflow.store import PersisterStore

from tests.store.conftest import Verbs
from tests.store.records import RUN, attempt, fill, genesis, step


class Shelf:
    """What a user writes: keeps states in a dict."""

    def __init__(self) -> None:
        self.saved: dict[tuple[str | None, str], dict[int, dict[str, Any]]] = {}
        self.closed = False

    def save(
        self, partition_key: str | None, app_id: str, sequence_id: int, position: str, state: State, status: str
    ) -> None:
        kept = {"sequence_id": sequence_id, "position": position, "state": state, "status": status}
        self.saved.setdefault((partition_key, app_id), {})[sequence_id] = kept

    def load(self, partition_key: str | None, app_id: str, sequence_id: int | None = None) -> dict[str, Any] | None:
        found = self.saved.get((partition_key, app_id), {})
        return found.get(max(found, default=-1) if sequence_id is None else sequence_id)

    def list_app_ids(self, partition_key: str | None) -> list[str]:
        return [app_id for partition, app_id in self.saved if partition == partition_key]

    def delete(self, partition_key: str | None, app_id: str) -> None:
        del self.saved[partition_key, app_id]

    def close(self) -> None:
        self.closed = True


class AsyncShelf(Shelf):
    async def save(self, *args: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().save(*args)

    async def load(self, *args: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().load(*args)

    async def list_app_ids(self, *args: Any) -> Any:  # type: ignore[override]
        return super().list_app_ids(*args)


@pytest.fixture(params=[(Shelf, "sync"), (Shelf, "async"), (AsyncShelf, "async")], ids=["sync", "mixed", "async"])
def made(request: pytest.FixtureRequest) -> Iterator[tuple[Shelf, Callable[[], Verbs]]]:
    """A persister, and how to wrap it as a new process would."""
    kind, colour = request.param
    shelf, wrapped = kind(), []

    def wrap() -> Verbs:
        wrapped.append(Verbs(PersisterStore(shelf), colour))
        return wrapped[-1]

    yield shelf, wrap
    for verbs in wrapped:
        verbs.close()
        verbs.runner.close()
    assert shelf.closed


def test_each_step_is_saved_under_its_sequence(made: Any) -> None:
    shelf, wrap = made
    fill(wrap(), RUN, 3)
    assert sorted(shelf.saved[None, "run"]) == [0, 1, 2]
    last = shelf.saved[None, "run"][2]
    assert last == {"sequence_id": 2, "position": "count", "state": State(n=3), "status": "completed"}
    assert type(last["state"]) is State


def test_an_edit_is_saved_again_under_the_last_sequence(made: Any) -> None:
    shelf, wrap = made
    store = wrap()
    fill(store, RUN, 1)
    store.commit(step(2, sequence=0, kind="edit", state={"n": -1}), 1)
    assert {sequence: kept["state"] for sequence, kept in shelf.saved[None, "run"].items()} == {0: {"n": -1}}


def test_an_edit_before_the_first_step_has_no_place(made: Any) -> None:
    shelf, wrap = made
    store = wrap()
    store.commit(genesis(), None)
    store.commit(step(1, sequence=None, kind="edit"), 0)
    assert shelf.saved == {}


def test_a_run_goes_on_in_another_process(made: Any) -> None:
    shelf, wrap = made
    fill(wrap(), Address("run", "partition"), 2)
    store = wrap()
    loaded = store.load(Address("run", "partition"))
    assert (loaded.position, loaded.sequence, loaded.action, loaded.status) == (2, 1, "count", "halted")
    assert loaded.state == {"n": 2}
    store.commit(step(3, Address("run", "partition")), 2)
    assert sorted(shelf.saved["partition", "run"]) == [0, 1, 2]


def test_a_failed_step_is_loaded_as_failed(made: Any) -> None:
    shelf, wrap = made
    store = wrap()
    store.commit(genesis(), None)
    store.commit(step(1, status="failed"), 0)
    assert shelf.saved[None, "run"][0]["status"] == "failed"
    assert wrap().load(RUN).status == "failed"


def test_an_earlier_sequence_is_loaded(made: Any) -> None:
    _, wrap = made
    store = wrap()
    fill(store, RUN, 3)
    assert store.load(Address("run", sequence=1)).state == {"n": 2}
    with pytest.raises(StoreError, match="has no step 7 in PersisterStore"):
        store.load(Address("run", sequence=7))
    assert store.load(Address("nobody", sequence=7)) is None
    assert store.load(Address("nobody")) is None
    store.commit(step(4), 3)


def test_a_stale_writer_of_this_process_is_refused(made: Any) -> None:
    _, wrap = made
    store = wrap()
    fill(store, RUN, 2)
    with pytest.raises(ConcurrentWriteError, match=r"position 2 \(step 1\) by action 'late' was not written"):
        store.commit(step(2, action="late"), 1)


def test_runs_are_listed_and_paged(made: Any) -> None:
    _, wrap = made
    store = wrap()
    for name in "abcde":
        fill(store, Address(name), 1)
    fill(store, Address("other", "p"), 1)
    seen, after = [], None
    while True:
        page = store.runs(limit=2, after=after)
        seen += [summary.address.app_id for summary in page.items]
        if (after := page.next) is None:
            break
    assert seen == ["e", "d", "c", "b", "a"]
    (summary,) = store.runs(partition_key="p", project="mine").items
    assert (summary.address, summary.action) == (Address("other", "p", "mine"), "count")


def test_a_run_that_vanishes_while_it_is_listed_is_left_out(made: Any) -> None:
    shelf, wrap = made
    fill(wrap(), RUN, 1)
    shelf.saved[None, "ghost"] = {}
    assert [summary.address for summary in wrap().runs().items] == [RUN]


def test_a_run_is_deleted_where_the_persister_can(made: Any) -> None:
    shelf, wrap = made
    store = wrap()
    fill(store, RUN, 1)
    assert store.delete(RUN) is True
    assert store.delete(RUN) is False
    assert shelf.saved == {}
    store.commit(genesis(), None)


def test_attempts_are_not_kept(made: Any) -> None:
    _, wrap = made
    store = wrap()
    fill(store, RUN, 1)
    store.save_attempt(attempt())
    assert store.attempts(RUN) == []


@pytest.mark.parametrize("wrong", [{"state": {}}, "text", {"state": 3, "sequence_id": 1, "position": "a"}])
def test_what_load_must_return_is_said(wrong: Any) -> None:
    shelf = Shelf()
    shelf.saved[None, "run"] = {0: wrong}
    with pytest.raises(CorruptRecordError, match="must return a dict with state, sequence_id, position and status"):
        PersisterStore(shelf).load(RUN)


def test_a_persister_without_delete_says_so() -> None:
    class Plain:
        def load(self, *args: Any) -> None: ...

    store = PersisterStore(Plain())
    with pytest.raises(StoreError, match=r"cannot delete: give its class delete\(partition_key, app_id\)"):
        store.delete(RUN)
    store.close()


def test_an_async_persister_refuses_the_sync_verbs() -> None:
    with pytest.raises(StoreError, match="has async methods; build with abuild"):
        PersisterStore(AsyncShelf()).load(RUN)


def test_what_the_persister_raises_passes_through() -> None:
    class Broken(Shelf):
        def save(self, *args: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise ConnectionError("gone")

    store = PersisterStore(Broken())
    store.commit(genesis(), None)
    with pytest.raises(ConnectionError, match="gone"):
        store.commit(step(1), 0)


def test_a_save_whose_caller_is_cancelled_is_finished() -> None:
    class Slow(AsyncShelf):
        async def save(self, *args: Any) -> None:  # type: ignore[override]
            await asyncio.sleep(0.02)
            Shelf.save(self, *args)

    shelf = Slow()
    store = PersisterStore(shelf)

    async def main() -> None:
        await store.acommit(genesis(), None)
        task = asyncio.ensure_future(store.acommit(step(1), 0))
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await asyncio.sleep(0.05)

    asyncio.run(main())
    assert sorted(shelf.saved[None, "run"]) == [0]
