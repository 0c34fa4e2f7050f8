"""A BM25 index over passages, kept in a folder that is either whole or recognised as broken."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stateflow_dags.rag.model import Index, Passage, checked_search, needs_extra
from stateflow_dags.rag.terms import content_terms, terms

if TYPE_CHECKING:
    import bm25s

__all__ = ["FORMAT", "LexicalIndex", "replaced_folder"]

FORMAT = "lexical-1"
"""Raised whenever the terms, the weights or the files change, so that old folders are rebuilt."""

_MANIFEST = "manifest.json"
_PASSAGES = "passages.jsonl"
_OWNED = ("*.index.npy", "*.index.json", _PASSAGES, _MANIFEST)
_TITLE_WEIGHT = 2
_ATTEMPTS = 3


class LexicalIndex(Index):
    """Passages ranked by BM25 over their text and, counted twice, their title."""

    def __init__(self, passages: Sequence[Passage], *, version: str, bm25: bm25s.BM25) -> None:
        """Use `build` or `open`; they make the parts fit each other."""
        self._passages = list(passages)
        self._version = version
        self._bm25 = bm25

    @classmethod
    def build(cls, passages: Sequence[Passage], *, version: str) -> LexicalIndex:
        """Index `passages`; raises ValueError when there is nothing to index."""
        if not passages:
            raise ValueError("there is nothing to index: no document has any text")
        with needs_extra("rag"):
            import bm25s
        corpus = [terms(p.title) * _TITLE_WEIGHT + terms(p.text) for p in passages]
        if not any(corpus):
            raise ValueError("there is nothing to index: the passages hold no words to search for")
        ranking = bm25s.BM25(k1=1.2, b=0.6)
        ranking.index(corpus, show_progress=False)
        return cls(passages, version=version, bm25=ranking)

    @property
    def version(self) -> str:
        """The version given to `build`."""
        return self._version

    @property
    def passages(self) -> list[Passage]:
        """Every passage, in the order it was given."""
        return list(self._passages)

    def __len__(self) -> int:
        """Number of passages."""
        return len(self._passages)

    def search(self, query: str, k: int) -> list[Passage]:
        """The at most `k` passages that share a term with `query`, best first, ties in order."""
        checked_search(query, k)
        vocabulary = self._bm25.vocab_dict
        wanted = [term for term in content_terms(query) if term in vocabulary]
        if not wanted:
            return []
        scores = np.asarray(self._bm25.get_scores(wanted))
        best = np.argsort(-scores, kind="stable")[:k]
        return [replace(self._passages[i], score=round(float(scores[i]), 6)) for i in best.tolist() if scores[i] > 0]

    def save(self, path: str | Path) -> None:
        """Write the index to the folder `path`, replacing an index that is there.

        Everything is written to a folder beside it and renamed; a crash leaves the old index or
        the new one, or none, never half of one.
        """
        with replaced_folder(Path(path), owned=_OWNED) as folder:
            self._bm25.save(folder, show_progress=False)
            lines = (json.dumps(asdict(p), ensure_ascii=False) for p in self._passages)
            (folder / _PASSAGES).write_text("\n".join(lines) + "\n", encoding="utf-8")
            manifest = {
                "format": FORMAT,
                "version": self._version,
                "passages": len(self._passages),
                "sha256": {file.name: _sha256(file) for file in sorted(folder.iterdir())},
            }
            (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")

    @classmethod
    def open(cls, path: str | Path) -> LexicalIndex:
        """Read an index that `save` wrote.

        Raises FileNotFoundError when there is none at `path`, ValueError when the folder is
        damaged, incomplete or written in another format.
        """
        folder = Path(path)
        manifest = _manifest(folder)
        for name, digest in manifest["sha256"].items():
            file = folder / name
            if not file.is_file() or _sha256(file) != digest:
                raise ValueError(f"the index in {str(folder)!r} is damaged ({name}): build it anew")
        with needs_extra("rag"):
            import bm25s
        ranking = bm25s.BM25.load(folder, load_corpus=False, show_progress=False)
        with (folder / _PASSAGES).open(encoding="utf-8") as lines:
            passages = [Passage(**json.loads(line)) for line in lines]
        return cls(passages, version=manifest["version"], bm25=ranking)

    @staticmethod
    def stored_version(path: str | Path) -> str | None:
        """The version of the index in a folder without reading it all; None when there is none."""
        try:
            return str(_manifest(Path(path))["version"])
        except (FileNotFoundError, ValueError):
            return None


@contextmanager
def replaced_folder(target: Path, *, owned: Collection[str]) -> Iterator[Path]:
    """A new empty folder that takes the place of `target` when the block succeeds.

    `owned` are patterns of the names that such a folder holds; raises ValueError rather than
    delete a folder that holds anything else.
    """
    if target.exists() and not target.is_dir():
        raise ValueError(f"{str(target)!r} is a file: an index needs a folder of its own")
    held = [entry.name for entry in target.iterdir()] if target.is_dir() else []
    foreign = [name for name in held if not any(fnmatch(name, pattern) for pattern in owned)]
    if foreign:
        raise ValueError(
            f"{str(target)!r} holds other files ({min(foreign)!r}): an index needs a folder of its own",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new-{uuid.uuid4().hex[:8]}")
    fresh.mkdir()
    try:
        yield fresh
        _put_in_place(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _put_in_place(fresh: Path, target: Path) -> None:
    """Rename `fresh` to `target`; another process may be doing the same, then the last one wins."""
    for attempt in range(_ATTEMPTS):
        stale = target.with_name(f".{target.name}.old-{uuid.uuid4().hex[:8]}")
        with suppress(FileNotFoundError):
            target.rename(stale)
        try:
            fresh.rename(target)
        except OSError:
            if not target.exists() and stale.exists():
                stale.rename(target)
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return
        finally:
            shutil.rmtree(stale, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / _MANIFEST
    if not file.is_file():
        raise FileNotFoundError(f"no index in {str(folder)!r}: build and save one first")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"the index in {str(folder)!r} is damaged: build it anew") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ValueError(
            f"the index in {str(folder)!r} has format {found!r}, this code reads {FORMAT!r}: build it anew",
        )
    digests = manifest.get("sha256")
    if "version" not in manifest or not isinstance(digests, dict) or _PASSAGES not in digests:
        raise ValueError(f"the index in {str(folder)!r} is incomplete: build it anew")
    return manifest


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
