"""Conditions: what they draw, what they read, how they combine, and when they match."""

from __future__ import annotations

import timeit
from collections.abc import Mapping
from enum import Enum, IntEnum
from operator import and_, itemgetter, or_
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.conditions import Condition, default, expr, on_error, visits, when
from stateflow.conditions.comparisons import meant
from stateflow.errors import GraphError, MissingKeyError
from stateflow.state import State


class Colour(Enum):
    """A value that a state may hold."""

    RED = 1


class Level(IntEnum):
    """A number with a name."""

    HIGH = 3


def asked(condition: Condition, counts: Mapping[str, int] | None = None, /, **data: Any) -> bool:
    """Return the condition's answer for a state of ``data``."""
    return condition.evaluate(data, counts or {})


SUFFIXES = [
    ({"x": 3}, "x == 3", [3, 3.0], [4, "3", None]),
    ({"x__eq": 3}, "x == 3", [3], [4]),
    ({"x__ne": 3}, "x != 3", [4, "3"], [3]),
    ({"x__lt": 3}, "x < 3", [2], [3, 4]),
    ({"x__lte": 3}, "x <= 3", [2, 3], [4]),
    ({"x__le": 3}, "x <= 3", [2, 3], [4]),
    ({"x__gt": 3}, "x > 3", [4], [3, 2]),
    ({"x__gte": 3}, "x >= 3", [3, 4], [2]),
    ({"x__ge": 3}, "x >= 3", [3, 4], [2]),
    ({"x__in": ["a", "b"]}, "x in ['a', 'b']", ["a", "b"], ["c", 1]),
    ({"x__notin": ("a",)}, "x not in ('a',)", ["b"], ["a"]),
    ({"x__contains": "a"}, "x contains 'a'", ["cat", ["a"], {"a": 1}], ["dog", []]),
    ({"x__is": None}, "x is None", [None], [0, False]),
    ({"x__isnot": None}, "x is not None", [0, ""], [None]),
]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("count__greater", "; did you mean when(count__gt=...)?"),
        ("count__not", "; did you mean when(count__ne=...)?"),
        ("count__gtt", "; 'gtt' is no comparison of 'count'; did you mean 'gt' or 'gte'?"),
        ("count__", "; '' is no comparison of 'count'; valid are ['contains', 'eq', "),
        ("other__greater", ""),
        ("count", ""),
    ],
)
def test_a_mistyped_suffix_of_a_known_key_is_told(key: str, said: str) -> None:
    """Keys may contain ``__``, so only a build that knows the keys can tell that a suffix was meant."""
    told = meant(key, {"count"})
    assert told.startswith(said) if said else not told


@pytest.mark.parametrize(("arguments", "text", "matching", "others"), SUFFIXES)
def test_when_compares_by_suffix(
    arguments: dict[str, Any],
    text: str,
    matching: list[Any],
    others: list[Any],
) -> None:
    """Every suffix compares as the Python operator it stands for, and is drawn as that."""
    condition = when(**arguments)
    assert condition.text == text
    assert condition.reads == ("x",)
    assert all(asked(condition, x=value) is True for value in matching)
    assert all(asked(condition, x=value) is False for value in others)


def test_when_with_several_comparisons_wants_all_of_them() -> None:
    """Several comparisons are and-ed in the order given."""
    condition = when(safe=True, count__gt=3)
    assert condition.text == "safe == True and count > 3"
    assert condition.reads == ("count", "safe")
    assert asked(condition, safe=True, count=4)
    assert not asked(condition, safe=True, count=3)
    assert not asked(condition, safe=False), "the second key is not looked at"


@pytest.mark.parametrize(
    ("name", "key"), [("a__foo", "a__foo"), ("a__b__gt", "a__b"), ("__gt", "__gt"), ("a__", "a__")]
)
def test_when_takes_an_unknown_suffix_for_a_part_of_the_key(name: str, key: str) -> None:
    """A key may contain two underscores; only a known last part is a suffix."""
    assert when(**{name: 1}).reads == (key,)


