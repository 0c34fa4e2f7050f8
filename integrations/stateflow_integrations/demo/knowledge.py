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

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Knowledge:
    """Documents and the digest of them, which is the version of their index.

    ``name`` tells apart what different folders and interpreters know.
    """

    name: str
    documents: list[Any]
    digest: str
    driver: Any

    @property
    def path(self) -> Path:
        """Where the index lies."""
        return home() / "demo" / "indexes" / self.name

    @property
    def is_indexed(self) -> bool:
        """Whether an index of these very documents lies there."""
        return index.LexicalIndex.stored_version(str(self.path)) == self.digest

    def open(self) -> Any:
        """Return the index, read from its files or made anew."""
        inputs = {"index_path": str(self.path)}
        overrides = {"documents": self.documents, "digest": self.digest}
        return self.driver.execute(["index"], inputs=inputs, overrides=overrides)["index"]

    def resource(self) -> Resource:
        """Return the index as a resource, opened at its first use."""
        return Resource(self.open, version=self.digest)


def read(folder: Path | None, progress: Progress) -> Knowledge:
    """Read the documents of a folder, or the standard library's documentation.

    Raises:
        ValueError: there is nothing to read.
    """
    source = "pydoc" if folder is None else "path"
    driver = Builder().with_modules(load, chunk, index).with_config({"source": source}).build()
    inputs: dict[str, Any] = {"progress": progress} if folder is None else {"path": str(folder)}
    found = driver.execute(["documents", "digest"], inputs=inputs)
    return Knowledge(_name(folder), found["documents"], found["digest"], driver)


def measured(knowledge: Knowledge) -> Any:
    """Return the report on twenty questions with known modules: a row a question, and its means."""
    driver = Builder().with_modules(questions, evaluate).build()
    found = driver.execute(["report", "recall", "reciprocal_rank"], inputs={"index": knowledge.open(), "top_k": 5})
    return found["report"], float(found["recall"].mean()), float(found["reciprocal_rank"].mean())


def _name(folder: Path | None) -> str:
    if folder is None:
        return "standard-library"
    return f"{folder.name[:40]}-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"
