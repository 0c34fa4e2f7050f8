"""State is an immutable mapping; the view that a body gets shows what the action declared and logs what it did."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow import ActionError, ApplicationBuilder, InputError, MissingKeyError, State, action
from stateflow.errors import UnserializableStateError
from stateflow.state import ABSENT, Access, Declared, Operation, operations, operations_between, settle, view_of

KEYS = ("a", "b", "c", "d")
KEY = st.sampled_from(KEYS)
LISTS = st.lists(st.integers(0, 9), max_size=3)


def access(
    base: dict[str, Any],
    *,
    reads: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    form: str = "@action",
) -> Access:
    """One execution of an action named ``work``."""
    return Access(Declared("work", reads, optional, writes, form), base)


# -- the mapping -------------------------------------------------------------------------------------------


def test_reads_like_a_mapping() -> None:
    """Indexing, get, in, len, iteration, items and get_all say what a dict would."""
    state = State({"a": 1}, b=2)
    assert (state["a"], state.get("c"), state.get("c", 3), "a" in state, "c" in state) == (1, None, 3, True, False)
    assert (len(state), list(state)) == (2, ["a", "b"])
    assert dict(state.items()) == state.get_all() == state


def test_get_all_is_a_copy() -> None:
    """Changing what get_all returned leaves the state alone."""
    state = State(a=1)
    state.get_all()["a"] = 2
    assert state["a"] == 1


def test_the_mapping_it_was_made_of_may_change_later() -> None:
    """A state copies the mapping that it is made of."""
    given = {"a": 1}
    state = State(given)
    given["a"] = 2
    assert state["a"] == 1


@pytest.mark.parametrize("name", ["self", "state", "values", "key", "keys", "other", "_data", "not an identifier", ""])
def test_no_key_is_reserved(name: str) -> None:
    """Any string is a key, also the names of parameters and attributes."""
    state = State({name: [1]}).update(**{name: [2]}).append(**{name: 3}).extend(**{name: [4]})
    assert state[name] == [2, 3, 4]
    assert state.merge({name: 1}).increment(**{name: 1})[name] == 2


def test_a_missing_key_names_near_ones() -> None:
    """The error is a KeyError that reads as a sentence and names what was meant."""
    with pytest.raises(KeyError, match=r"the state has no key 'promt'; did you mean 'prompt'\?") as caught:
        State(prompt="hi", reply="ho")["promt"]
    assert isinstance(caught.value, MissingKeyError)
    assert str(caught.value).startswith("the state has no key")


@pytest.mark.parametrize("given", [{1: "a"}, {None: 2}, {"a": 1, ("b",): 2}])
def test_keys_are_strings(given: Any) -> None:
    """A key of another type is refused, by construction and by merge."""
    for make in (State, State(x=1).merge):
        with pytest.raises(InputError, match="state keys are strings"):
            make(given)


@pytest.mark.parametrize("given", [3, "text", [("a", 1)]])
def test_a_state_is_made_of_a_mapping(given: Any) -> None:
    """Anything else is refused by name of its type."""
    for make in (State, State(x=1).merge):
        with pytest.raises(InputError, match=f"not of {type(given).__name__}"):
            make(given)


@pytest.mark.parametrize("seen", [False, True], ids=["free", "view"])
def test_cannot_be_changed_in_place(seen: bool) -> None:
    """Assigning to a key, and deleting one, say how a new State is made of it; so does a mapping given by position."""
    state: Any = view_of(access({"a": 1}, reads=("a",), writes=("a",))) if seen else State(a=1)
    error, action_ = (ActionError, "action 'work': ") if seen else (InputError, "")
    with pytest.raises(error, match=rf"^{action_}a state is immutable; write state = state\.update\(a=\.\.\.\)$"):
        state["a"] = 2
    with pytest.raises(error, match=r"write state = state\.wipe\(delete=\['a'\]\)$"):
        del state["a"]
    for kind in ("append", "extend", "increment"):
        with pytest.raises(
            error, match=rf"^{action_}{kind} takes its keys as keywords; write state\.{kind}\(b=\.\.\.\)$"
        ):
            getattr(state, kind)({"b": 2})
    with pytest.raises(error, match=r"write state\.append\(key=\.\.\.\)$"):
        state.append([2])
    with pytest.raises(error, match=r"write state\.increment\(\*\*{\.\.\.}\)$"):
        state.increment({"b c": 2})
    with pytest.raises(AttributeError, match=r"^'State' object has no attribute 'anything'"):
        state.anything = 2
    assert state == {"a": 1}


def test_a_mapping_given_to_update_by_position_is_explained() -> None:
    """Of a free State that is our error; in a body it is Python's, with our note and no name of an inner class."""
    free: Any = State()
    with pytest.raises(InputError, match=r"^update takes its keys as keywords; write state\.update\(a=\.\.\.\)$"):
        free.update({"a": 1})

    @action(writes=["a"])
    def work(state: Any) -> State:
        return state.update({"a": 1})  # type: ignore[no-any-return]

    with pytest.raises(TypeError, match=r"^State\.update\(\) takes 1 positional argument") as raised:
        ApplicationBuilder().with_actions(work).with_entrypoint("work").build().run()
    assert raised.value.__notes__[0] == "update takes its keys as keywords: write state.update(key=value)"


