"""Writes a lineage into a file, in the format that the suffix of its name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stateflow.errors import InputError, names, nearest

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

_OWN: dict[str, Callable[[Lineage], str]] = {
    ".svg": lambda lineage: lineage.to_svg(),
    ".html": lambda lineage: lineage.to_html(),
    ".mmd": lambda lineage: lineage.to_mermaid(),
    ".dot": lambda lineage: lineage.to_dot(),
    ".json": lambda lineage: lineage.to_json(),
    ".txt": lambda lineage: lineage.to_tree(),
}
_DRAWN = (".png", ".pdf", ".svg")


def render(lineage: Lineage, path: Path, engine: str | None = None) -> Path:
    """Draw into a file; see ``Lineage.render``."""
    suffix = path.suffix.lower()
    if engine not in (None, "dot"):
        raise InputError(f"render: there is no engine {engine!r}; leave it out, or use 'dot' for Graphviz")
    if suffix not in _OWN and suffix not in _DRAWN:
        raise InputError(f"render: {path.name!r} has no known suffix{nearest(suffix, [*_OWN, *_DRAWN])}")
    if engine is None and suffix in _OWN:
        return write(path, _OWN[suffix](lineage))
    if suffix not in _DRAWN:
        raise InputError(f"render: engine 'dot' draws {names(_DRAWN)}, not {suffix!r}; leave the engine out")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_graphviz(lineage.to_dot(), suffix.removeprefix(".")))
    return path


def write(path: Path, text: str) -> Path:
    """Write a text as UTF-8 with plain line ends, whatever the machine, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _graphviz(dot: str, form: str) -> bytes:
    import graphviz

    try:
        drawn: bytes = graphviz.Source(dot).pipe(format=form, quiet=True)
    except graphviz.ExecutableNotFound:
        raise InputError(
            f"render: a .{form} drawn by Graphviz needs its program 'dot', which is not on the PATH; install it "
            f"(apt install graphviz, brew install graphviz), or choose {names(_OWN)}, which need no program"
        ) from None
    return drawn
