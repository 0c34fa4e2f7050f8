"""A pseudo-terminal with a program in it, as a person sits before it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Mapping, Sequence


class Console:
    """Runs a program in a terminal of its own; ``shown`` is all that it has printed."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.shown = ""
        self._read = 0
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a runner in the background may have it ignored
            os.execve(command[0], list(command), dict(environment))

    def expect(self, text: str, seconds: float = 30.0) -> None:
        """Wait until a text is shown after what was expected before."""
        until = time.monotonic() + seconds
        while text not in self.shown[self._read :]:
            assert time.monotonic() < until, f"{text!r} was not shown in {self.shown[self._read :]!r}"
            assert self._pull(), f"the program ended before {text!r}: {self.shown!r}"
        self._read = self.shown.index(text, self._read) + len(text)

    def type(self, keys: str) -> None:
        """Press keys, a moment after the last output, as a person does."""
        time.sleep(0.15)
        os.write(self._terminal, keys.encode())

    def wait(self) -> int:
        """Wait for the end of the program and return its exit code."""
        while self._pull():
            pass
        _, status = os.waitpid(self._pid, 0)
        self._close()
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End the program where it still runs."""
        if self._terminal >= 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._close()

    def _pull(self) -> bool:
        """Take what is there within a while; False at the end."""
        if not select.select([self._terminal], [], [], 30.0)[0]:
            return False
        try:
            piece = os.read(self._terminal, 65536)
        except OSError:  # the other end has closed
            return False
        self.shown += piece.decode("utf-8", "replace")
        return bool(piece)

    def _close(self) -> None:
        os.close(self._terminal)
        self._terminal = -1
