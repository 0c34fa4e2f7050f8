"""Words and identifiers become the same search terms on both sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow_dags.rag.terms import content_terms, terms


def test_a_dotted_identifier_gives_itself_and_its_parts() -> None:
    """`os.path.join` is found by its whole name and by each part of it."""
    assert set(terms("os.path.join")) >= {"os.path.join", "os", "path", "join"}


def test_compound_identifiers_give_their_parts() -> None:
    """Words inside camel case and snake case are terms like any other."""
    assert set(terms("DictReader")) >= {"dictreader", *terms("dictionary reader")}
    assert set(terms("capture_output")) >= {"capture_output", *terms("capture output")}
    assert set(terms("HTTPServer")) >= {"httpserver", *terms("http server")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("files", "file"),
        ("dictionaries", "dict"),
        ("parsing", "parse"),
        ("folders", "directory"),
        ("removed", "delete"),
        ("compression", "compress"),
        ("classes", "class"),
        ("stopped", "stop"),
    ],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    """Endings and the abbreviations of identifiers do not hide a word."""
    assert terms(one) == terms(other)


def test_stop_words_are_dropped_unless_they_are_all_there_is() -> None:
    """A question keeps what it is about; a query of stop words alone keeps those."""
    assert terms("How do I do this?") == []
    assert content_terms("How do I do this?") == ["how", "do", "i", "do", "this"]


def test_other_scripts_are_kept() -> None:
    """Words outside ASCII are terms as they stand."""
    assert terms("Äpfel 東京") == ["äpfel", "東京"]


@given(st.text())
def test_any_text_gives_non_empty_lower_case_terms(text: str) -> None:
    """No text breaks the tokeniser or yields an empty term."""
    assert all(term and term == term.lower() for term in terms(text))
