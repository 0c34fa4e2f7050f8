"""The synchronous driver: answers a plan's effects, and yields its events."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextvars import copy_context
from typing import Any

from stateflow._drive.body import END, Answer, Opened, abandon, cleaned_up, perform
from stateflow._drive.source import Source
from stateflow._drive.threads import Inbox, Working
from stateflow._plan import Abort, Call, CallAll, Commit, Machine, Outcome, Plan, Sleep, Stream
from stateflow.events import Event
from stateflow.journal import Journal


def drive(  # noqa: PLR0912  as `adrive`
    machine: Machine, plan: Plan, inbox: Inbox | None = None, *, as_events: bool = False
) -> Iterator[Any]:
    """Run a plan to its end: yield its events, and last its ``Outcome``.

    With an ``inbox``, into which the bodies' listener puts events, bodies run in worker threads, what they tell is
    passed on at once, and each streaming body is handed out as ``Opened``. A ``StreamClosed`` thrown in here reaches
    the plan as a consumer that has left.
    """
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            effect = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as stop:
            yield stop.value
            return
        answer = error = None
        kind = effect.__class__
        try:
            if kind is Call:
                if effect.closed.action.timeout is not None:
                    answer = yield from _in_thread(effect, inbox)
                elif inbox is None:
                    answer = copy_context().run(perform, effect)
                else:
                    answer = yield from (_in_thread if effect.closed.action.thread else _inline)(effect, inbox)
            elif kind is Commit:
                if effect.record is None or machine.journal is None:
                    machine.position = effect.position
                else:
                    _commit(machine, machine.journal, effect)
            elif kind is Stream:
                answer = yield from _stream(Source(effect, inbox, as_events=as_events), inbox)
            elif isinstance(effect, Event):
                yield effect
            else:
                _other(machine, effect)
        except GeneratorExit:
            plan.close()
            raise
        except BaseException as raised:
            error = raised


def exhaust(events: Iterator[Any]) -> Outcome:
    """Run a driver to its end without looking at its events."""
    outcome: Any = None
    for outcome in events:  # noqa: B007  the last one counts
        pass
    return outcome  # type: ignore[no-any-return]


def _commit(machine: Machine, journal: Journal, effect: Commit) -> None:
    record: Any = effect.record
    try:
        journal.commit(record)
        machine.position = effect.position  # the truth has it, whatever becomes of the tracker
    except Exception:
        raise
    except BaseException:  # an interrupt may come when the store has committed already, and then that counts
        if machine.position is not effect.position and journal.has(record):
            machine.position = effect.position
            journal.track(record)
        raise
    journal.track(record)


def _inline(effect: Call, inbox: Inbox) -> Generator[Any, None, Answer]:
    """Run a body that must stay in the caller's thread; what it tells is passed on in the end."""
    error: BaseException | None = None
    answer: Any = None
    try:
        answer = copy_context().run(perform, effect)
    except BaseException as raised:
        error = raised
    while not inbox.empty():
        yield inbox.get()
    if error is not None:
        raise error
    return answer  # type: ignore[no-any-return]


def _in_thread(effect: Call, inbox: Inbox | None) -> Generator[Any, None, Answer]:
    context = copy_context()
    working = Working(effect, lambda: context.run(perform, effect), inbox)
    try:
        while (told := working.next()) is not END:
            yield told
    except BaseException:
        abandon(effect)
        raise
    return working.result()  # type: ignore[no-any-return]


def _stream(source: Source, inbox: Inbox | None) -> Generator[Any, None, Answer]:
    try:
        if inbox is not None:
            yield Opened(source)
        source.drain()
        if source.error is not None:
            raise source.error
    except BaseException as error:
        try:
            source.close()
        except BaseException as late:
            cleaned_up(error, late)
        raise
    return source.finish()


def _other(machine: Machine, effect: Any) -> None:
    if isinstance(effect, CallAll):
        for hook in effect.hooks:
            hook(**effect.facts)
    elif isinstance(effect, Abort):
        if machine.journal is not None:
            machine.journal.save_attempt(effect.attempt)
    elif isinstance(effect, Sleep):
        time.sleep(effect.seconds)
