"""Every error that stateflow raises, sorted by whose fault it is.

A message states the fact, then the remedy, with the names involved. A user's own exception is never
wrapped: it passes through with a note.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class StateflowError(Exception):
    """Root of the tree. ``code`` is stable across releases and safe to match on."""

    code = "stateflow"


# -- the author of the application -------------------------------------------------------------


class GraphError(StateflowError):
    """The application, a graph, an action or a condition is built wrongly.

    ``findings`` holds one sentence for each fault; a build reports all of them at once.
    """

    code = "graph"

    def __init__(self, *findings: str) -> None:
        self.findings: tuple[str, ...] = findings
        super().__init__(findings[0] if len(findings) == 1 else _numbered(findings))


class ActionError(StateflowError):
    """An action's body broke the rules of its declaration."""

    code = "action"


class MissingKeyError(ActionError, KeyError):
    """A state key is absent, or the running action has not declared that it reads it."""

    code = "missing-key"

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0])


class StateMutatedError(ActionError):
    """A body changed a value of the state in place instead of writing it."""

    code = "state-mutated"


class StepTimeoutError(ActionError, TimeoutError):
    """A body took longer than the action's ``timeout``."""

    code = "timeout"


# -- the caller ---------------------------------------------------------------------------------


class InputError(StateflowError):
    """The arguments of a call do not fit the application."""

    code = "input"


class ApplicationBusyError(InputError):
    """A second verb was called while another one, or an open stream, still runs."""

    code = "busy"


# -- the storage --------------------------------------------------------------------------------


class StoreError(StateflowError):
    """A store could not do what it was asked."""

    code = "store"


class ConcurrentWriteError(StoreError):
    """Another writer has taken this position of the run; nothing was written."""

    code = "concurrent-write"


class CorruptRecordError(StoreError):
    """A stored record cannot be read back as it was written."""

    code = "corrupt-record"


class UnserializableStateError(StoreError):
    """A value has a type that the codec does not know."""

    code = "unserializable"


class StreamClosed(BaseException):
    """Thrown into a running step when the consumer leaves its stream early. Never seen by callers.

    ``cleanup`` is what closing the body has raised; whoever left gets that.
    """

    cleanup: BaseException | None = None


# -- wording ------------------------------------------------------------------------------------


def names(values: Iterable[object]) -> str:
    """Return names as they are printed in messages: ``['a', 'b']``."""
    return "[" + ", ".join(repr(str(value)) for value in values) + "]"


def kind(value: object) -> str:
    """Return what a value is, as messages print it: ``None``, ``a dict``, ``an int``."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"


def nearest(name: object, known: Iterable[object]) -> str:
    """Return ``; did you mean 'x'?``, or the valid names when nothing is near, for a message's end."""
    options: Sequence[str] = sorted({str(option) for option in known})
    close = difflib.get_close_matches(str(name), options, n=2, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(repr(option) for option in close) + "?"
    if not options:
        return ""
    shown = names(options[:12])
    return f"; valid are {shown}" + (f" and {len(options) - 12} more" if len(options) > 12 else "")


def _numbered(findings: Sequence[str]) -> str:
    lines = [f"{len(findings)} faults were found:"]
    lines += [f"  {number}. {finding}" for number, finding in enumerate(findings, start=1)]
    return "\n".join(lines)
