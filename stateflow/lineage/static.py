"""Draws up the lineage that is known before a run: from the graph, its actions and their DAGs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stateflow.errors import GraphError, nearest
from stateflow.lineage.facts import CONFIG, INPUT, NODE, READ, RESOURCE, Facts, Put, Use, agreed, facts, type_name

if TYPE_CHECKING:
    import networkx as nx

    from stateflow.graph import Graph, Transition

START, END = "start", "end"

_CIRCLED = ((1, 0x2460), (21, 0x3251), (36, 0x32B1))  # first number, its character


def identity(kind: str, *path: str) -> str:
    """Return the id of a node: its kind and its path, each segment percent-encoded."""
    return "/".join((kind, *(quote(part, safe="", errors="surrogatepass") for part in path)))


def circled(number: int) -> str:
    """Return a number from 1 as one circled character, ``(51)`` and up in parentheses."""
    if number > 50:
        return f"({number})"
    first, code = max(known for known in _CIRCLED if known[0] <= number)
    return chr(code + number - first)


def survey(
    graph: Graph,
    entrypoint: str | None = None,
    resources: Collection[str] = (),
    initial_keys: Iterable[str] = (),
    state_types: Mapping[str, Any] | None = None,
) -> nx.MultiDiGraph[str]:
    """Return the combined graph of control flow, state and dataflow.

    Raises:
        GraphError: the graph has no action of the entrypoint's name.
    """
    if entrypoint is not None and entrypoint not in graph.actions:
        raise GraphError(f"entrypoint: there is no action {entrypoint!r}{nearest(entrypoint, graph.actions)}")
    known = [facts(action, resources) for action in graph.actions.values()]
    sheet = _Sheet(known, state_types or {})
    if entrypoint is not None:
        sheet.node(START, "start", START, "start")
    for order, found in enumerate(known):
        sheet.action(found, order)
    for key in sorted(initial_keys):
        sheet.state(key)
        sheet.graph.nodes[identity("state", key)]["initial"] = True
    sheet.transitions(graph, entrypoint)
    return sheet.graph


class _Sheet:
    """The graph while it is drawn up. Everything is added in one stable order."""

    def __init__(self, known: list[Facts], state_types: Mapping[str, Any]) -> None:
        import networkx as nx

        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self.counts: Counter[str] = Counter()
        self.state_types = state_types
        self.takers = {
            name: [found.name for found in known if name in found.names(INPUT)]
            for name in dict.fromkeys(name for found in known for name in found.names(INPUT))
        }
        self.uses: dict[tuple[str, str], list[Use]] = {}
        self.puts: dict[str, list[Put]] = {}
        for found in known:
            for use in found.uses:
                self.uses.setdefault((use.kind, use.name), []).append(use)
            for put in found.puts:
                self.puts.setdefault(put.key, []).append(put)

    # -- nodes ------------------------------------------------------------------------------------

    def node(self, key: str, kind: str, name: str, label: str, **more: Any) -> str:
        """Add a node, unless it is there, and return its id."""
        if key not in self.graph:
            plain: dict[str, Any] = {
                "type": "",
                "parent": None,
                "order": self.counts[kind],
                "doc": "",
                "tags": {},
                "opaque": False,
            }
            self.graph.add_node(key, kind=kind, name=name, label=label, **{**plain, **more})
            self.counts[kind] += 1
        return key

    def action(self, found: Facts, order: int) -> None:
        """Add an action, what is drawn inside it, and the edges to and from its body."""
        top = self.node(
            identity("action", found.name),
            "action",
            found.name,
            shortened(found.name),
            doc=found.doc,
            tags=found.tags,
            order=order,
            opaque=found.opaque,
        )
        own = [name for name in found.names(INPUT) if len(self.takers[name]) == 1]
        for name in found.names(INPUT):
            self.input(name, top if name in own else None)
        for name in found.names(CONFIG):
            self.node(identity("config", found.name, name), "config", name, shortened(name), parent=top)
        for rank, inner in enumerate(found.nodes):
            self.node(
                identity("node", found.name, inner.name),
                "node",
                inner.name,
                labelled(inner.name, inner.type),
                type=inner.type,
                parent=top,
                order=rank,
                doc=inner.doc,
                tags=dict(sorted(inner.tags.items())),
            )
        body = top
        if found.opaque and own:
            body = self.node(
                identity("node", found.name, found.name),
                "node",
                found.name,
                shortened(f"{found.name}()"),
                parent=top,
                opaque=True,
            )
        self.flows(found, body)

    def input(self, name: str, parent: str | None) -> None:
        """Add what a caller gives; it stands inside the action when no other one takes it."""
        shown = agreed([], self.uses[INPUT, name])
        self.node(identity("input", name), "input", name, labelled(name, shown), type=shown, parent=parent)

    def state(self, key: str) -> str:
        """Add a state key; its type is that of the model, else what the actions say."""
        shown = type_name(self.state_types.get(key)) or agreed(self.puts.get(key, []), self.uses.get((READ, key), []))
        return self.node(identity("state", key), "state", key, labelled(key, shown), type=shown, initial=False)

    # -- edges ------------------------------------------------------------------------------------

    def edge(self, source: str, target: str, kind: str, name: str, **more: Any) -> None:
        """Add an edge, whose key is its kind and a name that is unique between its ends."""
        plain = {"label": "", "order": 0, "condition": "", "parameter": "", "handles_errors": False, "reads": ()}
        self.graph.add_edge(source, target, f"{kind}/{name}", kind=kind, **{**plain, **more})

    def flows(self, found: Facts, body: str) -> None:
        """Add the edges of the data that an action takes and gives."""
        for order, use in enumerate(found.uses):
            target = identity("node", found.name, use.node) if use.node else body
            source, kind = self.giver(found.name, use)
            more = {"parameter": use.parameter, "required": use.required, "order": order}
            self.edge(source, target, kind, use.parameter, **more)
        for order, put in enumerate(found.puts):
            source = identity("node", found.name, put.node) if put.node else body
            label = "+" if put.kind == "appends" else ""
            self.edge(source, self.state(put.key), put.kind, put.key, label=label, order=order)

    def giver(self, action: str, use: Use) -> tuple[str, str]:
        """Return the id of the node that gives an argument, and the kind of the edge from it."""
        if use.kind == NODE:
            return identity("node", action, use.name), "depends"
        if use.kind == READ:
            return self.state(use.name), "reads"
        if use.kind == CONFIG:
            return identity("config", action, use.name), "provides"
        if use.kind == RESOURCE:
            self.node(identity("resource", use.name), "resource", use.name, shortened(use.name))
        return identity(use.kind, use.name), "provides"

    def transitions(self, graph: Graph, entrypoint: str | None) -> None:
        """Add the control flow: the arrow from the start, the transitions, the arrows to the end."""
        if entrypoint is not None:
            self.edge(START, identity("action", entrypoint), "transition", "0")
        for name in graph.actions:
            for arrow in sorted((*graph.outgoing(name), *graph.handlers(name)), key=lambda arrow: arrow.order):
                self.arrow(graph, arrow)
            if not graph.outgoing(name):
                self.node(END, "end", END, "end")
                self.edge(identity("action", name), END, "transition", "0")

    def arrow(self, graph: Graph, arrow: Transition) -> None:
        """Add one transition; it says when it is taken only where its source has a choice."""
        condition = arrow.condition
        for key in sorted(condition.reads):
            self.state(key)
        rivals = graph.handlers(arrow.source) if arrow.handles_errors else graph.outgoing(arrow.source)
        number = f"{circled(rivals.index(arrow) + 1)} " if len(rivals) > 1 else ""
        self.edge(
            identity("action", arrow.source),
            identity("action", arrow.target),
            "transition",
            str(arrow.order),
            label=shortened(f"{number}{condition.text}") if number or arrow.handles_errors else "",
            order=arrow.order,
            condition=condition.text,
            handles_errors=arrow.handles_errors,
            reads=tuple(sorted(condition.reads)),
        )


def labelled(name: str, kind: str) -> str:
    """Return ``name: type``, or the name alone when its type is not known."""
    return shortened(f"{name}: {kind}" if kind else name)


def shortened(text: str, limit: int = 48) -> str:
    """Return a text cut to what fits a label; ``name`` and ``condition`` keep all of it."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
