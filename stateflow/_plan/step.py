"""One step: take inputs, run the body with its retries, judge what it wrote, commit."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from stateflow._plan.arguments import arguments_of, step_context
from stateflow._plan.effects import Abort, Call, CallAll, Commit, Sleep, Stream
from stateflow._plan.machine import Choice, Machine, Position, Request, choose, handler
from stateflow._plan.records import attempted, coerced, committed
from stateflow.context import Scope
from stateflow.errors import GraphError, InputError, StateflowError, StepTimeoutError, StoreError, StreamClosed
from stateflow.events import Failed, StepCommitted, StepStarted
from stateflow.journal import Status
from stateflow.state import Operation, State, StateView, advice, operations, settle

Effects = Generator[Any, Any, None]
Answer = tuple[dict[str, Any], State]
_NONE: dict[str, Any] = {}


class Step:
    """One execution of one action, from the choice that led to it to its commit.

    What every step looks at is set for each; reading it from the class would take longer.
    """

    attempt = 1
    started = 0.0
    tried_again: float | None = None  # when the present attempt began, if it is not the first
    result: dict[str, Any] | None = None
    error: BaseException | None = None  # that an ``on_error`` has taken
    scope: Call | None = None
    reads: Mapping[str, bytes] = _NONE

    def __init__(self, machine: Machine, request: Request, choice: Choice, *, is_last: bool) -> None:
        name: Any = choice.target
        self.machine = machine
        self.request = request
        self.choice = choice
        self.closed = closed = machine.closed[name]
        self.position = position = machine.position
        self.sequence = 0 if position.sequence is None else position.sequence + 1
        self.is_last = is_last
        self.halts = halts = name in request.halt_after
        self.goes_on = not (halts or is_last)
        self.broken: Exception | None = None  # of a condition, raised after the commit
        self.arguments = self.taken = _NONE
        if not closed.is_plain:
            self.arguments, self.taken = arguments_of(machine, request, closed, self.sequence)
        if machine.strict is not None:
            self.reads = machine.strict.fingerprints(closed.declared.readable, position.data)
        if machine.journal is not None:
            self.started = machine.clock()

    # -- before the body ----------------------------------------------------------------------------

    def announce(self) -> Effects:
        """Tell hooks and caller that the body is about to run."""
        hooks = self.machine.hooks.at["pre_run_step"]
        if hooks:
            before = self.machine.state(self.position)
            yield CallAll(hooks, {**self.facts(), "state": before, "inputs": dict(self.taken)})
        if self.request.live:
            yield StepStarted(self.closed.name, self.sequence, self.taken)
        if self.closed.is_streaming and self.machine.hooks.at["pre_start_stream"]:
            yield CallAll(self.machine.hooks.at["pre_start_stream"], self.facts())

    def call(self) -> Call:
        """Return the effect that runs the body."""
        machine, closed, request = self.machine, self.closed, self.request
        listener = None if request.listen is None else request.listen(closed.name, self.sequence)
        arguments = self.arguments
        if closed.contexts:
            context = step_context(machine, request, self)
            arguments = {**arguments, **dict.fromkeys(closed.contexts, context)}
        form = Stream if closed.is_streaming else Call
        self.scope = form(closed, self.position.data, arguments, machine, listener, machine.watched or request.nodes)
        return self.scope

    # -- success --------------------------------------------------------------------------------------

    def committing(self, scope: Scope, result: dict[str, Any], returned: State) -> Commit:
        """Judge what the body did, choose what follows, and return the commit of both."""
        machine, old, name = self.machine, self.position, self.closed.name
        data, after = settle(scope, returned)
        done: list[Operation] | None = None
        if machine.checks:
            done = self._checked(data, after)
        self.result = result
        visits = self._counted() if machine.counts else old.visits
        following: Choice | None = None
        status: Status = "running"
        if self.goes_on or (self.halts and self._may_pause()):
            try:
                following = choose(machine, name, data, visits)
            except Exception as error:  # the step is done all the same
                error.add_note(f"in a condition after action {name!r}, step {self.sequence}")
                self.broken = error
            else:
                if self.halts or following.target is None or self.request.halt_before:
                    status = self._status(following)
        else:
            status = "halted" if self.halts else "max_steps"
        position = Position(data, old.index + 1, self.sequence, name, status, visits, following)
        if machine.journal is None:
            return Commit(position, None)
        return Commit(position, committed(self, position, operations(after) if done is None else done))

    def _counted(self) -> dict[str, int]:
        """Return the visits with this one among them."""
        visits, name = self.position.visits.copy(), self.closed.name
        visits[name] = visits.get(name, 0) + 1
        return visits

    def _checked(self, data: dict[str, Any], after: StateView) -> list[Operation]:
        """Hold the new state against the model and the old one against what it was; return what was done in the end."""
        machine, name, done = self.machine, self.closed.name, operations(after)
        if machine.strict is not None:
            updated = {key for kind, key, _ in done if kind == "update"}
            machine.strict.check(name, self.reads, self.position.data, updated)
        if machine.schema is not None:
            written = {key: data[key] for _, key, _ in done if key in data}
            fitted = machine.schema.checked(written, data, where=f"action {name!r}")
            data.update(fitted)
            done = coerced(done, self.position.data, written, fitted)
        return done

    def _may_pause(self) -> bool:
        """Return whether what follows could be an action to halt before, which wins over halting after this one."""
        before = self.request.halt_before
        if not before or self.is_last:
            return False
        return any(branch.choice.target in before for branch in self.machine.branches[self.closed.name])

    def _status(self, following: Choice) -> Status:
        if following.target in self.request.halt_before:
            self.halts, self.goes_on = False, True
            return "paused"
        if self.halts:
            return "halted"
        return "finished" if following.target is None else "running"

    def tell(self, position: Position) -> Effects:
        """Tell hooks and caller what was committed."""
        yield from self._stream_ended()
        hooks, state = self.machine.hooks.at["post_run_step"], self.machine.state(position)
        if hooks:
            yield CallAll(hooks, {**self.facts(), "state": state, "result": self.result, "exception": self.error})
        if self.request.steps or self.request.live:
            yield StepCommitted(self.closed.name, self.sequence, self.result, state, self.error)

    def _stream_ended(self) -> Effects:
        hooks = self.machine.hooks.at["post_end_stream"]
        if hooks and self.closed.is_streaming:
            yield CallAll(hooks, self.facts())

    # -- failure --------------------------------------------------------------------------------------

    def may_try_again(self, error: BaseException, call: Call) -> bool:
        """Return whether the body is run once more."""
        retry = self.closed.action.retry
        if (
            retry is None
            or self._is_a_hooks(error)
            or self.attempt >= retry.attempts
            or not isinstance(error, retry.on)
        ):
            return False
        if isinstance(call, Stream) and call.items:
            return False  # the caller has seen items already
        if isinstance(error, StepTimeoutError):
            return retry.overlap or self.closed.is_async
        return not isinstance(error, StateflowError)

    def try_again(self, error: BaseException) -> Effects:
        """Keep the attempt that has failed, and wait before the next one."""
        yield from self._kept(error)
        retry = self.closed.action.retry
        if retry is not None:
            yield Sleep(retry.pause(self.attempt))
        self.attempt += 1
        if self.machine.journal is not None:
            self.tried_again = self.machine.clock()

    def _kept(self, error: BaseException) -> Effects:
        if self.machine.journal is None:
            return
        try:
            yield Abort(attempted(self, error))
        except StoreError as lost:  # the error of the body counts
            error.add_note(f"this attempt could not be stored: {lost}")

    def failed(self, error: BaseException) -> Generator[Any, Any, Commit]:
        """Return the commit of a failure that an ``on_error`` takes; else record the attempt and raise.

        A failed action goes on to its handler, whatever halts name it.
        """
        machine, old, name = self.machine, self.position, self.closed.name
        choice = handler(machine, name, error) if _is_the_bodys(error) and not self._is_a_hooks(error) else None
        if choice is None:
            yield from self._aborted(error)
            raise error
        self.error, self.halts, self.goes_on = error, False, not self.is_last
        visits = self._counted() if machine.counts else old.visits
        position = Position(old.data, old.index + 1, self.sequence, name, "failed", visits, choice=choice, error=error)
        return Commit(position, committed(self, position, []) if machine.journal is not None else None)

    def _aborted(self, error: BaseException) -> Effects:
        machine, closed = self.machine, isinstance(error, StreamClosed)
        if not closed:
            if said := advice(error):
                error.add_note(said)
            where = f"in action {self.closed.name!r}, step {self.sequence}, run {machine.address.app_id}"
            if where not in getattr(error, "__notes__", ()):  # one exception may be raised again and again
                BaseException.add_note(error, where)
        yield from self._kept(error)
        yield from self._stream_ended()
        hooks = machine.hooks.at["post_run_step"]
        if hooks:
            state = machine.state(self.position)
            yield CallAll(hooks, {**self.facts(), "state": state, "result": None, "exception": error})
        if self.request.live and not closed:
            yield Failed(self.closed.name, self.sequence, error)

    def _is_a_hooks(self, error: BaseException) -> bool:
        """Return whether a hook raised this while the body ran; that is nothing to retry or to handle."""
        listener = self.scope.listener if self.scope is not None else None
        return listener is not None and listener.raised is error

    def facts(self) -> dict[str, Any]:
        """Return what every hook of a step is told."""
        address = self.machine.address
        return {
            "app_id": address.app_id,
            "partition_key": address.partition_key,
            "action": self.closed.action,
            "sequence_id": self.sequence,
        }


def _is_the_bodys(error: BaseException) -> bool:
    """Return whether an error came from a body, rather than from the caller, the graph or a store."""
    return isinstance(error, Exception) and not isinstance(error, (GraphError, InputError, StoreError))
