"""What is compared: one module for each kind of work."""

from __future__ import annotations

from benchmarks.cases import chat, counter, importing, orders, streaming, ten_nodes
from benchmarks.harness import Case

CASES: tuple[Case, ...] = (
    *counter.CASES,
    *chat.CASES,
    *ten_nodes.CASES,
    *orders.CASES,
    *streaming.CASES,
    *importing.CASES,
)
