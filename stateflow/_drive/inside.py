"""Awaits a coroutine in the ``contextvars`` context of its step, without the cost of a task."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

START: Any = object()


class Inside:
    """Awaitable that runs every part of a coroutine, from one suspension to the next, in the given context.

    ``waits_for`` is what a coroutine that has been started already waits for.
    """

    __slots__ = ("_coroutine", "_run", "_waits_for")

    def __init__(self, run: Callable[..., Any], coroutine: Any, waits_for: Any = START) -> None:
        self._run = run
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        run, send, throw = self._run, self._coroutine.send, self._coroutine.throw
        waits_for = self._waits_for
        try:
            if waits_for is START:
                waits_for = run(send, None)
            while True:
                try:
                    value = yield waits_for
                except GeneratorExit:
                    run(self._coroutine.close)
                    raise
                except BaseException as error:  # cancellation among them
                    waits_for = run(throw, error)
                else:
                    waits_for = run(send, value)
        except StopIteration as stop:
            return stop.value
