"""The restricted view of a state that an action's body gets.

A view keeps a log of what the body did to it. Writes *are* that log; nothing is ever found out by comparing two
mappings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from stateflow.errors import ActionError, MissingKeyError, StateflowError, names, nearest
from stateflow.state.state import Schema, State
from stateflow.state.values import ABSENT, Operation, applied, items_of

_new: Any = object.__new__


class Declared:
    """What an action has declared that it reads and writes; one per action of an application.

    ``form`` is the decorator that the declaration stands in, or ``class``.
    """

    __slots__ = ("action", "form", "optional", "readable", "reads", "visible", "writes")

    def __init__(
        self,
        action: str,
        reads: Iterable[str] = (),
        optional_reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        form: str = "@action",
    ) -> None:
        self.action = action
        self.form = form
        self.reads = tuple(reads)
        self.visible = tuple(dict.fromkeys((*self.reads, *optional_reads)))
        self.readable = frozenset(self.visible)
        self.optional = self.readable - frozenset(self.reads)
        self.writes = frozenset(writes)

    def corrected(self, *, reads: Iterable[str] = (), optional: Iterable[str] = (), writes: Iterable[str] = ()) -> str:
        """Return the declaration that would allow more reads, optional ones or writes."""
        lines = {
            "reads": {*self.reads, *reads},
            "optional_reads": {*self.optional, *optional},
            "writes": {*self.writes, *writes},
        }
        if not lines["optional_reads"]:
            del lines["optional_reads"]
        if self.form == "class":
            return "; ".join(f"{name} = {names(sorted(keys))}" for name, keys in lines.items())
        return f"{self.form}({', '.join(f'{name}={names(sorted(keys))}' for name, keys in lines.items())})"


class Access:
    """One execution of one action: the state it started from, and which optional keys it touched."""

    touched: set[str] | None = None

    def __init__(self, declared: Declared, base: dict[str, Any]) -> None:
        self.declared = declared
        self.base = base

    def touch(self, key: str) -> None:
        """Note that an optional read was looked at."""
        if self.touched is None:
            self.touched = set()
        self.touched.add(key)


class StateView(State):
    """A state as the body of one action sees it: its reads, and the keys that it has updated itself."""

    __slots__ = ("_access", "_log")

    _access: Access
    _log: Any  # None, or (log before, kind, key, value): a linked list shared between versions

    # -- reading --------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        try:
            value = self._data[key]
        except KeyError:
            raise self._missing(key) from None
        if key in self._access.declared.optional:
            self._access.touch(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self._look(str(key)) is not ABSENT

    def get(self, key: str, default: Any = None) -> Any:
        value = self._look(key)
        return default if value is ABSENT else value

    @property
    def data(self) -> Any:
        for key in () if self._schema is None else sorted(self._schema.required):
            if not (key in self._data or self._may_see(key)):
                raise self._missing(key)
        return super().data

    def __iter__(self) -> Iterator[str]:
        self._touch_all()
        return iter(self._data)

    def __len__(self) -> int:
        self._touch_all()
        return len(self._data)

    # -- changing -------------------------------------------------------------------------------

    def update(self, /, **values: Any) -> Self:  # type: ignore[override]  # no *misplaced: the hottest path of all
        log = self._log
        for key, value in values.items():
            log = (log, "update", key, value)
        state: Self = _new(self.__class__)  # as in _next
        state._data = {**self._data, **values}
        state._schema = self._schema
        state._access = self._access
        state._log = log
        return state

    def merge(self, other: Mapping[str, Any]) -> Self:
        if not isinstance(other, StateView) or other._access is not self._access:
            return self.update(**items_of(other))
        state = self
        for operation in operations(other, since=self):
            state = state._apply(operation)
        return state

    def wipe(self, *, delete: Iterable[str] | None = None, keep: Iterable[str] | None = None) -> Self:
        data, log = dict(self._data), self._log
        for key in self._doomed(delete, keep):
            data.pop(key, None)
            log = (log, "delete", key, ABSENT)
        return self._next(data, log)

    # -- inside ---------------------------------------------------------------------------------

    def _with(self, data: dict[str, Any]) -> Self:
        return self._next(data, self._log)

    def _next(self, data: dict[str, Any], log: Any) -> Self:
        state: Self = _new(self.__class__)
        state._data = data
        state._schema = self._schema
        state._access = self._access
        state._log = log
        return state

    def _changed(self, kind: str, values: Mapping[str, Any]) -> Self:
        data, log, readable = self._data, self._log, self._access.declared.readable
        for key, value in values.items():
            if key in data:
                data = {**data, key: applied(kind, key, data[key], value)}
            elif key in readable or self._wrote(key):
                data = {**data, key: applied(kind, key, self._whole(key), value)}
            log = (log, kind, key, value)  # a key that is not seen is computed when the step commits
        return self._next(data, log)

    def _apply(self, operation: Operation) -> Self:
        if operation.kind == "delete":
            return self.wipe(delete=[operation.key])
        if operation.kind == "update":
            return self.update(**{operation.key: operation.value})
        return self._changed(operation.kind, {operation.key: operation.value})

    def _look(self, key: str) -> Any:
        declared = self._access.declared
        if key in declared.optional:
            self._access.touch(key)
        elif key not in self._data and not self._may_see(key):
            raise self._undeclared_read(key, declared.corrected(optional=[key]))
        return self._data.get(key, ABSENT)

    def _whole(self, key: str) -> Any:
        """Return the value of a key that is not seen here: it is absent, or ``subset`` has left it out."""
        value = self._access.base.get(key, ABSENT)
        for operation in operations(self):
            if operation.key == key:
                gone = operation.kind == "delete"
                value = ABSENT if gone else applied(operation.kind, key, value, operation.value)
        return value

    def _may_see(self, key: str) -> bool:
        return key in self._access.declared.readable or self._wrote(key)

    def _wrote(self, key: str) -> bool:
        log = self._log
        while log is not None:
            log, kind, name, _ = log
            if name == key and kind in ("update", "delete"):
                return True
        return False

    def _touch_all(self) -> None:
        for key in self._access.declared.optional:
            self._access.touch(key)

    def _missing(self, key: str) -> MissingKeyError:
        declared = self._access.declared
        if self._may_see(key):
            near = nearest(key, self._data)
            return MissingKeyError(f"action {declared.action!r} reads {key!r}, which the state does not have{near}")
        return self._undeclared_read(key, declared.corrected(reads=[key]))

    def _undeclared_read(self, key: str, line: str) -> MissingKeyError:
        declared = self._access.declared
        near = nearest(key, declared.readable) if declared.readable else ""
        return MissingKeyError(
            f"action {declared.action!r} touched {key!r}, which it does not declare that it reads{near}"
            f"{_then(near)}to read it, declare {line}"
        )

    def _misused(self, said: str) -> StateflowError:
        return ActionError(f"action {self._access.declared.action!r}: {said}")

    def __repr__(self) -> str:
        return f"State({self._data!r}, seen by action {self._access.declared.action!r})"


StateView.__name__ = "State"  # in what Python says of a body's mistakes
StateView.update.__qualname__ = "State.update"


def advice(error: BaseException) -> str:
    """Return how to write what Python refused in a body, or an empty string."""
    if isinstance(error, TypeError) and str(error).startswith("State.update() takes 1 positional argument"):
        return "update takes its keys as keywords: write state.update(key=value)"
    return ""


def view_of(access: Access, schema: Schema | None = None) -> StateView:
    """Return the view with which the body of an action starts."""
    base, declared, data = access.base, access.declared, {}
    for key in declared.visible:
        if key in base:
            data[key] = base[key]
    view: StateView = _new(StateView)
    view._data = data
    view._schema = schema
    view._access = access
    view._log = None
    return view


def operations(state: StateView, since: StateView | None = None) -> list[Operation]:
    """Return what was done to a view, in order; with ``since``, only what that one has not."""
    seen = set()
    log = since._log if since is not None else None
    while log is not None:
        seen.add(id(log))
        log = log[0]
    found: list[Operation] = []
    log = state._log
    while log is not None and id(log) not in seen:
        found.append(Operation(log[1], log[2], log[3]))
        log = log[0]
    found.reverse()
    return found


def settle(access: Access, returned: State) -> tuple[dict[str, Any], StateView]:
    """Judge what a body returned; give back the whole new state, and the view whose operations made it.

    Raises:
        ActionError: the State does not descend from the one given, or an undeclared key was written,
            or a declared write does not exist after the step.
    """
    declared, base = access.declared, access.base
    if type(returned) is not StateView or returned._access is not access:
        raise ActionError(
            f"action {declared.action!r} returned a State that does not descend from the one it was given; "
            "return state.update(...) of the argument, or state.merge(other)"
        )
    data, writes, log = base.copy(), declared.writes, returned._log
    if log is None:
        written: Any = ()
    elif log[0] is None and log[1] != "delete" and log[2] in writes:  # one write: by far the most common
        _, kind, key, value = log
        written = (key,)
        seen = returned._data
        data[key] = seen[key] if key in seen else applied(kind, key, data.get(key, ABSENT), value)
    else:
        written = _fold(declared, data, returned)
    for key in writes:
        if key not in data and key not in written:
            raise ActionError(
                f"action {declared.action!r} declares that it writes {key!r}, but did not, and the state has no "
                f"{key!r} yet; write it in every branch, give it an initial value, or delete it with wipe; "
                "update returns a new State: return that one"
            )
    return data, returned


def _fold(declared: Declared, data: dict[str, Any], returned: StateView) -> set[str]:
    """Apply the operations of a view to the whole state; return the keys that they name."""
    seen, done = returned._data, []
    log = returned._log
    while log is not None:
        done.append(log)
        log = log[0]
    for _, kind, key, value in reversed(done):
        if key not in declared.writes:
            raise ActionError(_undeclared(declared, operations(returned)))
        if kind == "delete":
            data.pop(key, None)
        elif key in seen:
            data[key] = seen[key]
        else:
            data[key] = applied(kind, key, data.get(key, ABSENT), value)
    return {entry[2] for entry in done}


def _undeclared(declared: Declared, done: Iterable[Operation]) -> str:
    extra = [key for key in dict.fromkeys(operation.key for operation in done) if key not in declared.writes]
    near = nearest(extra[0], declared.writes) if declared.writes else ""
    return (
        f"action {declared.action!r} wrote {', '.join(map(repr, extra))}, which is not in writes "
        f"{names(sorted(declared.writes))}{near}{_then(near)}to write it, declare {declared.corrected(writes=extra)}"
    )


def _then(near: str) -> str:
    return " Or, " if near.endswith("?") else "; "
