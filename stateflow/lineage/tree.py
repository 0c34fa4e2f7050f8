"""Draws a lineage as text for a terminal: each action with what is inside it, then who writes and reads each key."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stateflow.lineage.grammar import visible

if TYPE_CHECKING:
    from stateflow.lineage.model import Lineage

_MARKS = {"state": ("[", "]"), "input": ("(", ")"), "resource": ("<", ">"), "config": ("{", "}")}
_WIDEST_HEAD = 32
_GAP = "   "

_Edge = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a block: its branch, its head, and the texts that follow it."""

    branch: str
    head: str
    texts: tuple[str, ...] = ()


def to_tree(lineage: Lineage, width: int = 80) -> str:
    """Return the drawing; lines are broken between words where they would be wider than ``width`` columns."""
    drawing = _Drawing(lineage)
    blocks = [list(_lines(title, rows, width)) for title, rows in drawing.blocks()]
    blocks.append(list(_wrapped("", drawing.legend(), width, "")))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(1 for character in text if unicodedata.combining(character))


class _Drawing:
    """Reads from the graph what each block says."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage
        self.graph = lineage.graph

    def blocks(self) -> Iterator[tuple[str, list[_Row]]]:
        """Yield the title and rows of each block."""
        for key, _ in self.lineage.nodes("start"):
            targets = [target for source, target, _ in self.lineage.edges() if source == key]
            yield f"● ═▶ {', '.join(map(self.name, targets))}", []
        for key, _ in self.lineage.nodes("action"):
            yield self.name(key), list(self.action(key))
        for title, kinds in (("inputs and resources", ("input", "resource")), ("state", ("state",))):
            rows = [self.row(key) for key, node in self.lineage.nodes(*kinds) if node["parent"] is None]
            if rows:
                yield title, rows

    def action(self, key: str) -> Iterator[_Row]:
        """Yield the rows of one action: what is inside it, what its body takes and gives, its transitions."""
        for child in self.lineage.inside(key):
            yield self.row(child)
        yield from (_Row("├─", "", (text,)) for text in self.flows(key))
        for _, target, edge in self.edges(key, self.graph.out_edges(key, data=True)):
            if edge["kind"] == "transition":
                name = "◉ end" if self.lineage.node(target)["kind"] == "end" else self.name(target)
                yield _Row("├═▶", name, (visible(edge["label"]),) if edge["label"] else ())

    def row(self, key: str) -> _Row:
        """Return the row of one thing that is not an action."""
        data = self.lineage.node(key)
        is_inner = data["kind"] in ("config", "input") and data["parent"] is not None
        return _Row("├─", self.name(key, "label"), () if is_inner else self.flows(key))

    def flows(self, key: str) -> tuple[str, ...]:
        """Return where a thing takes its value from, and where its value goes, in words."""
        data = self.lineage.node(key)
        within = key if data["kind"] == "action" else data["parent"]
        arriving = self.edges(key, self.graph.in_edges(key, data=True))
        leaving = self.edges(key, self.graph.out_edges(key, data=True))
        if data["kind"] == "node":  # what depends on it in the same action says so itself
            leaving = [edge for edge in leaving if edge[2]["kind"] != "depends"]
        taken = [self.end(source, edge, within) for source, _, edge in arriving]
        given = [self.end(target, edge, within) for _, target, edge in leaving]
        asked = [
            self.name(source) for source, _, edge in self.lineage.edges("transition") if data["name"] in edge["reads"]
        ]
        lists = (("← ", taken), ("→ ", given), ("chooses after ", asked if data["kind"] == "state" else []))
        return tuple(mark + ", ".join(dict.fromkeys(filter(None, found))) for mark, found in lists if any(found))

    def edges(self, key: str, found: Iterable[_Edge]) -> list[_Edge]:
        """Return edges in the order of an action's arguments; around other things, actions come in their order."""
        ordered = self.lineage.node(key)["kind"] in ("node", "action")
        return sorted(found, key=lambda edge: edge[2]["order"] if ordered else 0)

    def end(self, key: str, edge: dict[str, Any], within: str | None) -> str:
        """Return the name of the far end of an edge as it is read from inside ``within``; '' for a transition."""
        if edge["kind"] == "transition":
            return ""
        data = self.lineage.node(key)
        name = self.name(key)
        if data["kind"] == "node" and data["parent"] != within:
            action = self.name(data["parent"])
            name = action if data["opaque"] else f"{action}.{name}"
        optional = "" if edge.get("required", True) else "?"
        return f"{name}{optional}{' +' if edge['kind'] == 'appends' else ''}"

    def name(self, key: str, attribute: str = "name") -> str:
        """Return a name, or a label, in the brackets of its kind."""
        data = self.lineage.node(key)
        opening, closing = _MARKS.get(data["kind"], ("", ""))
        return f"{opening}{visible(data[attribute])}{closing}"

    def legend(self) -> list[str]:
        """Return what the signs mean, of those that are present."""
        kinds = {node["kind"] for _, node in self.lineage.nodes()}
        flows = {edge["kind"] for _, _, edge in self.lineage.edges()}
        optional = any(not edge.get("required", True) for _, _, edge in self.lineage.edges())
        signs = [("═▶ transition", "transition" in flows), ("← takes", bool(flows - {"transition"}))]
        signs += [
            ("→ gives", bool(flows - {"transition"})),
            ("+ appends", "appends" in flows),
            ("? optional", optional),
        ]
        signs += [(f"{marks[0]}{kind}{marks[1]}", kind in kinds) for kind, marks in _MARKS.items()]
        return [sign for sign, is_present in signs if is_present]


def _lines(title: str, rows: list[_Row], width: int) -> Iterator[str]:
    yield title
    if not rows:
        return
    rows = [*rows[:-1], replace(rows[-1], branch=rows[-1].branch.replace("├", "└"))]
    heads = [columns(f"{row.branch} {row.head}") for row in rows if row.head and row.texts]
    column = min(max(heads, default=0), _WIDEST_HEAD)
    for row in rows:
        rail = "│" if row.branch.startswith("├") else " "
        if not row.head:
            yield from _wrapped(f"{row.branch} ", row.texts, width, f"{rail}    ")
            continue
        head = f"{row.branch} {row.head}"
        margin = rail + " " * (column + len(_GAP) - 1)
        if row.texts and columns(head) > column:
            yield head
            head = rail
        head += " " * (column - columns(head))
        yield from _wrapped(head + _GAP if row.texts else head, row.texts, width, margin)


def _wrapped(head: str, texts: Iterable[str], width: int, margin: str) -> Iterator[str]:
    """Yield a head and the texts after it; what does not fit goes below, behind the margin."""
    line, is_fresh = head, True
    for text in texts:
        for place, word in enumerate(text.split(" ")):
            gap = "" if is_fresh else " " if place else _GAP
            if not is_fresh and columns(line + gap + word) > width:
                yield line.rstrip()
                line, gap = margin, "  " if place else ""
            line, is_fresh = line + gap + word, False
    yield line.rstrip()
