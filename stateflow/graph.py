"""The graph of a state machine: actions, and the transitions tried in order after each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from stateflow.actions import Action, action
from stateflow.conditions import Condition, default
from stateflow.errors import GraphError, nearest

if TYPE_CHECKING:
    from stateflow.lineage import Lineage

EVERY = "*"
TAG = "@tag:"

End = str | Action
TransitionSpec = tuple[End | Iterable[End], End] | tuple[End | Iterable[End], End, Condition]
"""(source or sources, target) or (source or sources, target, condition); an action stands for its name."""

Arrow = tuple[str, str, Condition]


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow of the machine. ``order`` counts from 0 among the transitions of its source."""

    source: str
    target: str
    condition: Condition
    order: int

    @property
    def handles_errors(self) -> bool:
        """Whether the arrow is taken only when its source has raised."""
        return bool(self.condition.errors)


class Graph:
    """Actions and transitions. Immutable, reusable in many applications."""

    def __init__(self, actions: Mapping[str, Action], transitions: Iterable[Transition]) -> None:
        self.actions: dict[str, Action] = dict(actions)
        self.transitions: tuple[Transition, ...] = tuple(transitions)
        self._outgoing: dict[str, list[Transition]] = {name: [] for name in self.actions}
        self._handlers: dict[str, list[Transition]] = {name: [] for name in self.actions}
        for transition in self.transitions:
            table = self._handlers if transition.handles_errors else self._outgoing
            table[transition.source].append(transition)

    def outgoing(self, name: str) -> tuple[Transition, ...]:
        """Return the transitions tried, in order, after the action has succeeded."""
        return tuple(self._outgoing[name])

    def handlers(self, name: str) -> tuple[Transition, ...]:
        """Return the transitions tried, in order, after the action has raised."""
        return tuple(self._handlers[name])

    def reachable(self, entrypoint: str) -> set[str]:
        """Return the names of the actions that some path from the entrypoint leads to, itself included."""
        seen, waiting = {entrypoint}, [entrypoint]
        while waiting:
            name = waiting.pop()
            targets = {step.target for step in (*self._outgoing[name], *self._handlers[name])}
            waiting += targets - seen
            seen |= targets
        return seen

    def lineage(self) -> Lineage:
        """Return the combined lineage of control flow, state and the DAGs inside the actions."""
        from stateflow.lineage import Lineage

        return Lineage.of(self)

    def _repr_html_(self) -> str:
        return self.lineage()._repr_html_()

    def __repr__(self) -> str:
        return f"<Graph of {len(self.actions)} actions, {len(self.transitions)} transitions>"


class GraphBuilder:
    """Collects actions and transitions; ``build`` reports all faults at once and may be called many times."""

    def __init__(self) -> None:
        self._actions: list[tuple[str | None, Any]] = []
        self._transitions: list[TransitionSpec] = []

    def with_actions(self, /, *actions: Any, **named: Any) -> Self:
        """Add actions, under their own names or the names given as keywords."""
        self._actions += [(None, given) for given in actions]
        self._actions += list(named.items())
        return self

    def with_transitions(self, *transitions: TransitionSpec) -> Self:
        """Add transitions ``(source, target)`` or ``(source, target, condition)``, tried in this order.

        A source may be a list of names, or ``"*"`` for every action except the target, after its own transitions.
        """
        self._transitions += list(transitions)
        return self

    def with_graph(self, graph: Graph) -> Self:
        """Add all actions and transitions of another graph.

        Raises:
            GraphError: it is no graph.
        """
        given: object = graph
        if not isinstance(given, Graph):
            hint = "; build it first: builder.build()" if isinstance(given, GraphBuilder) else ""
            raise GraphError(f"with_graph takes a Graph, not {type(given).__name__}{hint}")
        self._actions += list(graph.actions.items())
        self._transitions += [(step.source, step.target, step.condition) for step in graph.transitions]
        return self

    def with_graphs(self, *graphs: Graph) -> Self:
        """Add all actions and transitions of other graphs."""
        for graph in graphs:
            self.with_graph(graph)
        return self

    def build(self) -> Graph:
        """Return the graph.

        Raises:
            GraphError: its ``findings`` name every fault.
        """
        graph, findings = self.assemble()
        if findings:
            raise GraphError(*findings)
        return graph

    def assemble(self) -> tuple[Graph, list[str]]:
        """Return the sound part of the graph, and a sentence for each fault."""
        findings: list[str] = []
        actions = _named(self._actions, findings)
        for given in actions.values():
            findings += given.findings()
        arrows = _arrows(self._transitions, actions, findings)
        findings += _after_default(arrows)
        return Graph(actions, arrows), findings


def _label(given: Any) -> str:
    """Return the name that an end of a transition stands for."""
    return given if isinstance(given, str) else str(getattr(given, "name", None) or getattr(given, "__name__", given))


