"""The parts of an application, as a builder collects them, and what its assembly asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stateflow._plan import CallAll
from stateflow.application.halts import Halt
from stateflow.application.origin import Origin
from stateflow.graph import GraphBuilder

if TYPE_CHECKING:
    from stateflow.store import Store


@dataclass(frozen=True, slots=True)
class Ask:
    """Call a method of a store, or its async twin."""

    store: Store
    method: str
    arguments: tuple[Any, ...]


Effects = Ask | CallAll


@dataclass
class Parts:
    """What was given so far; nothing of it is judged yet."""

    graph: GraphBuilder
    entrypoint: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    model: type[Any] | None = None
    types: tuple[type[Any], ...] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)
    hooks: tuple[object, ...] = ()
    halt_before: Halt = None
    halt_after: Halt = None
    app_id: str | None = None
    partition_key: str | None = None
    sequence_id: int | None = None
    project: str = "default"
    params: Mapping[str, Any] = field(default_factory=dict)
    persister: Any = None
    tracker: Any = None
    origin: Origin | None = None
