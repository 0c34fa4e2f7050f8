"""A node that Hamilton runs once for each item."""

from hamilton.htypes import Collect, Parallelizable


def item(count: int) -> Parallelizable[int]:
    yield from range(count)


def squared(item: int) -> int:
    return item * item


def squares(squared: Collect[int]) -> list[int]:
    return sorted(squared)
