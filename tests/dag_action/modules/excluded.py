"""A function that is no node, and helpers."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import hamilton_exclude


@hamilton_exclude
def public_helper(x: int) -> int:
    return x + 1


def _helper(x: int) -> int:
    return int(public_helper(x))


def helped(x: int) -> int:
    return _helper(x)
