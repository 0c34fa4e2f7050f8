"""The programs that are measured, one module for each framework.

A program is a function that takes the size of a sample, builds everything, and returns the call that is timed. What
the call returns must be equal for all contestants of a case. Every framework does the work in the way it does it best.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Run = Callable[[], Any]
"""The timed call; it may return a coroutine, whose time then counts."""

Message = dict[str, str]


def question() -> Message:
    """Return a new message of the user's."""
    return {"role": "user", "content": "Who was Alexander Hamilton, and what became of the treasury?"}


def answer() -> Message:
    """Return a new message of the assistant's."""
    return {"role": "assistant", "content": "The first secretary of the treasury; see the passages quoted below."}


def turns(number: int) -> list[Message]:
    """Return a chat history of that many messages."""
    return [question() if index % 2 == 0 else answer() for index in range(number)]


def orders() -> Any:
    """Return a DataFrame of 20,000 orders; imports pandas."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "customer": random.integers(0, 500, 20_000),
            "price": random.uniform(1, 100, 20_000),
            "quantity": random.integers(0, 10, 20_000),
        }
    )
