"""The demo run once for all tests, and ways to run it again: in this process, in another, in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from stateflow.cli import main
from stateflow_dags.rag import library

from tests.integrations.console import Console

PROGRAM = (sys.executable, "-W", "error", "-c", "import sys; from stateflow.cli import main; sys.exit(main())")
DOCUMENTS = {
    "bees.md": "# Bees\n\nBees make honey from nectar. A colony has one queen.\n",
    "ants.txt": "Ants build hills. An ant colony may have many queens.\n",
    "wasps.html": "<html><body><h1>Wasps</h1><p>Wasps make paper nests.</p><script>no()</script></body></html>",
}


@dataclass(frozen=True)
class Done:
    """How a run of the demo ended."""

    code: int
    out: str
    err: str


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start ``stateflow demo`` in a process of its own, with warnings as errors, and pipes for all it says."""
    pipe = subprocess.PIPE
    command = [*PROGRAM, "demo", *arguments]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment(home, **more))


def finish(process: subprocess.Popen[str], said: str = "") -> Done:
    """Wait for the end of a process."""
    out, err = process.communicate(said, timeout=60)
    return Done(process.returncode, out, err)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a stranger with an empty home: no keys, no colours, 80 columns."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "STATEFLOW_"))}
    return {**kept, "STATEFLOW_HOME": str(home), "COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", **more}


@dataclass(frozen=True)
class Library:
    """A home in which the demo has run twice: first for people, then with ``--json``."""

    home: Path
    first: Done
    stamps: Mapping[str, int]
    second: Done

    def index_files(self) -> dict[str, int]:
        """Return when each file of the index was written."""
        return _stamps(self.home)


@pytest.fixture(scope="session")
def library_demo(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two runs over the documentation of the standard library."""
    home = tmp_path_factory.mktemp("library") / "home"
    first = finish(start(home))
    stamps = _stamps(home)
    return Library(home, first, stamps, finish(start(home, "--json")))


def _stamps(home: Path) -> dict[str, int]:
    folder = home / "demo" / "indexes" / "standard-library"
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.iterdir())}


@pytest.fixture(scope="session")
def library_texts() -> dict[str, str]:
    """The text of each document of the standard library, read in this process."""
    return {document.source: document.text for document in library.read_library()}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with three small documents of the three kinds, and files that are none."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\0")
    return folder


Demo = Callable[..., Done]


@pytest.fixture
def demo(documents: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Demo:
    """Run the demo over those documents, in this process: ``demo("--json")``."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str, docs: Path | None = documents) -> Done:
        capsys.readouterr()
        given = () if docs is None else ("--docs", str(docs))
        try:
            code = main(["demo", *given, *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def terminal(home: Path) -> Iterator[Callable[..., Console]]:
    """Start the demo in a terminal: ``terminal("--chat")``."""
    started: list[Console] = []

    def open_terminal(*arguments: str, at: Path = home, **more: str) -> Console:
        variables = environment(at, **{"TERM": "xterm", **more})
        started.append(Console([*PROGRAM, "demo", *arguments], variables))
        return started[-1]

    yield open_terminal
    for console in started:
        console.kill()