def test_equality_is_of_items() -> None:
    """A state equals any mapping of the same items, and nothing else."""
    assert State(a=1, b=[2]) == State(b=[2], a=1) == {"a": 1, "b": [2]}
    assert State(a=1) != State(a=2)
    assert State(a=1) != [("a", 1)]


def test_is_not_hashable() -> None:
    """Values may be unhashable, so a state is."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(State(a=1))


def test_repr_shows_the_items() -> None:
    """The text is what one would type."""
    assert repr(State(a=1, b="x")) == "State({'a': 1, 'b': 'x'})"


def test_values_are_shared_not_copied() -> None:
    """A new version holds the very objects of the old one."""
    big = {"deep": [1]}
    state = State(big=big).update(other=1).append(more=1).wipe(delete=["other"]).subset("big")
    assert state["big"] is big


def test_can_be_deep_copied() -> None:
    """A deep copy has values of its own."""
    state = State(a=[1])
    twin = copy.deepcopy(state)
    assert (twin == state, twin["a"] is state["a"]) == (True, False)


# -- changing ----------------------------------------------------------------------------------------------


def test_append_and_extend_leave_the_old_list_alone() -> None:
    """Earlier versions keep the list that they had."""
    state = State(items=[1])
    assert state.append(items=2).extend(items=(3, 4))["items"] == [1, 2, 3, 4]
    assert state["items"] == [1]


def test_append_to_a_missing_key_makes_a_list() -> None:
    """Append, extend and increment need no value to start from."""
    assert State().append(a=1).extend(b="xy").increment(c=3) == {"a": [1], "b": ["x", "y"], "c": 3}


@pytest.mark.parametrize("kind", ["append", "extend"])
@pytest.mark.parametrize("held", [(1,), "text", {1}, None])
def test_append_needs_a_list(kind: str, held: Any) -> None:
    """The error names the key, what it holds, and the way out."""
    with pytest.raises(
        ActionError, match=rf"{kind} needs a list in 'a', which holds (an? .*|None); use update instead"
    ):
        getattr(State(a=held), kind)(a=[1])


@pytest.mark.parametrize(("held", "added"), [(1, "x"), ("x", 1), (None, 1)])
def test_increment_needs_numbers(held: Any, added: Any) -> None:
    """What cannot be added is named with its key."""
    with pytest.raises(ActionError, match=r"increment cannot add .* to 'a', which holds"):
        State(a=held).increment(a=added)
    with pytest.raises(ActionError, match="increment cannot add str to 'n', which holds int"):
        State().increment(n="x")


def test_lists_of_a_kind_keep_it() -> None:
    """A subclass of list may be appended to; the result is a list."""

    class Items(list[int]):
        pass

    assert State(a=Items([1])).append(a=2)["a"] == [1, 2]


def test_wipe_takes_one_of_two() -> None:
    """Either what to delete or what to keep, as a list."""
    state = State(a=1, b=2, c=3)
    assert state.wipe(delete=["a", "zz"]) == {"b": 2, "c": 3}
    assert state.wipe(keep=["a"]) == {"a": 1}
    for wrong in ({}, {"delete": ["a"], "keep": ["b"]}):
        with pytest.raises(InputError, match="either delete= or keep="):
            state.wipe(**wrong)
    for lone in ({"delete": "abc"}, {"keep": "abc"}):
        with pytest.raises(InputError, match=r"wipe takes a list of keys, not 'abc'; write \['abc'\]"):
            state.wipe(**lone)


def test_subset_may_insist() -> None:
    """Missing keys are left out, or refused."""
    state = State(a=1, b=2)
    assert state.subset("a", "zz") == {"a": 1}
    with pytest.raises(MissingKeyError, match="no key 'zz'"):
        state.subset("a", "zz", ignore_missing=False)
    assert state.subset("a", "b", ignore_missing=False) == state


def test_serialize_gives_back_the_same_types() -> None:
    """Storing and loading keeps tuples, sets, times, bytes and int keys."""
    state = State(a=(1, {2}), when=dt.datetime(2024, 1, 2, tzinfo=dt.UTC), raw=b"\0", by={1: "x"}, none=None)
    again = State.deserialize(state.serialize())
    assert again == state
    assert isinstance(again, State)
    assert isinstance(again["a"], tuple)


def test_serialize_refuses_what_it_does_not_know() -> None:
    """An object that no codec knows is refused, naming its place."""
    with pytest.raises(UnserializableStateError, match="thing"):
        State(thing=object()).serialize()


# -- against a plain dict ------------------------------------------------------------------------------------

CHANGES = st.one_of(
    st.tuples(st.just("update"), st.dictionaries(KEY, LISTS, max_size=2)),
    st.tuples(st.just("append"), st.dictionaries(KEY, st.integers(0, 9), max_size=2)),
    st.tuples(st.just("extend"), st.dictionaries(KEY, LISTS, max_size=2)),
    st.tuples(st.just("delete"), st.lists(KEY, max_size=2)),
    st.tuples(st.just("keep"), st.lists(KEY, max_size=4)),
)


def changed(state: Any, kind: str, given: Any) -> Any:
    """The change, done by State."""
    if kind in ("delete", "keep"):
        return state.wipe(**{kind: given})
    return getattr(state, kind)(**given)


def modelled(model: dict[str, Any], kind: str, given: Any) -> dict[str, Any]:
    """The same change, done to a dict."""
    new = dict(model)
    if kind == "delete":
        return {key: value for key, value in new.items() if key not in given}
    if kind == "keep":
        return {key: value for key, value in new.items() if key in given}
    for key, value in given.items():
        if kind == "update":
            new[key] = value
        else:
            new[key] = new.get(key, []) + ([value] if kind == "append" else list(value))
    return new


@given(st.dictionaries(KEY, LISTS), st.lists(CHANGES, max_size=6))
def test_every_version_is_what_a_dict_would_be(start: dict[str, Any], changes: list[tuple[str, Any]]) -> None:
    """A history of changes equals the same changes of a dict, and no version changes afterwards."""
    state, model = State(start), dict(start)
    versions = [(state, model)]
    for kind, given_ in changes:
        state, model = changed(state, kind, given_), modelled(model, kind, given_)
        versions.append((state, model))
    for version, expected in versions:
        assert version == expected
        assert State.deserialize(version.serialize()) == expected


@given(st.dictionaries(KEY, LISTS), st.sets(KEY), st.lists(CHANGES, max_size=6))
def test_a_step_does_what_its_body_did(start: dict[str, Any], seen: set[str], changes: list[tuple[str, Any]]) -> None:
    """Whatever a body sees of the state, its log applied to the whole state is what a dict would be."""
    access_ = access(start, reads=tuple(seen), writes=KEYS)
    view: Any = view_of(access_)
    model = dict(start)
    own: set[str] = set()
    for kind, given_ in changes:
        if kind == "keep":  # which goes by what is seen
            gone = [key for key in view.get_all() if key not in given_]
            model = modelled(model, "delete", gone)
            own |= set(gone)
        else:
            model = modelled(model, kind, given_)
            own |= set(given_) if kind in ("update", "delete") else set()
        view = changed(view, kind, given_)
    missing = [key for key in KEYS if key not in model and key not in {done.key for done in operations(view)}]
    if missing:
        with pytest.raises(ActionError, match=r"declares that it writes"):
            settle(access_, view)
        return
    data, after = settle(access_, view)
    assert (data, after) == (model, view)
    for key in KEYS:
        if key in seen or (key in own and key in view.get_all()):
            assert view.get(key, ABSENT) == model.get(key, ABSENT)
    assert start == access_.base


@given(st.dictionaries(KEY, LISTS), st.lists(CHANGES, max_size=3), st.lists(CHANGES, max_size=3))
def test_merging_a_branch_does_both(start: dict[str, Any], left: list[Any], right: list[Any]) -> None:
    """Two branches of one view merge to the operations of the first, then those of the second."""
    access_ = access(start, reads=KEYS, writes=KEYS)
    base: Any = view_of(access_)
    one: Any = base
    two: Any = base
    for kind, given_ in left:
        one = changed(one, kind, given_)
    for kind, given_ in right:
        two = changed(two, kind, given_)
    merged = one.merge(two)
    assert operations(merged) == operations(one) + operations(two)
    assert one.merge(base) == one
    assert operations(base.merge(two)) == operations(two)


# -- what a body sees ------------------------------------------------------------------------------------------


def test_a_view_shows_reads_only() -> None:
    """Reads and optional reads that exist are visible; len and iteration cover nothing else."""
    view = view_of(access({"a": 1, "b": 2, "c": 3}, reads=("a",), optional=("b", "x")))
    assert (view["a"], view["b"], len(view), list(view), view.get_all()) == (1, 2, 2, ["a", "b"], {"a": 1, "b": 2})
    assert repr(view) == "State({'a': 1, 'b': 2}, seen by action 'work')"


@pytest.mark.parametrize(
    ("look", "line"),
    [
        (lambda s: s["c"], "@action(reads=['a', 'c'], optional_reads=['b'], writes=['w'])"),
        (lambda s: s.get("c"), "@action(reads=['a'], optional_reads=['b', 'c'], writes=['w'])"),
        (lambda s: "c" in s, "@action(reads=['a'], optional_reads=['b', 'c'], writes=['w'])"),
    ],
    ids=["[]", "get", "in"],
)
def test_another_key_prints_the_corrected_line(look: Any, line: str) -> None:
    """Touching an undeclared key names it and the line that would allow it; ``get`` reckons with its absence."""
    view = view_of(access({"a": 1, "c": 3}, reads=("a",), optional=("b",), writes=("w",)))
    with pytest.raises(MissingKeyError) as caught:
        look(view)
    assert "action 'work' touched 'c', which it does not declare that it reads" in str(caught.value)
    assert str(caught.value).endswith(f"to read it, declare {line}")


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("@action", "@action(reads=['c'], writes=['w'])"),
        ("@streaming_action", "@streaming_action(reads=['c'], writes=['w'])"),
        ("class", "reads = ['c']; writes = ['w']"),
    ],
)
def test_the_corrected_line_has_the_form_of_the_action(form: str, line: str) -> None:
    """A streaming action is told its own decorator, a class its attributes."""
    with pytest.raises(MissingKeyError, match="touched 'c'") as caught:
        view_of(access({"c": 3}, writes=("w",), form=form))["c"]
    assert str(caught.value).endswith(line)


def test_a_read_that_is_mistyped_is_named() -> None:
    """Near misses among the declared reads are named."""
    with pytest.raises(MissingKeyError, match=r"touched 'promt'.*did you mean 'prompt'\?"):
        view_of(access({"prompt": 1}, reads=("prompt",)))["promt"]


def test_a_declared_read_may_be_absent() -> None:
    """Then [] says that the state lacks it; get and in work as on a dict."""
    view = view_of(access({"ab": 1}, reads=("a", "ab")))
    assert (view.get("a", 5), "a" in view) == (5, False)
    with pytest.raises(MissingKeyError, match="reads 'a', which the state does not have"):
        view["a"]


@pytest.mark.parametrize(
    "look",
    [lambda s: s["b"], lambda s: s.get("b"), lambda s: "b" in s, len, list],
    ids=["[]", "get", "in", "len", "iteration"],
)
def test_an_optional_read_counts_when_it_is_touched(look: Any) -> None:
    """Only a body that looks at an optional key has read it."""
    access_ = access({"a": 1, "b": 2}, reads=("a",), optional=("b",))
    view = view_of(access_)
    view["a"]
    assert access_.touched is None
    look(view)
    assert access_.touched == {"b"}


def test_update_makes_a_key_readable() -> None:
    """A body reads back what it has updated or deleted itself."""
    view = view_of(access({"c": 1}, writes=("c",)))
    assert view.update(c=2)["c"] == 2
    gone = view.update(c=2).wipe(delete=["c"])
    assert ("c" in gone, gone.get("c")) == (False, None)
    with pytest.raises(MissingKeyError, match="which the state does not have"):
        gone["c"]


@pytest.mark.parametrize("kind", ["append", "extend", "increment"])
def test_append_does_not_make_a_key_readable(kind: str) -> None:
    """What was there before stays hidden from a body that has not declared to read it."""
    value: Any = [1] if kind == "extend" else 1
    view = getattr(view_of(access({"c": []}, writes=("c",))), kind)(c=value)
    with pytest.raises(MissingKeyError, match="touched 'c'"):
        view["c"]
    assert "c" not in list(view)


def test_append_after_update_is_seen() -> None:
    """Once a key is the body's own, appends to it show."""
    view = view_of(access({"c": [1]}, writes=("c",))).update(c=[5]).append(c=6)
    assert view["c"] == [5, 6]


