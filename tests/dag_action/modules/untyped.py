"""A parameter without a type."""


def fine(x: int) -> int:
    return x


def broken(x) -> int:  # type: ignore[no-untyped-def]
    return int(x)
