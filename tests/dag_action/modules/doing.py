"""@does: one function stands in for the body of others."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import does


def _sum(**numbers: int) -> int:
    return sum(numbers.values())


def _ratio(part: float, whole: float = 2.0) -> float:
    return part / whole


@does(_sum)
def three(a: int, b: int, c: int) -> int:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Their sum."""


@does(_ratio, part="three")
def half(three: int) -> float:  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]
    """Half of it."""
