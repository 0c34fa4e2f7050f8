"""Where a run begins: afresh, where it stood, or as a fork of another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stateflow._plan import Choice, Position
from stateflow.actions import Closed
from stateflow.errors import GraphError, InputError, nearest
from stateflow.graph import Graph
from stateflow.journal import Address, Failure, Record, RecordedError


@dataclass(frozen=True, slots=True)
class Origin:
    """A store to load from, and what to load."""

    store: Any
    resume_at_next_action: bool = True
    fork_app_id: str | None = None
    fork_partition_key: str | None = None
    fork_sequence: int | None = None
    override: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_fork(self) -> bool:
        """Whether another run is copied."""
        return self.fork_app_id is not None

    def address(self, own: Address) -> Address:
        """Return which run to load."""
        if self.fork_app_id is None:
            return own
        return Address(self.fork_app_id, self.fork_partition_key, own.project, self.fork_sequence)


def resumed(record: Record, graph: Graph) -> Position:
    """Return the position that a stored record describes.

    Raises:
        GraphError: the action that it stands at, or the handler that is next, is not in the graph.
    """
    failed = record.status == "failed"
    for name in (record.action, record.next_action if failed else None):
        if name is not None and name not in graph.actions:
            raise GraphError(
                f"run {record.address.app_id!r} stands at action {name!r}, which this graph does not have"
                f"{nearest(name, graph.actions)}"
            )
    return Position(
        dict(record.state),
        index=record.position,
        sequence=record.sequence,
        action=record.action,
        status=record.status,
        visits=dict(record.visits),
        writers=record.writers,
        choice=_handler(record, graph) if failed else None,
        error=RecordedError(record.error or Failure("Exception", "not recorded")) if failed else None,
    )


def _handler(record: Record, graph: Graph) -> Choice:
    """Return the choice of a failed step; a persister that keeps no more than the failure means the first handler."""
    source: str = record.action or ""
    targets = [record.next_action] if record.next_action else [arrow.target for arrow in graph.handlers(source)]
    return Choice(targets[0], (source, targets[0])) if targets else Choice(source)


def forked(source: Position) -> Position:
    """Return the first position of a fork: where the source stands, written anew by its genesis."""
    return Position(
        source.data,
        sequence=source.sequence,
        action=source.action,
        status="failed" if source.status == "failed" else "running",
        visits=source.visits,
        choice=source.choice,
        error=source.error,
    )


def known_keys(graph: Graph, closed: Mapping[str, Closed]) -> set[str]:
    """Return the state keys that some action reads or writes, or some condition reads."""
    keys = {key for step in graph.transitions for key in step.condition.reads}
    return keys.union(*((*action.declared.readable, *action.writes) for action in closed.values()))


def check_override(origin: Origin, known: Iterable[str]) -> None:
    """Refuse to override a key that nothing knows, which is more likely mistyped than meant.

    Raises:
        InputError: neither the forked state nor the graph has the key.
    """
    keys = set(known)
    for key in origin.override:
        if key not in keys:
            raise InputError(
                f"override_state_values gives {key!r}, which the state of run {origin.fork_app_id!r} does not have and "
                f"nothing reads or writes{nearest(key, keys)}"
            )


def check_head(record: Record, asked: int | None) -> None:
    """Refuse to go on from the middle of a run.

    Raises:
        InputError: the run has gone further than the step asked for.
    """
    if asked is not None and record.sequence != asked:
        raise InputError(
            f"run {record.address.app_id!r} stands at step {record.sequence}, not {asked}; to go on from step {asked}, "
            f"fork it: initialize_from(..., fork_from_app_id={record.address.app_id!r}, fork_from_sequence_id={asked})"
        )
