"""A LanceDB index over passages, with vectors from any embeddings endpoint that speaks OpenAI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stateflow_dags.rag.lexical import replaced_folder
from stateflow_dags.rag.model import Index, Passage, checked_search, needs_extra

if TYPE_CHECKING:
    import lancedb.query
    import lancedb.table
    import openai

__all__ = ["VectorIndex", "vector_version"]

_FORMAT = "vectors-1"
_MANIFEST = "manifest.json"
_TABLE = "passages"
_OWNED = (_MANIFEST, f"{_TABLE}.lance")
_BATCH = 128


def vector_version(digest: str, embedding_model: str) -> str:
    """The version of an index: what was embedded, and by which model."""
    return f"{_FORMAT}:{embedding_model}:{digest}"


class VectorIndex(Index):
    """Passages ranked by the cosine of their vector with the query's."""

    def __init__(
        self,
        table: lancedb.table.Table,
        *,
        version: str,
        client: openai.OpenAI,
        model: str,
    ) -> None:
        """Use `build` or `open`; they make the parts fit each other."""
        self._table = table
        self._version = version
        self._client = client
        self._model = model

    @classmethod
    def build(
        cls,
        passages: Sequence[Passage],
        path: str | Path,
        *,
        digest: str,
        client: openai.OpenAI,
        model: str,
    ) -> VectorIndex:
        """Embed `passages` and write them to the folder `path`, replacing an index that is there.

        Raises ValueError when there is nothing to index or the endpoint answers with vectors that
        do not fit; errors of the `openai` client pass through and leave the old index in place.
        """
        if not passages:
            raise ValueError("there is nothing to index: no document has any text")
        with needs_extra("vectors"):
            import lancedb
        version = vector_version(digest, model)
        with replaced_folder(Path(path), owned=_OWNED) as folder:
            rows = _rows(passages, client, model)
            lancedb.connect(str(folder)).create_table(_TABLE, data=rows)
            manifest = {"version": version, "model": model, "passages": len(rows)}
            (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        return cls.open(path, client=client)

    @classmethod
    def open(cls, path: str | Path, *, client: openai.OpenAI) -> VectorIndex:
        """Read an index that `build` wrote.

        Raises FileNotFoundError when there is none at `path`, ValueError when it is damaged.
        """
        folder = Path(path)
        file = folder / _MANIFEST
        if not file.is_file():
            raise FileNotFoundError(f"no index in {str(folder)!r}: build one first")
        with needs_extra("vectors"):
            import lancedb
        try:
            manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            table = lancedb.connect(str(folder)).open_table(_TABLE)
            whole = table.count_rows() == manifest["passages"]
            version, model = str(manifest["version"]), str(manifest["model"])
        except Exception as error:  # lance raises RuntimeError, OSError or ValueError by version
            raise ValueError(f"the index in {str(folder)!r} is damaged: build it anew") from error
        if not whole:
            raise ValueError(f"the index in {str(folder)!r} is damaged: build it anew")
        return cls(table, version=version, client=client, model=model)

    @property
    def version(self) -> str:
        """Names the format, the embedding model and the digest of what was embedded."""
        return self._version

    def __len__(self) -> int:
        """Number of passages."""
        return int(self._table.count_rows())

    def search(self, query: str, k: int) -> list[Passage]:
        """The at most `k` nearest passages; scores are cosines between -1 and 1."""
        checked_search(query, k)
        (vector,) = _embedded([query], self._client, self._model)
        nearest = cast("lancedb.query.LanceVectorQueryBuilder", self._table.search(vector))
        found = nearest.distance_type("cosine").limit(k).to_list()
        found.sort(key=lambda row: (row["_distance"], row["position"]))
        return [_passage(row) for row in found]


def _rows(passages: Sequence[Passage], client: openai.OpenAI, model: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for batch in _batches(passages):
        texts = [f"{p.title}\n{p.text}" for p in batch]
        for passage, vector in zip(batch, _embedded(texts, client, model), strict=True):
            rows.append({"position": len(rows), "vector": vector, **asdict(passage)})
    return rows


def _batches(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    for start in range(0, len(passages), _BATCH):
        yield passages[start : start + _BATCH]


def _embedded(texts: list[str], client: openai.OpenAI, model: str) -> list[list[float]]:
    # Plain floats: compatible servers often do not know the client's default, base64.
    response = client.embeddings.create(model=model, input=texts, encoding_format="float")
    vectors = [list(item.embedding) for item in sorted(response.data, key=lambda d: d.index)]
    if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
        raise ValueError(
            f"the embeddings endpoint gave {len(vectors)} vectors for {len(texts)} texts, "
            f"of lengths {sorted({len(vector) for vector in vectors})}",
        )
    return vectors


def _passage(row: dict[str, Any]) -> Passage:
    return Passage(
        source=row["source"],
        title=row["title"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        ordinal=row["ordinal"],
        score=round(1.0 - float(row["_distance"]), 6),
    )
