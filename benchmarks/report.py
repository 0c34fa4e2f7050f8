"""Writes what was measured as Markdown: a summary against the budgets, a table for each case, the raw samples."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness import ROOT, Outcome, Samples

DISTRIBUTIONS = ("sf-hamilton", "pandas", "apache-burr", "langgraph", "pydantic-graph")


def report(outcomes: Sequence[Outcome], *, command: str, repetitions: int) -> str:
    """Return the whole page."""
    parts = [
        "# What stateflow costs, beside its rivals",
        "",
        f"Written by `{command}`. Every contestant runs in a process of its own, and all take turns, one sample each,",
        f"{repetitions} times over; a number is the median of these. Compare ratios rather than times: they hold",
        "on other machines too.",
        "",
        *surroundings(),
        "",
        "## Budgets",
        "",
        *summary(outcomes),
        "",
        *missed(outcomes),
        "## Cases",
        "",
    ]
    for outcome in outcomes:
        parts += [*case_table(outcome), ""]
    parts += ["## Samples", "", *raw(outcomes)]
    return "\n".join(parts) + "\n"


def summary(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a row for each of ours: the limit, the best rival, ours, the budget, and whether it is met."""
    rows = [
        "| work | unit | limit measured | best rival | ours | budget | met |",
        "|---|---|---|---|---|---|---|",
    ]
    for outcome in outcomes:
        limit = "; ".join(f"{shown(floor.median)} {floor.contestant.name}" for floor in outcome.of("floor"))
        best = outcome.best_rival
        rival = f"{shown(best.median)} {best.contestant.name}" if best else "none installed"
        for ours in outcome.of("ours"):
            budget = ours.contestant.budget
            met = "" if budget is None else "yes" if ours.median <= budget else "**no**"
            allowed = "" if budget is None else f"≤ {budget:g}"
            title = outcome.case.title + ours.contestant.name.removeprefix("stateflow")
            rows.append(
                f"| {title} | {outcome.case.unit} | {limit} | {rival} | {shown(ours.median)} | {allowed} | {met} |"
            )
    return rows


def missed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each budget that is missed: by how much, how far from the limit and the rivals, and why."""
    lines = []
    for outcome in outcomes:
        for ours in outcome.of("ours"):
            budget = ours.contestant.budget
            if budget is None or ours.median <= budget:
                continue
            distances = [
                f"{shown(ours.median / other.median)} × {other.contestant.name}"
                for other in (outcome.floor, outcome.best_rival)
                if other is not None
            ]
            fact = f"{shown(ours.median)} {outcome.case.unit} where {budget:g} are allowed; {', '.join(distances)}"
            lines.append(f"- **{outcome.case.title}**: {fact}. {ours.contestant.reason}".rstrip())
    return ["### Missed", "", *lines, ""] if lines else []


def case_table(outcome: Outcome) -> list[str]:
    """Return a case: every contestant as a multiple of the floor, and of stateflow."""
    floor, ours = outcome.floor, next(iter(outcome.of("ours")), None)
    limit = floor.contestant.name if floor else "floor"
    lines = [
        f"### {outcome.case.title}",
        "",
        f"| contestant | {outcome.case.unit} | quartiles | × {limit} | × stateflow |",
        "|---|---|---|---|---|",
    ]
    for samples in outcome.samples:
        low, high = samples.quartiles
        lines.append(
            f"| {samples.contestant.name} | {shown(samples.median)} | {shown(low)} to {shown(high)} "
            f"| {ratio(samples, floor)} | {ratio(samples, ours)} |"
        )
    lines += [f"| {name} | not run: {reason} | | | |" for name, reason in outcome.absent.items()]
    return lines


def raw(outcomes: Iterable[Outcome]) -> list[str]:
    """Return every sample, in the order in which it was taken."""
    lines = ["<details>", "<summary>every sample, in the order in which it was taken</summary>", ""]
    for outcome in outcomes:
        lines += ["```text", f"{outcome.case.name}: {outcome.case.unit}, {outcome.case.size} units a sample"]
        for samples in outcome.samples:
            lines.append(f"{samples.contestant.name}: " + " ".join(f"{value:.4g}" for value in samples.values))
        lines += ["```", ""]
    return [*lines, "</details>"]


def surroundings() -> list[str]:
    """Return the commit, the versions and the machine."""
    versions = ", ".join(f"{name} {installed(name)}" for name in DISTRIBUTIONS)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        f"- commit: {commit()}",
        f"- {python}; stateflow {installed('stateflow')}; {versions}",
        f"- {processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release().partition('-')[0]}",
    ]


def commit() -> str:
    """Return the commit that was measured, and whether the files differed from it."""
    try:
        head = git("rev-parse", "--short=12", "HEAD")
        dirty = git("status", "--porcelain", "--", ".", ":!benchmarks/results.md")
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return f"{head} with changes" if dirty else head


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def ratio(samples: Samples, other: Samples | None) -> str:
    return "" if other is None or not other.median else shown(samples.median / other.median)


def shown(value: float) -> str:
    """Return a number with three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
