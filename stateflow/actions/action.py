"""``Action``: the one interface between a state machine and whatever does the work of a step."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeVar

from stateflow.errors import ActionError, GraphError, names, nearest
from stateflow.errors import kind as kind_of
from stateflow.state import State

if TYPE_CHECKING:
    from stateflow.lineage import Lineage

T = TypeVar("T")

INPUT = "stateflow.input"
Input = Annotated[T, INPUT]
"""Marks a parameter that the caller gives: ``tone: Input[str]``."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and after which errors, a body is tried again.

    ``delay`` is the pause in seconds before the second try; each further one is ``backoff`` times longer,
    up to ``max_delay``. ``on`` is an exception type, or a tuple of them. ``overlap`` allows a second try while a
    timed-out synchronous body, which cannot be stopped, still runs.
    """

    attempts: int = 3
    delay: float = 0.0
    backoff: float = 2.0
    max_delay: float = 60.0
    on: tuple[type[Exception], ...] | type[Exception] = (Exception,)
    overlap: bool = False

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.delay < 0 or self.backoff < 0:
            raise GraphError(f"Retry needs attempts >= 1, delay >= 0 and backoff >= 0, not {self!r}")
        given: object = self.on
        if isinstance(given, type):
            object.__setattr__(self, "on", (given,))
        elif not isinstance(given, tuple):
            raise GraphError(f"Retry takes on= as a tuple of exception types, such as (TimeoutError,), not {given!r}")
        for wanted in (given,) if isinstance(given, type) else given:
            if not (isinstance(wanted, type) and issubclass(wanted, Exception)):
                raise GraphError(f"Retry takes subclasses of Exception in on=, such as (TimeoutError,), not {wanted!r}")

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait after the given attempt (the first is 1) has failed."""
        return min(self.delay * self.backoff ** (attempt - 1), self.max_delay)


Role = Literal["input", "read", "input-or-resource", "read-or-resource", "resource", "context"]


