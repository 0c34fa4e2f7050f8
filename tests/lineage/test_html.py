"""The page, in a real Chromium: what a reader can do with it, and what nobody can do to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from stateflow.lineage import Lineage
from stateflow.lineage.html import to_html
from stateflow.lineage.layout import place, planned
from stateflow.lineage.svg.marks import TRIMS, course, number

from tests.lineage import graphs
from tests.lineage.browser import browser
from tests.lineage.drawings import CASES, Drawing, chat

CHOSEN = "node/answer/citations"
WITHIN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


class Reader:
    """A reader of one page, who notices every complaint and every request."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, lineage: Lineage) -> None:
        to_html(lineage, self.path)
        self.page.goto(self.path.as_uri())

    def mark(self, key: str) -> Locator:
        return self.page.locator(f'svg[data-lens]:visible .box[data-id="{key}"]:visible')

    def press(self, key: str) -> None:
        self.mark(key).locator("text").first.click()

    def fold(self, key: str) -> None:
        self.page.locator(f'svg[data-lens]:visible [data-fold="{key}"]:visible').click()

    def lens(self, name: str) -> None:
        self.page.locator(f'button[data-lens="{name}"]').click()

    def ids(self, name: str) -> set[str]:
        found = self.page.locator(f"svg[data-lens]:visible .box.{name}")
        return set(found.evaluate_all("all => all.map(mark => mark.dataset.id)"))

    def view(self) -> list[float]:
        """Return how far the picture is moved, and how much it is enlarged."""
        transform = self.page.locator("svg[data-lens]:visible .view").get_attribute("transform") or ""
        return [float(part) for part in re.findall(r"-?[\d.]+", transform)]

    def drawn(self) -> dict[str, str]:
        """Return where each element stands and how each line runs."""
        script = """() => {
            const svg = [...document.querySelectorAll('svg[data-lens]')].find(svg => svg.style.display === 'block');
            const out = {};
            for (const item of svg.querySelectorAll('[data-item]')) {
                if (getComputedStyle(item).display !== 'none') out[item.dataset.item] = item.getAttribute('transform');
            }
            for (const line of svg.querySelectorAll('.view > [data-arrow]')) {
                const path = line.querySelector('.line');
                if (path) out[line.dataset.arrow] = path.getAttribute('d');
                else out[line.dataset.arrow + ' tag'] = line.getAttribute('transform');
            }
            return out;
        }"""
        found: dict[str, str] = self.page.evaluate(script)
        return found


@pytest.fixture(scope="module")
def opened(chromium: str) -> Iterator[Browser]:
    with browser(chromium) as running:
        yield running


@pytest.fixture
def reader(opened: Browser, tmp_path: Path) -> Iterator[Reader]:
    """A reader at a desk; afterwards nothing was complained about, and nothing but the page asked for."""
    yield from _reading(opened, tmp_path, width=1280, height=800)


@pytest.fixture
def phone(opened: Browser, tmp_path: Path) -> Iterator[Reader]:
    """A reader with a phone, in the dark."""
    yield from _reading(opened, tmp_path, width=390, height=844, has_touch=True, color_scheme="dark")


def _reading(opened: Browser, folder: Path, width: int, height: int, **more: Any) -> Iterator[Reader]:
    context = opened.new_context(viewport={"width": width, "height": height}, **more)
    made = Reader(context.new_page(), folder / "lineage.html")
    yield made
    context.close()
    assert made.complaints == []
    assert set(made.requests) <= {made.path.as_uri()}


def expected(lineage: Lineage, collapsed: set[str]) -> dict[str, str]:
    """Return what ``Reader.drawn`` should: the coordinates that Python assigns."""
    plan = planned(lineage.graph)
    drawn = place(plan, collapsed)
    tops = {cell.id for cell in plan.cells} | {berth.box.id for berth in (*plan.left, *plan.right)}
    out = {key: f"translate({number(box.x)} {number(box.y)})" for key, box in drawn.boxes.items() if key in tops}
    outer = {way.arrow for way in plan.ways}
    for route in drawn.routes:
        if route.id in outer:
            out[route.id] = course(route.points, "angular", TRIMS[route.style])
        if route.tag:
            out[f"{route.id} tag"] = f"translate({number(route.tag.x)} {number(route.tag.y)})"
    return out


# -- without a browser -----------------------------------------------------------------------------------------------


