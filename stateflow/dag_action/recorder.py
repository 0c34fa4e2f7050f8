"""``HamiltonRecorder``: records the nodes of drivers that users call themselves inside a body."""

from __future__ import annotations

from typing import Any


class HamiltonRecorder:
    """A Hamilton adapter: give it to a driver of yours, and its nodes are recorded in the step that runs them.

    Outside a run it does nothing. Making one imports Hamilton; what you get is a Hamilton lifecycle adapter.
    """

    def __new__(cls) -> Any:
        from stateflow.dag_action.recording import Recorder

        return Recorder()