@dataclass(frozen=True, slots=True)
class Need:
    """One argument that a body needs, and who may give it.

    The two open roles are closed when an application is built: a resource of that name if there is one,
    else what the role names first. A read takes the value of the state key ``key``, by default of its own name.
    """

    name: str
    role: Role
    required: bool = True
    type: Any = Any
    key: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an argument of a node comes from.

    ``kind`` is ``node`` (same action), ``read``, ``input``, ``resource``, ``config``, ``bound``, ``default``,
    ``context`` or ``open`` (a name that only an application can close).
    """

    parameter: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One node of a DAG action: what a drawing and a lineage need to know of it."""

    name: str
    type: str
    origins: tuple[Origin, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""
    version: str = ""
    partial: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A state key that an action writes, and the node whose value it takes."""

    key: str
    node: str
    kind: Literal["writes", "appends", "extends"] = "writes"


@dataclass(frozen=True, slots=True)
class Dataflow:
    """The DAG inside an action: its nodes by topological rank, then name, and where their values go."""

    nodes: tuple[NodeInfo, ...]
    outputs: tuple[Output, ...]


class Action:
    """The work of one step: what it reads, needs and writes, and how it is run.

    Subclass it to write an action as a class: give ``reads``, ``writes`` and ``inputs`` (a list, or a pair of
    required and optional ones), ``run(state, **inputs) -> dict`` (which may be async) and
    ``update(result, state) -> State``. A streaming class has ``stream_run`` in place of ``run``.
    """

    reads: Iterable[str] = ()
    optional_reads: Iterable[str] = ()
    writes: Iterable[str] = ()
    appends: Iterable[str] = ()
    inputs: Any = ()
    tags: Iterable[str] = ()
    retry: Retry | None = None
    timeout: float | None = None
    thread: bool = True
    is_node_plan: ClassVar[bool] = False  # whether calling it yields a plan of nodes, not a value
    declared_in: str = "class"  # where its reads and writes stand: in a decorator, or in the class

    _name: str | None = None
    _bound: Mapping[str, Any] = {}

    # -- identity ---------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name that the graph knows this action by."""
        return type(self).__name__ if self._name is None else self._name

    def with_name(self, name: str) -> Self:
        """Return a copy of the action under another name."""
        renamed = copy.copy(self)
        renamed._name = name
        if not isinstance(getattr(type(self), "name", None), property):  # a class that gives itself a name
            renamed.name = name  # type: ignore[misc]
        return renamed

    def bind(self, **arguments: Any) -> Self:
        """Return a copy in which these arguments are fixed.

        Raises:
            GraphError: the body takes no argument of that name.
        """
        known = [*(need.name for need in self.needs()), *self._bound]
        for key in arguments:
            if key not in known and not self.takes_any_input:
                raise GraphError(f"bind: action {self.name!r} takes no argument {key!r}{nearest(key, known)}")
        bound = copy.copy(self)
        bound._bound = {**self._bound, **arguments}
        return bound

    # -- what a graph asks --------------------------------------------------------------------------

    @property
    def body(self) -> Callable[..., Any]:
        """The function that does the work."""
        body: Callable[..., Any] = getattr(self, "stream_run", None) or getattr(self, "run")  # noqa: B009  one is there
        return body

    @property
    def is_streaming(self) -> bool:
        """Whether the body yields items."""
        return hasattr(self, "stream_run")

    @property
    def is_async(self) -> bool:
        """Whether only an async verb can run the body."""
        return any(
            inspect.iscoroutinefunction(body) or inspect.isasyncgenfunction(body)
            for body in (self.body, getattr(self.body, "__call__", None))  # noqa: B004  of an object, it tells
        )

    @property
    def takes_any_input(self) -> bool:
        """Whether a ``**kwargs`` parameter takes the inputs that no action declares by name."""
        return False

    def needs(self) -> tuple[Need, ...]:
        """Return the arguments of the body besides the state, less those that are bound."""
        from stateflow.actions.signature import parameters

        taken = {need.name: need for need in parameters(self.body, open_role="resource")}
        types = {name: need.type for name, need in taken.items()}
        required, optional = _split(self.inputs)
        listed = {name: Need(name, "input", type=types.get(name, Any)) for name in required}
        listed |= {name: Need(name, "input", required=False, type=types.get(name, Any)) for name in optional}
        return tuple(need for name, need in {**taken, **listed}.items() if name not in self._bound)

    def findings(self) -> list[str]:
        """Return one sentence for each fault that can be seen in the action alone."""
        found = []
        for kind in ("reads", "optional_reads", "writes", "appends", "tags"):
            value = getattr(self, kind)
            if not are_names(value):
                found.append(f"action {self.name!r}: {kind} must be a list of names, not {value!r}")
        retry: object = self.retry
        if retry is not None and not isinstance(retry, Retry):
            found.append(f"action {self.name!r}: retry must be a Retry(attempts=...), not {retry!r}")
        if self.timeout is not None and not _are_seconds(self.timeout):
            found.append(f"action {self.name!r}: timeout must be seconds, more than 0, not {self.timeout!r}")
        return found + self._form_findings()

    def _form_findings(self) -> list[str]:
        found = []
        update = getattr(self, "update", None)
        if not hasattr(self, "run") and not hasattr(self, "stream_run"):
            found.append(f"action {self.name!r}: class {type(self).__name__} has neither run nor stream_run")
        else:
            found += self._body_findings()
        if update is None:
            found.append(f"action {self.name!r}: class {type(self).__name__} has no update(result, state)")
        elif inspect.iscoroutinefunction(update):
            found.append(f"action {self.name!r}: update must be a plain function; move the waiting into run")
        return found

    def _body_findings(self) -> list[str]:
        from stateflow.actions.signature import parameters, takes_any, takes_state

        body = self.body
        if not takes_state(body):
            return [f"action {self.name!r}: 'state' must be the first parameter of {body.__name__}"]
        if not all(are_names(part) for part in _split(self.inputs)):
            wanted = "a list of names, or (required names, optional names)"
            return [f"action {self.name!r}: inputs must be {wanted}, not {self.inputs!r}"]
        known = [need.name for need in parameters(body, open_role="resource")]
        unknown = [name for part in _split(self.inputs) for name in part if name not in known and not takes_any(body)]
        found = [
            f"action {self.name!r}: inputs name {name!r}, which {body.__name__} does not take{nearest(name, known)}"
            for name in unknown
        ]
        if not self.is_streaming and (inspect.isgeneratorfunction(body) or inspect.isasyncgenfunction(body)):
            found.append(f"action {self.name!r}: run yields items; call it stream_run")
        return found

    def annotations(self) -> Iterable[Any]:
        """Return the types that the body's signature names, so that stores can keep their values."""
        from stateflow.actions.signature import hints_of

        return hints_of(self.body).values()

    def dataflow(self) -> Dataflow | None:
        """Return the DAG inside the action, or None when the body is one opaque function."""
        return None

    def lineage(self) -> Lineage:
        """Return what the action takes and gives, and the DAG inside it."""
        from stateflow.lineage import Lineage

        return Lineage.of(self)

    def _repr_html_(self) -> str:
        return self.lineage()._repr_html_()

    # -- what a step asks ---------------------------------------------------------------------------

    def call(self, state: State, arguments: dict[str, Any]) -> Any:
        """Start the body: return its value, a coroutine, or an iterator of items.

        ``arguments`` holds every need that could be met, reads by name among them.
        """
        return self.body(state, **self._bound, **arguments)

    def finish(self, state: State, raw: Any) -> tuple[dict[str, Any], State]:
        """Turn what the body returned into the step's result and its State.

        Raises:
            ActionError: the body returned something else than its form asks for.
        """
        result = raw
        if self.is_streaming and isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[1], State):
            result, state = raw
        if inspect.iscoroutine(result):
            raise not_awaited(self.name, result)
        if not isinstance(result, dict):
            raise ActionError(
                f"action {self.name!r}: {self.body.__name__} returned {kind_of(raw)}; it must return a dict, its result"
            )
        after = getattr(self, "update")(result, state)  # noqa: B009  subclasses bring one
        if not isinstance(after, State):
            raise ActionError(f"action {self.name!r}: update returned {kind_of(after)}; it must return the new State")
        return result, after

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} reads {names(self.reads)} writes {names(self.writes)}>"


def _split(inputs: Any) -> tuple[Any, Any]:
    """Return required and optional inputs, whether a list was given or a pair of lists."""
    if isinstance(inputs, tuple) and len(inputs) == 2 and not any(isinstance(part, str) for part in inputs):
        return inputs
    return inputs, ()


def not_awaited(name: str, raw: Any) -> ActionError:
    """Return the error of a plain function that returned a coroutine, and close that."""
    raw.close()
    return ActionError(f"action {name!r} returned a coroutine; make its function async and await it there")


def are_names(value: Any) -> bool:
    """Return whether a value is a list of names, rather than a lone string or something else."""
    return (
        isinstance(value, Iterable)
        and not isinstance(value, (str, bytes))
        and all(isinstance(name, str) for name in value)
    )


def _are_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