def test_when_refuses_what_compares_nothing() -> None:
    """No comparison at all, and a search in what is no collection, are mistakes of the author."""
    with pytest.raises(GraphError, match="use default"):
        when()
    with pytest.raises(GraphError, match=r"when\(x__in=\.\.\.\) needs a collection"):
        when(x__in=3)
    with pytest.raises(GraphError, match="needs a collection"):
        when(x__notin=iter("ab"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", 'x == "it\'s"'),
        ({"b", "a", "c"}, "x == {'a', 'b', 'c'}"),
        (Colour.RED, "x == Colour.RED"),
        (Level.HIGH, "x == Level.HIGH"),
        (int, "x == int"),
        (object(), "x == <object>"),
        (len, "x == <built-in function len>"),
        (1 << 5000, "x == <int of 5,001 bits>"),
        (10**20, "x == 100000000000000000000"),
        ("at 0x1", "x == 'at 0x1'"),
    ],
)
def test_when_is_drawn_alike_in_every_process(value: object, text: str) -> None:
    """A text holds no address, no order of a hash table and nothing endless."""
    assert when(x=value).text == text


def test_when_shortens_long_values() -> None:
    """A text is for people, so a long value is cut."""
    assert len(when(x="a" * 1000).text) < 80
    assert len(when(x__in=list(range(1000))).text) < 80


@pytest.mark.parametrize(
    "condition",
    [
        when(count=1),
        when(count__is=None),
        when(count__isnot=None),
        expr("count > 3"),
        ~when(count=1),
    ],
    ids=str,
)
def test_a_missing_key_is_named_with_what_is_near(condition: Condition) -> None:
    """A key that the state lacks is an error, never None, and names the condition."""
    with pytest.raises(MissingKeyError) as caught:
        asked(condition, counts=1, mode="chat")
    assert "reads 'count', which is not in the state; did you mean 'counts'?" in str(caught.value)
    assert caught.value.__suppress_context__
    assert condition.text.removeprefix("not (").removesuffix(")") in str(caught.value)


def test_a_key_error_of_a_comparison_is_not_taken_for_a_missing_key() -> None:
    """What a value's own comparison raises passes through."""

    class Picky:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise KeyError(other)

    with pytest.raises(KeyError) as caught:
        asked(when(x=1), x=Picky())
    assert not isinstance(caught.value, MissingKeyError)
    with pytest.raises(TypeError, match="'<' not supported"):
        asked(when(x__lt=1), x="a")


VISITS = [
    ("eq", "==", {3}),
    ("ne", "!=", {0, 1, 2, 4, 5}),
    ("lt", "<", {0, 1, 2}),
    ("le", "<=", {0, 1, 2, 3}),
    ("lte", "<=", {0, 1, 2, 3}),
    ("gt", ">", {4, 5}),
    ("ge", ">=", {3, 4, 5}),
    ("gte", ">=", {3, 4, 5}),
]


@pytest.mark.parametrize(("name", "symbol", "matching"), VISITS)
def test_visits_counts_committed_steps(name: str, symbol: str, matching: set[int]) -> None:
    """The comparison is with the number of visits, and reads no state."""
    condition = visits("think", **{name: 3})
    assert condition.text == f"visits('think') {symbol} 3"
    assert (condition.reads, condition.visited) == ((), ("think",))
    assert {n for n in range(6) if asked(condition, {"think": n})} == matching


def test_visits_of_an_action_that_never_ran_are_none() -> None:
    """An action that is not among the counts has been visited zero times."""
    assert asked(visits("think", eq=0), {"other": 3}) is True


@pytest.mark.parametrize(
    ("comparison", "fault"),
    [
        ({}, "exactly one comparison.* 0 were given"),
        ({"ge": 1, "lt": 3}, "exactly one comparison.* 2 were given"),
        ({"gee": 1}, "no comparison 'gee'; did you mean 'ge'"),
        ({"ge": "3"}, "give an int, not '3'"),
        ({"ge": True}, "give an int, not True"),
        ({"ge": 1.5}, "give an int, not 1.5"),
    ],
)
def test_visits_takes_one_comparison_with_an_int(comparison: dict[str, Any], fault: str) -> None:
    """Anything else is a mistake of the author, said with the remedy."""
    with pytest.raises(GraphError, match=fault):
        visits("think", **comparison)


def test_default_always_matches() -> None:
    """The default condition matches any state and says that it is the default."""
    assert asked(default) is True
    assert (default.text, default.is_default, default.reads, default.errors) == (
        "default",
        True,
        (),
        (),
    )
    assert not when(a=1).is_default


def test_on_error_names_its_exceptions_and_never_matches_a_step_that_went_well() -> None:
    """The machine asks ``errors``; the state alone is never enough."""
    condition = on_error(TimeoutError, ValueError, TimeoutError)
    assert condition.errors == (TimeoutError, ValueError)
    assert condition.text == "on_error(TimeoutError, ValueError)"
    assert asked(condition) is False
    assert on_error().errors == (Exception,)
    assert on_error().text == "on_error(Exception)"


