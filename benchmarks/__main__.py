"""Measures all cases and writes ``benchmarks/results.md``; with names of cases, only prints those."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.harness import Outcome, WorkerError, measure
from benchmarks.report import case_table, report, summary

RESULTS = Path(__file__).with_name("results.md")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"one of {', '.join(case.name for case in CASES)}")
    parser.add_argument("--repetitions", type=int, default=15, help="samples of each contestant (%(default)s)")
    given = parser.parse_args()
    unknown = set(given.cases) - {case.name for case in CASES}
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    return given


def main() -> int:
    given = arguments()
    outcomes: list[Outcome] = []
    failed = False
    for case in CASES:
        if given.cases and case.name not in given.cases:
            continue
        try:
            outcomes.append(measure(case, repetitions=given.repetitions))
        except WorkerError as error:
            print(f"could not measure: {error}\n", file=sys.stderr)
            failed = True
            continue
        print("\n".join(case_table(outcomes[-1])), end="\n\n", flush=True)
    print("\n".join(summary(outcomes)))
    if given.cases:
        return int(failed)
    if failed:
        print(f"{RESULTS.name} was not written: a case could not be measured", file=sys.stderr)
        return 1
    RESULTS.write_text(report(outcomes, command="make bench", repetitions=given.repetitions), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
