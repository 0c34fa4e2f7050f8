"""Assembles an application from its parts, as a generator that asks for storage, so that sync and async share it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Mapping
from typing import Any

from stateflow._plan import CallAll, Machine, Position, edited, genesis
from stateflow.actions import Closed, close
from stateflow.application.application import Application
from stateflow.application.findings import closing_findings, entry_findings, field_findings, read_findings
from stateflow.application.halts import halts
from stateflow.application.origin import check_head, check_override, forked, known_keys, resumed
from stateflow.application.parts import Ask, Effects, Parts
from stateflow.application.stores import OpenedStores
from stateflow.codec import Codec, types_in
from stateflow.errors import ActionError, GraphError, InputError, StoreError
from stateflow.graph import Graph
from stateflow.hooks import CREATED, HookSet
from stateflow.journal import Address, Journal, Parent, Record, expected_head
from stateflow.resources import Resources
from stateflow.schema import ModelSchema
from stateflow.state import Operation
from stateflow.store import Store
from stateflow.strict import Strict, strict_by_default

Building = Generator[Effects, Any, Any]


class Assembly(Parts):
    """Judges the parts of an application, and puts them together."""

    def building(self) -> Building:
        """Build: load what there is, judge everything, begin the run. The value is the application."""
        opened = OpenedStores(self.project)
        try:
            return (yield from self._building(opened))
        except GeneratorExit:
            raise
        except BaseException:
            for store in opened.own:
                yield Ask(store, "close", ())
            raise

    def _building(self, opened: OpenedStores) -> Building:
        if self.app_id == "":
            raise InputError("the app_id is empty; give the run a name, or None for one of its own")
        address = Address(str(uuid.uuid4()) if self.app_id is None else self.app_id, self.partition_key, self.project)
        truth, tracker = opened.store(self.persister), opened.store(self.tracker)
        source = opened.store(self.origin.store) if self.origin is not None else None
        graph, findings = self.graph.assemble()
        hooks = HookSet(self.hooks)
        findings += hooks.findings()
        schema = _schema(self.model, findings)
        types = self._types(graph, schema)
        for store in opened.all:
            store.codec.register(*types)
        loaded = yield from self._load(source, address)
        initial = {**(schema.defaults if schema is not None else {}), **self.state}
        position = self._position(loaded, graph, initial)
        closed = self._judged(graph, position, schema, findings)
        if self.origin is not None and self.origin.override:
            known = (*position.data, *(schema.hints if schema is not None else ()), *known_keys(graph, closed))
            check_override(self.origin, known)
        first = tracker if truth is None else truth
        journal = None if first is None else Journal(first, tracker)
        machine = Machine(
            graph,
            closed,
            entrypoint=self.entrypoint or "",
            address=address,
            resources=Resources(self.resources),
            hooks=hooks,
            clock=time.time,
            schema=schema,
            strict=Strict(Codec(types)) if strict_by_default() else None,
            journal=journal,
        )
        machine.position = position
        if machine.watched:
            for action in graph.actions.values():
                action.dataflow()  # takes the versions of its code now, before a file can change
        yield from self._begin(machine, loaded, source)
        if hooks.at[CREATED]:
            state = machine.state(machine.position)
            facts = {"app_id": address.app_id, "partition_key": address.partition_key, "state": state, "graph": graph}
            yield CallAll(hooks.at[CREATED], facts)
        return Application(
            machine,
            halt_before=halts(graph, self.halt_before, where="with_halts(halt_before=...)"),
            halt_after=halts(graph, self.halt_after, where="with_halts(halt_after=...)"),
            own_stores=opened.own,
        )

    # -- the run --------------------------------------------------------------------------------------

    def _load(self, source: Store | None, address: Address) -> Generator[Ask, Any, Record | None]:
        if source is None or self.origin is None:
            return None
        if not self.origin.is_fork and self.app_id is None:
            return None  # a run without a name of its own is always new
        wanted = self.origin.address(address)
        record: Record | None = yield Ask(source, "load", (wanted,))
        if record is None and self.origin.is_fork:
            raise InputError(f"there is no run {wanted.app_id!r} to fork in project {wanted.project!r}")
        if record is not None and not self.origin.is_fork:
            check_head(record, self.sequence_id)
        return record

    def _position(self, loaded: Record | None, graph: Graph, initial: Mapping[str, Any]) -> Position:
        if loaded is None:
            return Position(dict(initial), sequence=self.sequence_id)
        position = resumed(loaded, graph)
        return forked(position) if self.origin is not None and self.origin.is_fork else position

    def _begin(self, machine: Machine, loaded: Record | None, source: Store | None) -> Generator[Ask, Any, None]:
        """Commit the genesis of a new run, and the edits with which a loaded one goes on."""
        journal, origin = machine.journal, self.origin
        is_fork = origin is not None and origin.is_fork
        here = journal is not None and source is not None and source in journal.stores
        if journal is not None and (loaded is None or is_fork or not here):
            if self.app_id is not None:
                yield from self._refuse_existing(machine.address, journal)
            if loaded is not None:
                machine.position = forked(machine.position)
            parent = None if loaded is None else _parent(loaded)
            yield from _commit(journal, genesis(machine, machine.position, parent=parent, params=self.params))
        if origin is not None and is_fork and origin.override:
            data = {**machine.position.data, **origin.override}
            done = [Operation("update", key, value) for key, value in origin.override.items()]
            yield from _edit(machine, *edited(machine, data, done))
        if loaded is not None and origin is not None and not origin.resume_at_next_action:
            yield from _edit(machine, *edited(machine, machine.position.data, [], restart=True))

    def _refuse_existing(self, address: Address, journal: Journal) -> Generator[Ask, Any, None]:
        for store in journal.stores:
            found: Record | None = yield Ask(store, "load", (address,))
            if found is not None:
                if self.origin is not None and self.origin.is_fork:
                    raise InputError(
                        f"the fork {address.app_id!r} exists already, at step {found.sequence}; resume it without "
                        "fork_from_app_id, by initialize_from(store) or with_store(store), choose another app_id, or "
                        "delete it with store.delete(address)"
                    )
                raise InputError(
                    f"run {address.app_id!r} exists already, at step {found.sequence}; resume it with "
                    "initialize_from(store) or with_store(store), fork it with fork_from_app_id, choose another "
                    "app_id, or delete it with store.delete(address)"
                )

    # -- judging --------------------------------------------------------------------------------------

    def _judged(
        self, graph: Graph, position: Position, schema: ModelSchema | None, findings: list[str]
    ) -> dict[str, Closed]:
        sound = {name: action for name, action in graph.actions.items() if not action.findings()}
        closed = {name: close(action, self.resources) for name, action in sound.items()}
        keys = (*position.data, *(schema.hints if schema is not None else ()))
        if graph.actions or not findings:  # else the actions are what is wrong
            findings += entry_findings(graph, self.entrypoint)
        findings += closing_findings(closed, tuple(self.resources), keys)
        findings += field_findings(closed, schema, self.state)
        findings += read_findings(graph, closed, position.data, tuple(self.resources))
        for halt, where in ((self.halt_before, "halt_before"), (self.halt_after, "halt_after")):
            try:
                halts(graph, halt, where=f"with_halts({where}=...)")
            except InputError as error:
                findings.append(str(error))
        if schema is not None and position.data:
            try:
                known = {key: value for key, value in position.data.items() if key in schema.hints}
                position.data.update(schema.checked(known, position.data, where="the initial state"))
            except ActionError as error:
                findings.append(str(error))
        if findings:
            raise GraphError(*findings)
        return closed

    def _types(self, graph: Graph, schema: ModelSchema | None) -> tuple[type[Any], ...]:
        found = dict.fromkeys(self.types)
        for action in graph.actions.values():
            if not action.findings():
                for annotation in action.annotations():
                    found.update(dict.fromkeys(types_in(annotation)))
        for hint in schema.hints.values() if schema is not None else ():
            found.update(dict.fromkeys(types_in(hint)))
        return tuple(found)


def _schema(model: type[Any] | None, findings: list[str]) -> ModelSchema | None:
    try:
        return None if model is None else ModelSchema(model)
    except GraphError as error:
        findings += error.findings
        return None


def _commit(journal: Journal, record: Record) -> Generator[Ask, Any, None]:
    yield Ask(journal.truth, "commit", (record, expected_head(record)))
    if journal.tracker is not None:
        try:
            yield Ask(journal.tracker, "commit", (record, expected_head(record)))
        except StoreError as error:
            journal.lose_tracker(error)


def _edit(machine: Machine, position: Position, record: Record | None) -> Generator[Ask, Any, None]:
    if record is not None and machine.journal is not None:
        yield from _commit(machine.journal, record)
    machine.position = position


def _parent(record: Record) -> Parent:
    return Parent(record.address.app_id, record.address.partition_key, record.sequence)
