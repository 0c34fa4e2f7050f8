"""Effects: what the plan asks of a driver. Plain data; a driver answers each, or throws its error into the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stateflow._plan.machine import Position
    from stateflow.actions import Closed
    from stateflow.context import Scope
    from stateflow.hooks import Hook
    from stateflow.journal import Attempt, Record
    from stateflow.resources import Resources
    from stateflow.state import StateView


class Call:
    """Run a body. The answer is ``(result, State)``."""

    __slots__ = ("arguments", "closed", "resources", "scope", "view")

    def __init__(
        self, closed: Closed, scope: Scope, view: StateView, arguments: Mapping[str, Any], resources: Resources
    ) -> None:
        self.closed = closed
        self.scope = scope
        self.view = view
        self.arguments = arguments
        self.resources = resources


class Stream(Call):
    """Run a streaming body to its end, passing items to the caller. ``items`` counts those that came."""

    __slots__ = ("items",)

    def __init__(
        self, closed: Closed, scope: Scope, view: StateView, arguments: Mapping[str, Any], resources: Resources
    ) -> None:
        super().__init__(closed, scope, view, arguments, resources)
        self.items = 0


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