def as_action(given: Any, name: str | None = None) -> Action:
    """Return an action for whatever a user gave as one: an action, or a plain function with a state.

    Raises:
        GraphError: it is neither.
    """
    if isinstance(given, Action):
        return given if name is None or given.name == name else given.with_name(name)
    if isinstance(given, type) and issubclass(given, Action):
        raise GraphError(f"{given.__name__} is a class; give an instance: {name or given.__name__}={given.__name__}()")
    if isinstance(given, type):
        raise GraphError(f"{given.__name__} is a class, and not an Action; derive it from Action, and give an instance")
    if isinstance(given, Callable):  # type: ignore[arg-type]  # the abstract class works at run time
        label = name or _label(given)
        raise GraphError(f"{label!r} is a plain function; decorate it: @{action.__name__}(reads=[...], writes=[...])")
    raise GraphError(f"{given!r} is not an action")


def _named(given: Iterable[tuple[str | None, Any]], findings: list[str]) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for name, spec in given:
        try:
            made = as_action(spec, name)
        except GraphError as error:
            findings += error.findings
            continue
        if not made.name or made.name == EVERY or made.name.startswith("@"):
            findings.append(f"{made.name!r} cannot name an action; '*' and '@' have a meaning in transitions and halts")
        elif made.name in actions:
            findings.append(f"two actions are named {made.name!r}; give one another name: with_actions(other_name=...)")
        else:
            actions[made.name] = made
    return actions


def _arrows(
    specs: Iterable[TransitionSpec], actions: Mapping[str, Action], findings: list[str]
) -> tuple[Transition, ...]:
    own: list[Arrow] = []
    wild: list[Arrow] = []
    for spec in specs:
        for source, target, condition in _parsed(spec, actions, findings):
            (wild if source == EVERY else own).append((source, target, condition))
    counts: dict[str, int] = {}
    arrows = []
    for source, target, condition in (*own, *_spread(wild, own, actions, findings)):
        counts[source] = counts.get(source, -1) + 1
        arrows.append(Transition(source, target, condition, counts[source]))
    return tuple(arrows)


def _spread(wild: list[Arrow], own: list[Arrow], actions: Mapping[str, Action], findings: list[str]) -> list[Arrow]:
    """Return the arrows that ``"*"`` stands for: from every action but the target that has no default before it."""
    ended = {source for source, _, condition in own if condition.is_default}
    found = []
    for _, target, condition in wild:
        sources = [name for name in actions if name != target and (condition.errors or name not in ended)]
        if not sources and len(actions) > 1:
            reason = "every other action has a default that is tried first"
            findings.append(f"transition {EVERY!r} -> {target!r} is never taken: {reason}")
        if condition.is_default:
            ended.update(sources)
        found += [(name, target, condition) for name in sources]
    return found


def _parsed(spec: Any, actions: Mapping[str, Action], findings: list[str]) -> list[Arrow]:
    if not _is_spec(spec):
        findings.append(f"transition {spec!r} must be (source, target) or (source, target, condition)")
        return []
    condition = spec[2] if len(spec) == 3 else default
    if not isinstance(condition, Condition):
        findings.append(f"transition {spec[:2]!r}: {condition!r} is not a condition; use when, expr or Condition.of")
        return []
    ends = [_label(end) for end in (*_sources(spec), spec[1])]
    unknown = [end for end in ends if end not in actions and not (end == EVERY and end != ends[-1])]
    arrow = f"transition {ends[0]!r} -> {ends[-1]!r}"
    findings += [f"{arrow}: there is no action {end!r}{nearest(end, actions)}" for end in unknown]
    lost = [name for name in condition.visited if name not in actions]
    findings += [f"visits({name!r}): there is no action {name!r}{nearest(name, actions)}" for name in lost]
    return [] if unknown else [(source, ends[-1], condition) for source in ends[:-1]]


def _is_spec(spec: Any) -> bool:
    """Return whether a transition has the right form: names, actions or, as its source, a list of them."""
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        return False
    sources = _sources(spec)
    return bool(sources) and all(isinstance(end, (str, Action)) or callable(end) for end in (*sources, spec[1]))


def _sources(spec: tuple[Any, ...]) -> list[Any]:
    given = spec[0]
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]


def _after_default(arrows: Iterable[Transition]) -> list[str]:
    ended: dict[str, str] = {}
    findings = []
    for arrow in arrows:
        if arrow.handles_errors:
            continue
        if arrow.source in ended:
            findings.append(
                f"transition {arrow.source!r} -> {arrow.target!r} stands after {arrow.source!r} -> "
                f"{ended[arrow.source]!r}, which is always taken; put the default last"
            )
        elif arrow.condition.is_default:
            ended[arrow.source] = arrow.target
    return findings
