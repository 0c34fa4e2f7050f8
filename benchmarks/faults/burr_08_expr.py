"""Burr 8: ``expr`` takes comprehension variables for keys and is ``eval``; its safe variant hangs on a power."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from burr.core import State, expr

PATIENCE = 4.0
"""Seconds after which an expression, the start of Python included, counts as hanging."""


def decide(condition: Any, **values: Any) -> Any:
    return condition.run(State(values))["PROCEED"]


def comprehension() -> str:
    """Ask which state keys an expression with a comprehension needs."""
    condition = expr("any(x > 1 for x in items)")
    return f"demands {sorted(condition.reads)}"


def hostile() -> str:
    """Run a hostile expression."""
    found = decide(expr("__import__('os').getpid() > 0"))
    return f"imported os and called it: {found}"


def power() -> str:
    """Evaluate a tower of powers in the variant that is called safe, in a process that can be killed."""
    program = "from burr.core import Condition, State; Condition.safe_expr('9**9**9 > 0').run(State({}))"
    try:
        subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=True, capture_output=True)
    except subprocess.TimeoutExpired:
        return "hangs"
    return "answers"
