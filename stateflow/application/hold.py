"""One verb at a time: the hold of a running verb on its application."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from stateflow.errors import ApplicationBusyError

T = TypeVar("T")


class Turn:
    """Who runs an application at the moment, if anybody does."""

    __slots__ = ("app_id", "lock", "verb")

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.lock = threading.Lock()
        self.verb = ""


class Hold:
    """One verb's hold: taken once, freed once, from any thread.

    Raises:
        ApplicationBusyError: when it is taken while another verb, or an open stream, has one.
    """

    __slots__ = ("_taken", "_turn", "_verb")

    def __init__(self, turn: Turn, verb: str) -> None:
        self._turn = turn
        self._verb = verb
        self._taken = False

    def take(self) -> None:
        """Take the hold, or say who has it."""
        turn = self._turn
        if not turn.lock.acquire(blocking=False):
            raise ApplicationBusyError(
                f"{self._verb} was called while {turn.verb} still runs on run {turn.app_id!r}; wait for it, close its "
                "stream, or build a second application"
            )
        turn.verb = self._verb
        self._taken = True

    def free(self) -> None:
        """Give the hold back; doing so again changes nothing."""
        if self._taken:
            with suppress(RuntimeError):  # an interrupt came between the two lines
                self._turn.lock.release()
            self._taken = False

    def __del__(self) -> None:
        self.free()

    def __enter__(self) -> None:
        self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.free()


class Iteration(AsyncIterator[T]):
    """What an iterating async verb returns.

    A loop that is left by ``break`` drops it, and nobody awaits its end: so it frees the application itself. The body
    of a stream is closed by ``aclose``, else when the event loop gets to it.
    """

    def __init__(self, items: AsyncGenerator[T], hold: Hold) -> None:
        self._items = items
        self._hold = hold

    async def __anext__(self) -> T:
        return await self._items.__anext__()  # a coroutine keeps the iteration, and so the hold, while a step runs

    async def aclose(self) -> None:
        """End the iteration; a step that runs comes to nothing."""
        await self._items.aclose()

    def __del__(self) -> None:
        self._hold.free()


def nothing() -> Any:
    """Free nothing: the verb itself holds the application."""
