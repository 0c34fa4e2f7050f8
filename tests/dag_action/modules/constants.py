"""Nodes that need nothing."""


def one() -> int:
    return 1


def nothing() -> int | None:
    return None


def both(one: int, nothing: int | None) -> tuple[int, int | None]:
    return one, nothing
