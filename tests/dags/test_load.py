"""Files, folders and web pages become documents, or a clear error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from stateflow_dags.rag import load
from stateflow_dags.rag.model import Document

from tests.dags.plain import execute, variables

PAGE = """<html><head><title>Bees &amp; honey</title><style>p {color: red}</style></head>
<body><!-- secret --><nav>Home</nav><h1>Bees</h1><p>Bees make <b>honey</b>.</p>
<script>alert("no")</script><h2>Food</h2><ul><li>nectar</li><li>pollen</li></ul></body></html>"""


def read(path: Path, **inputs: object) -> list[Document]:
    """What the default source gives for a path."""
    documents: list[Document] = execute([load], ["documents"], {}, path=str(path), **inputs)["documents"]
    return documents


def test_a_text_file_is_read_as_it_is(tmp_path: Path) -> None:
    """The title is the file's name, line ends are normalised."""
    file = tmp_path / "notes.txt"
    file.write_bytes(b"one\r\ntwo\r\n")
    assert read(file) == [Document("notes.txt", "notes", "one\ntwo\n")]


def test_markdown_takes_its_title_from_the_first_heading(tmp_path: Path) -> None:
    """The text keeps its marks."""
    file = tmp_path / "a.md"
    file.write_text("intro\n\n# The title ##\n\ntext\n")
    assert read(file) == [Document("a.md", "The title", "intro\n\n# The title ##\n\ntext\n")]


def test_html_gives_its_visible_text(tmp_path: Path) -> None:
    """Scripts, styles, comments and navigation are gone, headings are marked."""
    file = tmp_path / "bees.html"
    file.write_text(PAGE)
    (document,) = read(file)
    assert document.title == "Bees & honey"
    assert document.text == "# Bees\n\nBees make honey.\n\n## Food\n\nnectar\npollen\n"


def test_html_that_is_broken_or_empty_is_not_an_error(tmp_path: Path) -> None:
    """A page without a title is named after its heading, then after its file."""
    file = tmp_path / "x.html"
    file.write_text("<h1>Only</h1><p>unclosed")
    assert read(file)[0].title == "Only"
    file.write_text("<script>nothing to see</script>")
    assert read(file) == [Document("x.html", "x.html", "")]


def test_a_folder_gives_its_readable_files_in_order(tmp_path: Path) -> None:
    """Sources are relative; other kinds, hidden and empty files are left out."""
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub" / "b.md").write_text("# B\n")
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    (tmp_path / ".git" / "c.txt").write_text("hidden")
    assert [document.source for document in read(tmp_path)] == ["a.txt", "sub/b.md"]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    """FileNotFoundError says which."""
    with pytest.raises(FileNotFoundError, match=r"no file or folder at '.*absent'"):
        read(tmp_path / "absent")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    """A file with zero bytes is not text."""
    file = tmp_path / "data.txt"
    file.write_bytes(b"abc\0def")
    with pytest.raises(ValueError, match="binary file"):
        read(file)


def test_a_wrong_encoding_is_refused_and_the_right_one_accepted(tmp_path: Path) -> None:
    """The error names file, encoding and position; `encoding=` repairs it."""
    file = tmp_path / "latin.txt"
    file.write_bytes("naïve".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt' is not utf-8 \(byte 2\)"):
        read(file)
    assert read(file, encoding="latin-1")[0].text == "naïve"
    file.write_text("naïve", encoding="utf-16")
    assert read(file, encoding="utf-16")[0].text == "naïve"


class _Pages(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, tuple[int, str, bytes]]] = {
        "/bees": (200, "text/html; charset=utf-8", PAGE.encode()),
        "/notes.md": (200, "text/markdown", b"# Notes\n\ntext"),
        "/data": (200, "application/octet-stream", b"\0\1"),
    }

    def do_GET(self) -> None:
        status, kind, body = self.pages.get(self.path, (404, "text/plain", b"none"))
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Stay silent."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a small local web site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()
        thread.join()


def fetch(url: str) -> list[Document]:
    """What the source `url` gives."""
    documents: list[Document] = execute([load], ["documents"], {"source": "url"}, url=url)["documents"]
    return documents


def test_a_web_page_is_read_by_its_content_type(site: str) -> None:
    """HTML becomes visible text, Markdown stays; the source is the address."""
    (page,) = fetch(f"{site}/bees")
    assert (page.source, page.title) == (f"{site}/bees", "Bees & honey")
    assert "honey" in page.text
    assert "alert" not in page.text
    assert fetch(f"{site}/notes.md")[0].title == "Notes"


def test_a_page_that_cannot_be_read_is_an_error(site: str) -> None:
    """Statuses, kinds and schemes are named."""
    with pytest.raises(ValueError, match="404"):
        fetch(f"{site}/absent")
    with pytest.raises(ValueError, match="application/octet-stream, not text"):
        fetch(f"{site}/data")
    with pytest.raises(ValueError, match="not a web address"):
        fetch("file:///etc/hosts")


def test_python_documentation_is_a_source() -> None:
    """The modules can be named; a lambda is accepted as progress."""
    seen: list[str] = []
    documents = execute(
        [load],
        ["documents"],
        {"source": "pydoc"},
        library=["bisect", "heapq"],
        progress=lambda done, total, name: seen.append(name),
    )["documents"]
    assert [document.source for document in documents] == ["bisect", "heapq"]
    assert seen == ["bisect", "heapq"]


@pytest.mark.parametrize("source", ["path", "url", "pydoc"])
def test_every_source_is_tagged_external(source: str) -> None:
    """What the outside world decides says so."""
    assert variables([load], {"source": source})["documents"].tags["external"] == "true"


@pytest.mark.parametrize(("package", "source"), [("bs4", "path"), ("httpx", "url")])
def test_a_missing_package_names_its_extra(
    package: str,
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is the command that repairs it."""
    (tmp_path / "a.html").write_text(PAGE)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"pip install 'stateflow\[rag\]'"):
        read(tmp_path) if source == "path" else fetch("http://127.0.0.1:9/")
