"""Ten nodes that do next to nothing: what is measured is what surrounds them."""

from __future__ import annotations


def next_seed(seed: int) -> int:
    return seed + 1


def doubled(seed: int) -> int:
    return seed * 2


def tripled(seed: int) -> int:
    return seed * 3


def shifted(doubled: int) -> int:
    return doubled + 7


def mixed(doubled: int, tripled: int) -> int:
    return doubled - tripled


def clipped(mixed: int) -> int:
    return max(mixed, -1_000)


def label(clipped: int) -> str:
    return f"seed {clipped}"


def length(label: str) -> int:
    return len(label)


def weighted(shifted: int, length: int) -> int:
    return shifted * length


def total(weighted: int, tripled: int) -> int:
    return weighted + tripled
