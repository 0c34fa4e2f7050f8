"""Runs contestants side by side: each in a process of its own, one sample each in turn, round after round."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

ROOT = Path(__file__).parent.parent
Kind = Literal["floor", "rival", "ours"]


@dataclass(frozen=True, slots=True)
class Contestant:
    """One program: ``program`` is ``module:function`` inside ``benchmarks.contestants``.

    ``budget`` is the most that one of ours may cost, in the unit of the case; ``reason`` is printed where it is missed.
    """

    name: str
    kind: Kind
    program: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    budget: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The same work done by several contestants.

    A sample is ``size`` units of work. With ``timed`` the sample is the time of one unit in microseconds, and all
    contestants must return equal answers; otherwise the program measures, and returns the sample itself.
    """

    name: str
    title: str
    unit: str
    size: int
    contestants: tuple[Contestant, ...]
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured of one contestant."""

    contestant: Contestant
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.values) == 1:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured of a case; ``absent`` names the contestants that could not be started, and why."""

    case: Case
    samples: tuple[Samples, ...]
    absent: Mapping[str, str]

    def of(self, kind: Kind) -> list[Samples]:
        """Return the samples of the contestants of a kind."""
        return [samples for samples in self.samples if samples.contestant.kind == kind]

    @property
    def best_rival(self) -> Samples | None:
        return min(self.of("rival"), key=lambda samples: samples.median, default=None)

    @property
    def floor(self) -> Samples | None:
        """The last floor of the case: the most that can be done without a framework."""
        return next(reversed(self.of("floor")), None)


class WorkerError(Exception):
    """A contestant could not be run; carries the last line that it wrote to its standard error."""


class Worker:
    """A process that runs one contestant, on demand."""

    def __init__(self, case: Case, contestant: Contestant) -> None:
        self.contestant = contestant
        order = {
            "program": contestant.program,
            "size": case.size,
            "arguments": dict(contestant.arguments),
            "timed": case.timed,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(order)],
            cwd=ROOT,
            env={**os.environ, "STATEFLOW_STRICT": "0", "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._stdin: IO[str] = _piped(self._process.stdin)
        self._stdout: IO[str] = _piped(self._process.stdout)
        try:
            self.answer: Any = self._read()
        except WorkerError:
            self.close()
            raise

    def sample(self) -> float:
        """Let the contestant run once."""
        self._stdin.write("go\n")
        self._stdin.flush()
        return float(self._read())

    def _read(self) -> Any:
        line = self._stdout.readline()
        if not line:
            said = _piped(self._process.stderr).read().strip().splitlines()
            raise WorkerError(said[-1] if said else "no reason given")
        return json.loads(line)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _piped(pipe).close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def measure(case: Case, *, repetitions: int) -> Outcome:
    """Run every contestant ``repetitions`` times: A B C, B C A, C A B and so on.

    Raises:
        WorkerError: one of ours or a floor cannot be run, or two contestants disagree about the answer.
    """
    workers, absent = _started(case)
    try:
        _agree(case, workers)
        values: dict[str, list[float]] = {worker.contestant.name: [] for worker in workers}
        for repetition in range(repetitions):
            first = repetition % len(workers)
            for worker in (*workers[first:], *workers[:first]):
                values[worker.contestant.name].append(worker.sample())
    finally:
        for worker in workers:
            worker.close()
    samples = tuple(Samples(worker.contestant, tuple(values[worker.contestant.name])) for worker in workers)
    return Outcome(case, samples, absent)


def _started(case: Case) -> tuple[list[Worker], dict[str, str]]:
    workers: list[Worker] = []
    absent: dict[str, str] = {}
    for contestant in case.contestants:
        try:
            workers.append(Worker(case, contestant))
        except WorkerError as error:
            if contestant.kind != "rival":
                for worker in workers:
                    worker.close()
                raise WorkerError(f"{case.name}: {contestant.name}: {error}") from None
            absent[contestant.name] = str(error)
    return workers, absent


def _agree(case: Case, workers: Iterable[Worker]) -> None:
    if not case.timed:
        return
    answers = {worker.contestant.name: worker.answer for worker in workers}
    if len({json.dumps(answer, sort_keys=True) for answer in answers.values()}) > 1:
        raise WorkerError(f"{case.name}: the contestants did unequal work: {answers}")


def _piped(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise WorkerError("a worker has no pipe")
    return pipe
