"""Effects: what the plan asks of a driver. Plain data; a driver answers each, or throws its error into the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stateflow.context import Scope

if TYPE_CHECKING:
    from stateflow._plan.machine import Machine, Position
    from stateflow.actions import Closed
    from stateflow.context import Listener
    from stateflow.hooks import Hook
    from stateflow.journal import Attempt, Record


class Call(Scope):
    """Run a body; the answer is ``(result, State)``. The call itself is the scope that the body runs in.

    It holds no view of the state: a view holds the call, and a cycle would keep every state alive.
    """

    def __init__(
        self,
        closed: Closed,
        base: dict[str, Any],
        arguments: dict[str, Any],
        machine: Machine,
        listener: Listener | None,
        watched: bool,
    ) -> None:
        self.closed = closed
        self.declared = closed.declared
        self.base = base
        self.arguments = arguments
        self.resources = machine.resources
        self.listener = listener
        self.watched = watched
        self.schema = machine.schema


class Stream(Call):
    """Run a streaming body to its end, passing items to the caller. ``items`` counts those that came."""

    items = 0


class CallAll:
    """Call hooks one after another."""

    __slots__ = ("facts", "hooks")

    def __init__(self, hooks: tuple[Hook, ...], facts: dict[str, Any]) -> None:
        self.hooks = hooks
        self.facts = facts


class Commit:
    """Make a record durable, then make ``position`` the application's. ``record`` is None without a store."""

    __slots__ = ("position", "record")

    def __init__(self, position: Position, record: Record | None) -> None:
        self.position = position
        self.record = record


class Abort:
    """Keep the record of a try that came to nothing."""

    __slots__ = ("attempt",)

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt


class Sleep:
    """Wait for some seconds before the next try."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