@pytest.mark.parametrize("wrong", [KeyboardInterrupt, BaseException, OSError(), (OSError,), "x"])
def test_on_error_takes_subclasses_of_exception_only(wrong: Any) -> None:
    """Interrupts and cancellation never count as a failure of a body."""
    with pytest.raises(GraphError, match="on_error takes subclasses of Exception"):
        on_error(wrong)


@pytest.mark.parametrize("special", [default, on_error(TimeoutError)], ids=str)
def test_default_and_on_error_refuse_to_be_combined(special: Condition) -> None:
    """They stand alone on a transition, on either side of an operator."""
    with pytest.raises(GraphError, match="cannot be combined with ~"):
        _ = ~special
    for operator in (and_, or_):
        for sides in ((special, when(a=1)), (when(a=1), special)):
            with pytest.raises(GraphError, match=r"cannot be combined with [&|]; give it a trans"):
                operator(*sides)


A, B, C = when(a=True), expr("b"), expr("c > 1 or b")
COMBINED = [
    (A & B, "a == True and b"),
    (A | B, "a == True or b"),
    (~A, "not (a == True)"),
    (~B, "not b"),
    (~~B, "not (not b)"),
    (A & C, "a == True and (c > 1 or b)"),
    (A | C, "a == True or c > 1 or b"),
    (~(A & B), "not (a == True and b)"),
    ((A & B) | C, "a == True and b or c > 1 or b"),
    ((A | B) & ~C, "(a == True or b) and not (c > 1 or b)"),
    (~A & B, "not (a == True) and b"),
    (expr("a if b else c") | B, "(a if b else c) or b"),
    (~expr("not a"), "not (not a)"),
    (~expr("a and b"), "not (a and b)"),
    (~expr("-a"), "not (-a)"),
    (~visits("think", ge=2), "not (visits('think') >= 2)"),
]


@pytest.mark.parametrize(("condition", "text"), COMBINED, ids=[text for _, text in COMBINED])
def test_combinations_are_drawn_with_parentheses(condition: Condition, text: str) -> None:
    """The text of a combination means what the combination does."""
    assert condition.text == text


class Asked(NamedTuple):
    """A condition, the same question in Python, and the keys it reads."""

    condition: Condition
    python: str
    keys: frozenset[str]


def negated(one: Asked) -> Asked:
    """Return the opposite question."""
    return Asked(~one.condition, f"(not {one.python})", one.keys)


def both(two: tuple[Asked, Asked]) -> Asked:
    """Return the question whether both hold."""
    left, right = two
    python = f"({left.python} and {right.python})"
    return Asked(left.condition & right.condition, python, left.keys | right.keys)


def either(two: tuple[Asked, Asked]) -> Asked:
    """Return the question whether one of them holds."""
    left, right = two
    python = f"({left.python} or {right.python})"
    return Asked(left.condition | right.condition, python, left.keys | right.keys)


LEAVES = [
    Asked(condition, key, frozenset(key))
    for key in "abc"
    for condition in (
        when(**{key: True}),
        expr(key),
        Condition.of(itemgetter(key), reads=[key], name=key),
    )
]
QUESTIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        inner.map(negated),
        st.tuples(inner, inner).map(both),
        st.tuples(inner, inner).map(either),
    ),
    max_leaves=8,
)


@given(QUESTIONS, st.fixed_dictionaries(dict.fromkeys("abc", st.booleans())))
def test_combinations_mean_what_python_means(question: Asked, state: dict[str, bool]) -> None:
    """Negation, and, or agree with Python, and so does the text, read as an expression."""
    expected = expr(question.python).evaluate(state, {})
    assert question.condition.evaluate(state, {}) is expected
    assert expr(question.condition.text).evaluate(state, {}) is expected
    assert question.condition.reads == tuple(sorted(question.keys))


def test_combinations_unite_what_they_read_and_visit() -> None:
    """A combination depends on what both sides depend on, each named once and sorted."""
    condition = (when(b=1, a=2) | visits("z", ge=1)) & (visits("y", ge=1) | ~expr("a + c"))
    assert condition.reads == ("a", "b", "c")
    assert condition.visited == ("y", "z")


def test_combinations_stop_at_the_first_side_that_decides() -> None:
    """The right side is asked only when the left one leaves the question open."""
    assert asked(when(a=1) | when(missing=1), a=1)
    assert not asked(when(a=1) & when(missing=1), a=2)


