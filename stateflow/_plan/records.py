"""Makes the records of a run: facts about a position, from what the plan knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stateflow._plan.machine import Choice, Machine, Position
from stateflow.journal import Attempt, Failure, Parent, Read, Record, Write
from stateflow.state import Operation

if TYPE_CHECKING:
    from stateflow._plan.step import Step

Writers = Mapping[str, tuple[int, int]]


def genesis(machine: Machine, position: Position, *, parent: Parent | None, params: Mapping[str, Any]) -> Record:
    """Return the record with which a run begins; every initial key is written by it."""
    position.writers = dict.fromkeys(position.data, (position.index, 1))
    now = machine.clock()
    return Record(
        address=machine.address,
        position=position.index,
        sequence=position.sequence,
        kind="genesis",
        state=position.data,
        status=position.status,
        action=position.action,
        next_action=_pending(position),
        visits=position.visits,
        writers=position.writers,
        operations=tuple(Operation("update", key, value) for key, value in position.data.items()),
        error=_failure(position.error),
        parent=parent,
        params=params,
        started=now,
        ended=now,
    )


def committed(step: Step, position: Position, done: list[Operation]) -> Record:
    """Return the record of a step; ``position`` gets its writers."""
    machine, closed, old, scope = step.machine, step.closed, step.position, step.scope
    written = dict.fromkeys(operation.key for operation in done)
    position.writers = _writers(old.writers, written, position)
    touched = (scope.touched or ()) if scope is not None else ()
    kept = () if step.error is not None else (key for key in closed.writes if key not in written)
    following = position.choice
    return Record(
        address=machine.address,
        position=position.index,
        sequence=position.sequence,
        kind="step",
        state=position.data,
        status=position.status,
        action=closed.name,
        next_action=following.target if following is not None else None,
        visits=position.visits,
        writers=position.writers,
        operations=tuple(done),
        reads=_reads(old, dict.fromkeys((*closed.declared.reads, *closed.argument_keys, *sorted(touched)))),
        writes=(*_writes(old, written), *_writes(old, kept, kept=True)),
        inputs=step.taken,
        result=step.result,
        transition=step.choice.transition,
        conditions=step.choice.tried,
        nodes=tuple((scope.nodes or ()) if scope is not None else ()),
        spans=tuple((scope.spans or ()) if scope is not None else ()),
        attributes=((scope.attributes or {}) if scope is not None else {}),
        resources=machine.resources.versions(closed.resources),
        error=_failure(step.error),
        started=step.started,
        ended=machine.clock(),
    )


def attempted(step: Step, error: BaseException) -> Attempt:
    """Return the record of a try that failed or was interrupted."""
    scope = step.scope
    return Attempt(
        address=step.machine.address,
        sequence=step.sequence,
        action=step.closed.name,
        number=step.attempt,
        inputs=step.taken,
        error=Failure.of(error),
        nodes=tuple((scope.nodes or ()) if scope is not None else ()),
        started=step.started if step.tried_again is None else step.tried_again,
        ended=step.machine.clock(),
    )


def edited(
    machine: Machine, data: dict[str, Any], done: list[Operation], *, restart: bool = False
) -> tuple[Position, Record | None]:
    """Return where an edit leads, and its record; ``restart`` makes the entrypoint the next action."""
    old = machine.position
    fails = old.status == "failed" and not restart  # then its handler is still what comes next
    position = Position(
        data,
        index=old.index + 1,
        sequence=old.sequence,
        action=None if restart else old.action,
        status="failed" if fails else "running",
        visits=old.visits,
        choice=old.choice if fails else None,
        error=old.error if fails else None,
    )
    position.writers = _writers(old.writers, dict.fromkeys(operation.key for operation in done), position)
    if machine.journal is None:
        return position, None
    return position, _marker(machine, position, "edit", old, done)


def ended(machine: Machine, old: Position, choice: Choice) -> tuple[Position, Record | None]:
    """Return the position that says that no transition leads on, and its record."""
    position = Position(
        old.data,
        index=old.index + 1,
        sequence=old.sequence,
        action=old.action,
        status="finished",
        visits=old.visits,
        writers=old.writers,
        choice=choice,
    )
    if machine.journal is None:
        return position, None
    return position, _marker(machine, position, "end", old, [])


def _marker(machine: Machine, position: Position, kind: Any, old: Position, done: list[Operation]) -> Record:
    now = machine.clock()
    return Record(
        address=machine.address,
        position=position.index,
        sequence=position.sequence,
        kind=kind,
        state=position.data,
        status=position.status,
        action=position.action,
        next_action=_pending(position),
        visits=position.visits,
        writers=position.writers,
        operations=tuple(done),
        writes=_writes(old, dict.fromkeys(operation.key for operation in done)),
        conditions=position.choice.tried if position.choice is not None else (),
        error=_failure(position.error),
        started=now,
        ended=now,
    )


def coerced(
    done: list[Operation], before: Mapping[str, Any], written: Mapping[str, Any], fitted: Mapping[str, Any]
) -> list[Operation]:
    """Return the operations that lead to the values that a model made of those written.

    Args:
        done: what the body did.
        before: the state before the step.
        written: the values of the keys that ``done`` names.
        fitted: the same as the model has coerced them.
    """
    other = {key for key, value in fitted.items() if not _same(value, written[key])}
    found = [operation for operation in done if operation.key not in other]
    for key in sorted(other):
        value, old = fitted[key], before.get(key)
        adds = all(kind in ("append", "extend") for kind, name, _ in done if name == key)
        if adds and isinstance(old, list) and isinstance(value, list) and _same(value[: len(old)], old):
            found.append(Operation("extend", key, value[len(old) :]))
        else:
            found.append(Operation("update", key, value))
    return found


def _same(new: Any, old: Any) -> bool:
    """Return whether coercing has left a value alone, up to copies of its containers."""
    if new is old:
        return True
    if new.__class__ is not old.__class__:
        return False
    if isinstance(new, list):
        return len(new) == len(old) and all(map(_same, new, old))
    if isinstance(new, dict):
        return new.keys() == old.keys() and all(_same(new[key], old[key]) for key in new)
    return isinstance(new, (str, bytes, int, float)) and bool(new == old)


def _pending(position: Position) -> str | None:
    """Return the handler of a failure that has not run yet."""
    return position.choice.target if position.status == "failed" and position.choice is not None else None


def _failure(error: BaseException | None) -> Failure | None:
    """Return what is kept of an error, if there is one."""
    return None if error is None else Failure.of(error)


def _writers(old: Writers, written: Iterable[str], position: Position) -> Writers:
    new = dict(old)
    for key in written:
        if key in position.data:
            new[key] = (position.index, old[key][1] + 1 if key in old else 1)
        else:
            new.pop(key, None)
    return new


def _reads(old: Position, keys: Iterable[str]) -> tuple[Read, ...]:
    return tuple(Read(key, old.writers[key][0] if key in old.writers else None) for key in keys)


def _writes(old: Position, keys: Iterable[str], *, kept: bool = False) -> tuple[Write, ...]:
    found = []
    for key in keys:
        previous, count = old.writers.get(key, (None, 0))
        found.append(Write(key, previous, count, kept))
    return tuple(found)
