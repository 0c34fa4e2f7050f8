"""The asynchronous driver: answers the same plan as the synchronous one, without blocking the event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from contextvars import copy_context
from typing import Any

from stateflow._drive.asource import AsyncSource
from stateflow._drive.body import Answer, Opened, abandon, cleaned_up, perform, start, too_slow
from stateflow._drive.inbox import AsyncInbox, meanwhile
from stateflow._drive.inside import Inside
from stateflow._drive.nodes import run_nodes
from stateflow._drive.sink import Sink
from stateflow._drive.worker import in_thread
from stateflow._plan import Abort, Call, CallAll, Commit, Machine, Outcome, Plan, Sleep, Stream
from stateflow.events import Event
from stateflow.journal import Journal
from stateflow.state import view_of


async def adrive(  # noqa: PLR0912, PLR0915  a call for each effect would cost as much as the effect
    machine: Machine, plan: Plan, sink: Sink | None, inbox: AsyncInbox | None = None, *, as_events: bool = False
) -> AsyncIterator[Any]:
    """Run a plan to its end: yield its events, and last its ``Outcome``. See ``sync.drive``."""
    answer: Any = None
    error: BaseException | None = None
    if inbox is not None:
        inbox.open()
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
                if inbox is None and effect.closed.is_async and effect.closed.action.timeout is None:
                    run, coroutine = copy_context().run, _perform(effect)
                    try:  # a body that never waits needs nothing more
                        waits_for = run(coroutine.send, None)
                    except StopIteration as stop:
                        answer = stop.value
                    else:
                        answer = await Inside(run, coroutine, waits_for)
                elif inbox is None:
                    answer = await _call(effect)
                else:
                    task = asyncio.ensure_future(_call(effect))
                    async with aclosing(meanwhile(task, inbox)) as told:
                        async for event in told:
                            yield event
                    answer = task.result()
            elif kind is Commit:
                if effect.record is None or machine.journal is None:
                    machine.position = effect.position
                else:
                    await _commit(machine, machine.journal, effect)
            elif kind is Stream:
                source = AsyncSource(effect, inbox, as_events=as_events)
                try:
                    if inbox is not None:
                        yield Opened(source)
                    answer = await _drained(source)
                except BaseException as raised:
                    try:
                        await source.close()
                    except BaseException as late:
                        cleaned_up(raised, late)
                    raise
            elif isinstance(effect, Event):
                yield effect
            else:
                await _other(machine, effect)
        except GeneratorExit:
            plan.close()
            raise
        except BaseException as raised:
            error = raised
        if sink is not None and sink.waiting:
            error = await _call_waiting(sink, error)


async def aexhaust(events: AsyncIterator[Any]) -> Outcome:
    """Run a driver to its end without looking at its events."""
    outcome: Any = None
    async for outcome in events:  # noqa: B007  the last one counts
        pass
    return outcome  # type: ignore[no-any-return]


async def _commit(machine: Machine, journal: Journal, effect: Commit) -> None:
    committing = asyncio.ensure_future(_kept(machine, journal, effect))
    try:
        await asyncio.shield(committing)
    except asyncio.CancelledError:  # a commit that has begun is finished, and then it counts
        while not committing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([committing])
        if not committing.cancelled():
            committing.exception()  # else nobody has looked at it
        raise


async def _kept(machine: Machine, journal: Journal, effect: Commit) -> None:
    record: Any = effect.record
    await journal.acommit(record)
    machine.position = effect.position  # the truth has it, whatever becomes of the tracker
    await journal.atrack(record)


async def _call(effect: Call) -> Answer:
    context, action = copy_context(), effect.closed.action
    if effect.closed.is_async:
        working: Any = Inside(context.run, _perform(effect))
    elif action.thread:
        working = in_thread(effect, lambda: context.run(perform, effect))
    else:
        return context.run(perform, effect)
    limit = asyncio.timeout(action.timeout)
    try:
        async with limit:
            return await working  # type: ignore[no-any-return]
    except asyncio.CancelledError:
        abandon(effect)
        raise
    except TimeoutError:
        if limit.expired():
            raise too_slow(effect) from None
        raise


async def _perform(effect: Call) -> Answer:
    action, view = effect.closed.action, view_of(effect, effect.schema)
    raw = start(effect, view)
    return action.finish(view, await (run_nodes(raw) if action.is_node_plan else raw))


async def _drained(source: AsyncSource) -> Answer:
    await source.drain()
    if source.error is not None:
        raise source.error
    return source.finish()


async def _other(machine: Machine, effect: Any) -> None:
    if isinstance(effect, CallAll):
        for hook in effect.hooks:
            returned = hook(**effect.facts)
            if inspect.isawaitable(returned):
                await returned
    elif isinstance(effect, Abort):
        if machine.journal is not None:
            await machine.journal.asave_attempt(effect.attempt)
    elif isinstance(effect, Sleep):
        await asyncio.sleep(effect.seconds)


async def _call_waiting(sink: Sink, error: BaseException | None) -> BaseException | None:
    """Call the async hooks of points inside a body that has ended; return what one of them, or the body, has raised."""
    waiting, sink.waiting = sink.waiting, []
    for hook, facts in waiting:
        try:
            await hook(**facts)
        except BaseException as raised:
            raised.__context__ = error
            sink.raised = raised
            return raised
    return error