def test_subset_of_a_view_narrows_what_is_seen() -> None:
    """A subset hides keys from the body; it neither deletes nor forgets what was written."""
    access_ = access({"a": 1, "h": [1]}, reads=("a", "h"), writes=("x", "h"))
    narrow = view_of(access_).update(x=1).subset("a")
    assert dict(narrow) == {"a": 1}
    assert settle(access_, narrow)[0] == {"a": 1, "h": [1], "x": 1}
    added = narrow.append(h=2)
    assert (added["h"], settle(access_, added)[0]["h"]) == ([1, 2], [1, 2])


def test_subset_keeps_appends_and_deletes() -> None:
    """What a hidden key has become is worked out from all that was done to it."""
    access_ = access({"h": [1]}, reads=("h",), writes=("h",))
    assert view_of(access_).append(h=2).subset().append(h=3)["h"] == [1, 2, 3]
    assert view_of(access_).wipe(delete=["h"]).subset().append(h=3)["h"] == [3]


# -- what a body returns ------------------------------------------------------------------------------------------


def test_writes_are_the_log() -> None:
    """Operations are recorded in order, also those that change nothing."""
    view = view_of(access({"a": 1, "h": [1]}, reads=("a",), writes=("a", "h", "n", "d")))
    after: Any = view.update(a=1).append(h=2).extend(h=[3]).increment(n=2).wipe(delete=["d"])
    assert operations(after) == [
        Operation("update", "a", 1),
        Operation("append", "h", 2),
        Operation("extend", "h", [3]),
        Operation("increment", "n", 2),
        Operation("delete", "d", ABSENT),
    ]
    assert repr(ABSENT) == "ABSENT"


