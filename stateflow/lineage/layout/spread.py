"""Places things on a line, in a given order, with room between them, as near as can be to where each would like."""

from __future__ import annotations

import math
from collections.abc import Sequence


def half(value: float) -> float:
    """Return a number rounded to a half, the same way in every language."""
    return math.floor(2 * value + 0.5) / 2


def spread(
    wanted: Sequence[float], room: Sequence[float], weights: Sequence[float] = (), least: float = -math.inf
) -> list[float]:
    """Return positions that differ from the wanted ones by the least sum of weighted squares.

    ``room[i]`` is the least distance from the i-th to the next; no position is less than ``least``. It is solved
    by pooling adjacent violators (Ayer et al. 1955).
    """
    shifts = [0.0]
    for distance in room[: max(0, len(wanted) - 1)]:
        shifts.append(shifts[-1] + distance)
    pools: list[tuple[float, float, int]] = []
    for index, place in enumerate(wanted):
        weight, count = (weights[index] if weights else 1.0), 1
        mean = place - shifts[index]
        while pools and pools[-1][0] > mean:
            other, heavy, more = pools.pop()
            mean = (other * heavy + mean * weight) / (heavy + weight)
            weight, count = weight + heavy, count + more
        pools.append((mean, weight, count))
    settled = [max(mean, least) for mean, _, count in pools for _ in range(count)]
    return [half(place + shift) for place, shift in zip(settled, shifts, strict=False)]
