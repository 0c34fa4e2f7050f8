"""Runs an application with the verbs of one colour, so that one test holds for both."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, NamedTuple

Colour = Literal["sync", "async"]


class Streamed(NamedTuple):
    """What came of ``stream_result``: the action, its items, and what ``get`` returned."""

    action: Any
    items: list[Any]
    result: Any
    state: Any


class Driver:
    """The verbs of an application, sync or async; iterating verbs return lists.

    ``body`` gives a sync function or generator the colour of the driver, so that the async verbs run async bodies.
    """

    def __init__(self, colour: Colour) -> None:
        self.colour = colour
        self._runner = asyncio.Runner()

    @property
    def is_async(self) -> bool:
        return self.colour == "async"

    def close(self) -> None:
        self._runner.close()

    # -- verbs ----------------------------------------------------------------------------------------

    def build(self, builder: Any) -> Any:
        return self._runner.run(builder.abuild()) if self.is_async else builder.build()

    def step(self, app: Any, **arguments: Any) -> Any:
        return self._runner.run(app.astep(**arguments)) if self.is_async else app.step(**arguments)

    def run(self, app: Any, **arguments: Any) -> Any:
        return self._runner.run(app.arun(**arguments)) if self.is_async else app.run(**arguments)

    def iterate(self, app: Any, **arguments: Any) -> list[Any]:
        if self.is_async:
            return self._runner.run(_listed(app.aiterate(**arguments)))
        return list(app.iterate(**arguments))

    def stream_result(self, app: Any, **arguments: Any) -> Streamed:
        if self.is_async:
            return self._runner.run(_astreamed(app.astream_result(**arguments)))
        action, container = app.stream_result(**arguments)
        items = list(container)
        return Streamed(action, items, *container.get())

    def stream_iterate(self, app: Any, **arguments: Any) -> list[Streamed]:
        if self.is_async:
            return self._runner.run(_all_astreamed(app.astream_iterate(**arguments)))
        found = []
        for action, container in app.stream_iterate(**arguments):
            items = list(container)
            found.append(Streamed(action, items, *container.get()))
        return found

    def stream_events(self, app: Any, **arguments: Any) -> list[Any]:
        if self.is_async:
            return self._runner.run(_listed(app.astream_events(**arguments)))
        return list(app.stream_events(**arguments))

    def gathered(self, app: Any, verb: str, **arguments: Any) -> tuple[list[Any], Exception | None]:
        """Return what ``stream_result`` or ``stream_events`` gave, and the error that ended it."""
        given: list[Any] = []
        try:
            if self.is_async:
                self._runner.run(_kept(given, getattr(app, f"a{verb}")(**arguments)))
            else:
                started = getattr(app, verb)(**arguments)
                given.extend(started[1] if isinstance(started, tuple) else started)
        except Exception as error:  # noqa: BLE001  the test looks at it
            return given, error
        return given, None

    def wait(self, coroutine: Any) -> Any:
        """Run a coroutine in the loop that the async verbs run in."""
        return self._runner.run(coroutine)

    # -- bodies ---------------------------------------------------------------------------------------

    def body(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function in the colour of the driver; use it below ``@action`` or ``@streaming_action``."""
        if not self.is_async:
            return function
        return _agenerator(function) if inspect.isgeneratorfunction(function) else _coroutine(function)


def _coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    return wrapper


def _agenerator(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        generator = function(*args, **kwargs)
        try:
            while True:
                await asyncio.sleep(0)
                try:
                    item = next(generator)
                except StopIteration as end:
                    if end.value is not None:  # an async generator cannot return it
                        yield end.value
                    return
                yield item
        finally:
            generator.close()

    return wrapper


async def _listed(iterator: Any) -> list[Any]:
    return [item async for item in iterator]


async def _kept(given: list[Any], started: Any) -> None:
    async for item in (await started)[1] if inspect.iscoroutine(started) else started:
        given.append(item)  # noqa: PERF401  what came before an error counts


async def _astreamed(started: Any) -> Streamed:
    action, container = await started
    items = [item async for item in container]
    return Streamed(action, items, *await container.get())


async def _all_astreamed(iterator: Any) -> list[Streamed]:
    found = []
    async for action, container in iterator:
        items = [item async for item in container]
        found.append(Streamed(action, items, *await container.get()))
    return found
