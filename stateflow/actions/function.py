"""Actions written as functions: with a ``state`` parameter, streaming, or by signature alone."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from types import CoroutineType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from stateflow.actions.action import Action, Need, Retry, are_names, not_awaited
from stateflow.actions.signature import hints_of, parameters, takes_any, takes_state
from stateflow.errors import ActionError, GraphError, kind, names
from stateflow.state import State, StateView

P = ParamSpec("P")
R = TypeVar("R")


class FunctionAction(Action, Generic[P, R]):
    """A decorated function. It stays callable as the plain function that it is."""

    __name__: str

    def __init__(
        self,
        function: Callable[P, R],
        *,
        reads: Iterable[str] = (),
        optional_reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        appends: Iterable[str] = (),
        tags: Iterable[str] = (),
        retry: Retry | None = None,
        timeout: float | None = None,
        thread: bool = True,
        streaming: bool = False,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._bound = {}
        self.reads = _listed(reads)
        self.optional_reads = _listed(optional_reads)
        self.appends = _listed(appends)
        self.writes = _listed(writes)
        if are_names(self.writes) and are_names(self.appends):
            self.writes = tuple(dict.fromkeys((*self.writes, *self.appends)))
        self.tags = _listed(tags)
        self.retry = retry
        self.timeout = timeout
        self.thread = thread
        self._streaming = streaming
        self._needs: tuple[Need, ...] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **{**self._bound, **kwargs})

    @property
    def declared_in(self) -> str:  # type: ignore[override]  # a constant of classes depends on the decorator here
        """The decorator that the function has."""
        return "@streaming_action" if self._streaming else "@action"

    @property
    def name(self) -> str:
        own = str(getattr(self.function, "__name__", type(self.function).__name__))
        return own if self._name is None else self._name

    @property
    def body(self) -> Callable[..., Any]:
        return self.function

    @property
    def is_streaming(self) -> bool:
        return self._streaming

    @property
    def takes_any_input(self) -> bool:
        return takes_any(self.function)

    def bind(self, **arguments: Any) -> Self:
        bound = super().bind(**arguments)
        bound._needs = None
        return bound

    def needs(self) -> tuple[Need, ...]:
        if self._needs is None:
            found = parameters(self.function, open_role="input-or-resource")
            self._needs = tuple(need for need in found if need.name not in self._bound)
        return self._needs

    def _form_findings(self) -> list[str]:
        found = []
        known = inspect.signature(self.function).parameters
        if "state" in known and not takes_state(self.function):
            found.append(f"action {self.name!r}: 'state' must be the first parameter of its function")
        for name, parameter in known.items():
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and name != "state":
                found.append(f"action {self.name!r} is called by keyword, so {name!r} cannot stand before '/'")
        generator = inspect.isgeneratorfunction(self.function) or inspect.isasyncgenfunction(self.function)
        if generator and not self._streaming:
            found.append(f"action {self.name!r} yields items; decorate it with @streaming_action instead of @action")
        if self._streaming and "state" not in known:
            found.append(f"action {self.name!r}: a streaming action takes a 'state' parameter first")
        if self._streaming and not generator:
            found.append(f"action {self.name!r} never yields; decorate it with @action, or yield its items")
        return found

    def call(self, state: State, arguments: dict[str, Any]) -> Any:
        if self._bound:
            arguments = {**self._bound, **arguments}
        if not arguments:
            return self.function(state)  # type: ignore[arg-type, call-arg]  # a signature without inputs
        return self.function(state, **arguments)  # type: ignore[arg-type]

    def finish(self, state: State, raw: Any) -> tuple[dict[str, Any], State]:
        if raw.__class__ is StateView or isinstance(raw, State):  # the first is much faster
            return {}, raw
        if isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[1], State):
            if isinstance(raw[0], dict):
                return raw
            raise ActionError(f"action {self.name!r} returned {kind(raw[0])} as its result; it must be a dict")
        if raw.__class__ is CoroutineType:
            raise not_awaited(self.name, raw)
        if isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[0], State):
            fact = f"action {self.name!r} returned the State first, then {kind(raw[1])}"
            raise ActionError(f"{fact}; the State comes last: return result, state")
        raise ActionError(
            f"action {self.name!r} returned {kind(raw)}; it must return the new State, or (result dict, State)"
        )


class SignatureAction(FunctionAction[P, R]):
    """A function without a ``state`` parameter: its parameter names are its reads, its value is what it writes."""

    def _form_findings(self) -> list[str]:
        found = super()._form_findings()
        hints = hints_of(self.function)
        found += [
            f"action {self.name!r}: parameter {name!r} is a State; call it 'state' and put it first"
            for name, hint in hints.items()
            if hint is State and name != "return"
        ]
        if not self.writes:
            found.append(f"action {self.name!r} has no state parameter and writes nothing; declare writes=[...]")
        return found

    def needs(self) -> tuple[Need, ...]:
        if self._needs is None:
            found = parameters(self.function, open_role="read-or-resource")
            self._needs = tuple(need for need in found if need.name not in self._bound)
        return self._needs

    def call(self, state: State, arguments: dict[str, Any]) -> Any:
        return self.function(**{**self._bound, **arguments})  # type: ignore[call-arg]

    def finish(self, state: State, raw: Any) -> tuple[dict[str, Any], State]:
        if raw.__class__ is CoroutineType:
            raise not_awaited(self.name, raw)
        written = tuple(self.writes)
        if len(written) == 1:
            raw = {written[0]: raw}
        if not isinstance(raw, dict) or set(raw) != set(written):
            fact = f"action {self.name!r} returned {_other_than(written, raw)}"
            raise ActionError(f"{fact}; it must return a dict of {names(written)}, which are its writes")
        appended = {key: raw[key] for key in self.appends}
        updated = {key: value for key, value in raw.items() if key not in appended}
        after = state.update(**updated) if updated else state
        return raw, after.append(**appended) if appended else after


def action(
    *undecorated: Callable[..., Any],
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    optional_reads: Iterable[str] = (),
    appends: Iterable[str] = (),
    tags: Iterable[str] = (),
    retry: Retry | None = None,
    timeout: float | None = None,
    thread: bool = True,
) -> Callable[[Callable[P, R]], FunctionAction[P, R]]:
    """Make an action of a function.

    With a first parameter ``state`` the function returns the new State, or ``(result, State)``; its further
    parameters are inputs. Without one, its parameter names are its reads and its value is what it writes.

    Args:
        reads: state keys that the body sees; ``optional_reads`` may be absent.
        writes: state keys that the body may write, each of which exists after the step.
        appends: state keys to whose lists the body appends; without ``state``, to which its value is appended.
        tags: names under which halts find the action as ``"@tag:name"``.
        retry: how often to try again; None for never.
        timeout: seconds that one try may take.
        thread: whether an async run moves a synchronous body to a worker thread.

    Raises:
        GraphError: it is used without parentheses.
    """
    _needs_parentheses("action", undecorated)

    def decorate(function: Callable[P, R]) -> FunctionAction[P, R]:
        form = FunctionAction if "state" in inspect.signature(function).parameters else SignatureAction
        return form(
            function,
            reads=reads,
            optional_reads=optional_reads,
            writes=writes,
            appends=appends,
            tags=tags,
            retry=retry,
            timeout=timeout,
            thread=thread,
        )

    return decorate


def streaming_action(
    *undecorated: Callable[..., Any],
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    optional_reads: Iterable[str] = (),
    appends: Iterable[str] = (),
    tags: Iterable[str] = (),
    retry: Retry | None = None,
    timeout: float | None = None,
) -> Callable[[Callable[P, R]], FunctionAction[P, R]]:
    """Make a streaming action of a generator function, sync or async.

    It yields ``(item, None)``, or just ``item``, and last ``(result, State)``; a sync generator may return that
    instead. ``timeout`` is the longest gap between two items in seconds; a retry happens only before the first.
    The other arguments are those of ``action``.

    Raises:
        GraphError: it is used without parentheses.
    """
    _needs_parentheses("streaming_action", undecorated)

    def decorate(function: Callable[P, R]) -> FunctionAction[P, R]:
        return FunctionAction(
            function,
            reads=reads,
            optional_reads=optional_reads,
            writes=writes,
            appends=appends,
            tags=tags,
            retry=retry,
            timeout=timeout,
            streaming=True,
        )

    return decorate


def _listed(value: Iterable[str]) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value  # a finding of the build, not an error of the decorator
    return tuple(value)


def _other_than(written: tuple[str, ...], raw: object) -> str:
    """Return in which way a value is no dict of what an action writes."""
    if not isinstance(raw, dict):
        return kind(raw)
    missing, surplus = [key for key in written if key not in raw], [key for key in raw if key not in written]
    parts = [f"lacks {names(missing)}"] if missing else []
    parts += [f"has {names(surplus)}, which the action does not write"] if surplus else []
    return f"a dict that {' and '.join(parts)}"


def _needs_parentheses(decorator: str, undecorated: tuple[Callable[..., Any], ...]) -> None:
    if undecorated:
        name = getattr(undecorated[0], "__name__", undecorated[0])
        written = f"@{decorator}(reads=[...], writes=[...])"
        raise GraphError(f"{decorator} says what {name!r} reads and writes: write {written}")
