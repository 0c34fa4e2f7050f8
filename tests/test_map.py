"""The map in ``tests/README.md`` is complete: every line has a test, every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MAP = (TESTS / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<line>[^|]+?) \|(?P<tests>[^|]*)\|$", re.MULTILINE)
NAME = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<test>[\w:]+)`")

BAD_INPUT = (
    "unknown name: action",
    "unknown name: state key",
    "unknown name: node",
    "unknown name: input",
    "unknown name: halt",
    "unknown name: resource",
    "a cycle in a DAG",
    "an empty module in a DAG",
    "an unreachable action",
    "a transition after `default`",
    "two actions of one name",
    "two nodes of one name",
    "a key that is both state and resource",
    "a missing input",
    "a surplus input",
    "a wrongly typed input",
    "generator misuse",
    "a result that is no dict",
    "two verbs at once",
    "hostile `expr` strings",
    "still usable, state unchanged",
)
FAULTS = (*(f"Burr {number}" for number in (1, 3, 5, 6, 7, 8, 9, 13, 15)), "LangGraph 1", "LangGraph 6")


def rows(section: str) -> dict[str, str]:
    """Return the lines of a section's table, with the cell that names their tests."""
    text = MAP.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return {row["line"]: row["tests"] for row in ROW.finditer(text) if row["line"] not in ("line", "---")}


def names_of(file: Path) -> set[str]:
    """Return the names of the tests of a file; those in a class as ``Class::test``."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (inner for inner in node.body if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)))
            found |= {f"{node.name}::{method.name}" for method in methods}
    return {name for name in found if name.rpartition("::")[2].startswith("test")}


def test_every_kind_of_bad_input_has_a_line() -> None:
    assert tuple(rows("Bad input")) == BAD_INPUT


def test_every_fault_has_a_line() -> None:
    assert tuple(line.partition(":")[0] for line in rows("Faults of rivals")) == FAULTS


@pytest.mark.parametrize(
    ("section", "line"), [(section, line) for section in ("Bad input", "Faults of rivals") for line in rows(section)]
)
def test_a_line_names_tests_that_exist(section: str, line: str) -> None:
    cell = rows(section)[line].strip()
    named = NAME.findall(cell)
    assert named, f"{line!r} names no test"
    assert [part for part in cell.split("<br>") if not NAME.fullmatch(part)] == []
    missing = [f"{file}::{test}" for file, test in named if test not in names_of(TESTS / file)]
    assert missing == []
