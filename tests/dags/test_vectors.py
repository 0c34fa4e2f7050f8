"""The vector index, with real LanceDB and the real `openai` client."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from stateflow_dags.rag.model import Passage
from stateflow_dags.rag.vectors import VectorIndex

from tests.openai_server import Failure, OpenAIServer

TEXTS = ["zzz zoo", "apple banana", "quick queue"]


def passages() -> list[Passage]:
    """Three passages with different letters."""
    return [Passage(f"{n}.txt", "", text, 0, len(text), n) for n, text in enumerate(TEXTS)]


def build(client: openai.OpenAI, folder: Path, digest: str = "d1") -> VectorIndex:
    """An index over them."""
    return VectorIndex.build(passages(), folder, digest=digest, client=client, model="letters")


def test_the_nearest_passage_comes_first(client: openai.OpenAI, tmp_path: Path) -> None:
    """Scores are cosines, highest first, and the passages are as they were."""
    index = build(client, tmp_path / "index")
    found = index.search("banana apple", 2)
    assert (found[0].source, found[0].text) == ("1.txt", "apple banana")
    assert found[0].score == pytest.approx(1.0, abs=1e-5)
    assert found[0].score > found[1].score
    assert len(index) == 3
    assert len(index.search("x", 50)) == 3


def test_opening_costs_no_request(
    client: openai.OpenAI,
    server: OpenAIServer,
    tmp_path: Path,
) -> None:
    """An index that is there is read; its version names model and digest."""
    build(client, tmp_path / "index")
    before = len(server.requests)
    opened = VectorIndex.open(tmp_path / "index", client=client)
    assert opened.version == "vectors-1:letters:d1"
    assert len(server.requests) == before


def test_passages_are_embedded_in_batches(
    client: openai.OpenAI,
    server: OpenAIServer,
    tmp_path: Path,
) -> None:
    """300 passages take three requests, in order."""
    many = [Passage("s", "", f"text {n}", 0, 6, n) for n in range(300)]
    VectorIndex.build(many, tmp_path / "index", digest="d", client=client, model="letters")
    asked = server.asked("/embeddings")
    assert [len(body["input"]) for body in asked] == [128, 128, 44]
    assert asked[2]["input"][-1] == "\ntext 299"


def test_a_failing_endpoint_leaves_the_old_index(
    client: openai.OpenAI,
    server: OpenAIServer,
    tmp_path: Path,
) -> None:
    """The client's error passes through and nothing half-written remains."""
    build(client, tmp_path / "index")
    server.fail(Failure(status=500))
    with pytest.raises(openai.InternalServerError):
        build(client, tmp_path / "index", digest="d2")
    assert VectorIndex.open(tmp_path / "index", client=client).version.endswith("d1")
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_vectors_that_do_not_fit_are_refused(
    client: openai.OpenAI,
    server: OpenAIServer,
    tmp_path: Path,
) -> None:
    """An endpoint that answers with vectors of different lengths is named as the cause."""
    server.embed = lambda text: [1.0] * len(text)
    with pytest.raises(ValueError, match="the embeddings endpoint gave 3 vectors for 3 texts"):
        build(client, tmp_path / "index")


def test_damage_is_noticed(client: openai.OpenAI, tmp_path: Path) -> None:
    """A lost table or manifest is an error that says what to do."""
    folder = tmp_path / "index"
    build(client, folder)
    manifest = folder / "manifest.json"
    whole = manifest.read_text()
    for damaged in ("", "{}", whole.replace('"passages": 3', '"passages": 4')):
        manifest.write_text(damaged)
        with pytest.raises(ValueError, match="damaged: build it anew"):
            VectorIndex.open(folder, client=client)
    manifest.unlink()
    with pytest.raises(FileNotFoundError, match="no index in"):
        VectorIndex.open(folder, client=client)


def test_empty_input_is_refused(client: openai.OpenAI, tmp_path: Path) -> None:
    """Nothing to index, nothing to ask, nothing to give."""
    with pytest.raises(ValueError, match="nothing to index"):
        VectorIndex.build([], tmp_path / "index", digest="d", client=client, model="m")
    index = build(client, tmp_path / "index")
    with pytest.raises(ValueError, match="the query is empty"):
        index.search(" ", 3)
    with pytest.raises(ValueError, match="k is 0"):
        index.search("apple", 0)
