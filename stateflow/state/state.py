"""The immutable state of an application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Never, Protocol, Self

from stateflow.errors import InputError, MissingKeyError, StateflowError, nearest
from stateflow.state.values import ABSENT, applied, items_of

_new: Any = object.__new__


class Schema(Protocol):
    """What a typed state needs to know of its model; see ``stateflow.schema``."""

    required: frozenset[str]

    def instance(self, data: Mapping[str, Any]) -> Any:
        """Return the model's instance for these values, or raise an error naming what is missing."""
        ...


class State(Mapping[str, Any]):
    """An immutable mapping of state keys to values; every change returns a new State.

    Values are shared between versions and never copied, so treat them as immutable too.
    """

    __slots__ = ("_data", "_run", "_schema")

    _run: Any  # the address of the run whose state this was, or None for one made from scratch; a view has none

    def __init__(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        self._data: dict[str, Any] = {**items_of(values), **more}
        self._schema: Schema | None = None
        self._run = None

    # -- reading --------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        try:
            return self._data[key]
        except KeyError:
            raise self._missing(key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default`` where the state has no such key."""
        return self._data.get(key, default)

    def get_all(self) -> dict[str, Any]:
        """Return a new dict of every key that can be seen here."""
        return dict(self)

    @property
    def data(self) -> Any:
        """The state as an instance of the model given to ``with_typing``.

        Raises:
            InputError: the application has no model, or a field of it has no value yet.
        """
        if self._schema is None:
            raise InputError("this state has no model; give the builder one: with_typing(Model)")
        return self._schema.instance(self)

    # -- changing -------------------------------------------------------------------------------

    def update(self, /, *misplaced: Never, **values: Any) -> Self:
        """Return a state in which these keys have these values."""
        if misplaced:
            raise self._positional("update", misplaced)
        return self._with({**self._data, **values})

    def append(self, /, *misplaced: Never, **values: Any) -> Self:
        """Return a state with each value appended to its key's list; a missing key becomes a list."""
        if misplaced:
            raise self._positional("append", misplaced)
        return self._changed("append", values)

    def extend(self, /, *misplaced: Never, **values: Iterable[Any]) -> Self:
        """Return a state with each key's list extended by the given items."""
        if misplaced:
            raise self._positional("extend", misplaced)
        return self._changed("extend", {key: list(items) for key, items in values.items()})

    def increment(self, /, *misplaced: Never, **values: Any) -> Self:
        """Return a state with each number added to its key; a missing key starts at 0."""
        if misplaced:
            raise self._positional("increment", misplaced)
        return self._changed("increment", values)

    def merge(self, other: Mapping[str, Any]) -> Self:
        """Return a state with what ``other`` has changed.

        A State that descends from the same view contributes its operations, anything else its items.

        Raises:
            InputError: it is no mapping of state keys to values.
        """
        return self.update(**items_of(other))

    def subset(self, *keys: str, ignore_missing: bool = True) -> Self:
        """Return a state of these keys only.

        Raises:
            MissingKeyError: a key is absent and ``ignore_missing`` is False.
        """
        if not ignore_missing:
            for key in keys:
                if key not in self._data:
                    raise self._missing(key)
        return self._with({key: self._data[key] for key in keys if key in self._data})

    def wipe(self, *, delete: Iterable[str] | None = None, keep: Iterable[str] | None = None) -> Self:
        """Return a state without the keys in ``delete``, or without all but those in ``keep``.

        Raises:
            InputError: not exactly one of the two is given, or one is a lone string.
        """
        data = dict(self._data)
        for key in self._doomed(delete, keep):
            data.pop(key, None)
        return self._with(data)

    if not TYPE_CHECKING:  # checkers refuse it by themselves

        def __setitem__(self, key: Any, value: Any) -> None:
            raise self._misused(f"a state is immutable; write state = {_spelled('update', [key])}")

        def __delitem__(self, key: Any) -> None:
            raise self._misused(f"a state is immutable; write state = state.wipe(delete=[{key!r}])")

    # -- storing --------------------------------------------------------------------------------

    def serialize(self) -> dict[str, Any]:
        """Return the state as plain JSON data; ``deserialize`` gives back values of the same types.

        Raises:
            UnserializableStateError: a value has a type that the codec does not know.
        """
        from stateflow.codec import Codec

        plain: dict[str, Any] = Codec().to_json(dict(self._data))
        return plain

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> State:
        """Return the state that ``serialize`` turned into ``data``."""
        from stateflow.codec import Codec

        return State(Codec().from_json(dict(data)))

    # -- inside ---------------------------------------------------------------------------------

    def _with(self, data: dict[str, Any]) -> Self:
        state: Self = _new(self.__class__)
        state._data = data
        state._schema = self._schema
        state._run = self._run
        return state

    def _changed(self, kind: str, values: Mapping[str, Any]) -> Self:
        data = dict(self._data)
        for key, value in values.items():
            data[key] = applied(kind, key, data.get(key, ABSENT), value)
        return self._with(data)

    def _doomed(self, delete: Iterable[str] | None, keep: Iterable[str] | None) -> list[str]:
        if (delete is None) == (keep is None):
            raise InputError("wipe takes either delete= or keep=")
        for lone in (delete, keep):
            if isinstance(lone, str):
                raise InputError(f"wipe takes a list of keys, not {lone!r}; write [{lone!r}]")
        if delete is not None:
            return list(delete)
        kept = set(keep or ())
        return [key for key in self._data if key not in kept]

    def _positional(self, method: str, given: tuple[object, ...]) -> StateflowError:
        keys = list(given[0]) if isinstance(given[0], Mapping) else []
        return self._misused(f"{method} takes its keys as keywords; write {_spelled(method, keys)}")

    def _misused(self, said: str) -> StateflowError:
        return InputError(said)

    def _missing(self, key: str) -> MissingKeyError:
        return MissingKeyError(f"the state has no key {key!r}{nearest(key, self._data)}")

    def __eq__(self, other: object) -> bool:
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # values may be unhashable

    def __repr__(self) -> str:
        return f"State({self._data!r})"


def _spelled(method: str, keys: list[Any]) -> str:
    """Return the call that changes these keys, or what such a call looks like."""
    if not all(isinstance(key, str) and key.isidentifier() for key in keys):
        return f"state.{method}(**{{...}})"
    return f"state.{method}({', '.join(f'{key}=...' for key in keys or ['key'])})"


def state_of(data: dict[str, Any], schema: Schema | None = None, run: Any = None) -> State:
    """Return a State over ``data`` itself, without a copy; the caller no longer changes it.

    ``run`` marks it, and all that is made from it, as the state of that run.
    """
    state: State = _new(State)
    state._data = data
    state._schema = schema
    state._run = run
    return state


def belongs_to(state: State, run: Any) -> bool:
    """Return whether a State is that of ``run``, or was made from it."""
    return bool(state._run == run)