def test_an_undeclared_write_prints_the_corrected_line() -> None:
    """All undeclared keys are named at once, with near misses."""
    access_ = access({}, reads=("q",), writes=("answer",))
    wrong = view_of(access_).update(anwser=1).append(other=2)
    with pytest.raises(ActionError) as caught:
        settle(access_, wrong)
    assert (
        "action 'work' wrote 'anwser', 'other', which is not in writes ['answer']; did you mean 'answer'? Or,"
        in str(caught.value)
    )
    assert str(caught.value).endswith("@action(reads=['q'], writes=['answer', 'anwser', 'other'])")


def test_one_undeclared_write_is_found_too() -> None:
    """The shortest log is judged like any other, also where nothing is declared."""
    access_ = access({"a": 1})
    for wrong in (view_of(access_).update(a=2), view_of(access_).wipe(delete=["a"])):
        with pytest.raises(ActionError, match=r"wrote 'a', which is not in writes \[\]; to write it"):
            settle(access_, wrong)


def test_a_declared_write_exists_or_is_deleted() -> None:
    """A key that no branch wrote and the state lacks is an error; one that it has is kept."""
    access_ = access({"kept": 1}, writes=("kept", "w"))
    with pytest.raises(
        ActionError, match=r"declares that it writes 'w', but did not, and the state has no 'w' yet.*return that one"
    ):
        settle(access_, view_of(access_))
    assert settle(access_, view_of(access_).update(w=1))[0] == {"kept": 1, "w": 1}
    assert settle(access_, view_of(access_).wipe(delete=["w", "kept"]))[0] == {}


