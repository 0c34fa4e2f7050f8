"""What every store does, whatever lies behind it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stateflow.context import NodeRun, Span
from stateflow.errors import ConcurrentWriteError, InputError, StoreError, UnserializableStateError
from stateflow.journal import Address, Failure, Parent, Read, Record, RecordedError, Tried, Write
from stateflow.state import Operation, State
from stateflow.store import Masked, Unstored

from tests.store.records import RUN, attempt, fill, genesis, step


class TestCommitAndLoad:
    def test_a_record_comes_back_with_everything_but_its_operations(self, store: Any) -> None:
        outer = Span("outer", started=1.0, ended=4.0, attributes={"k": (1, 2)})
        record = Record(
            Address("run", "partition", "project"),
            0,
            4,
            "genesis",
            {"chat": [{"role": "user"}], "pair": (1, b"x")},
            "paused",
            action="answer",
            next_action="ask",
            visits={"answer": 2},
            writers={"chat": (3, 2)},
            operations=(Operation("append", "chat", {"role": "user"}),),
            reads=(Read("chat", 2), Read("tone", None)),
            writes=(Write("chat", 2, 2), Write("pair", None, 0, kept=True)),
            inputs={"prompt": "hi", "when": (1, 2)},
            result={"answer": {1, 2}},
            transition=("ask", "answer"),
            conditions=(Tried("answer", "safe", True), Tried("ask", "default", False)),
            nodes=(NodeRun("passages", 1.0, 0.5, "done", {"query": "read/prompt"}, ["p"], None, "v1"),),
            spans=(outer, Span("inner", outer, 2.0, 3.0)),
            attributes={"tokens": 12},
            resources=(("llm", "7"), ("index", None)),
            error=Failure("builtins.ValueError", "no"),
            parent=Parent("old", None, 3),
            params={"model": "small"},
            started=10.5,
            ended=11.5,
        )
        store.commit(record, None)
        loaded = store.load(record.address)
        assert loaded.operations == ()
        assert {name: getattr(loaded, name) for name in Record.__slots__ if name != "operations"} == {
            name: getattr(record, name) for name in Record.__slots__ if name != "operations"
        }
        assert type(loaded.state["pair"]) is tuple
        assert loaded.spans[1].parent is loaded.spans[0]

    def test_the_error_of_a_node_comes_back_as_what_was_kept_of_it(self, store: Any) -> None:
        failed = NodeRun("passages", 1.0, 0.5, "failed", {}, None, ValueError("no index"))
        store.commit(genesis(nodes=(failed,), spans=(Span("s", error=KeyError("k")),)), None)
        loaded = store.load(RUN)
        assert isinstance(loaded.nodes[0].error, RecordedError)
        assert loaded.nodes[0].error.failure == Failure("builtins.ValueError", "no index")
        assert str(loaded.spans[0].error) == "builtins.KeyError: 'k'"
        store.commit(step(1, nodes=loaded.nodes), 0)
        assert store.load(RUN).nodes[0].error.failure == Failure("builtins.ValueError", "no index")

    def test_the_last_record_is_loaded(self, store: Any) -> None:
        fill(store, RUN, 3)
        assert store.load(RUN).state == {"n": 3}

    def test_a_run_that_is_not_there_loads_as_none(self, store: Any) -> None:
        assert store.load(Address("nobody")) is None
        assert store.load(Address("nobody", sequence=3)) is None

    def test_a_sequence_is_loaded_as_its_step_left_it_before_edits(self, store: Any) -> None:
        fill(store, RUN, 2)
        store.commit(step(3, sequence=1, kind="edit", state={"n": -1}), 2)
        store.commit(step(4, sequence=1, kind="end", state={"n": -1}), 3)
        store.commit(step(5, sequence=2, state={"n": 5}), 4)
        assert store.load(Address("run", sequence=1)).position == 2
        assert store.load(Address("run", sequence=1)).state == {"n": 2}
        assert store.load(Address("run", sequence=1)).address == RUN
        assert store.load(Address("run", sequence=2)).state == {"n": 5}

    def test_a_fork_is_loaded_at_the_sequence_it_began_with(self, store: Any) -> None:
        store.commit(Record(RUN, 0, 4, "genesis", {"n": 4}, "running"), None)
        store.commit(step(1, sequence=5), 0)
        assert store.load(Address("run", sequence=4)).state == {"n": 4}

    def test_a_sequence_that_is_not_there_is_an_error_with_the_valid_range(self, store: Any) -> None:
        fill(store, RUN, 3)
        with pytest.raises(StoreError, match=r"run 'run' in project 'default' has no step 9; it has steps 0 to 2"):
            store.load(Address("run", sequence=9))

    def test_a_run_without_steps_says_so(self, store: Any) -> None:
        store.commit(genesis(), None)
        with pytest.raises(StoreError, match="has no step 0; it has no steps yet"):
            store.load(Address("run", sequence=0))

    def test_what_is_loaded_is_nobody_elses(self, store: Any) -> None:
        state = {"list": [1]}
        store.commit(genesis(state=state), None)
        state["list"].append(2)
        store.load(RUN).state["list"].append(3)
        assert store.load(RUN).state == {"list": [1]}

    def test_a_state_may_be_any_mapping(self, store: Any) -> None:
        store.commit(genesis(state=State(n=1)), None)
        assert store.load(RUN).state == {"n": 1}


class TestRefusals:
    def test_a_taken_position_is_a_conflict_that_names_both_actions(self, store: Any) -> None:
        fill(store, RUN, 2)
        with pytest.raises(ConcurrentWriteError) as caught:
            store.commit(step(2, action="late"), 1)
        assert str(caught.value) == (
            "run 'run' in project 'default': position 2 (step 1) by action 'late' was not written, because another "
            "writer has taken that position by action 'count'; load the run again and go on from there"
        )
        assert store.load(RUN).state == {"n": 2}

    def test_a_second_genesis_is_a_conflict(self, store: Any) -> None:
        fill(store, RUN, 2)
        with pytest.raises(
            ConcurrentWriteError,
            match=r"position 0 \(its first record\) .*the run exists already, at position 2; load it",
        ):
            store.commit(genesis(), None)

    def test_a_deleted_run_is_not_continued(self, store: Any) -> None:
        with pytest.raises(ConcurrentWriteError, match="another writer has deleted the run; start a new one"):
            store.commit(step(2), 1)

    def test_a_run_started_anew_is_not_continued(self, store: Any) -> None:
        fill(store, RUN, 1)
        with pytest.raises(ConcurrentWriteError, match="has started the run anew, and it stands at position 1 by act"):
            store.commit(step(5), 4)

    def test_a_store_works_on_after_a_conflict(self, store: Any) -> None:
        fill(store, RUN, 1)
        with pytest.raises(ConcurrentWriteError):
            store.commit(step(1), 0)
        store.commit(step(2), 1)
        assert store.load(RUN).position == 2

    def test_positions_have_no_gaps(self, store: Any) -> None:
        with pytest.raises(StoreError, match="position 3 cannot follow 1"):
            store.commit(step(3), 1)

    def test_state_that_cannot_be_stored_is_refused_and_nothing_is_written(self, store: Any) -> None:
        fill(store, RUN, 1)
        with pytest.raises(UnserializableStateError) as caught:
            store.commit(step(2, action="draw", state={"a": [1, object()]}), 1)
        assert str(caught.value).startswith("state['a'][1] is of type object, which cannot be stored")
        assert "action 'draw' was not committed to run 'run' in project 'default'" in str(caught.value)
        assert store.load(RUN).position == 1

    def test_an_initial_state_that_cannot_be_stored_is_refused(self, store: Any) -> None:
        with pytest.raises(UnserializableStateError, match="nothing was committed to run 'run'"):
            store.commit(genesis(state={"a": object()}), None)
        assert store.load(RUN) is None


class TestSmallParts:
    def test_what_cannot_be_stored_is_kept_as_a_marker(self, store: Any) -> None:
        store.commit(genesis(inputs={"f": threading.Lock(), "q": "x"}, result={"deep": [1, object()]}), None)
        loaded = store.load(RUN)
        assert loaded.inputs == {"f": Unstored("_thread.lock"), "q": "x"}
        assert loaded.result == {"deep": [1, Unstored("object")]}

    def test_a_large_value_of_a_node_is_kept_as_a_marker(self, store: Any) -> None:
        nodes = [NodeRun(name, 0.0, 0.0, "done", {}, "x" * size) for name, size in (("a", 60_000), ("b", 70_000))]
        store.commit(genesis(nodes=tuple(nodes)), None)
        small, large = store.load(RUN).nodes
        assert (len(small.value), large.value) == (60_000, Unstored("str"))

    def test_secrets_are_masked_in_small_parts_and_never_in_state(self, store: Any) -> None:
        secrets = {"api_key": "k", "headers": [{"Authorization": "Bearer x"}], "max_tokens": 3}
        nodes = (NodeRun("access_token", 0.0, 0.0, "done", {}, "t"), NodeRun("call", 0.0, 0.0, "done", {}, secrets))
        spans = (Span("s", attributes={"password": "p"}),)
        store.commit(genesis(state=secrets, inputs=secrets, nodes=nodes, spans=spans, visits={"token": 3}), None)
        masked = {"api_key": Masked(), "headers": [{"Authorization": Masked()}], "max_tokens": 3}
        loaded = store.load(RUN)
        assert (loaded.state, loaded.inputs, loaded.visits) == (secrets, masked, {"token": 3})
        assert [node.value for node in loaded.nodes] == [Masked(), masked]
        assert loaded.spans[0].attributes == {"password": Masked()}


class TestAttempts:
    def test_attempts_come_back_in_order(self, store: Any) -> None:
        store.commit(genesis(), None)
        nodes = (NodeRun("n", 0.0, 1.0, "done", {}, 3),)
        first = attempt(inputs={"q": (1,)}, nodes=nodes, started=1.0, ended=2.0)
        for made in (first, attempt(number=2), attempt(sequence=1)):
            store.save_attempt(made)
        assert [(found.sequence, found.number) for found in store.attempts(RUN)] == [(0, 1), (0, 2), (1, 1)]
        assert store.attempts(RUN)[0] == first
        assert [found.sequence for found in store.attempts(Address("run", sequence=1))] == [1]

    def test_a_secret_in_an_attempt_is_masked(self, store: Any) -> None:
        store.commit(genesis(), None)
        store.save_attempt(attempt(inputs={"token": "t"}))
        assert store.attempts(RUN)[0].inputs == {"token": Masked()}

    def test_an_attempt_needs_its_run(self, store: Any) -> None:
        with pytest.raises(StoreError, match="there is no run 'run' in project 'default'"):
            store.save_attempt(attempt())
        assert store.attempts(RUN) == []


class TestRuns:
    def test_the_newest_run_comes_first(self, store: Any) -> None:
        for name in "abc":
            store.commit(genesis(Address(name), started=1.0, ended=2.0), None)
        store.commit(step(1, Address("a"), status="paused", next_action="ask", ended=9.0), 0)
        found = store.runs().items
        assert [summary.address.app_id for summary in found] == ["c", "b", "a"]
        last = found[-1]
        assert (last.status, last.action, last.next_action, last.position) == ("paused", "count", "ask", 1)
        assert (last.created, last.updated) == (1.0, 9.0)

    def test_runs_are_filtered_by_project_and_partition(self, store: Any) -> None:
        for address in (Address("a"), Address("b", "p"), Address("c", "p", "other"), Address("d", "")):
            store.commit(genesis(address), None)
        assert _ids(store.runs(project="other")) == ["c"]
        assert _ids(store.runs(partition_key="p")) == ["c", "b"]
        assert _ids(store.runs(partition_key="p", project="default")) == ["b"]
        assert _ids(store.runs(partition_key="")) == ["d"]

    def test_a_thousand_runs_are_paged_without_gap_or_repeat_while_new_ones_start(self, store: Any) -> None:
        names = [f"run {number}" for number in range(1_000)]
        for name in names:
            store.store.commit(genesis(Address(name)), None)
        seen: list[str] = []
        page, pages = store.runs(limit=300), 1
        while page.next is not None:
            seen += _ids(page)
            store.commit(genesis(Address(f"late {pages}")), None)
            page, pages = store.runs(limit=300, after=page.next), pages + 1
        assert [*seen, *_ids(page)] == names[::-1]
        assert pages == 4

    def test_a_last_page_that_is_full_has_no_next(self, store: Any) -> None:
        for name in "ab":
            store.commit(genesis(Address(name)), None)
        assert store.runs(limit=2).next is None

    @pytest.mark.parametrize("after", ["", "x", "-1", "1e3", "9" * 30])
    def test_a_cursor_of_nobodys_is_refused(self, store: Any, after: str) -> None:
        with pytest.raises(InputError, match="is no cursor"):
            store.runs(after=after)

    def test_an_empty_page_is_refused(self, store: Any) -> None:
        with pytest.raises(InputError, match="limit must be at least 1"):
            store.runs(limit=0)


class TestDelete:
    def test_a_deleted_run_is_gone_with_its_attempts(self, store: Any) -> None:
        fill(store, RUN, 2)
        store.save_attempt(attempt())
        fill(store, Address("other"), 1)
        assert store.delete(RUN) is True
        assert store.delete(RUN) is False
        assert (store.load(RUN), store.attempts(RUN), _ids(store.runs())) == (None, [], ["other"])
        fill(store, RUN, 1)
        assert store.load(RUN).position == 1

    def test_a_step_cannot_be_deleted(self, store: Any) -> None:
        with pytest.raises(InputError, match="delete takes a whole run; leave out sequence=1"):
            store.delete(Address("run", sequence=1))


HOSTILE = [
    "",
    "../../etc/passwd",
    "a\0b",
    "a\0",
    "'; DROP TABLE stateflow_run; --",
    '"',
    "%2e%2e",
    "🦆",
    "e\u0301",
    "\u00e9",
    "\ud800",
    "x" * 200,
    "A",
    "a",
    "a ",
]


class TestNames:
    def test_every_id_is_its_own(self, store: Any) -> None:
        addresses = [Address(name) for name in HOSTILE]
        addresses += [Address("same", name) for name in (None, *HOSTILE)]
        addresses += [Address("same", None, name) for name in HOSTILE]
        for number, address in enumerate(addresses):
            store.commit(genesis(address, {"n": number}, action=address.app_id), None)
        for number, address in enumerate(addresses):
            assert store.load(address).state == {"n": number}
            assert store.load(address).action == address.app_id
        assert {summary.address for summary in store.runs().items} == set(addresses)
        for name in HOSTILE:
            assert Address("same", name) in {summary.address for summary in store.runs(partition_key=name).items}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(app_id=st.text(max_size=200), partition=st.none() | st.text(max_size=200))
    def test_any_unicode_is_an_id(self, plain_store: Any, app_id: str, partition: str | None) -> None:
        address = Address(app_id, partition)
        plain_store.delete(address)
        plain_store.commit(genesis(address, {"id": app_id}), None)
        assert plain_store.load(address).address == address

    def test_an_id_is_a_string_of_at_most_200_characters(self, store: Any) -> None:
        with pytest.raises(InputError, match="app_id has 201 characters; at most 200 are allowed"):
            store.commit(genesis(Address("x" * 201)), None)
        with pytest.raises(InputError, match="partition_key must be a string, not 7"):
            store.load(Address("x", 7))  # type: ignore[arg-type]


class TestTwoWriters:
    def test_one_thread_wins_each_position(self, plain_store: Any) -> None:
        plain_store.commit(genesis(), None)
        won: dict[int, list[str]] = {}

        def write(name: str) -> None:
            position = 1
            while position <= 100:
                try:
                    plain_store.commit(step(position, action=name), position - 1)
                    won.setdefault(position, []).append(name)
                except ConcurrentWriteError:
                    pass
                position = plain_store.load(RUN).position + 1

        threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two", "three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {position: len(names) for position, names in won.items()} == dict.fromkeys(range(1, 101), 1)
        for position, (name,) in won.items():
            assert plain_store.load(Address("run", sequence=position - 1)).action == name


def _ids(page: Any) -> list[str]:
    return [summary.address.app_id for summary in page.items]
