"""``Application``: a state machine with its state. The one mutable object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from stateflow import _drive
from stateflow._drive import drive, exhaust
from stateflow._plan import Commit, Machine, Outcome, Plan, Position, edited, next_choice
from stateflow.actions import Action
from stateflow.application.async_verbs import AsyncVerbs
from stateflow.application.closing import aclose_all, close_all
from stateflow.application.sync_verbs import SyncVerbs
from stateflow.errors import InputError, kind
from stateflow.graph import Graph
from stateflow.journal import Record
from stateflow.state import State, StateView, belongs_to, operations_between

if TYPE_CHECKING:
    from stateflow.lineage import Lineage
    from stateflow.store import Store

_EDIT = "write app.update_state(app.state.update(key=value)), or app.state.merge(other) for all keys of another one"


class Application(SyncVerbs, AsyncVerbs):
    """A state machine over actions. Make one with ``ApplicationBuilder``.

    One verb runs at a time; a second one raises ``ApplicationBusyError``, and an open stream counts.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        halt_before: frozenset[str] = frozenset(),
        halt_after: frozenset[str] = frozenset(),
        own_stores: Iterable[Store] = (),
    ) -> None:
        super().__init__(machine, halt_before=halt_before, halt_after=halt_after)
        self._own_stores = tuple(own_stores)
        self._initial_keys = tuple(machine.position.data)

    # -- where it stands ------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The whole state after the last commit."""
        return self._machine.state(self._machine.position)

    @property
    def graph(self) -> Graph:
        """The graph of actions and transitions."""
        return self._machine.graph

    @property
    def entrypoint(self) -> str:
        """The name of the action that runs first."""
        return self._machine.entry.target or ""

    @property
    def initial_keys(self) -> tuple[str, ...]:
        """The keys of the state when the application was built."""
        return self._initial_keys

    @property
    def state_types(self) -> Mapping[str, Any]:
        """The types of the keys of the state, as the model given to ``with_typing`` has them; empty without one."""
        schema = self._machine.schema
        return {} if schema is None else dict(schema.hints)

    @property
    def resource_names(self) -> tuple[str, ...]:
        """The names of the resources given to the application."""
        return tuple(self._machine.resources)

    @property
    def app_id(self) -> str:
        """What names this run in a store."""
        return self._machine.address.app_id

    @property
    def uid(self) -> str:
        """The same as ``app_id``."""
        return self._machine.address.app_id

    @property
    def partition_key(self) -> str | None:
        """The group of runs that this one belongs to, such as a user."""
        return self._machine.address.partition_key

    @property
    def sequence_id(self) -> int | None:
        """The sequence id of the last committed step; None before the first."""
        return self._machine.position.sequence

    def get_next_action(self) -> Action | None:
        """Return the action that runs next, evaluating conditions if that has not been done; None at the end."""
        target = next_choice(self._machine).target
        return None if target is None else self._machine.closed[target].action

    def has_next_action(self) -> bool:
        """Return whether there is a next action."""
        return self.get_next_action() is not None

    # -- edits ----------------------------------------------------------------------------------------

    def update_state(self, state: State) -> None:
        """Make ``state``, made from ``app.state``, the state of the application; committed at once as an edit.

        Raises:
            InputError: it is not a State made from ``app.state``; ``app.state.merge(other)`` takes in another one.
            ApplicationBusyError: a verb runs.
        """
        self._edit("update_state", self._updated(state))

    async def aupdate_state(self, state: State) -> None:
        """The async twin of ``update_state``."""
        await self._aedit("aupdate_state", self._updated(state))

    def reset_to_entrypoint(self) -> None:
        """Make the entrypoint the next action, keeping the state; committed at once as an edit."""
        self._edit("reset_to_entrypoint", self._restarted())

    async def areset_to_entrypoint(self) -> None:
        """The async twin of ``reset_to_entrypoint``."""
        await self._aedit("areset_to_entrypoint", self._restarted())

    def _updated(self, state: State) -> Plan:  # a generator, so that it looks at the position once it holds it
        given: object = state
        if not isinstance(given, State) or isinstance(given, StateView):
            found = "the view that a body sees" if isinstance(given, StateView) else kind(given)
            raise InputError(f"update_state takes a State made from app.state, not {found}; {_EDIT}")
        machine, data = self._machine, dict(state)
        if not belongs_to(state, machine.address):
            found = "one made otherwise, whose keys would replace all others"
            raise InputError(f"update_state takes a State made from app.state, not {found}; {_EDIT}")
        done = operations_between(machine.position.data, data)
        if machine.schema is not None:
            written = {operation.key: operation.value for operation in done if operation.kind == "update"}
            fitted = machine.schema.checked(written, data, where="update_state")
            data.update(fitted)
            done = operations_between(machine.position.data, data)
        return (yield from self._edit_plan(*edited(machine, data, done)))

    def _restarted(self) -> Plan:
        machine = self._machine
        return (yield from self._edit_plan(*edited(machine, machine.position.data, [], restart=True)))

    def _edit_plan(self, position: Position, record: Record | None) -> Plan:
        yield Commit(position, record)
        return Outcome(None, None, position, "edited")

    def _edit(self, verb: str, plan: Plan) -> None:
        with self._hold(verb):
            exhaust(drive(self._machine, plan))

    async def _aedit(self, verb: str, plan: Plan) -> None:
        with self._hold(verb):
            await _drive.aexhaust(_drive.adrive(self._machine, plan, None))

    # -- pictures -------------------------------------------------------------------------------------

    def lineage(self) -> Lineage:
        """Return the combined lineage of control flow, state and the DAGs inside the actions."""
        from stateflow.lineage import Lineage

        return Lineage.of(self)

    def visualize(
        self,
        output_file_path: str | None = None,
        *,
        include_conditions: bool = True,
        include_state: bool = True,
        view: bool = False,
        engine: str | None = None,
    ) -> Lineage:
        """Draw the application; the suffix of the path chooses the form (``.html``, ``.svg``, ``.png``, ``.mmd``, ...).

        ``view`` opens the file, ``engine="dot"`` has Graphviz draw it. Returns the lineage that was drawn, which a
        notebook displays.
        """
        lineage = self.lineage().shown(include_conditions=include_conditions, include_state=include_state)
        if output_file_path is not None:
            lineage.render(output_file_path, engine=engine)
            if view:
                _open(output_file_path)
        return lineage

    def _repr_html_(self) -> str:
        return self.lineage()._repr_html_()

    # -- the end --------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the resources that factories have opened, and the stores that the builder opened from an address."""
        close_all(self._machine.resources.opened(), self._own_stores)

    async def aclose(self) -> None:
        """The async twin of ``close``; resources that close asynchronously are awaited."""
        await aclose_all(self._machine.resources.opened(), self._own_stores)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        where = self._machine.position.action or "its start"
        return f"<Application {self.app_id!r} at {where}, {len(self.graph.actions)} actions>"


for _verbs in (SyncVerbs, AsyncVerbs):  # so that what Python says of a wrong call names the class that users know
    for _name, _verb in vars(_verbs).items():
        if not _name.startswith("_"):
            _verb.__qualname__ = f"Application.{_name}"


def _open(path: str) -> None:
    import pathlib
    import webbrowser

    webbrowser.open(pathlib.Path(path).resolve().as_uri())
