"""Runs one contestant in a process of its own: ``python -m benchmarks.worker '{"program": ...}'``.

It first runs once to warm up, and says what the answer was. Then, for each line it receives, it builds everything
anew, runs once more, and says what that cost.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import logging
import os
import sys
from collections.abc import Awaitable
from time import perf_counter
from typing import Any


async def timed_async(awaitable: Awaitable[Any]) -> tuple[Any, float]:
    started = perf_counter()
    answer = await awaitable
    return answer, perf_counter() - started


def timed(run: Any) -> tuple[Any, float]:
    """Return what the program returned, and its seconds."""
    started = perf_counter()
    answer = run()
    elapsed = perf_counter() - started
    return asyncio.run(timed_async(answer)) if inspect.isawaitable(answer) else (answer, elapsed)


def main() -> None:
    order = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a contestant prints is not an answer
    logging.disable(logging.CRITICAL)
    module, _, name = order["program"].partition(":")
    program = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), name)

    def once() -> tuple[Any, float]:
        run = program(order["size"], **order["arguments"])
        gc.collect()
        return timed(run)

    print(json.dumps(once()[0]), file=answers, flush=True)
    for _ in sys.stdin:
        answer, seconds = once()
        print(seconds / order["size"] * 1e6 if order["timed"] else answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
