"""What a body is called with: the inputs it declares, the reads and resources it names, its context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stateflow._plan.machine import Machine, Request
from stateflow.actions import Closed
from stateflow.actions.signature import fits
from stateflow.context import StepContext
from stateflow.errors import InputError, MissingKeyError, UnserializableStateError, nearest

if TYPE_CHECKING:
    from stateflow._plan.step import Step


def arguments_of(
    machine: Machine, request: Request, closed: Closed, sequence: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of a body, and those of them that are inputs of the call.

    Raises:
        InputError: a required input is missing or one has the wrong type.
        MissingKeyError: a state key that is an argument is absent.
    """
    taken = _taken(machine, request, closed, sequence)
    arguments = dict(taken)
    data = machine.position.data
    for argument, key, required in closed.read_arguments:
        if key in data:
            arguments[argument] = data[key]
        elif required:
            fact = f"action {closed.name!r} reads {key!r}, which the state does not have"
            raise MissingKeyError(fact + nearest(key, data))
    return arguments, taken


def _taken(machine: Machine, request: Request, closed: Closed, sequence: int) -> dict[str, Any]:
    offered = request.inputs
    taken = {name: offered[name] for name in closed.inputs if name in offered}
    missing = [name for name in closed.inputs if name not in offered]
    if missing:
        raise InputError(
            f"action {closed.name!r}, step {sequence}, needs the input{'s' if len(missing) > 1 else ''} "
            f"{', '.join(map(repr, missing))}; give {{{', '.join(f'{name!r}: ...' for name in missing)}}} as inputs="
            + _or_resource(closed, missing)
        )
    for name in closed.optional_inputs:
        if name in offered:
            taken[name] = offered[name]
    if closed.any_input:
        taken.update({name: value for name, value in offered.items() if name not in machine.named_inputs})
    for name, hint in closed.types:
        if name in taken and not fits(taken[name], hint):
            raise InputError(
                f"action {closed.name!r} takes {name!r} as {_shown(hint)}, not {type(taken[name]).__name__}"
            )
    return taken


def _or_resource(closed: Closed, missing: list[str]) -> str:
    """Say that a live object could be given as a resource, where the body's signature leaves that open."""
    open_names = [need.name for need in closed.action.needs() if need.role == "input-or-resource"]
    could = [name for name in missing if name in open_names]
    return f", or a live object once with with_resources({could[0]}=...)" if could else ""


def step_context(machine: Machine, request: Request, step: Step) -> StepContext:
    """Return the facts about the running step that a body may ask for."""
    address = machine.address
    return StepContext(
        app_id=address.app_id,
        partition_key=address.partition_key,
        sequence=step.sequence,
        action=step.closed.name,
        attempt=step.attempt,
        error=step.position.error,
        context=request.context,
        idempotency_key=_idempotency_key(machine, step),
    )


def _idempotency_key(machine: Machine, step: Step) -> str:
    import hashlib

    address = machine.address
    digest = hashlib.blake2b(digest_size=16)
    for part in (address.project, address.partition_key, address.app_id, step.sequence, step.closed.name):
        digest.update(repr(part).encode("utf-8", "surrogatepass") + b"\0")
    for name, value in sorted(step.taken.items()):
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0" + _fingerprint(value) + b"\0")
    return digest.hexdigest()


def _fingerprint(value: Any) -> bytes:
    from stateflow.codec import Codec

    try:
        return Codec().encode(value)
    except UnserializableStateError:
        return b""  # such an input enters the key by its name only


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
