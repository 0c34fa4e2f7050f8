"""Closes what an application has opened: every one of them, also where another one fails to close."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stateflow.store import Store


def close_all(resources: Iterable[Any], stores: Iterable[Store]) -> None:
    """Close resources by ``close``, and then stores. One that must be awaited is named in a ResourceWarning."""
    with ExitStack() as ending:  # which goes backwards
        for store in stores:
            ending.callback(store.close)
        for opened in reversed([*resources]):
            ending.callback(_close, opened)


async def aclose_all(resources: Iterable[Any], stores: Iterable[Store]) -> None:
    """Close resources by ``aclose`` or ``close``, awaiting what is to be awaited, and then stores."""
    async with AsyncExitStack() as ending:
        for store in stores:
            ending.push_async_callback(store.aclose)
        for opened in reversed([*resources]):
            ending.push_async_callback(_aclose, opened)


def _close(opened: Any) -> None:
    close = getattr(opened, "close", None) or getattr(opened, "aclose", None)
    if inspect.iscoroutinefunction(close):
        kind = type(opened).__name__
        warnings.warn(f"{kind} stays open: it is closed by await app.aclose() or async with", ResourceWarning, 2)
    elif close is not None:
        close()


async def _aclose(opened: Any) -> None:
    close = getattr(opened, "aclose", None) or getattr(opened, "close", None)
    closing = close() if close is not None else None
    if inspect.isawaitable(closing):
        await closing
