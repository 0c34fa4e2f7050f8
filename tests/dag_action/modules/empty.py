"""Nothing but a helper."""


def _helper() -> int:
    return 1
