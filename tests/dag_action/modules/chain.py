"""A short chain, with a branch that nothing else needs."""


def doubled(number: int) -> int:
    """Twice the number."""
    return number * 2


def plus(doubled: int, offset: int) -> int:
    return doubled + offset


def text(plus: int) -> str:
    return f"= {plus}"


def unrelated(other: str) -> str:
    return other.upper()
