"""What the demo knows: documents, and an index of them that is kept in files and made once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hamilton.driver import Builder

from stateflow import Resource
from stateflow.persistence import home
from stateflow_dags.rag import chunk, evaluate, index, load, questions

TOP = 5

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Knowledge:
    """Documents and their index, whose version is the digest of them.

    ``name`` tells apart what different folders and interpreters know; ``is_new`` says that the index was made just
    now, not read from the files of an earlier run.
    """

    name: str
    documents: list[Any]
    index: Any
    is_new: bool

    @property
    def path(self) -> Path:
        """Where the index lies."""
        return _path(self.name)

    def resource(self) -> Resource:
        """Return the index as a resource."""
        return Resource(lambda: self.index, version=self.index.version)


@dataclass(frozen=True)
class Sources:
    """Documents that are not indexed yet, and the driver that does it."""

    name: str
    documents: list[Any]
    digest: str
    driver: Any

    def indexed(self) -> Knowledge:
        """Return what is known: the index is read from its files, or made anew where it does not fit or is damaged."""
        path = _path(self.name)
        written = path / "manifest.json"
        before = written.stat().st_mtime_ns if written.is_file() else None
        overrides = {"documents": self.documents, "digest": self.digest}
        made = self.driver.execute(["index"], inputs={"index_path": str(path)}, overrides=overrides)["index"]
        return Knowledge(self.name, self.documents, made, is_new=written.stat().st_mtime_ns != before)


def read(folder: Path | None, progress: Progress) -> Sources:
    """Read the documents of a folder or file, or the standard library's documentation.

    Raises:
        ValueError: there is nothing to read, or a file is not text.
        OSError: there is nothing at the path, or it cannot be read.
    """
    source = "pydoc" if folder is None else "path"
    driver = Builder().with_modules(load, chunk, index).with_config({"source": source}).build()
    inputs: dict[str, Any] = {"progress": progress} if folder is None else {"path": str(folder)}
    found = driver.execute(["documents", "digest"], inputs=inputs)
    if not any(document.text.strip() for document in found["documents"]):
        raise ValueError(f"there is no text, Markdown or HTML with anything in it at {str(folder)!r}")
    return Sources(_name(folder), found["documents"], found["digest"], driver)


def measured(knowledge: Knowledge) -> Any:
    """Return the report on twenty questions with known modules: a row a question, and its means."""
    driver = Builder().with_modules(questions, evaluate).build()
    found = driver.execute(["report", "summary"], inputs={"index": knowledge.index, "top_k": TOP})
    return found["report"], float(found["summary"]["recall"]), float(found["summary"]["mrr"])


def folder() -> Path:
    """Return the folder in which the demo keeps its files, for this user's eyes alone."""
    home().parent.mkdir(parents=True, exist_ok=True)
    home().mkdir(exist_ok=True, mode=0o700)
    found = home() / "demo"
    found.mkdir(exist_ok=True, mode=0o700)
    return found


def _path(name: str) -> Path:
    return folder() / "indexes" / name


def _name(folder: Path | None) -> str:
    if folder is None:
        return "standard-library"
    whole = folder.expanduser().resolve()
    return f"{whole.name[:40]}-{hashlib.sha256(str(whole).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
