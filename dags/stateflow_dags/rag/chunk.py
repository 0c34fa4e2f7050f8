"""Hamilton module: cuts documents into passages at definitions, headings and paragraphs."""

import re
from collections.abc import Iterator

from stateflow_dags.rag.model import Document, Passage

# A Markdown heading, or a definition that stands at the left margin on a line of its own.
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+(?P<heading>\S.*)"
    r"|(?:(?:async )?def |class )?(?P<name>[^\W\d][\w.]*)\(.*\)(?: *->.*)?:?)$",
    re.MULTILINE,
)
CHUNK_SIZE = 900
CHUNK_OVERLAP = 120
_BREAKS = ("\n\n", "\n", ". ", " ")


def chunks(
    documents: list[Document],
    chunk_size: int = CHUNK_SIZE,
    chunk_overlap: int = CHUNK_OVERLAP,
) -> list[Passage]:
    """Passages of at most `chunk_size` characters with their exact positions.

    A definition or heading always begins a passage. A longer section is cut at the last
    paragraph, line, sentence or word that fits, and each cut repeats up to `chunk_overlap`
    characters of what came before. Raises ValueError for sizes that cannot work.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size is {chunk_size}: it must be at least 1 character")
    if not 0 <= chunk_overlap < chunk_size:
        raise ValueError(
            f"chunk_overlap is {chunk_overlap}: it must be at least 0 and less than chunk_size, {chunk_size}",
        )
    return [p for d in documents for p in _passages(d, chunk_size, chunk_overlap)]


def _passages(document: Document, size: int, overlap: int) -> Iterator[Passage]:
    ordinal = 0
    for title, begin, finish in _sections(document):
        for start, end in _windows(document.text, begin, finish, size, overlap):
            text = document.text[start:end]
            yield Passage(document.source, title, text, start, end, ordinal)
            ordinal += 1


def _sections(document: Document) -> Iterator[tuple[str, int, int]]:
    """(title, start, end) of the parts between headings; headings without text join the next."""
    text, title, begin = document.text, document.title, 0
    for match in _HEADING.finditer(text):
        lone_heading = not _HEADING.sub("", text[begin : match.start()]).strip()
        joins = lone_heading and match["heading"] is not None
        if not joins:
            yield title, begin, match.start()
            begin = match.start()
        title = _title(document.title, (match["heading"] or match["name"]).rstrip("# \t"))
    yield title, begin, len(text)


def _title(document: str, heading: str) -> str:
    qualified = heading == document or heading.startswith(f"{document}.")
    return heading if qualified or not document else f"{document}: {heading}"


def _windows(text: str, start: int, end: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    start, end = _stripped(text, start, end)
    cut = shown = start
    while start < end:
        fits = end - start <= size
        cut = end if fits else _cut(text, max(cut, start + size // 2), start + size)
        _, visible = _stripped(text, start, cut)
        if visible > shown:
            yield start, visible
            shown = visible
        if fits:
            return
        start, _ = _stripped(text, _resume(text, start, cut, overlap), end)


def _cut(text: str, earliest: int, limit: int) -> int:
    """Where to end a window that may reach `limit`: after the best kind of break in reach."""
    for mark in _BREAKS:
        found = text.rfind(mark, earliest, limit)
        if found >= 0:
            return found + len(mark)
    return limit


def _resume(text: str, start: int, cut: int, overlap: int) -> int:
    """Where the next window begins: at a line or word at most `overlap` before the cut."""
    earliest = max(cut - overlap, start + 1)
    for mark in ("\n", " "):
        found = text.find(mark, earliest - 1, cut - 1)
        if found >= 0:
            return found + 1
    return cut if overlap == 0 else earliest


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
