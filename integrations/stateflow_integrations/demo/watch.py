"""Notes how long the steps of a call and the nodes inside them take."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from stateflow import Action, LifecycleHook, NodeRun


@dataclass
class Timed:
    """One step: its number, its action, its seconds, and the seconds of its nodes."""

    sequence: int
    action: str
    seconds: float = 0.0
    nodes: dict[str, float] = field(default_factory=dict)

    @property
    def slowest(self) -> str:
        """The node that took longest, or nothing for an action without nodes."""
        if not self.nodes:
            return ""
        name = max(self.nodes, key=lambda node: self.nodes[node])
        return f"{name} {self.nodes[name] * 1000:.1f} ms"


class Watch(LifecycleHook):
    """Collects ``steps`` as they run."""

    def __init__(self) -> None:
        self.steps: list[Timed] = []
        self._since = 0.0

    def pre_run_step(self, **facts: Any) -> None:
        action: Action = facts["action"]
        self.steps.append(Timed(facts["sequence_id"], action.name))
        self._since = perf_counter()

    def post_run_node(self, **facts: Any) -> None:
        node: NodeRun = facts["node"]
        self.steps[-1].nodes[node.name] = node.duration

    def post_run_step(self, **facts: Any) -> None:
        self.steps[-1].seconds = perf_counter() - self._since
