"""The lexical index finds, keeps and recognises what it has."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from stateflow_dags.rag.lexical import LexicalIndex
from stateflow_dags.rag.model import Passage

TEXTS = {
    "copy": "Copy a file to another place.",
    "delete": "Remove a file or an empty directory.",
    "csv": "csv.DictReader reads rows into a dictionary.",
}


def passages() -> list[Passage]:
    """Three short passages."""
    return [Passage(f"{k}.txt", k, text, 0, len(text), 0) for k, text in TEXTS.items()]


@pytest.fixture
def index() -> LexicalIndex:
    """An index over them."""
    return LexicalIndex.build(passages(), version="v1")


def test_the_best_passage_comes_first_with_its_score(index: LexicalIndex) -> None:
    """Scores fall, and only passages that share a term are given."""
    found = index.search("how do I delete a directory?", 3)
    assert found[0].source == "delete.txt"
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert all(p.score > 0 for p in found)
    assert found[0].text == TEXTS["delete"]


def test_identifiers_are_found_by_their_parts(index: LexicalIndex) -> None:
    """`DictReader` answers for dict and for reader."""
    assert index.search("dict reader", 1)[0].source == "csv.txt"
    assert index.search("csv.DictReader", 1)[0].source == "csv.txt"


def test_k_may_exceed_the_corpus(index: LexicalIndex) -> None:
    """Then everything that matches is given."""
    assert {p.source for p in index.search("file", 1000)} == {"copy.txt", "delete.txt"}


def test_words_that_occur_nowhere_find_nothing(index: LexicalIndex) -> None:
    """No match is an empty list, not an error."""
    assert index.search("xylophone", 5) == []
    assert index.search("?!", 5) == []


@pytest.mark.parametrize(("query", "k"), [("", 5), ("  \n", 5), ("file", 0), ("file", -1)])
def test_an_empty_query_or_k_below_one_is_refused(index: LexicalIndex, query: str, k: int) -> None:
    """The error says what to give."""
    with pytest.raises(ValueError, match=r"the query is empty|k is"):
        index.search(query, k)


def test_nothing_to_index_is_an_error() -> None:
    """No passages, or passages without words."""
    with pytest.raises(ValueError, match="nothing to index"):
        LexicalIndex.build([], version="v1")
    with pytest.raises(ValueError, match="no words"):
        LexicalIndex.build([Passage("s", "", "!!", 0, 2, 0)], version="v1")


def test_a_saved_index_opens_as_it_was(index: LexicalIndex, tmp_path: Path) -> None:
    """Version, passages and results survive, and the folder beside holds no leftovers."""
    index.save(tmp_path / "deep" / "index")
    opened = LexicalIndex.open(tmp_path / "deep" / "index")
    assert opened.version == "v1"
    assert opened.passages == index.passages
    assert len(opened) == 3
    assert opened.search("delete a file", 3) == index.search("delete a file", 3)
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["index"]


def test_saving_replaces_an_index(index: LexicalIndex, tmp_path: Path) -> None:
    """The newer one is there afterwards, alone."""
    index.save(tmp_path / "index")
    LexicalIndex.build(passages()[:1], version="v2").save(tmp_path / "index")
    assert LexicalIndex.open(tmp_path / "index").version == "v2"
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_any_damage_to_any_file_is_noticed(index: LexicalIndex, tmp_path: Path) -> None:
    """A changed, cut or missing file makes opening fail with ValueError, never a wrong result."""
    folder = tmp_path / "index"
    index.save(folder)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2], whole + b"x", None):
            file.unlink()
            if damaged is not None:
                file.write_bytes(damaged)
            with pytest.raises((ValueError, FileNotFoundError)):
                LexicalIndex.open(folder)
        file.write_bytes(whole)
    assert LexicalIndex.open(folder).version == "v1"


@pytest.mark.parametrize(
    "manifest",
    ["[]", "{}", '{"format": "lexical-0"}', '{"format": "lexical-1"}', "not json"],
)
def test_an_unknown_manifest_is_refused(index: LexicalIndex, tmp_path: Path, manifest: str) -> None:
    """Other formats and other JSON are told apart from an index."""
    index.save(tmp_path / "index")
    (tmp_path / "index" / "manifest.json").write_text(manifest)
    with pytest.raises(ValueError, match="build it anew"):
        LexicalIndex.open(tmp_path / "index")
    assert LexicalIndex.stored_version(tmp_path / "index") is None


def test_a_missing_index_is_named(tmp_path: Path) -> None:
    """FileNotFoundError says where it looked."""
    with pytest.raises(FileNotFoundError, match=r"no index in '.*nowhere'"):
        LexicalIndex.open(tmp_path / "nowhere")


def test_other_peoples_files_are_never_replaced(index: LexicalIndex, tmp_path: Path) -> None:
    """A folder with anything that is not an index's, or a file, is refused and kept."""
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match=r"holds other files \('letter.txt'\)"):
        index.save(tmp_path)
    with pytest.raises(ValueError, match="is a file"):
        index.save(tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_save_that_fails_leaves_the_old_index(index: LexicalIndex, tmp_path: Path) -> None:
    """What cannot be encoded does not cost what is there."""
    index.save(tmp_path / "index")
    lone = Passage("bad \ud800 surrogate", "t", "word", 0, 4, 0)
    with pytest.raises(UnicodeEncodeError):
        LexicalIndex.build([lone], version="v2").save(tmp_path / "index")
    assert LexicalIndex.open(tmp_path / "index").version == "v1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_concurrent_saves_leave_one_whole_index(tmp_path: Path) -> None:
    """Whoever is last wins; nobody leaves a mixture."""
    built = [LexicalIndex.build(passages(), version=f"v{n}") for n in range(4)]
    failures: list[Exception] = []

    def save(one: LexicalIndex) -> None:
        try:
            one.save(tmp_path / "index")
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=save, args=(one,)) for one in built]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert LexicalIndex.open(tmp_path / "index").version in {"v0", "v1", "v2", "v3"}
    assert len(failures) < len(built)
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_the_manifest_says_what_is_inside(index: LexicalIndex, tmp_path: Path) -> None:
    """Format, version and a digest of every other file."""
    index.save(tmp_path / "index")
    manifest = json.loads((tmp_path / "index" / "manifest.json").read_text())
    assert (manifest["format"], manifest["version"], manifest["passages"]) == ("lexical-1", "v1", 3)
    others = {file.name for file in (tmp_path / "index").iterdir()} - {"manifest.json"}
    assert set(manifest["sha256"]) == others