def test_a_condition_has_no_truth_of_its_own() -> None:
    """``and`` between conditions would drop the left one, so it is an error with a remedy."""
    with pytest.raises(GraphError, match="combine conditions with &"):
        _ = when(a=1) and when(b=2)
    for combine in (lambda: when(a=1) & True, lambda: when(a=1) | "b"):  # type: ignore[operator]
        with pytest.raises(TypeError, match="unsupported operand"):
            combine()


def test_a_condition_is_immutable_and_itself_only() -> None:
    """Conditions are hashed by identity, and say in their repr what they draw."""
    one, other = when(a=1), when(a=1)
    assert one != other
    assert len({one, other, one}) == 2
    assert repr(one) == "<Condition a == 1>"
    with pytest.raises(AttributeError):
        one.text = "b"  # type: ignore[misc]
    assert not hasattr(one, "__dict__")


def test_a_function_sees_a_state_of_its_reads() -> None:
    """The function gets a State of the declared keys; absent ones are absent there too."""
    seen: list[State] = []

    def is_long(state: State) -> object:
        seen.append(state)
        return state.get("items", [])

    condition = Condition.of(is_long, reads=["mode", "items", "mode"])
    assert (condition.text, condition.reads) == ("is_long", ("items", "mode"))
    assert asked(condition, items=[1], other=2) is True
    assert asked(condition, items=[], mode="x") is False
    assert asked(condition) is False
    assert [type(state) for state in seen] == [State] * 3
    assert [dict(state) for state in seen] == [{"items": [1]}, {"items": [], "mode": "x"}, {}]


def test_a_function_may_be_given_a_name_and_raise_what_it_wants() -> None:
    """The name is drawn; an exception of the function's own passes through."""
    condition = Condition.of(lambda state: 1 / state["x"], reads=["x"], name="budget spent")
    assert condition.text == "budget spent"
    assert (~condition).text == "not budget spent"
    with pytest.raises(ZeroDivisionError):
        asked(condition, x=0)
    with pytest.raises(MissingKeyError, match="'x'"):
        asked(condition)


def test_a_callable_object_is_named_after_its_class() -> None:
    """What has no name of its own is drawn by its type."""

    class Judge:
        def __call__(self, state: State) -> bool:
            return bool(state["x"])

    assert Condition.of(Judge(), reads=["x"]).text == "Judge"


async def later(state: State) -> bool:
    """Return a truth that a condition could never see."""
    return bool(state)


class Later:
    """A callable object that would have to be awaited."""

    async def __call__(self, state: State) -> bool:
        return bool(state)


@pytest.mark.parametrize(
    ("fn", "reads", "fault"),
    [
        (3, [], "takes a function of the state, not 3"),
        (later, [], "cannot await"),
        (Later(), [], "cannot await"),
        (bool, "items", "takes reads as a list of state keys, not 'items'"),
        (bool, [1], "takes reads as a list of state keys"),
    ],
)
def test_a_function_and_its_reads_are_checked_at_once(fn: Any, reads: Any, fault: str) -> None:
    """A coroutine would always be true, and a text would be read letter by letter."""
    with pytest.raises(GraphError, match=fault):
        Condition.of(fn, reads=reads)


def test_every_condition_takes_a_state() -> None:
    """Data may be a State as well as a plain mapping."""
    state = State({"a": 1, "items": [1, 2]})
    for condition in (
        when(a=1),
        expr("len(items) == 2"),
        Condition.of(lambda s: s["a"], reads=["a"]),
    ):
        assert condition.evaluate(state, {}) is True
        with pytest.raises(MissingKeyError):
            condition.evaluate(State({"b": 1}), {})


@pytest.mark.parametrize(
    ("condition", "bound"),
    [
        (when(safe=False), 0.2),
        (when(count__lt=10), 0.2),
        (visits("think", ge=10), 0.2),
        (expr("count < 10"), 0.6),
        (expr("len(questions) > 0 and mode == 'chat'"), 0.8),
    ],
    ids=str,
)
def test_asking_takes_a_fraction_of_a_microsecond(condition: Condition, bound: float) -> None:
    """A condition is compiled when it is made; the bound has room for a slow or traced machine."""
    data = {"safe": False, "count": 3, "questions": [1], "mode": "chat"}
    best = min(timeit.repeat(lambda: condition.evaluate(data, {}), number=2_000, repeat=5))
    assert best / 2_000 * 1e6 < bound * 20
