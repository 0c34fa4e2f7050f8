"""What importing costs, each time in an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter
from typing import Literal

from benchmarks.contestants import Run

PROGRAM = """
{statement}
from pathlib import Path
status = Path("/proc/self/status")
if status.exists():
    print(next(int(line.split()[1]) / 1e3 for line in status.read_text().splitlines() if line.startswith("VmHWM")))
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def imports(size: int, *, statement: str, what: Literal["ms", "MB"]) -> Run:
    """Measure ``python -c <statement>``: milliseconds from start to exit, or megabytes at most; a mean of ``size``."""
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]

    def run() -> float:
        total = 0.0
        for _ in range(size):
            started = perf_counter()
            found = subprocess.run(command, check=True, capture_output=True)
            total += (perf_counter() - started) * 1e3 if what == "ms" else float(found.stdout)
        return total / size

    return run
