"""Synchronous bodies in worker threads: for timeouts, and to pass on at once what a body tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from stateflow._drive.body import END, too_slow
from stateflow._plan import Call

Inbox = SimpleQueue[Any]


class Working:
    """A piece of work in a thread of its own, and the inbox into which it tells what happens meanwhile.

    A body that has timed out goes on in its thread, since nothing can stop it; what it still tells is dropped.
    """

    __slots__ = ("_answer", "_call", "_inbox", "_until")

    def __init__(self, call: Call, work: Callable[[], Any], inbox: Inbox | None) -> None:
        timeout = call.closed.action.timeout
        self._call = call
        self._inbox: Inbox = inbox if inbox is not None else SimpleQueue()
        self._answer: list[tuple[Any, BaseException | None]] = []
        self._until = None if timeout is None else time.monotonic() + timeout
        threading.Thread(target=self._job, args=(work,), daemon=True, name=f"stateflow-{call.closed.name}").start()

    @property
    def ended(self) -> bool:
        """Whether the work has come to its end."""
        return bool(self._answer)

    def next(self) -> Any:
        """Return what the work tells next, or ``END`` when it has ended.

        Raises:
            StepTimeoutError: the action's timeout has passed.
        """
        while True:
            try:
                left = None if self._until is None else max(0.0, self._until - time.monotonic())
                told = self._inbox.get(timeout=left)
            except Empty:
                raise too_slow(self._call) from None
            if told is self:
                return END
            if not isinstance(told, Working):  # else: work that timed out earlier has ended at last
                return told

    def result(self) -> Any:
        """Return the value of the work that has ended, or raise its error."""
        value, error = self._answer[0]
        if error is not None:
            raise error
        return value

    def _job(self, work: Callable[[], Any]) -> None:
        try:
            self._answer.append((work(), None))
        except BaseException as error:
            self._answer.append((None, error))
        self._inbox.put(self)


def finished(working: Working) -> Any:
    """Wait for the end of work to which nobody listens, and return its value."""
    while working.next() is not END:
        pass
    return working.result()
