"""Keeps Hamilton's logged banners out of the way of the exception that says the same; only where we call it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = (
    "hamilton.driver",
    "hamilton.async_driver",
    "hamilton.graph",
    "hamilton.execution.graph_functions",
    "hamilton.execution.executors",
    "hamilton.function_modifiers.base",
)

hushed: ContextVar[bool] = ContextVar("stateflow_hamilton_hushed", default=False)


class _Hush(logging.Filter):
    """Drops errors logged from a context in which we report them ourselves."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR or not hushed.get()


_hush = _Hush()


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back what Hamilton logs as an error in this context; the exception itself passes through."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hush)  # a second time does nothing
    token = hushed.set(True)
    try:
        yield
    finally:
        hushed.reset(token)
