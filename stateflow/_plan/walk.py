"""One call of a verb, step by step."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from stateflow._plan.effects import CallAll, Commit
from stateflow._plan.machine import Choice, Machine, Outcome, Request, choose
from stateflow._plan.records import ended
from stateflow._plan.step import Step
from stateflow.events import Paused

Plan = Generator[Any, Any, Outcome]


def walk(machine: Machine, request: Request) -> Plan:
    """Return the plan of one call of a verb."""
    hooks = machine.hooks.at
    around = hooks["pre_run_execute_call"] or hooks["post_run_execute_call"]
    return _with_hooks(machine, request) if around else _steps(machine, request)


def _with_hooks(machine: Machine, request: Request) -> Plan:
    before, after = machine.hooks.at["pre_run_execute_call"], machine.hooks.at["post_run_execute_call"]
    yield CallAll(before, _facts(machine, request))
    try:
        outcome = yield from _steps(machine, request)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield CallAll(after, {**_facts(machine, request), "exception": error})
        raise
    yield CallAll(after, {**_facts(machine, request), "exception": None})
    return outcome


def _steps(machine: Machine, request: Request) -> Plan:  # noqa: PLR0912  the loop that a reader looks for, in one piece
    count, step = 0, None
    took: set[str] = set()
    announces = machine.tells or request.live
    tells = announces or request.steps
    answer: Any
    while True:
        choice = machine.position.choice or next_choice(machine)
        if choice.target is None:
            if machine.position.status != "finished":
                yield Commit(*ended(machine, machine.position, choice))
            return (yield from _outcome(machine, request, step, took, "finished"))
        if count and choice.target in request.halt_before:
            return (yield from _outcome(machine, request, step, took, "paused"))
        count += 1
        step = Step(machine, request, choice, is_last=count == request.max_steps)
        if step.taken:
            took.update(step.taken)
        if announces:
            yield from step.announce()
        commit: Commit | None = None
        while commit is None:
            call = step.call()
            try:
                answer = yield call
                commit = step.committing(call, *answer)
            except GeneratorExit:
                raise
            except BaseException as error:
                if step.may_try_again(error, call):
                    yield from step.try_again(error)
                else:
                    commit = yield from step.failed(error)
        yield commit
        if tells:
            yield from step.tell(commit.position)
        if step.broken is not None:
            raise step.broken
        if not step.goes_on:
            halted = "halted" if step.halts else "max_steps"
            return (yield from _outcome(machine, request, step, took, halted))


def next_choice(machine: Machine) -> Choice:
    """Return what runs next, evaluating conditions only where that has not been done for this position."""
    position = machine.position
    if position.choice is None:
        position.choice = choose(machine, position.action, position.data, position.visits)
    return position.choice


def _outcome(machine: Machine, request: Request, step: Step | None, took: set[str], halted: str) -> Plan:
    position = machine.position
    target = position.choice.target if position.choice is not None else None
    if request.live:
        action = position.action or ""
        yield Paused(action, position.sequence or 0, halted, target, machine.state(position))
    if halted == "paused" and target is not None:
        return Outcome(machine.closed[target].action, None, position, halted, frozenset(took))
    if step is None:
        return Outcome(None, None, position, halted)
    return Outcome(step.closed.action, step.result, position, halted, frozenset(took))


def _facts(machine: Machine, request: Request) -> dict[str, Any]:
    return {
        "app_id": machine.address.app_id,
        "partition_key": machine.address.partition_key,
        "state": machine.state(machine.position),
        "method": request.method,
    }
