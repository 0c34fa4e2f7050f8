"""The documentation of the running interpreter becomes documents, whatever its modules do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stateflow_dags.rag import chunk
from stateflow_dags.rag.library import library_modules, read_library
from stateflow_dags.rag.model import Document


def test_the_library_is_large(library_documents: list[Document]) -> None:
    """At least 150 modules and thousands of passages."""
    assert len(library_documents) >= 150
    assert len(chunk.chunks(library_documents)) >= 3000
    assert len({document.source for document in library_documents}) == len(library_documents)


def test_modules_with_side_effects_are_left_out() -> None:
    """Nothing that prints, opens a window or changes the terminal is imported."""
    names = set(library_modules())
    assert {"os.path", "builtins", "json.decoder", "xml.etree.ElementTree"} <= names
    assert not names & {"this", "antigravity", "turtle", "idlelib", "readline", "test"}
    assert not any(part.startswith("_") for name in names for part in name.split("."))


def test_reading_is_silent_and_reports_progress(capfd: pytest.CaptureFixture[str]) -> None:
    """Progress goes to the callback, nothing to the terminal."""
    seen: list[tuple[int, int, str]] = []
    read_library(
        ["shutil", "this", "csv"],
        lambda done, total, name: seen.append((done, total, name)),
    )
    assert seen == [(0, 3, "shutil"), (1, 3, "this"), (2, 3, "csv")]
    assert capfd.readouterr() == ("", "")


def test_a_module_that_fails_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that raises, exits or does not exist costs its own document only."""
    (tmp_path / "broken_by_error.py").write_text("raise RuntimeError('no')")
    (tmp_path / "broken_by_exit.py").write_text("import sys; print('x'); sys.exit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    names = ["broken_by_error", "broken_by_exit", "no_such_module_at_all", "bisect"]
    assert [document.source for document in read_library(names)] == ["bisect"]


def test_a_definition_shows_signature_and_docstring() -> None:
    """Functions, classes and methods begin with a qualified signature."""
    (document,) = read_library(["shutil"])
    assert "\nshutil.rmtree(path, " in document.text
    assert "\n    Recursively delete a directory tree.\n" in document.text
    (document,) = read_library(["tempfile"])
    assert "\nclass tempfile.TemporaryDirectory(" in document.text
    assert "\n    tempfile.TemporaryDirectory.cleanup(self)" in document.text


def test_signatures_of_c_functions_come_from_their_docstring() -> None:
    """Where inspect knows no signature the first line of the docstring gives it."""
    (document,) = read_library(["itertools"])
    assert "\nclass itertools.product(*iterables, repeat=1) -> product object\n" in document.text


def test_an_object_is_described_once() -> None:
    """What a package exports is not described again in the submodule that defines it."""
    package, submodule = read_library(["json", "json.decoder"])
    assert "class json.JSONDecoder(" in package.text
    assert "class json.decoder.JSONDecoder(" not in submodule.text


def test_texts_are_equal_in_every_process() -> None:
    """Neither the hash seed nor object addresses change a document, so the digest is stable."""
    program = "from stateflow_dags.rag import index, library; print(index.digest(library.read_library()))"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
