"""What the verbs of both colours share: requests, the one-verb lock, and how a call's end is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stateflow._drive import INSIDE, Opened, Sink
from stateflow._plan import Machine, Outcome, Request
from stateflow.actions import Action
from stateflow.application.halts import Halt, halts
from stateflow.application.hold import Hold, Turn
from stateflow.application.result import RunResult
from stateflow.errors import GraphError, InputError, names, nearest
from stateflow.events import Event, Item, StepCommitted, StepStarted
from stateflow.hooks import IN_VERBS

Inputs = Mapping[str, Any] | None


class UnusedInputWarning(UserWarning):
    """An input was given that no step of the call took."""


class Caller:
    """Turns the arguments of a verb into a request for the plan, and the plan's outcome into a result."""

    def __init__(self, machine: Machine, *, halt_before: frozenset[str], halt_after: frozenset[str]) -> None:
        self._machine = machine
        self._default_halts = (halt_before, halt_after)
        self._turn = Turn(machine.address.app_id)
        self._first_async = _first_async(machine)
        self._quiet = self._sink(None) if machine.hooks.any(*INSIDE) else None

    # -- before a call --------------------------------------------------------------------------------

    def _request(
        self,
        method: str,
        halt_before: Halt = None,
        halt_after: Halt = None,
        inputs: Inputs = None,
        context: Any = None,
        max_steps: int | None = None,
        *,
        steps: bool = False,
        live: bool = False,
        nodes: bool = False,
        listen: Sink | None = None,
    ) -> Request:
        graph = self._machine.graph
        limit: object = max_steps
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise InputError(f"max_steps must be 1 or more, not {max_steps!r}")
        before, after = self._default_halts
        return Request(
            method,
            halt_before=before if halt_before is None else halts(graph, halt_before, where="halt_before"),
            halt_after=after if halt_after is None else halts(graph, halt_after, where="halt_after"),
            inputs=self._known(inputs),
            context=context,
            max_steps=max_steps,
            steps=steps,
            live=live,
            nodes=nodes,
            listen=self._quiet if listen is None else listen,
        )

    def _known(self, inputs: Inputs) -> Mapping[str, Any]:
        if inputs is None:
            return {}
        if not isinstance(inputs, Mapping):
            raise InputError(f"inputs must be a dict of names and values, not {type(inputs).__name__}")
        known = self._machine.named_inputs
        if not any(closed.any_input for closed in self._machine.closed.values()):
            for name in inputs:
                if name not in known:
                    raise InputError(f"no action of the graph takes an input {name!r}{nearest(str(name), known)}")
        return inputs

    def _refuse_async(self, method: str) -> None:
        if self._first_async is not None:
            awaited = method in ("step", "run", "stream_result")
            how = f"await app.a{method}(...)" if awaited else f"async for ... in app.a{method}(...)"
            raise GraphError(f"{self._first_async} is async, so {method} cannot run it; use {how}")

    def _sink(self, outlet: Callable[[Event], None] | None, *, nodes: bool = False) -> Sink:
        machine = self._machine
        return Sink(machine.hooks, machine.address, machine.graph.actions, outlet, events=nodes)

    def _hold(self, verb: str) -> Hold:
        return Hold(self._turn, verb)

    # -- after a call ---------------------------------------------------------------------------------

    def _result(self, request: Request, outcome: Outcome) -> RunResult:
        unused = [name for name in request.inputs if name not in outcome.took]
        if unused:
            text = _unfinishable(unused) if outcome.action is None else self._unused(unused)
            warnings.warn(text, UnusedInputWarning, stacklevel=4)
        position = outcome.position
        state = self._machine.state(position)
        return RunResult.of(outcome.action, outcome.result, state, halted=outcome.halted, error=position.error)

    def _unused(self, unused: Iterable[str]) -> str:
        text = f"no step of this call took the input {names(unused)}"
        takers = [
            f"{name!r}, which takes {names((*closed.inputs, *closed.optional_inputs))}"
            for name in self._following()
            for closed in [self._machine.closed[name]]
        ]
        return f"{text}; next is {', or '.join(takers)}" if takers else text

    def _following(self) -> list[str]:
        """Return the action that runs next or, where its conditions have not been evaluated, all that might."""
        position = self._machine.position
        if position.choice is not None:
            return [] if position.choice.target is None else [position.choice.target]
        if position.action is None:
            return [self._machine.entry.target or ""]
        return list(dict.fromkeys(arrow.target for arrow in self._machine.graph.outgoing(position.action)))

    def _after(self, event: StepCommitted) -> RunResult:
        result = None if event.result is None else dict(event.result)
        return RunResult.of(self._machine.graph.actions[event.action], result, event.state, error=event.error)

    def _ready(self, request: Request, event: Any, kept: list[Any]) -> bool:
        """Return whether a stream can be handed out after this event; keep what is to be told in it."""
        kind = event.__class__
        if kind is StepStarted:
            kept.clear()
            return False
        if kind is Outcome or ((kind is Item or kind is Opened) and self._is_live(request, event.action)):
            kept.append(event)
            return True
        if kind is Item:
            kept.append(event)
        return False

    def _is_live(self, request: Request, action: str) -> bool:
        """Return whether an action is streamed as it runs, rather than drained."""
        return action in request.halt_after or not self._machine.graph.outgoing(action)

    def _streamed(self, event: Any) -> Action | None:
        """Return the action whose stream is handed out after this event."""
        return event.action if event.__class__ is Outcome else self._machine.graph.actions[event.action]


def _unfinishable(unused: Iterable[str]) -> str:
    fact = f"the run is finished, so that no step took the input {names(unused)}"
    return f"{fact}; app.reset_to_entrypoint() makes it start again with the state that it has"


def _first_async(machine: Machine) -> str | None:
    for closed in machine.closed.values():
        if closed.is_async:
            return f"action {closed.name!r}"
    hook = machine.hooks.first_async(*IN_VERBS)
    return None if hook is None else f"hook {hook}"
