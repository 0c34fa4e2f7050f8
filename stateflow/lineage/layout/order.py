"""Puts the tracks of each channel in an order that lets few lines cross and none lie on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stateflow.lineage.layout.place import Extent, Ground, extents, settle
from stateflow.lineage.layout.plan import Plan

_ROUNDS = 3
_SIFTS = 4
_ON_TOP, _THROUGH_TAG = 1000, 50
_NEAR = 4.0


@dataclass(slots=True)
class _Line:
    """What one track holds: the places at which lines join it from the lower (-1) and the higher (1) side."""

    extent: Extent
    stubs: list[tuple[float, int]] = field(default_factory=list)
    tags: list[Extent] = field(default_factory=list)


def improved(plan: Plan) -> Plan:
    """Return the plan with better orders of tracks, for all actions shown open."""
    for _ in range(_ROUNDS):
        lines = _lines(settle(plan))
        channels = {name: _sifted(tracks, lines) for name, tracks in plan.channels.items()}
        if channels == plan.channels:
            break
        plan = plan.with_order(channels)
    return plan


def _lines(ground: Ground) -> dict[str, _Line]:
    lines = {track: _Line(extent) for track, extent in extents(ground).items()}
    for way in ground.plan.ways:
        course = ground.courses[way.arrow]
        for index, track in enumerate(way.tracks):
            if track not in lines:
                continue
            line, along = lines[track], 1 if track[0] == "v" else 0
            for corner, beyond in ((index + 1, index), (index + 2, index + 3)):
                far = course[beyond] if beyond < len(course) else course[-1]
                step = far[1 - along] - course[corner][1 - along]
                stub = (course[corner][along], (step > 0) - (step < 0))
                if stub[1] and stub not in line.stubs:
                    line.stubs.append(stub)
            tag = ground.tags.get(way.arrow)
            if tag and index == 0:
                line.tags.append((tag.x, tag.x + tag.w))
    return lines


def _sifted(tracks: Sequence[str], lines: Mapping[str, _Line]) -> tuple[str, ...]:
    known = [track for track in tracks if track in lines]
    costs = {(a, b): _cost(lines[a], lines[b]) for a in known for b in known if a != b}
    order = list(known)
    for _ in range(_SIFTS):
        before = list(order)
        for track in before:
            order.remove(track)
            order.insert(_best(track, order, costs), track)
        if order == before:
            break
    return (*order, *(track for track in tracks if track not in lines))


def _best(track: str, order: Sequence[str], costs: Mapping[tuple[str, str], int]) -> int:
    cost = sum(costs[track, other] for other in order)
    best, least = 0, cost
    for place, other in enumerate(order):
        cost += costs[other, track] - costs[track, other]
        if cost < least:
            best, least = place + 1, cost
    return best


def _cost(first: _Line, second: _Line) -> int:
    """Return what it costs to have the first line on the lower side of the second."""
    cost = 0
    for place, side in first.stubs:
        if side > 0:
            cost += second.extent[0] < place < second.extent[1]
            cost += _THROUGH_TAG * sum(low - 2 < place < high + 2 for low, high in second.tags)
            cost += _ON_TOP * sum(abs(place - other) < _NEAR for other, way in second.stubs if way < 0)
    for place, side in second.stubs:
        if side < 0:
            cost += first.extent[0] < place < first.extent[1]
            cost += _THROUGH_TAG * sum(low - 2 < place < high + 2 for low, high in first.tags)
    return cost
