"""What the tests share: the index over Python's documentation, and a server with its client."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from stateflow_dags.rag import chunk, index, library
from stateflow_dags.rag.lexical import LexicalIndex
from stateflow_dags.rag.model import Document

from tests.openai_server import OpenAIServer


@pytest.fixture(scope="session")
def library_documents() -> list[Document]:
    """Documentation of every module of the running interpreter."""
    return library.read_library()


@pytest.fixture(scope="session")
def library_index(library_documents: list[Document]) -> LexicalIndex:
    """The lexical index over that documentation."""
    passages = chunk.chunks(library_documents)
    return LexicalIndex.build(passages, version=index.digest(library_documents))


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A running server that speaks the OpenAI protocol."""
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[openai.OpenAI]:
    """The real client, talking to that server, without retries."""
    with openai.OpenAI(
        base_url=server.base_url,
        api_key="test",
        max_retries=0,
        timeout=10.0,
    ) as connected:
        yield connected
