"""``Lineage``: the graph of where values come from and where they go, its views and its drawings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from stateflow.errors import InputError, nearest
from stateflow.lineage.render import write
from stateflow.lineage.static import END, START, identity, survey

if TYPE_CHECKING:
    import networkx as nx

    from stateflow.actions import Action
    from stateflow.graph import Graph

Theme = Literal["light", "dark"]

NODE_KINDS = ("start", "action", "node", "state", "input", "resource", "config", "end")
DATA_KINDS = ("depends", "reads", "writes", "appends", "provides")
EDGE_KINDS = ("transition", *DATA_KINDS)
CONTROL_KINDS = ("start", "action", "end")


class Built(Protocol):
    """What a lineage asks of an application; it may have ``initial_keys``, to show, and ``state_types``, by key."""

    @property
    def graph(self) -> Graph: ...
    @property
    def entrypoint(self) -> str: ...
    @property
    def resource_names(self) -> tuple[str, ...]: ...


class Lineage:
    """Control flow, state and dataflow as one networkx ``MultiDiGraph``, in ``graph``.

    Every node has ``kind`` (one of ``NODE_KINDS``), ``name``, ``label``, ``type`` ('' if unknown), ``parent``
    (the id of the action it is drawn in, or None), ``order`` (its place among its kind, inside an action its
    topological rank), ``doc``, ``tags`` (a dict) and ``opaque``; a state key also ``initial``. Every edge has
    ``kind`` (one of ``EDGE_KINDS``), ``label``, ``order`` (of evaluation, else its place among what its action
    takes or gives), ``condition``, ``parameter``, ``handles_errors`` and ``reads`` (the state keys of its condition);
    reads, depends and provides also ``required``. Nodes and edges stand in a stable order. Treat the graph as frozen.
    """

    def __init__(self, graph: nx.MultiDiGraph[str], whole: Lineage | None = None) -> None:
        self.graph = graph
        self._whole = whole or self

    @classmethod
    def of(
        cls,
        built: Graph | Built | Action,
        entrypoint: str | None = None,
        resources: Collection[str] = (),
        initial_keys: Iterable[str] = (),
        state_types: Mapping[str, Any] | None = None,
    ) -> Lineage:
        """Return the lineage that is known before a run, of a graph, of an application or of one action.

        ``entrypoint``, ``resources`` (names), ``initial_keys`` and ``state_types`` (annotations by state key) add to a
        bare graph what an application knows.

        Raises:
            GraphError: there is no action of the entrypoint's name.
        """
        from stateflow.actions import Action
        from stateflow.graph import Graph

        if isinstance(built, Action):  # alone it neither starts nor ends anything
            alone = cls(survey(Graph({built.name: built}, ()), None, resources, initial_keys, state_types))
            return cls(alone._view(lambda node: node["kind"] != END).graph)
        if isinstance(built, Graph):
            return cls(survey(built, entrypoint, resources, initial_keys, state_types))
        given = (*built.resource_names, *resources)
        keys = (*getattr(built, "initial_keys", ()), *initial_keys)
        types = {**getattr(built, "state_types", {}), **(state_types or {})}
        return cls(survey(built.graph, entrypoint or built.entrypoint or None, given, keys, types))

    # -- what is in it ----------------------------------------------------------------------------

    def nodes(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """Return id and attributes of the nodes of these kinds, by default of all, in their stable order."""
        return [(key, data) for key, data in self.graph.nodes(data=True) if not kinds or data["kind"] in kinds]

    def edges(self, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Return source, target and attributes of the edges of these kinds, by default of all, in a stable order."""
        found = self.graph.edges(data=True)
        return [(source, target, data) for source, target, data in found if not kinds or data["kind"] in kinds]

    def node(self, node_id: str) -> dict[str, Any]:
        """Return the attributes of a node.

        Raises:
            InputError: there is no such id.
        """
        if node_id not in self.graph:
            raise InputError(f"there is no {node_id!r} in this lineage{nearest(node_id, self.graph)}")
        return self.graph.nodes[node_id]

    def inside(self, node_id: str) -> list[str]:
        """Return the ids that are drawn inside an action, in their stable order."""
        return self._children.get(node_id, [])

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, data in self.nodes():
            if data["parent"] is not None:
                found.setdefault(data["parent"], []).append(key)
        return found

    # -- questions --------------------------------------------------------------------------------

    def upstream(self, node_id: str) -> set[str]:
        """Return the ids that data reaches this one from; in a control view, those that control does.

        An action stands for all that it holds; ``start`` and ``end`` have no data, control is followed from them.

        Raises:
            InputError: there is no such id.
        """
        return self._reached(node_id, lambda source, target: (target, source))

    def downstream(self, node_id: str) -> set[str]:
        """Return the ids that data from this one reaches; in a control view, those that control does.

        An action stands for all that it holds; ``start`` and ``end`` have no data, control is followed from them.

        Raises:
            InputError: there is no such id.
        """
        return self._reached(node_id, lambda source, target: (source, target))

    def _reached(self, node_id: str, oriented: Callable[[str, str], tuple[str, str]]) -> set[str]:
        follows_control = self.node(node_id)["kind"] in (START, END) or not self.edges(*DATA_KINDS)
        steps: dict[str, set[str]] = {}
        for source, target, _ in self.edges(*(["transition"] if follows_control else DATA_KINDS)):
            near, far = oriented(source, target)
            steps.setdefault(near, set()).add(far)
        began = {node_id, *self.inside(node_id)}
        seen, waiting = set(began), list(began)
        while waiting:
            found = steps.get(waiting.pop(), set()) - seen
            waiting += found
            seen |= found
        return seen - began

    # -- views ------------------------------------------------------------------------------------

    def control(self) -> Lineage:
        """Return the state machine alone: its actions and transitions."""
        return self._view(lambda node: node["kind"] in CONTROL_KINDS, lambda edge: edge["kind"] == "transition")

    def data(self) -> Lineage:
        """Return the dataflow alone: what computes, gives and keeps values. Actions without data are left out."""
        busy = {key for source, target, _ in self.edges(*DATA_KINDS) for key in (source, target)}
        idle = {key for key, _ in self.nodes("action") if key not in busy and not self.inside(key)}
        return self._view(
            lambda node: node["kind"] not in (START, END) and identity(node["kind"], node["name"]) not in idle,
            lambda edge: edge["kind"] != "transition",
        )

    def unified(self) -> Lineage:
        """Return the whole that this lineage is a view of: control flow, state and dataflow."""
        return self._whole

    def shown(self, *, include_conditions: bool = True, include_state: bool = True) -> Lineage:
        """Return the lineage with or without its conditions and its state keys."""
        view = self if include_state else self.without_state()
        return view if include_conditions else view.without_conditions()

    def without_state(self) -> Lineage:
        """Return the lineage without state keys, and so without reads and writes."""
        return self._view(lambda node: node["kind"] != "state")

    def without_conditions(self) -> Lineage:
        """Return the lineage with the labels taken off its transitions."""
        view = self._view(lambda _: True)
        for _, _, edge in view.edges("transition"):
            edge["label"] = ""
        return view

    def _view(self, node: Callable[[Any], bool], edge: Callable[[Any], bool] = lambda _: True) -> Lineage:
        graph = type(self.graph)()
        graph.add_nodes_from((key, dict(data)) for key, data in self.nodes() if node(data))
        for source, target, key, data in self.graph.edges(keys=True, data=True):
            if source in graph and target in graph and edge(data):
                graph.add_edge(source, target, key, **data)
        return Lineage(graph, self._whole)

    # -- drawings ---------------------------------------------------------------------------------

    def to_mermaid(self, theme: Theme = "light") -> str:
        """Return a Mermaid flowchart."""
        from stateflow.lineage.mermaid import to_mermaid

        return to_mermaid(self, theme)

    def to_dot(self, theme: Theme = "light") -> str:
        """Return a drawing in the language of Graphviz."""
        from stateflow.lineage.dot import to_dot

        return to_dot(self, theme)

    def to_json(self) -> str:
        """Return the graph as JSON; ``stateflow.lineage.jsonform`` documents its schema."""
        from stateflow.lineage.jsonform import to_json

        return to_json(self)

    def to_tree(self, width: int = 80) -> str:
        """Return a drawing in text for a terminal of so many columns."""
        from stateflow.lineage.tree import to_tree

        return to_tree(self, width)

    def to_svg(self, theme: Theme | Literal["auto"] = "auto") -> str:
        """Return an SVG picture; ``auto`` follows the reader's preference for light or dark."""
        from stateflow.lineage.svg import to_svg

        return to_svg(self, theme)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return an interactive page that needs nothing else; with ``path`` write it there too."""
        from stateflow.lineage.html import to_html

        page = to_html(self)
        if path is not None:
            write(Path(path), page)
        return page

    def render(self, path: str | Path, engine: str | None = None) -> Path:
        """Draw into a file, in the format that its suffix names, and return its path.

        ``.svg``, ``.html``, ``.mmd``, ``.dot``, ``.json`` and ``.txt`` need no program; ``.png`` and ``.pdf``, and
        ``.svg`` with ``engine="dot"``, are drawn by Graphviz.

        Raises:
            InputError: the suffix or engine is not known, or Graphviz is needed and not installed.
        """
        from stateflow.lineage.render import render

        return render(self, Path(path), engine)

    def __str__(self) -> str:
        return self.to_tree()

    def __repr__(self) -> str:
        return f"<Lineage of {len(self.graph)} nodes, {self.graph.number_of_edges()} edges>"

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return self.to_svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self.to_svg()
        return {"text/html": svg, "image/svg+xml": svg, "text/plain": self.to_tree()}
