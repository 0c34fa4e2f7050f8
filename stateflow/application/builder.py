"""``ApplicationBuilder``: collects the parts of an application; ``build`` judges and assembles them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from stateflow.actions import Action
from stateflow.application.application import Application
from stateflow.application.halts import Halt
from stateflow.application.origin import Origin
from stateflow.application.parts import Ask, Effects, Parts
from stateflow.errors import GraphError, InputError
from stateflow.graph import Graph, GraphBuilder, TransitionSpec
from stateflow.hooks import CREATED, HookSet
from stateflow.state import State

if TYPE_CHECKING:
    from stateflow.lineage import Lineage


class ApplicationBuilder:
    """Collects the parts of an application. Nothing is judged before ``build``, and it may build many times."""

    def __init__(self) -> None:
        self._parts = Parts(GraphBuilder())

    # -- the graph ------------------------------------------------------------------------------------

    def with_actions(self, /, *actions: Any, **named: Any) -> Self:
        """Add actions, under their own names or the names given as keywords."""
        self._parts.graph.with_actions(*actions, **named)
        return self

    def with_transitions(self, *transitions: TransitionSpec) -> Self:
        """Add transitions ``(source, target)`` or ``(source, target, condition)``, tried in this order.

        A source may be a list of names, or ``"*"`` for every action except the target.
        """
        self._parts.graph.with_transitions(*transitions)
        return self

    def with_graph(self, graph: Graph) -> Self:
        """Add all actions and transitions of a graph."""
        self._parts.graph.with_graph(graph)
        return self

    def with_graphs(self, *graphs: Graph) -> Self:
        """Add all actions and transitions of several graphs."""
        self._parts.graph.with_graphs(*graphs)
        return self

    def with_entrypoint(self, action: str | Action) -> Self:
        """Say which action runs first."""
        self._parts.entrypoint = action.name if isinstance(action, Action) else action
        return self

    def with_halts(self, *, halt_before: Halt = None, halt_after: Halt = None) -> Self:
        """Give the halts of calls that name none themselves."""
        self._parts.halt_before, self._parts.halt_after = halt_before, halt_after
        return self

    # -- the state ------------------------------------------------------------------------------------

    def with_state(self, state: Mapping[str, Any] | None = None, /, **values: Any) -> Self:
        """Give initial values of state keys."""
        self._parts.state = {**self._parts.state, **dict(State(state, **values))}
        return self

    def with_typing(self, model: type[Any]) -> Self:
        """Hold the state against a pydantic model, a dataclass or a TypedDict; its defaults are initial values."""
        self._parts.model = model
        return self

    def with_types(self, *types: type[Any]) -> Self:
        """Name classes of values in the state, so that stores can keep them and give back the same type."""
        self._parts.types = (*self._parts.types, *types)
        return self

    def with_resources(self, /, **resources: Any) -> Self:
        """Give live objects, or ``Resource(factory, version=...)``, to every parameter of that name."""
        self._parts.resources = {**self._parts.resources, **resources}
        return self

    def with_hooks(self, *hooks: object) -> Self:
        """Add hooks; see ``LifecycleHook``."""
        self._parts.hooks = (*self._parts.hooks, *hooks)
        return self

    # -- the run --------------------------------------------------------------------------------------

    def with_identifiers(
        self, app_id: str | None = None, *, partition_key: str | None = None, sequence_id: int | None = None
    ) -> Self:
        """Name the run. ``sequence_id`` says after which step a loaded run is meant to go on."""
        self._parts.app_id, self._parts.partition_key, self._parts.sequence_id = app_id, partition_key, sequence_id
        return self

    def with_store(self, store: Any, *, project: str | None = None, resume: bool = True) -> Self:
        """Load, save and track the run in one store, given as an object or an address such as ``"sqlite:///x.db"``.

        With ``resume`` a run of the same ``app_id`` goes on where it stood.
        """
        self._parts.persister = self._parts.tracker = store
        self._parts.project = project or self._parts.project
        if resume:
            self._parts.origin = Origin(store)
        return self

    def with_state_persister(self, persister: Any) -> Self:
        """Keep the states of the run in a store, an address of one, or an object with ``save`` and ``load``."""
        self._parts.persister = persister
        return self

    def with_tracker(
        self, tracker: Any = "local", *, project: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Self:
        """Keep everything about the run in a store; ``"local"`` is one file per project on this machine.

        ``params`` are facts about the run that are kept with it.
        """
        self._parts.tracker = tracker
        self._parts.project = project or self._parts.project
        self._parts.params = dict(params or {})
        return self

    def initialize_from(
        self,
        initializer: Any,
        *,
        resume_at_next_action: bool = True,
        default_state: Mapping[str, Any] | None = None,
        default_entrypoint: str | None = None,
        fork_from_app_id: str | None = None,
        fork_from_partition_key: str | None = None,
        fork_from_sequence_id: int | None = None,
        override_state_values: Mapping[str, Any] | None = None,
    ) -> Self:
        """Load the run from a store if it is there, or fork another one; else start from the defaults.

        Args:
            initializer: a store, an address of one, or an object with ``load``.
            resume_at_next_action: go on after the last action; False starts again at the entrypoint.
            default_state: initial state where nothing is found; ``with_state`` where this is not given.
            default_entrypoint: first action where nothing is found; ``with_entrypoint`` where this is not given.
            fork_from_app_id: the run to copy; its records stay as they are.
            fork_from_partition_key: the partition of that run.
            fork_from_sequence_id: the step after which to copy it; by default the last.
            override_state_values: values to change in the copy, committed as an edit.
        """
        if default_entrypoint is not None:
            self._parts.entrypoint = default_entrypoint
        if default_state is not None:
            self._parts.state = {**self._parts.state, **dict(default_state)}
        if fork_from_app_id is None and (fork_from_sequence_id is not None or override_state_values is not None):
            raise InputError("fork_from_sequence_id and override_state_values need fork_from_app_id")
        self._parts.origin = Origin(
            initializer,
            resume_at_next_action=resume_at_next_action,
            fork_app_id=fork_from_app_id,
            fork_partition_key=fork_from_partition_key,
            fork_sequence=fork_from_sequence_id,
            override=dict(override_state_values or {}),
        )
        return self

    # -- building -------------------------------------------------------------------------------------

    def build(self) -> Application:
        """Return the application.

        Raises:
            GraphError: its ``findings`` name every fault of the graph, the actions and their names.
            InputError: the identifiers do not fit what is stored.
            StoreError: a store could not be read or written.
        """
        awaited = HookSet(self._parts.hooks).first_async(CREATED)
        if awaited is not None:
            raise GraphError(f"hook {awaited} is async, so build cannot call it; use await builder.abuild()")
        plan = self._assembly()
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = plan.send(answer) if error is None else plan.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            answer = error = None
            try:
                answer = _answered(effect)
            except BaseException as raised:  # noqa: BLE001  it goes on in the plan
                error = raised

    def lineage(self) -> Lineage:
        """Return the combined lineage of what has been collected, as it starts afresh.

        No store is opened, nothing is loaded or written, and no hook is called.

        Raises:
            GraphError: its ``findings`` name every fault, as in ``build``.
        """
        sketch = ApplicationBuilder()
        sketch._parts = replace(self._parts, hooks=(), persister=None, tracker=None, origin=None)
        return sketch.build().lineage()

    def _assembly(self) -> Generator[Effects, Any, Application]:
        from stateflow.application.assembly import Assembly  # with codec and stores, which a builder need not wait for

        return Assembly(**vars(self._parts)).building()

    async def abuild(self) -> Application:
        """Return the application, awaiting stores and hooks. Errors as in ``build``."""
        plan = self._assembly()
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = plan.send(answer) if error is None else plan.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            answer = error = None
            try:
                answer = await _aanswered(effect)
            except BaseException as raised:  # noqa: BLE001  it goes on in the plan
                error = raised


def _answered(effect: Effects) -> Any:
    if isinstance(effect, Ask):
        return getattr(effect.store, effect.method)(*effect.arguments)
    for hook in effect.hooks:
        hook(**effect.facts)
    return None


async def _aanswered(effect: Effects) -> Any:
    if isinstance(effect, Ask):
        return await getattr(effect.store, f"a{effect.method}")(*effect.arguments)
    for hook in effect.hooks:
        returned = hook(**effect.facts)
        if hasattr(returned, "__await__"):
            await returned
    return None
