"""``Source``: the items of a synchronous streaming body, taken one by one by whoever consumes the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import Empty
from typing import Any

from stateflow._drive.body import END, OPEN, Answer, Streaming, abandon, start
from stateflow._drive.threads import Inbox, Working, finished
from stateflow._plan import Stream
from stateflow.events import Item


class Source(Streaming):
    """Opened at the first ``take``. An error of the body ends it, and is left in ``error`` for the plan."""

    __slots__ = ("_advance", "_body", "_inbox", "_run", "_timeout", "_waiting", "_working")

    def __init__(self, effect: Stream, inbox: Inbox | None, *, as_events: bool) -> None:
        super().__init__(effect, as_events=as_events)
        self._inbox = inbox
        self._run: Callable[..., Any] = copy_context().run
        self._timeout = effect.closed.action.timeout
        self._working: Working | None = None
        self._body: Any = None
        self._advance: Any = None
        self._waiting: deque[Any] = deque()

    def take(self) -> Any:
        """Return the next item, or ``END``."""
        try:
            if self._waiting:
                return self._waiting.popleft()
            if self.over:
                return END
            if self._advance is None:
                told = self._open()
                if told is not END:
                    return told
            return self._next()
        except StopIteration as stop:
            return self._stopped(stop.value)
        except BaseException as error:
            self.error, self.over = error, True
            return self._rest()

    def drain(self) -> None:
        """Take what is left."""
        while self.take() is not END:
            pass

    def finish(self) -> Answer:
        """Return ``(result, State)`` of a body that has ended well."""
        answer: Answer = self._run(self.effect.closed.action.finish, self.view, self.last)
        return answer

    def close(self) -> None:
        """Close the body; one that still runs in a thread of its own is left to itself."""
        if self._working is not None and not self._working.ended:
            abandon(self.effect)
        if hasattr(self._body, "close") and not self.effect.stopped:
            self._run(self._body.close)

    # -- inside -----------------------------------------------------------------------------------------

    def _next(self) -> Any:
        while True:
            if self._timeout is None:
                raw = self._run(self._advance)
            else:
                raw = self._in_time()
            if raw.__class__ is tuple and len(raw) == 2:
                if raw[1] is None and self.told is OPEN:
                    self.effect.items += 1
                    value = raw[0]
                elif self.is_item(raw):
                    value = raw
                else:
                    continue
            elif self.told is OPEN:
                self.effect.items += 1
                value = raw
            else:
                self.is_item(raw)  # raises: the body goes on after its last result
                continue
            if self.heard is None and self._inbox is None:
                return value
            return self._passed(value)

    def _passed(self, value: Any) -> Any:
        """Tell the hooks of an item, and put it behind what the body has emitted meanwhile."""
        if self.heard is not None:
            self.heard(value)
        if self.as_events:
            value = Item(self.action, self.sequence, value)
        if self._inbox is None or self._inbox.empty():
            return value
        self._collect()
        self._waiting.append(value)
        return self._waiting.popleft()

    def _stopped(self, returned: Any) -> Any:
        try:
            self.ended(returned)
        except BaseException as error:
            self.error = error
        return self._rest()

    def _rest(self) -> Any:
        """Return what the body has told before it ended, one by one."""
        self._collect()
        return self._waiting.popleft() if self._waiting else END

    def _collect(self) -> None:
        while self._inbox is not None:
            try:
                told = self._inbox.get_nowait()
            except Empty:
                return
            if not isinstance(told, Working):
                self._waiting.append(self._given(told))

    def _given(self, told: Any) -> Any:
        return told if self.as_events or told.__class__ is not Item else told.value

    def _open(self) -> Any:
        """Call the body; ``END`` says that it is open, anything else was told on the way there."""
        if self._timeout is None and (self._inbox is None or not self.effect.closed.action.thread):
            self._body = self._run(start, self.effect, self.view)
        else:
            if self._working is None:
                self._working = Working(self.effect, partial(self._run, start, self.effect, self.view), self._inbox)
            told = self._working.next()
            if told is not END:
                return self._given(told)
            self._body = self._working.result()
        self._advance = self.iterator(self._body)
        return END

    def _in_time(self) -> Any:
        self._working = Working(self.effect, partial(self._run, self._step), None)
        ended, value = finished(self._working)
        if ended:
            raise StopIteration(value)
        return value

    def _step(self) -> tuple[bool, Any]:
        try:
            return False, self._advance()
        except StopIteration as stop:
            return True, stop.value
