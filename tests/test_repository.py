"""What a stranger gets from this repository: files that hold no trace of a machine, and a wheel that is complete."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import stateflow

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("stateflow", "stateflow_dags", "stateflow_integrations")

TRACES = {
    "a path of a machine": re.compile(r"(?<![\w.~<])/(?:home|root|Users|work|opt|private)/\w[\w.-]*/"),
    "an address of a package index": re.compile(
        r"--(?:extra-)?index-url|--find-links|--trusted-host|files\.python" r"hosted|://pypi|/simple/(?!\))"
    ),
    "a temporary folder": re.compile(r"(?<![\w.])/tmp/\w"),
    "a token": re.compile(r"\b(?:sk-[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16})\b"),
}


def listed() -> list[Path]:
    """Return what git knows or would add; without git, what is not hidden."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        names = done.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [str(path) for path in found if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    return [ROOT / name for name in names]


def tracked() -> list[Path]:
    """Return the files of the repository; folders and links that lead nowhere are none."""
    return [path for path in listed() if path.is_file()]


def test_links_stay_inside() -> None:
    """A symbolic link leads to a file of this repository, by a relative path."""
    absolute = [path for path in listed() if path.is_symlink() and path.readlink().is_absolute()]
    assert [str(path.relative_to(ROOT)) for path in absolute] == []


def text_of(path: Path) -> str:
    """Return the text of a file; nothing for a picture or another binary file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("trace", TRACES)
def test_files_hold_no_trace_of_a_machine(trace: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if TRACES[trace].search(line)
    ]
    assert found == []


def test_constraints_pin_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9._-]+==[\w.!+]+", line)] == []
    assert pins == sorted(pins)


def test_constraints_cover_what_the_project_asks_for() -> None:
    """Every requirement of the project, its extras and its groups is pinned."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].replace("_", "-") for line in lines if not line.startswith("#")}
    asked = [
        *PROJECT["project"]["dependencies"],
        *(item for extra in PROJECT["project"]["optional-dependencies"].values() for item in extra),
        *(item for group in PROJECT["dependency-groups"].values() for item in group),
    ]
    names = {re.split(r"[\[<>=!~; ]", item)[0].lower().replace("_", "-") for item in asked}
    assert names - {"stateflow"} - pinned == set()


def test_the_version_is_the_newest_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert "## [Unreleased]" in text
    assert versions[0] == PROJECT["project"]["version"] == stateflow.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    """Python, ``py.typed`` and the assets of the page: all that stands in the three packages, and nothing else."""
    sources = {"stateflow": ROOT, "stateflow_dags": ROOT / "dags", "stateflow_integrations": ROOT / "integrations"}
    names = set(wheel.namelist())
    expected = {
        str(path.relative_to(root))
        for package, root in sources.items()
        for path in tracked()
        if path.is_relative_to(root / package)
    }
    assert expected - names == set()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_typed(wheel: zipfile.ZipFile, package: str) -> None:
    assert f"{package}/py.typed" in wheel.namelist()


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "stateflow = stateflow.cli:main" in wheel.read(entry).decode()


def test_hamiltons_pandas_extension_can_be_imported(wheel: zipfile.ZipFile) -> None:
    """What it imports, and Hamilton does not require, comes with us; without it ``extract_columns`` knows no pandas."""
    (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    assert re.search(r"^Requires-Dist: packaging[^;\n]*$", wheel.read(name).decode(), re.MULTILINE)
    importlib.import_module("hamilton.plugins.h_pandas")
