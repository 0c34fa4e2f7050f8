"""Gives each action its place in the grid: its row by rank along the control flow, its column by who leads to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from stateflow.lineage.layout.layers import Edge, Ranks, listed, ordered, ranked, returning

Spot = tuple[int, int]

_WIDEST = 5
_LOOSE = 4
_SWEEPS = 4


def spots(nodes: Sequence[str], main: Sequence[Edge], others: Sequence[Edge] = ()) -> dict[str, Spot]:
    """Return (row, column) of each node; parts that nothing joins stand below each other.

    Along the ``main`` edges what is met first stands further left; all edges lead downwards where they can.
    """
    edges = [*main, *others]
    ranks: Ranks = []
    loose: list[str] = []
    for part in _parts(_met(nodes, main), edges):
        if len(part) == 1:
            loose += part
            continue
        inner = [edge for edge in edges if edge[0] in part and edge[1] in part]
        back = returning(part, inner)
        forward = [edge for edge in inner if edge not in back]
        rows = listed(ranked(part, forward), _WIDEST)
        ranks += ordered(rows, forward)
    ranks += [loose[start : start + _LOOSE] for start in range(0, len(loose), _LOOSE)]
    return _columns(ranks, [edge for edge in edges if edge[0] != edge[1]])


def _met(nodes: Sequence[str], edges: Sequence[Edge]) -> list[str]:
    """Return the nodes in the order in which a walk in breadth, edge by edge, first meets them."""
    order: dict[str, None] = {}
    for root in nodes:
        waiting = [root] if root not in order else []
        for node in waiting:
            order.setdefault(node)
            waiting += [target for source, target in edges if source == node and target not in (*order, *waiting)]
    return list(order)


def _parts(nodes: Sequence[str], edges: Sequence[Edge]) -> list[list[str]]:
    root = {node: node for node in nodes}

    def found(node: str) -> str:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for source, target in edges:
        root[found(target)] = found(source)
    parts: dict[str, list[str]] = {}
    for node in nodes:
        parts.setdefault(found(node), []).append(node)
    return list(parts.values())


def _columns(ranks: Ranks, edges: Sequence[Edge]) -> dict[str, Spot]:
    row_of = {node: row for row, rank in enumerate(ranks) for node in rank}
    widest = max((len(rank) for rank in ranks), default=0)
    near: dict[str, list[str]] = {node: [] for node in row_of}
    for source, target in edges:
        near[source].append(target)
        near[target].append(source)
    column: dict[str, int] = {}
    for rank in ranks:
        first = (widest - len(rank)) // 2
        column.update({node: first + index for index, node in enumerate(rank)})
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            wanted = [_wish(node, near[node], row_of, column, down) for node in rank]
            column.update(zip(rank, _seats(wanted, widest), strict=True))
    return {node: (row_of[node], column[node]) for rank in ranks for node in rank}


def _wish(node: str, near: Sequence[str], row_of: Mapping[str, int], column: Mapping[str, int], down: bool) -> float:
    row = row_of[node]
    others = [other for other in near if (row_of[other] < row if down else row_of[other] > row)]
    close = [other for other in others if abs(row_of[other] - row) == 1] or others
    return sum(column[other] for other in close) / len(close) if close else column[node]


def _seats(wanted: Sequence[float], widest: int) -> tuple[int, ...]:
    return min(
        combinations(range(widest), len(wanted)),
        key=lambda seats: (sum((seat - wish) ** 2 for seat, wish in zip(seats, wanted, strict=True)), seats),
    )


def is_free(taken: Mapping[Spot, str], row: int, first: int, last: int) -> bool:
    """Return whether the cells of a row from ``first`` to before ``last`` are empty."""
    return all((row, column) not in taken for column in range(first, last))


def is_open(taken: Mapping[Spot, str], column: int, first: int, last: int) -> bool:
    """Return whether the cells of a column from row ``first`` to before ``last`` are empty."""
    return all((row, column) not in taken for row in range(first, last))
