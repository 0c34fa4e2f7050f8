"""Layered drawing of graphs in general: which rank a node takes, and in which order a rank stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

Edge = tuple[str, str]
Ranks = list[list[str]]

_SWEEPS = 12


def returning(nodes: Iterable[str], edges: Iterable[Edge]) -> set[Edge]:
    """Return the edges that lead back to where a walk, node by node and edge by edge, has come from."""
    following = _grouped(edges)
    found: set[Edge] = set()
    done: set[str] = set()
    for root in nodes:
        if root in done:
            continue
        path, waiting = {root}, [(root, iter(following.get(root, ())))]
        while waiting:
            node, targets = waiting[-1]
            target = next(targets, None)
            if target is None:
                waiting.pop()
                path.discard(node)
                done.add(node)
            elif target in path:
                found.add((node, target))
            elif target not in done:
                path.add(target)
                waiting.append((target, iter(following.get(target, ()))))
    return found


def ranked(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the rank of each node of an acyclic graph: the length of the longest path that leads to it."""
    arriving = dict.fromkeys(nodes, 0)
    for _, target in edges:
        arriving[target] += 1
    following = _grouped(edges)
    rank = dict.fromkeys(nodes, 0)
    waiting = [node for node in nodes if not arriving[node]]
    for node in waiting:
        for target in following.get(node, ()):
            rank[target] = max(rank[target], rank[node] + 1)
            arriving[target] -= 1
            if not arriving[target]:
                waiting.append(target)
    return rank


def lowered(rank: dict[str, int], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the ranks with each node that nothing leads to moved down to where it is first needed."""
    targets = {target for _, target in edges}
    following = _grouped(edges)
    return {
        node: min((rank[target] for target in following[node]), default=1) - 1
        if node in following and node not in targets
        else level
        for node, level in rank.items()
    }


def listed(rank: Mapping[str, int], limit: int) -> Ranks:
    """Return the nodes rank by rank; one that holds more than ``limit`` is folded into several."""
    levels: Ranks = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node, level in rank.items():
        levels[level].append(node)
    folded: Ranks = []
    for row in levels:
        parts = -(-len(row) // limit)
        size = -(-len(row) // parts) if parts else 1
        folded += [row[start : start + size] for start in range(0, len(row), size)]
    return folded


def ordered(ranks: Ranks, edges: Sequence[Edge]) -> Ranks:
    """Return the ranks with each put in an order that lets few edges cross."""
    into, out = _grouped((target, source) for source, target in edges), _grouped(edges)
    best, fewest = ranks, _crossings(ranks, out)
    current = ranks
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        current = _swept(current, into, out, sweep % 2 == 0)
        current = _transposed(current, into, out)
        crossings = _crossings(current, out)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _swept(ranks: Ranks, into: Mapping[str, list[str]], out: Mapping[str, list[str]], down: bool) -> Ranks:
    place = {node: index for row in ranks for index, node in enumerate(row)}
    swept = [list(row) for row in ranks]
    near = into if down else out
    for row in swept if down else reversed(swept):
        weights = {node: _mean([place[other] for other in near.get(node, ())], place[node]) for node in row}
        row.sort(key=weights.__getitem__)
        place.update({node: index for index, node in enumerate(row)})
    return swept


def _transposed(ranks: Ranks, into: Mapping[str, list[str]], out: Mapping[str, list[str]]) -> Ranks:
    place = {node: index for row in ranks for index, node in enumerate(row)}
    rows = [list(row) for row in ranks]
    for row in rows:
        for index in range(len(row) - 1):
            left, right = row[index], row[index + 1]
            kept = swapped = 0
            for near in (into, out):
                a = [place[other] for other in near.get(left, ())]
                b = [place[other] for other in near.get(right, ())]
                kept += sum(x > y for x in a for y in b)
                swapped += sum(x < y for x in a for y in b)
            if swapped < kept:
                row[index], row[index + 1] = right, left
                place[left], place[right] = index + 1, index
    return rows


def _crossings(ranks: Ranks, out: Mapping[str, list[str]]) -> int:
    total = 0
    for row, below in pairwise(ranks):
        place = {node: index for index, node in enumerate(below)}
        ends: list[int] = []
        for node in row:
            found = sorted(place[target] for target in out.get(node, ()) if target in place)
            total += sum(end > new for end in ends for new in found)
            ends += found
    return total


def _mean(values: Sequence[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _grouped(edges: Iterable[Edge]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for source, target in edges:
        grouped.setdefault(source, []).append(target)
    return grouped
