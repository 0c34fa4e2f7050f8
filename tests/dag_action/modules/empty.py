"""Nothing but a helper."""


def _helper() -> int:  # pyright: ignore[reportUnusedFunction]
    return 1
