"""The index node builds once, reads what is there, and rebuilds what is stale or damaged."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import openai
import pytest

from stateflow_dags.rag import chunk, index, load
from stateflow_dags.rag.index import LexicalIndex, VectorIndex
from stateflow_dags.rag.model import Document

from tests.dags.plain import execute, variables
from tests.openai_server import OpenAIServer

MODULES = [load, chunk, index]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small files."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Bees make honey.")
    (tmp_path / "docs" / "b.md").write_text("# Ants\n\nAnts build hills.")
    return tmp_path / "docs"


def lexical(folder: Path, **inputs: Any) -> LexicalIndex:
    """The index over a folder with the default config."""
    built = execute(MODULES, ["index"], {}, path=str(folder), **inputs)["index"]
    assert isinstance(built, LexicalIndex)
    return built


def test_the_digest_changes_with_anything_that_changes_the_index() -> None:
    """Text, source, title, borders between them, and chunk settings all count."""
    base = [Document("s", "t", "text")]
    variants = [
        index.digest(base),
        index.digest([Document("s2", "t", "text")]),
        index.digest([Document("s", "t2", "text")]),
        index.digest([Document("s", "t", "text2")]),
        index.digest([Document("st", "", "text")]),
        index.digest(base, chunk_size=10),
        index.digest(base, chunk_overlap=10),
        index.digest([]),
    ]
    assert len(set(variants)) == len(variants)
    assert index.digest(list(base)) == variants[0]


def test_without_a_folder_the_index_lives_in_memory(folder: Path) -> None:
    """It searches, and its version is the digest."""
    built = lexical(folder)
    assert built.search("honey", 1)[0].source == "a.txt"
    assert built.version == execute(MODULES, ["digest"], {}, path=str(folder))["digest"]


def test_an_unchanged_index_is_read_not_written(folder: Path, tmp_path: Path) -> None:
    """The second run leaves the files as they are; a changed document rebuilds."""
    target = tmp_path / "index"
    first = lexical(folder, index_path=str(target))
    written = (target / "manifest.json").stat().st_mtime_ns
    again = lexical(folder, index_path=str(target))
    assert again.search("honey", 1) == first.search("honey", 1)
    assert (target / "manifest.json").stat().st_mtime_ns == written
    (folder / "a.txt").write_text("Bees make wax.")
    assert lexical(folder, index_path=str(target)).search("wax", 1)
    assert LexicalIndex.open(target).search("honey", 1) == []


def test_a_damaged_folder_is_rebuilt_with_a_warning(
    folder: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file cut short by a full disk costs a rebuild, not a wrong answer."""
    target = tmp_path / "index"
    lexical(folder, index_path=str(target))
    (target / "passages.jsonl").write_text("")
    with caplog.at_level(logging.WARNING, logger="stateflow_dags.rag.index"):
        assert lexical(folder, index_path=str(target)).search("honey", 1)
    assert "is damaged (passages.jsonl): build it anew" in caplog.text
    assert LexicalIndex.open(target).search("honey", 1)


def test_a_folder_that_another_process_is_replacing_is_written_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and reading the files may be gone for a moment."""
    target = tmp_path / "index"
    lexical(folder, index_path=str(target))

    def gone(path: object) -> LexicalIndex:
        raise FileNotFoundError(f"no index in {path}")

    monkeypatch.setattr(LexicalIndex, "open", gone)
    assert lexical(folder, index_path=str(target)).search("honey", 1)


def test_a_half_copied_folder_is_rebuilt(folder: Path, tmp_path: Path) -> None:
    """Without its manifest a folder of index files is no index, and may be replaced."""
    target = tmp_path / "index"
    lexical(folder, index_path=str(target))
    (target / "manifest.json").unlink()
    lexical(folder, index_path=str(target))
    assert LexicalIndex.open(target).search("honey", 1)


def test_an_empty_folder_has_nothing_to_index(tmp_path: Path) -> None:
    """The error says why."""
    with pytest.raises(ValueError, match="nothing to index: no document has any text"):
        lexical(tmp_path)


def test_vectors_are_chosen_by_config(
    folder: Path,
    tmp_path: Path,
    client: openai.OpenAI,
    server: OpenAIServer,
) -> None:
    """The same modules give a vector index, embedded once and again only when stale."""
    inputs = {"path": str(folder), "index_path": str(tmp_path / "v"), "client": client}
    built = execute(MODULES, ["index"], {"index_kind": "vectors"}, **inputs)["index"]
    assert isinstance(built, VectorIndex)
    assert built.search("bees honey", 1)[0].source == "a.txt"
    embedded = len(server.requests)
    execute(MODULES, ["index"], {"index_kind": "vectors"}, **inputs)
    assert len(server.requests) == embedded
    other = execute(
        MODULES,
        ["index"],
        {"index_kind": "vectors"},
        **inputs,
        embedding_model="other",
    )
    assert other["index"].version.startswith("vectors-1:other:")
    assert len(server.requests) == embedded + 1
    (tmp_path / "v" / "manifest.json").write_text("{}")
    assert execute(MODULES, ["index"], {"index_kind": "vectors"}, **inputs)["index"].version


def test_only_the_vector_index_is_external() -> None:
    """BM25 is a function of its input; embeddings are not."""
    assert "external" not in variables(MODULES, {})["index"].tags
    assert variables(MODULES, {"index_kind": "vectors"})["index"].tags["external"] == "true"


@pytest.mark.parametrize(("package", "extra"), [("bm25s", "rag"), ("lancedb", "vectors")])
def test_a_missing_package_names_its_extra(
    package: str,
    extra: str,
    folder: Path,
    tmp_path: Path,
    client: openai.OpenAI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is the command that repairs it."""
    monkeypatch.setitem(sys.modules, package, None)
    config, inputs = (
        {"index_kind": "vectors"},
        {"index_path": str(tmp_path / "v"), "client": client},
    )
    if package == "bm25s":
        config, inputs = {}, {}
    with pytest.raises(ImportError, match=rf"pip install 'stateflow\[{extra}\]'"):
        execute(MODULES, ["index"], config, path=str(folder), **inputs)
