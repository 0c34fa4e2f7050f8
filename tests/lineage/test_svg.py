"""The picture: its grammar, its legend, its colours, and that it is the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from stateflow.errors import InputError
from stateflow.lineage import Lineage
from stateflow.lineage.svg import THEMES, Theme, title, to_svg
from stateflow.lineage.svg.marks import TRIMS, heads
from stateflow.lineage.svg.palette import asset, colours

from tests.lineage import graphs
from tests.lineage.browser import browser
from tests.lineage.drawings import CASES, Drawing, chat, lineages

SVG = "{http://www.w3.org/2000/svg}"

TEXTS = [
    *(("ink", back) for back in ("paper", "room")),
    *(("quiet", back) for back in ("paper", "room", "note")),
    *(("amberText", back) for back in ("paper", "honey")),
    ("blueText", "pill"),
    ("paper", "ink"),
]
_ON_PAPER = [(line, back) for line in ("ink", "slate", "blue", "amber", "grey") for back in ("paper", "room")]
LINES = [*_ON_PAPER, ("blue", "pill"), ("amber", "honey"), ("grey", "note"), ("paper", "blue")]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def marks(svg: str, name: str) -> list[ET.Element]:
    """Return the groups of a class, less those of the legend."""
    root = parsed(svg)
    groups = [group for group in root.iter(f"{SVG}g") if name in (group.get("class") or "").split()]
    samples = [group for legend in root.iter(f"{SVG}g") if legend.get("class") == "legend" for group in legend.iter()]
    return [group for group in groups if group not in samples]


def legend(svg: str) -> list[str]:
    found = next((group for group in parsed(svg).iter(f"{SVG}g") if group.get("class") == "legend"), None)
    return [] if found is None else [text.text or "" for text in found.iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("case", ["chat", "machine"])
def test_a_picture_is_the_golden_one(case: str, golden: Callable[[str, str], None]) -> None:
    """A change of the drawing is seen, and looked at, before it is stored."""
    golden(f"{case}.svg", to_svg(CASES[case](), "light"))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_is_well_formed_and_says_what_it_shows(case: str, theme: Theme) -> None:
    """It is XML, an image to a screen reader, and has a title and a description."""
    root = parsed(CASES[case]().to_svg(theme))
    assert root.get("role") == "img"
    titles = [child.get("id") for child in root if child.tag in {f"{SVG}title", f"{SVG}desc"}]
    assert titles == (root.get("aria-labelledby") or "").split()


def test_titles_tell_pictures_apart() -> None:
    """They name the first actions, the entrypoint before all others, and count the rest."""
    assert title(CASES["chat"]()) == "ask, give_up, retrieve and 1 more – Lineage"
    assert title(CASES["router"]()) == "prompt, check_safety, decide_mode and 6 more – Lineage"
    assert (
        title(Drawing().action("late").action("early").moves(("start", "early")).lineage()) == "early, late – Lineage"
    )
    assert title(CASES["nothing"]()) == "Lineage"
    assert "<title>ask, give_up, retrieve and 1 more – Lineage</title>" in CASES["chat"]().to_html()
    for lineage in (case() for case in CASES.values()):
        assert len(title(lineage)) < 120
        assert parsed(to_svg(lineage)).findtext(f"{SVG}title") == title(lineage)


@given(lineages())
def test_any_picture_draws_every_element_and_stays_xml(lineage: Lineage) -> None:
    """Whatever the names, nothing is lost and nothing breaks out."""
    assert len(marks(to_svg(lineage), "box")) == len(lineage.graph)


def test_hostile_names_stay_text() -> None:
    """Names of every syntax show as they are."""
    svg = to_svg(Lineage.of(graphs.hostile(), resources=graphs.HOSTILE))
    parsed(svg)
    assert "<script" not in svg
    assert "<b>" not in svg


def test_the_description_tells_the_transitions() -> None:
    """Who cannot see the picture still learns the machine."""
    told = parsed(to_svg(chat())).findtext(f"{SVG}desc") or ""
    assert "4 actions" in told
    assert "start to ask; ask to retrieve" in told
    assert "retrieve to answer (① len(passages) > 0); retrieve to give_up (② default)" in told


def test_each_kind_has_its_shape() -> None:
    """The grammar of the contract: containers, boxes, pills, parallelograms, hexagons, notes, dot and ring."""
    made = Drawing().action("a", inputs=["i"], writes=["k"], resources=["r"])
    made.edge(made.node("config/a/c", "c", parent="action/a"), "node/a/a", "provides")
    svg = to_svg(made.moves(("start", "a"), ("a", "end")).lineage())
    shapes = {
        kind: [f"{child.tag.removeprefix(SVG)} {child.get('class')}" for child in marks(svg, kind)[0]][1:]
        for kind in ("start", "end", "action", "node", "state", "input", "resource", "config")
    }
    assert shapes == {
        "start": ["circle shape"],
        "end": ["circle shape", "circle core"],
        "action": ["rect shape", "text None"],
        "node": ["rect shape", "text None"],
        "state": ["rect shape", "text None"],
        "input": ["path shape", "text None"],
        "resource": ["path shape", "text None"],
        "config": ["path shape", "path shape", "text None"],
    }
    assert "container" in (marks(svg, "action")[0].get("class") or "")


def test_no_two_arrows_differ_by_colour_alone() -> None:
    """Each style has a head, a width or a dash of its own."""
    sheet = asset("picture.css")
    looks = {}
    for style in TRIMS:
        name = style.replace(" ", "-")
        rule = next(line for line in sheet.splitlines() if f".{name} .line" in line)
        head = re.sub('class="[^"]*"', "", heads("x", [style]).replace(name, ""))
        looks[style] = (head, re.findall("stroke-(?:width|dasharray): ([^;]+);", rule))
    assert len({str(look) for look in looks.values()}) == len(looks)


def test_the_legend_has_what_is_present() -> None:
    """No more and no less, in the order of the grammar."""
    assert legend(to_svg(chat())) == [
        *("start", "action", "input", "resource", "node", "state key"),
        *("transition", "depends", "reads", "writes", "appends", "provides"),
    ]
    assert legend(to_svg(Drawing().action("a").lineage())) == ["action"]
    assert legend(to_svg(Drawing().lineage())) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrasts_meet_wcag_aa(theme: str) -> None:
    """Text has 4.5 to 1 to what it stands on, lines and shapes 3 to 1."""
    palette = colours(theme)
    low = [(text, back) for text, back in TEXTS if contrast(palette[text], palette[back]) < 4.5]
    low += [(line, back) for line, back in LINES if contrast(palette[line], palette[back]) < 3]
    assert low == []


def test_only_auto_asks_the_reader() -> None:
    """A picture of one theme is the same for everyone."""
    assert "prefers-color-scheme" in to_svg(chat(), "auto")
    assert "prefers-color-scheme" not in to_svg(chat(), "light") + to_svg(chat(), "dark")


def test_an_unknown_theme_is_refused() -> None:
    """The error names what there is."""
    with pytest.raises(InputError, match="there is no 'drak'; did you mean 'dark'"):
        to_svg(chat(), "drak")  # type: ignore[arg-type]


def test_two_pictures_in_one_notebook_do_not_share_names() -> None:
    """Style sheets and markers are scoped to their picture."""
    scopes = {parsed(to_svg(chat(), theme)).get("class") for theme in THEMES}
    assert len(scopes) == 3


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_hash_seeds_do_not_matter(seed: str) -> None:
    """The same bytes come from another process with other hashes."""
    code = (
        "import sys; from tests.lineage.drawings import CASES\n"
        "sys.stdout.buffer.write(''.join(CASES[name]().to_svg() for name in CASES).encode())"
    )
    made = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert made.stdout.decode() == "".join(CASES[name]().to_svg() for name in CASES)


def test_the_drawing_modules_do_not_import_networkx() -> None:
    """Only a lineage itself needs it."""
    code = "import sys, stateflow.lineage.svg, stateflow.lineage.html; sys.exit('networkx' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


@pytest.mark.parametrize("font", ["DejaVu Sans", "Liberation Sans", "sans-serif"])
def test_no_text_is_cut_in_a_browser(font: str, chromium: str) -> None:
    """In the widest font that a reader may have, each label stays in its shape."""
    measure = """font => [...document.querySelectorAll('.box, .tag')].filter(mark => {
        for (const text of mark.querySelectorAll('text:not(.number)')) text.style.fontFamily = font;
        const texts = [...mark.querySelectorAll('text:not(.number)')].map(text => text.getBBox());
        const shape = mark.querySelector('.shape, .back').getBBox();
        return texts.some(box => box.x < shape.x || box.x + box.width > shape.x + shape.width);
    }).map(mark => mark.textContent)"""
    with browser(chromium) as opened:
        page = opened.new_page()
        for case in CASES.values():
            page.set_content(to_svg(case()))
            assert page.evaluate(measure, font) == []
