"""What ``run`` returns."""

from __future__ import annotations

from typing import Any, NamedTuple

from stateflow.actions import Action
from stateflow.state import State


class _Triple(NamedTuple):
    action: Action | None
    result: dict[str, Any] | None
    state: State


class RunResult(_Triple):
    """``(action, result, state)``, which also says why the call ended.

    ``halted`` is ``paused`` (an action of ``halt_before`` is next, and is the action given here), ``halted`` (an
    action of ``halt_after`` has run), ``finished`` (no transition leads on) or ``max_steps``.
    """

    halted: str

    @classmethod
    def of(cls, action: Action | None, result: dict[str, Any] | None, state: State, halted: str) -> RunResult:
        """Return the result of a call."""
        made = cls(action, result, state)
        made.halted = halted
        return made
