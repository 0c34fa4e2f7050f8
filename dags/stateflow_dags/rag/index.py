"""Hamilton module: an index over passages, kept in a folder and rebuilt only when they changed.

Config `index_kind`: `"lexical"` (default; BM25, no network) or `"vectors"` (LanceDB, embeddings).
"""

# mypy: allow-untyped-decorators

import hashlib
import logging
from typing import Any

from hamilton.function_modifiers import config, tag

from stateflow_dags.rag.chunk import CHUNK_OVERLAP, CHUNK_SIZE
from stateflow_dags.rag.lexical import FORMAT, LexicalIndex
from stateflow_dags.rag.model import Document, Index, Passage
from stateflow_dags.rag.vectors import VectorIndex, vector_version

__all__ = ["LexicalIndex", "VectorIndex", "digest", "index__lexical", "index__vectors"]

_log = logging.getLogger(__name__)


def digest(
    documents: list[Document],
    chunk_size: int = CHUNK_SIZE,
    chunk_overlap: int = CHUNK_OVERLAP,
) -> str:
    """SHA-256 of the documents, the chunk settings and the index format: the index's version."""
    whole = hashlib.sha256(f"{FORMAT}:{chunk_size}:{chunk_overlap}".encode())
    for document in documents:
        for part in (document.source, document.title, document.text):
            encoded = part.encode("utf-8", "surrogatepass")
            whole.update(len(encoded).to_bytes(8, "big"))
            whole.update(encoded)
    return whole.hexdigest()


@config.when_in(index_kind=[None, "lexical"])
def index__lexical(chunks: list[Passage], digest: str, index_path: str | None = None) -> Index:
    """A BM25 index over `chunks`, in memory or, with `index_path`, in that folder.

    The folder is read when it holds an undamaged index of the same `digest`, else written anew.
    Raises ValueError when there is nothing to index.
    """
    if index_path is None:
        return LexicalIndex.build(chunks, version=digest)
    if LexicalIndex.stored_version(index_path) == digest:
        try:
            return LexicalIndex.open(index_path)
        except (ValueError, OSError) as error:  # damaged, or another process is just putting a new one there
            _log.warning("%s", error)
    built = LexicalIndex.build(chunks, version=digest)
    built.save(index_path)
    return built


@config.when(index_kind="vectors")
@tag(external="true")
def index__vectors(
    chunks: list[Passage],
    digest: str,
    index_path: str,
    client: Any,
    embedding_model: str = "text-embedding-3-small",
) -> Index:
    """A LanceDB index in the folder `index_path`, with vectors from an `openai.OpenAI` client.

    The folder is read when it holds an undamaged index of the same `digest` and model; only
    otherwise are the `chunks` embedded, in batches.
    """
    try:
        stored = VectorIndex.open(index_path, client=client)
        if stored.version == vector_version(digest, embedding_model):
            return stored
    except FileNotFoundError:
        pass
    except ValueError as error:
        _log.warning("%s", error)
    return VectorIndex.build(
        chunks,
        index_path,
        digest=digest,
        client=client,
        model=embedding_model,
    )
