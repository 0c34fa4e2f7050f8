"""What the plan works on: the compiled application, where it stands, and what one call asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stateflow.actions import Action, Closed
from stateflow.context import Listener
from stateflow.graph import Graph, Transition
from stateflow.hooks import HookSet
from stateflow.journal import Address, Journal, Status, Tried
from stateflow.resources import Resources
from stateflow.state import State, state_of

if TYPE_CHECKING:
    from stateflow.schema import ModelSchema
    from stateflow.strict import Strict

_NOTHING: Mapping[str, Any] = {}


class Choice(NamedTuple):
    """Which action runs next, the arrow that says so, and the conditions that were evaluated for it."""

    target: str | None
    transition: tuple[str, str] | None = None
    tried: tuple[Tried, ...] = ()


class Branch(NamedTuple):
    """One arrow, ready to be tried: its condition (None for always), and the choice it stands for."""

    evaluate: Callable[[Mapping[str, Any], Mapping[str, int]], bool] | None
    choice: Choice


class Position:
    """Where an application stands after a commit.

    Nothing changes once it is committed but the memo ``choice``; making its record fills in ``writers``.
    """

    writers: Mapping[str, tuple[int, int]] = _NOTHING
    error: BaseException | None = None

    def __init__(
        self,
        data: dict[str, Any],
        index: int = 0,
        sequence: int | None = None,
        action: str | None = None,
        status: Status = "running",
        visits: dict[str, int] | None = None,
        choice: Choice | None = None,
        *,
        writers: Mapping[str, tuple[int, int]] | None = None,
        error: BaseException | None = None,
    ) -> None:
        self.data = data
        self.index = index
        self.sequence = sequence
        self.action = action
        self.status: Status = status
        self.visits: dict[str, int] = {} if visits is None else visits
        self.choice = choice
        if writers is not None:
            self.writers = writers
        if error is not None:
            self.error = error


@dataclass(frozen=True, slots=True)
class Request:
    """What one call of a verb asks for.

    ``steps`` asks to be told of each commit, ``live`` of everything, at once. ``listen`` gives, for an action and a
    sequence, who hears what happens inside the body; ``nodes`` asks for the records of nodes.
    """

    method: str
    halt_before: frozenset[str] = frozenset()
    halt_after: frozenset[str] = frozenset()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    context: Any = None
    max_steps: int | None = None
    steps: bool = False
    live: bool = False
    nodes: bool = False
    listen: Callable[[str, int], Listener] | None = None


class Outcome(NamedTuple):
    """How a call ended. ``action`` is the last one run or, for ``paused``, the next one; ``took`` are its inputs."""

    action: Action | None
    result: dict[str, Any] | None
    position: Position
    halted: str
    took: frozenset[str] = frozenset()


class Machine:
    """An application as the plan sees it: compiled once, and the one place whose ``position`` changes."""

    def __init__(
        self,
        graph: Graph,
        closed: Mapping[str, Closed],
        *,
        entrypoint: str,
        address: Address,
        resources: Resources,
        hooks: HookSet,
        clock: Callable[[], float],
        schema: ModelSchema | None = None,
        strict: Strict | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.graph = graph
        self.closed = dict(closed)
        self.entry = Choice(entrypoint)
        self.address = address
        self.resources = resources
        self.hooks = hooks
        self.clock = clock
        self.schema = schema
        self.strict = strict
        self.journal = journal
        self.position = Position({})
        self.branches = {name: _branches(graph.outgoing(name)) for name in graph.actions}
        self.ends = {name: Choice(None, None, _tried(graph.outgoing(name), None)) for name in graph.actions}
        self.named_inputs = frozenset(
            name for known in closed.values() for name in (*known.inputs, *known.optional_inputs)
        )
        self.counts = journal is not None or any(arrow.condition.visited for arrow in graph.transitions)
        self.checks = schema is not None or strict is not None
        self.tells = hooks.any("pre_run_step", "post_run_step", "pre_start_stream", "post_end_stream")
        self.watched = journal is not None or hooks.any("pre_run_node", "post_run_node")

    def state(self, position: Position) -> State:
        """Return the whole state at a position, as users see it."""
        return state_of(position.data, self.schema, self.address)


def choose(machine: Machine, action: str | None, data: Mapping[str, Any], visits: Mapping[str, int]) -> Choice:
    """Return which action runs after ``action``: the first transition whose condition holds."""
    if action is None:
        return machine.entry
    for evaluate, choice in machine.branches[action]:
        if evaluate is None or evaluate(data, visits):
            return choice
    return machine.ends[action]


def handler(machine: Machine, action: str, error: BaseException) -> Choice | None:
    """Return the choice that takes this error of ``action``, or None when nobody does."""
    for transition in machine.graph.handlers(action):
        if isinstance(error, transition.condition.errors):
            text = transition.condition.text
            return Choice(transition.target, (action, transition.target), (Tried(transition.target, text, True),))
    return None


def _branches(transitions: Iterable[Transition]) -> tuple[Branch, ...]:
    arrows = tuple(transitions)
    return tuple(
        Branch(
            None if arrow.condition.is_default else arrow.condition.test,
            Choice(arrow.target, (arrow.source, arrow.target), _tried(arrows, arrow)),
        )
        for arrow in arrows
    )


def _tried(arrows: tuple[Transition, ...], taken: Transition | None) -> tuple[Tried, ...]:
    """Say what must have been evaluated when ``taken`` was: all before it were false."""
    tried = []
    for arrow in arrows:
        tried.append(Tried(arrow.target, arrow.condition.text, arrow is taken))
        if arrow is taken:
            break
    return tuple(tried)
