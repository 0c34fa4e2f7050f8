"""Passages know exactly where they stand, cover the text and begin where meaning begins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow_dags.rag import chunk
from stateflow_dags.rag.model import Document

from tests.dags.plain import execute

texts = st.text(alphabet=st.sampled_from("ab. #(\n\t:)d\u00e9"), max_size=400) | st.text(
    max_size=200,
)


@given(texts, st.integers(1, 60), st.data())
def test_positions_are_exact_and_nothing_is_lost(text: str, size: int, data: st.DataObject) -> None:
    """Each passage is its slice of the text, within the size; every visible character is in one."""
    overlap = data.draw(st.integers(0, size - 1))
    passages = chunk.chunks([Document("s", "t", text)], size, overlap)
    covered: set[int] = set()
    for ordinal, passage in enumerate(passages):
        assert text[passage.start : passage.end] == passage.text
        assert 0 < len(passage.text) <= size
        assert passage.text == passage.text.strip()
        assert passage.ordinal == ordinal
        covered.update(range(passage.start, passage.end))
    assert all(place in covered for place, char in enumerate(text) if not char.isspace())


@given(texts, st.integers(1, 60), st.data())
def test_overlap_is_bounded(text: str, size: int, data: st.DataObject) -> None:
    """Neighbours share at most the overlap, both ends move on."""
    overlap = data.draw(st.integers(0, size - 1))
    passages = chunk.chunks([Document("s", "t", text)], size, overlap)
    for before, after in pairwise(passages):
        assert before.start < after.start
        assert before.end < after.end
        assert before.end - after.start <= overlap


def test_a_definition_begins_a_passage() -> None:
    """Small neighbours stay apart, so that each can be found and cited by its name."""
    text = "mod\n\nintro\n\nmod.f(a)\n    Does f.\n\nclass mod.C(x)\n    Is C.\n\n    mod.C.m(self)\n"
    passages = chunk.chunks([Document("mod", "mod", text)])
    assert [(p.title, p.text.splitlines()[0]) for p in passages] == [
        ("mod", "mod"),
        ("mod.f", "mod.f(a)"),
        ("mod.C", "class mod.C(x)"),
    ]


def test_markdown_headings_name_their_sections() -> None:
    """Headings without text of their own join the section below them."""
    text = "# Guide\n\n## Install ##\n\npip\n\n## Use\n\nrun (it) now\n"
    passages = chunk.chunks([Document("g.md", "Guide", text)])
    assert [(p.title, p.text) for p in passages] == [
        ("Guide: Install", "# Guide\n\n## Install ##\n\npip"),
        ("Guide: Use", "## Use\n\nrun (it) now"),
    ]


def test_long_text_is_cut_at_paragraphs_and_repeats_the_overlap() -> None:
    """A cut prefers the end of a paragraph; the next passage begins before it, at a line."""
    text = "\n\n".join(f"line {n} one\nline {n} two" for n in range(6))
    passages = chunk.chunks([Document("s", "t", text)], 60, 20)
    assert all(p.text.endswith("two") for p in passages)
    assert all(p.text.startswith("line") for p in passages)
    assert any(b.start < a.end for a, b in pairwise(passages))


def test_empty_documents_give_no_passages() -> None:
    """Nothing comes of nothing."""
    assert chunk.chunks([]) == []
    assert chunk.chunks([Document("s", "t", ""), Document("s", "t", " \n\t\n")]) == []


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (-1, 0), (10, 10), (10, 11), (10, -1)])
def test_sizes_that_cannot_work_are_refused(size: int, overlap: int) -> None:
    """The error names the setting and its bound."""
    with pytest.raises(ValueError, match=r"chunk_(size|overlap) is"):
        execute([chunk], ["chunks"], {}, documents=[], chunk_size=size, chunk_overlap=overlap)


def test_hostile_text_is_cut_quickly() -> None:
    """Long runs of the characters that headings are made of do not slow it down."""
    for text in ("# " + " " * 200_000 + "x", "f(" + ")" * 200_000 + "x", "#" * 200_000):
        assert chunk.chunks([Document("s", "t", text)], 1000, 0)