def test_wipe_keep_deletes_what_is_seen() -> None:
    """Keep goes by the keys that the body sees; the rest of the state is none of its business."""
    access_ = access({"a": 1, "b": 2, "hidden": 3}, reads=("a", "b"), writes=("b",))
    data, _ = settle(access_, view_of(access_).wipe(keep=["a"]))
    assert data == {"a": 1, "hidden": 3}


@pytest.mark.parametrize("stranger", [State(w=1), view_of(access({"w": 1}, reads=("w",)))], ids=["State", "view"])
def test_the_returned_state_descends_from_the_given_one(stranger: State) -> None:
    """A State made otherwise, or by another step, is refused with the way out."""
    access_ = access({}, writes=("w",))
    with pytest.raises(ActionError, match=r"does not descend from the one it was given; return state.update"):
        settle(access_, stranger)
    assert settle(access_, view_of(access_).merge(stranger))[0] == {"w": 1}


def test_a_foreign_mapping_merges_as_updates() -> None:
    """A dict, a State and another step's view contribute their items."""
    access_ = access({"a": 1}, writes=("w", "v"))
    for other in ({"w": 1, "v": 2}, State(w=1, v=2), view_of(access({"w": 1, "v": 2}, reads=("w", "v")))):
        merged: Any = view_of(access_).merge(other)
        assert operations(merged) == [Operation("update", "w", 1), Operation("update", "v", 2)]


def test_an_edit_is_told_by_identity() -> None:
    """Operations between two states: new keys, other values, and what is gone."""
    same = [1]
    assert operations_between({"a": same, "b": 1, "c": 2}, {"a": same, "b": 2, "d": 3}) == [
        Operation("update", "b", 2),
        Operation("update", "d", 3),
        Operation("delete", "c", ABSENT),
    ]


def test_a_failed_append_in_a_body_fails_the_step() -> None:
    """What only the commit can work out still fails before anything is changed."""

    @action(writes=["n"])
    def work(state: State) -> State:
        return state.append(n=1)

    app = ApplicationBuilder().with_actions(work).with_state(n=3).with_entrypoint("work").build()
    with pytest.raises(ActionError, match="append needs a list in 'n', which holds an int"):
        app.run()
    assert app.state == {"n": 3}
    assert app.sequence_id is None
