"""Quotes are exact words of a passage, chosen for what they share with the query."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stateflow_dags.rag.extract import CITED, best_quote, one_line, quotes
from stateflow_dags.rag.model import Passage


def passage(text: str, title: str = "t") -> Passage:
    """A passage that begins at 100."""
    return Passage("s", title, text, 100, 100 + len(text), 0)


def quoted(query: str, text: str) -> str | None:
    """The words of the best quote."""
    quote = best_quote(query, passage(text))
    return None if quote is None else text[quote.start : quote.end]


def test_the_best_sentence_is_quoted() -> None:
    """It is cut at sentence ends, not within names or numbers."""
    text = "Bees fly. They use os.path and 3.5 wings to make honey. Ants walk."
    assert quoted("make honey", text) == "They use os.path and 3.5 wings to make honey."


def test_a_signature_comes_with_its_first_sentence() -> None:
    """A definition without the line below it says nothing to a reader."""
    text = "shutil.rmtree(path)\n    Recursively delete a directory tree.\n\n    More words."
    expected = "shutil.rmtree(path)\n    Recursively delete a directory tree."
    assert quoted("delete a directory tree", text) == expected
    assert one_line(expected) == "`shutil.rmtree(path)`: Recursively delete a directory tree."


def test_a_lone_signature_is_code() -> None:
    """Its line is all there is to quote."""
    assert one_line("class csv.Sniffer()") == "`class csv.Sniffer()`"
    assert one_line("two\n  lines") == "two lines"


def test_nothing_shared_is_no_quote() -> None:
    """A passage that does not speak of the query is not quoted."""
    assert quoted("honey", "Ants walk far.") is None
    assert quotes("honey", [passage("Ants walk far."), passage("")]) == []


def test_one_quote_a_passage_and_weak_ones_left_out() -> None:
    """A reply stays short and to the point."""
    found = quotes(
        "delete directory tree",
        [
            passage("Delete a directory tree. Delete the directory tree again."),
            passage("Trees are green in spring and red in autumn, says the gardener."),
            passage("To delete a directory tree use this."),
        ],
    )
    assert [place for place, _ in found] == [0, 2]


def test_what_reads_as_a_citation_is_not_quoted() -> None:
    """A list of numbers in a text must not become a citation of the reply."""
    assert quotes("sorted list", [passage("A sorted list is [1, 2] here.")]) == []
    assert CITED.search("x[1]") is None
    assert CITED.search("so [1, 2].") is not None


@given(st.text(max_size=300), st.text(max_size=30).filter(str.strip))
def test_any_quote_lies_within_its_passage(text: str, query: str) -> None:
    """No text breaks the search, and positions are those of whole, visible words."""
    quote = best_quote(query, passage(text))
    if quote is not None:
        words = text[quote.start : quote.end]
        assert words
        assert words == words.strip()
