"""Draws the lineage of every example, and the hand-made ones, as PNG: ``make pictures``, then look at them.

Each is drawn as picture and as page, light and dark, at the width of a desk (1280) and of a phone (390), into
``build/pictures``. Arguments choose the lineages by name. The pictures that the documentation shows are written too.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from stateflow.lineage import Lineage

from tests.lineage.browser import browser
from tests.lineage.drawings import CASES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "pictures"
WIDTHS = {"wide": 1280, "phone": 390}
HEIGHTS = {"wide": 900, "phone": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def examples() -> Iterator[tuple[str, Callable[[], Lineage]]]:
    """Yield name and lineage of each example that has an ``application.py`` with ``build()``."""
    for path in sorted(ROOT.glob("examples/*/application.py")):
        yield path.parent.name, partial(_lineage, path.parent.name)


def _lineage(name: str) -> Lineage:
    drawn: Lineage = importlib.import_module(f"examples.{name}.application").build().lineage()
    return drawn


def kept() -> dict[Path, str]:
    """Return the pictures that are kept beside the documentation, by their files."""
    from stateflow_integrations.demo import graph

    from examples.modular_rag.pictures import pictures

    demo = Lineage.of(graph(), entrypoint="ask", resources=["index"], initial_keys=["chat_history"])
    found = {ROOT / "docs" / "lineage.svg": demo.to_svg(), **pictures()}
    for name in ("counter", "chatbot"):
        lineage = _lineage(name)
        found[ROOT / "examples" / name / "lineage.svg"] = lineage.to_svg()
        found[ROOT / "examples" / name / "lineage.mmd"] = lineage.to_mermaid()
    return found


def draw(opened: Browser, name: str, lineage: Lineage) -> None:
    """Draw one lineage in every way."""
    page, picture = FOLDER / f"{name}.html", FOLDER / f"{name}.svg"
    lineage.render(page)
    lineage.render(picture)
    for scheme in SCHEMES:
        for device, width in WIDTHS.items():
            size = {"width": width, "height": HEIGHTS[device]}
            tab = opened.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            tab.goto(page.as_uri())
            tab.screenshot(path=FOLDER / f"{name}-page-{device}-{scheme}.png")
            tab.goto("about:blank")
            tab.set_content(f'<body style="margin:0">{picture.read_text(encoding="utf-8")}</body>')
            tab.add_style_tag(content="svg { display: block; max-width: 100%; height: auto; }")
            tab.locator("svg").screenshot(path=FOLDER / f"{name}-svg-{device}-{scheme}.png")
            tab.close()


def main(chosen: list[str]) -> None:
    """Draw the chosen lineages, or all."""
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("pictures need Chromium: apt install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, text in kept().items():
        file.write_text(text, encoding="utf-8")
        print(file.relative_to(ROOT))
    known = {**dict(examples()), **{f"case-{name}": made for name, made in CASES.items()}}
    with browser(chromium) as opened:
        for name in chosen or known:
            draw(opened, name, known[name]())
            print(f"{FOLDER.relative_to(ROOT)}/{name}-*.png")


if __name__ == "__main__":
    main(sys.argv[1:])
