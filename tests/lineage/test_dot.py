"""Graphviz: the drawing, that Graphviz accepts it, and what ``render`` writes."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateflow.errors import InputError
from stateflow.graph import Graph
from stateflow.lineage import Lineage
from stateflow.lineage.dot import quoted, to_dot
from stateflow.lineage.grammar import visible

from tests.lineage.graphs import HOSTILE, chat, hostile, machine

Golden = Callable[[str, str], None]


def laid_out(dot: str, text: str) -> str:
    """Return the SVG that Graphviz makes of a drawing, about which it must have nothing to say."""
    done = subprocess.run([dot, "-Tsvg"], input=text.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


@pytest.mark.parametrize(("name", "graph", "entrypoint"), [("chat", chat(), "ask"), ("machine", machine(), "add")])
def test_golden(golden: Golden, dot: str, name: str, graph: Graph, entrypoint: str) -> None:
    drawn = Lineage.of(graph, entrypoint, ["index"]).to_dot()
    golden(f"{name}.dot", drawn)
    laid_out(dot, drawn)


@pytest.mark.parametrize("view", [Lineage.control, Lineage.data, Lineage.without_state])
def test_views(dot: str, view: Callable[[Lineage], Lineage]) -> None:
    laid_out(dot, view(Lineage.of(chat(), "ask")).to_dot())
    laid_out(dot, view(Lineage.of(machine(), "add")).to_dot())


def test_dark() -> None:
    """The dark theme differs in colours alone."""
    lineage = Lineage.of(chat(), "ask")
    light, dark = (re.sub(r"#[0-9A-F]{6}", "#", to_dot(lineage, theme)) for theme in ("light", "dark"))
    assert light == dark
    assert lineage.to_dot() != lineage.to_dot("dark")


def test_empty(dot: str) -> None:
    laid_out(dot, Lineage.of(Graph({}, [])).to_dot())


def test_hostile_names(dot: str) -> None:
    """Names that look like syntax, escapes or entities are shown as they are."""
    svg = laid_out(dot, Lineage.of(hostile(), "end").to_dot())
    shown = {html.unescape(text).replace("\xa0", " ").strip() for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)}
    assert {visible(name).strip() for name in HOSTILE} <= shown


@given(st.text())
def test_any_label(text: str) -> None:
    """A quoted label ends where it should, and shows what was given."""
    label = quoted(text)
    assert re.fullmatch(r'"(?:[^"\\\n]|\\["\\])*"', label)
    assert "&" not in label.replace("&amp;", "")
    assert re.sub(r"\\(.)", r"\1", label[1:-1]).replace("&amp;", "&") == visible(text)


# -- render ----------------------------------------------------------------------------------------


@pytest.fixture
def lineage() -> Lineage:
    return Lineage.of(chat(), "ask")


@pytest.mark.parametrize("name", ["x.mmd", "x.dot", "x.json", "x.txt", "X.DOT"])
def test_text_forms(lineage: Lineage, tmp_path: Path, name: str) -> None:
    """A text form is written by us, as UTF-8, into folders that need not exist."""
    forms = {".mmd": lineage.to_mermaid, ".dot": lineage.to_dot, ".json": lineage.to_json, ".txt": lineage.to_tree}
    path = lineage.render(tmp_path / "new" / name)
    assert path.read_bytes().decode() == forms[path.suffix.lower()]()


def test_pictures_of_our_own(lineage: Lineage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our SVG and page need no program."""
    monkeypatch.setattr(Lineage, "to_svg", lambda self: "<svg>")
    monkeypatch.setattr("stateflow.lineage.render._graphviz", None)
    assert lineage.render(str(tmp_path / "x.svg")).read_text() == "<svg>"


@pytest.mark.parametrize(("name", "start"), [("x.png", b"\x89PNG"), ("x.pdf", b"%PDF"), ("x.svg", b"<?xml")])
def test_graphviz(dot: str, lineage: Lineage, tmp_path: Path, name: str, start: bytes) -> None:
    engine = "dot" if name.endswith("svg") else None
    assert lineage.render(tmp_path / "new" / name, engine).read_bytes().startswith(start)


def test_graphviz_is_missing(lineage: Lineage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install, and what can be had without."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"apt install graphviz.*'\.svg', '\.html', '\.mmd'.*need no program"):
        lineage.render(tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("name", "engine", "message"),
    [
        ("x.jpg", None, r"'x.jpg' has no known suffix; did you mean '\.png'|valid are"),
        ("x", None, r"'x' has no known suffix; valid are"),
        ("x.svg", "neato", r"there is no engine 'neato'; leave it out, or use 'dot'"),
        ("x.json", "dot", r"engine 'dot' draws \['\.png', '\.pdf', '\.svg'\], not '\.json'"),
    ],
)
def test_what_render_refuses(lineage: Lineage, tmp_path: Path, name: str, engine: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lineage.render(tmp_path / name, engine)
    assert not list(tmp_path.iterdir())
