"""Hamilton module: documents from a file, a folder, a web page or Python's own documentation.

Config `source`: `"path"` (default), `"url"` or `"pydoc"`.
"""

# mypy: allow-untyped-decorators

import re
from pathlib import Path
from typing import Any

from hamilton.function_modifiers import config, tag

from stateflow_dags.rag.library import read_library
from stateflow_dags.rag.model import Document, needs_extra

_MARKDOWN = frozenset({".md", ".markdown"})
_HTML = frozenset({".html", ".htm", ".xhtml"})
_TEXT = frozenset({".txt", ".rst", ".text"})
_KNOWN = _MARKDOWN | _HTML | _TEXT
_HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)
_INVISIBLE = ("script", "style", "noscript", "template", "svg", "nav", "footer", "form")
_BLOCKS = (
    *("p", "div", "section", "article", "main", "header", "ul", "ol", "dl", "table", "tr"),
    *("pre", "blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6"),
)
_LINES = ("li", "dt", "dd", "br")


@config.when_in(source=[None, "path"])
@tag(external="true")
def documents__path(path: str, encoding: str = "utf-8") -> list[Document]:
    """Documents of a text, Markdown or HTML file, or of all such files below a folder.

    In a folder other kinds of file, hidden files and empty files are left out, and a source is
    the path relative to the folder with `/`. Raises FileNotFoundError for a missing path and
    ValueError for a file that is not text in `encoding`.
    """
    root = Path(path).expanduser()
    if root.is_dir():
        files = [file for file in sorted(root.rglob("*")) if _is_readable(file, root)]
        read = [_document(file, file.relative_to(root).as_posix(), encoding) for file in files]
        return [document for document in read if document.text.strip()]
    if not root.exists():
        raise FileNotFoundError(f"no file or folder at {str(root)!r}")
    return [_document(root, root.name, encoding)]


@config.when(source="url")
@tag(external="true")
def documents__url(url: str, http_timeout: float = 20.0) -> list[Document]:
    """The document behind a web address: HTML as its text, Markdown and plain text as they are.

    Raises ValueError for an address that is not http(s), an error status, or a body that is not
    text; httpx's own errors pass through for a server that cannot be reached.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is not a web address: it must start with http:// or https://")
    with needs_extra("rag"):
        import httpx
    response = httpx.get(url, follow_redirects=True, timeout=http_timeout)
    if response.is_error:
        raise ValueError(f"{url} answered {response.status_code} {response.reason_phrase}")
    kind = response.headers.get("content-type", "text/html").split(";")[0].strip().lower()
    if not (kind.startswith("text/") or "html" in kind or "xml" in kind or "json" in kind):
        raise ValueError(f"{url} is {kind}, not text")
    if "html" in kind:
        return [_html_document(url, response.text)]
    return [_markdown_document(url, response.text)]


@config.when(source="pydoc")
@tag(external="true")
def documents__pydoc(
    library: list[str] | None = None,
    progress: Any = None,
) -> list[Document]:
    """Documentation of the standard library of the running interpreter, one document a module.

    `library` names the modules (default: every public one); a module that cannot be imported here
    is left out. `progress(done, total, name)` is called before each module (its type is Any because
    Hamilton takes no function for a typed Callable).
    """
    return read_library(library, progress)


def _is_readable(file: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return not hidden and file.suffix.lower() in _KNOWN and file.is_file()


def _document(file: Path, source: str, encoding: str) -> Document:
    raw = file.read_bytes()
    if b"\0" in raw and not encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        raise ValueError(f"{str(file)!r} is a binary file, not text")
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{str(file)!r} is not {encoding} (byte {error.start}): give its encoding=",
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if file.suffix.lower() in _HTML:
        return _html_document(source, text)
    if file.suffix.lower() in _MARKDOWN:
        return _markdown_document(source, text)
    return Document(source=source, title=file.stem, text=text)


def _markdown_document(source: str, text: str) -> Document:
    heading = _HEADING.search(text)
    title = heading.group(1).rstrip("# \t") if heading else ""
    return Document(source=source, title=title or Path(source).stem, text=text)


def _html_document(source: str, markup: str) -> Document:
    """The visible text: headings as Markdown headings, so that chunks can start at them."""
    with needs_extra("rag"):
        import bs4
    soup = bs4.BeautifulSoup(markup, "html.parser")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for element in soup([*_INVISIBLE, "title"]):
        element.decompose()
    for comment in soup.find_all(string=lambda s: isinstance(s, bs4.element.PreformattedString)):
        comment.extract()
    for element in soup(list(_BLOCKS)):
        if element.name[0] == "h" and element.name[1:].isdigit():
            heading = " ".join(element.get_text(" ").split())
            element.string = f"{'#' * int(element.name[1:])} {heading}" if heading else ""
        element.insert_before("\n\n")
        element.insert_after("\n\n")
    for element in soup(list(_LINES)):
        element.insert_before("\n")
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t\xa0]+", " ", soup.get_text()))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    heading_match = _HEADING.search(text)
    fallback = heading_match.group(1) if heading_match else source
    return Document(source=source, title=title or fallback, text=text + "\n" if text else "")