def test_a_page_is_small_and_whole(tmp_path: Path) -> None:
    """It weighs less than 250 kB, names no address to load from, and is written where it is asked for."""
    page = to_html(chat(), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    assert len(page.encode()) < 250_000
    assert set(re.findall(r"""\s(?:src|href|action|poster|srcset)\s*=\s*["']?([^"'\s>]*)""", page)) == {"data:,"}
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", page)


def test_a_page_allows_its_own_script_alone() -> None:
    """The policy names one script and one style by hash; no attribute carries either."""
    page = to_html(chat())
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert len(re.findall("sha256-", policy[1])) == 2
    assert not re.search(r"<[^>]*\s(?:style|on\w+)=", page)


def test_hostile_names_cannot_leave_their_text() -> None:
    """What would end the data, or a line of script, is escaped."""
    lineage = Drawing().action("</script><img src=x onerror=alert(1)>\u2028", reads=["<!--<script>"]).lineage()
    page = to_html(lineage)
    assert page.count("</script") == 2
    assert page.count("<img") == page.count("<!--") == 0
    data = re.search('id="lineage">(.*?)</script>', page, re.DOTALL)
    assert data
    assert not re.search("[<>&\u2028\u2029]", data[1])
    assert any("onerror" in node["name"] for node in json.loads(data[1])["nodes"].values())


# -- with one --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_page_draws_as_python_does(case: str, reader: Reader) -> None:
    """Opened, with one action collapsed and with all, every coordinate is the one that Python assigns."""
    lineage = CASES[case]()
    reader.open(lineage)
    assert reader.drawn() == expected(lineage, set())
    foldable = {data["parent"] for _, data in lineage.nodes() if data["parent"]}
    if foldable:
        one = min(foldable)
        reader.page.locator(f'svg[data-lens="unified"] [data-fold="{one}"]').first.dispatch_event("click")
        assert reader.drawn() == expected(lineage, {one})
        reader.page.locator(f'svg[data-lens="unified"] [data-fold="{one}"]').last.dispatch_event("click")
        reader.page.locator('[data-do="fold"]').click()
        assert reader.drawn() == expected(lineage, foldable)
        reader.page.locator('[data-do="fold"]').click()
        assert reader.drawn() == expected(lineage, set())
    for lens in ("control", "data"):
        reader.lens(lens)
        assert reader.drawn() == expected(getattr(lineage, lens)(), set())


def test_an_action_is_collapsed_by_its_title_or_mark(reader: Reader) -> None:
    """What is inside gives way to one box, which opens again."""
    reader.open(chat())
    reader.press("action/retrieve")
    assert reader.mark("node/retrieve/scores").count() == 0
    assert reader.mark("action/retrieve").count() == 1
    reader.fold("action/retrieve")
    assert reader.mark("node/retrieve/scores").count() == 1


def test_a_click_traces_what_a_lineage_says(reader: Reader) -> None:
    """Upstream and downstream on the page are those of ``Lineage``, for every element, in every lens."""
    lineage = chat()
    reader.open(lineage)
    for lens in ("unified", "control", "data"):
        reader.lens(lens)
        view = getattr(lineage, lens)()
        for key in view.graph:
            reader.mark(key).focus()
            reader.page.keyboard.press("Enter")
            assert reader.ids("chosen") == {key}
            assert reader.ids("upstream") == view.upstream(key)
            assert reader.ids("downstream") == view.downstream(key)
            reader.page.keyboard.press("Escape")
    assert reader.ids("chosen") == set()


def test_the_panel_tells_the_facts(reader: Reader) -> None:
    """Kind, type, doc, tags, and who reads and writes; its links lead on."""
    reader.open(chat())
    reader.press("node/retrieve/scores")
    facts = reader.page.locator("#facts")
    for fact in ("scores", "node · Series · in retrieve", "How near each one is.", "external: http"):
        assert fact in facts.inner_text()
    reader.press("state/chat_history")
    assert "Appended by" in facts.inner_text()
    assert f"answer {WITHIN} turn" in facts.inner_text()
    facts.get_by_role("button", name=f"retrieve {WITHIN} query").first.click()
    assert reader.ids("chosen") == {"node/retrieve/query"}
    reader.page.get_by_role("button", name="Close").click()
    assert not reader.page.locator("#panel").is_visible()


def test_the_panel_tells_conditions(reader: Reader) -> None:
    """At an action stand the transitions, in their order."""
    reader.open(chat())
    reader.mark("action/retrieve").focus()
    reader.page.keyboard.press("Enter")
    text = reader.page.locator("#facts").inner_text()
    assert text.index("answer ① len(passages) > 0") < text.index("give_up ② default")


def test_lenses_show_control_and_data(reader: Reader) -> None:
    """Control has no data, data has no transition, unified has both."""
    reader.open(chat())
    seen = {}
    for lens in ("control", "data", "unified"):
        reader.lens(lens)
        seen[lens] = {
            kind: reader.page.locator(f"svg[data-lens]:visible .{kind}").count() > 0 for kind in ("transition", "state")
        }
    assert seen == {
        "control": {"transition": True, "state": False},
        "data": {"transition": False, "state": True},
        "unified": {"transition": True, "state": True},
    }


def test_light_and_dark_follow_the_system_and_the_button(reader: Reader) -> None:
    """The page starts as the system is, and the button turns it over."""
    colour = "getComputedStyle(document.body).backgroundColor"
    reader.open(chat())
    assert reader.page.evaluate(colour) == "rgb(255, 255, 255)"
    reader.page.emulate_media(color_scheme="dark")
    assert reader.page.evaluate(colour) == "rgb(13, 17, 23)"
    reader.page.get_by_role("button", name="Switch between light and dark").click()
    assert reader.page.evaluate(colour) == "rgb(255, 255, 255)"
    reader.page.keyboard.press("t")
    assert reader.page.evaluate(colour) == "rgb(13, 17, 23)"


def test_the_picture_is_moved_and_enlarged(reader: Reader) -> None:
    """By dragging, the wheel, buttons and keys; a drag is no click."""
    reader.open(chat())
    x, y, k = reader.view()
    mouse, keyboard = reader.page.mouse, reader.page.keyboard
    mouse.move(1200, 400)
    mouse.down()
    mouse.move(1100, 450, steps=4)
    mouse.up()
    assert reader.view() == pytest.approx([x - 100, y + 50, k], abs=0.02)
    mouse.wheel(0, -200)
    reader.page.wait_for_function(f"!document.querySelector('.view').getAttribute('transform').includes('scale({k})')")
    assert reader.view()[2] > k
    reader.page.get_by_role("button", name="Fit").click()
    assert reader.view() == pytest.approx([x, y, k], abs=0.02)
    reader.page.get_by_role("button", name="Zoom in").click()
    assert reader.view()[2] == pytest.approx(k * 1.25)
    keyboard.press("-")
    assert reader.view()[2] == pytest.approx(k)
    reader.page.locator("#canvas").focus()
    keyboard.press("ArrowDown")
    assert reader.view()[1] == pytest.approx(y - 60, abs=0.02)
    keyboard.press("0")
    assert reader.view() == pytest.approx([x, y, k], abs=0.02)


def test_a_pinch_enlarges(phone: Reader) -> None:
    """Two fingers that part zoom in between them."""
    phone.open(chat())
    before = phone.view()[2]
    session = phone.page.context.new_cdp_session(phone.page)
    for kind, gap in (("touchStart", 40), ("touchMove", 60), ("touchMove", 100), ("touchEnd", 0)):
        points = [{"x": 195 - gap, "y": 400, "id": 0}, {"x": 195 + gap, "y": 400, "id": 1}] if gap else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert phone.view()[2] > before * 1.5


def test_everything_is_done_by_keyboard(reader: Reader) -> None:
    """Elements are reached by Tab, chosen by Enter, collapsed by Space."""
    reader.open(chat())
    reader.page.locator("#canvas").focus()
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.dataset.id") is not None
    reader.mark("action/ask").focus()
    reader.page.keyboard.press(" ")
    assert reader.mark("node/ask/ask").count() == 0
    assert reader.page.evaluate("document.activeElement.dataset.fold") == "action/ask"
    reader.page.keyboard.press("Enter")
    assert reader.mark("node/ask/ask").count() == 1
    reader.page.keyboard.press("c")
    assert reader.mark("node/answer/prompt").count() == 0


def test_search_finds_by_name(reader: Reader) -> None:
    """What is typed is counted and shown; Enter goes from one match to the next."""
    reader.open(chat())
    reader.page.keyboard.press("/")
    reader.page.keyboard.type("PASS")
    assert reader.page.locator("#search output").inner_text() == "2 found"
    assert reader.ids("found") == {"node/retrieve/passages", "state/passages"}
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("Enter")
    assert reader.page.locator("#search output").inner_text() == "2 of 2"
    assert reader.ids("chosen") == {"state/passages"}
    reader.page.keyboard.press("Escape")
    assert reader.ids("found") == reader.ids("chosen") == set()


def test_a_phone_shows_all_of_it(phone: Reader) -> None:
    """Nothing is wider than the screen, controls are large enough, and what is chosen stays in sight."""
    phone.open(chat())
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    buttons = phone.page.locator("header button:visible")
    assert min(buttons.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")) >= 40
    assert phone.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    phone.mark(CHOSEN).locator("text").tap()
    chosen, panel = phone.mark(CHOSEN).bounding_box(), phone.page.locator("#panel").bounding_box()
    assert chosen
    assert panel
    assert chosen["y"] + chosen["height"] <= panel["y"]


def test_hostile_names_do_nothing(reader: Reader) -> None:
    """Names that are markup or script are shown, traced and searched like others."""
    reader.page.add_init_script("window.alert = () => console.error('a name was run')")
    reader.open(Lineage.of(graphs.hostile(), resources=graphs.HOSTILE))
    ids = reader.page.locator("svg[data-lens=unified] .box").evaluate_all("all => all.map(mark => mark.dataset.id)")
    for key in ids[::7]:
        reader.page.locator("svg[data-lens=unified]").locator(f'[data-id="{key}"]').last.dispatch_event("click")
    assert reader.page.locator("img, b").count() == 0
    assert reader.page.title().endswith("– Lineage")
