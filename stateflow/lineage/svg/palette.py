"""The colours of the drawing, each text with a contrast of at least 4.5 to 1 to what it stands on (WCAG AA)."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from importlib.resources import files
from string import Template

from stateflow.lineage.grammar import PALETTES

# what the shared palette does not have: shades of its colours for text and for large faces
SHADES = {
    "light": {"quiet": "#57606A", "room": "#F8FAFB", "blueText": "#005B8F", "amberText": "#7D5300", "honey": "#FDF6E7"},
    "dark": {"quiet": "#9AA5B1", "room": "#151B23", "blueText": "#7CC7F0", "amberText": "#EDBB55", "honey": "#2A2214"},
}


def colours(theme: str) -> dict[str, str]:
    """Return the colours of the light or the dark theme, by what they are for."""
    return {**asdict(PALETTES[theme]), **SHADES[theme]}


def sheet(scope: str, theme: str) -> str:
    """Return the style sheet of a picture whose class is ``scope``; ``auto`` follows what the reader prefers."""
    if theme == "auto":
        return f"{sheet(scope, 'light')}@media (prefers-color-scheme: dark) {{\n{sheet(scope, 'dark')}}}\n"
    return Template(asset("picture.css")).substitute(colours(theme)).replace("SCOPE", scope)


@cache
def asset(name: str) -> str:
    """Return the text of a file that comes with the package."""
    return files("stateflow.lineage").joinpath("assets", name).read_text(encoding="utf-8")
