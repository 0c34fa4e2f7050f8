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
    action of ``halt_after`` has run), ``finished`` (no transition leads on) or ``max_steps``; it is empty between the
    steps of ``iterate``. ``error`` is the exception of the last step, where an ``on_error`` transition took it.
    """

    halted: str
    error: BaseException | None

    @classmethod
    def of(
        cls,
        action: Action | None,
        result: dict[str, Any] | None,
        state: State,
        *,
        halted: str = "",
        error: BaseException | None = None,
    ) -> RunResult:
        """Return the result of a call or a step."""
        made = cls(action, result, state)
        made.halted = halted
        made.error = error
        return made

    def __repr__(self) -> str:
        more = f", error={self.error!r}" if self.error is not None else ""
        return f"RunResult({self.action!r}, {self.result!r}, {self.state!r}, halted={self.halted!r}{more})"
