"""Nodes that raise; which one is reached first depends on the order of execution."""


class OddError(Exception):
    """Raised for odd numbers."""


def first(number: int) -> int:
    if number % 2:
        raise OddError(f"{number} is odd")
    return number


def second(number: int) -> int:
    if number > 2:
        raise ValueError(f"{number} is large")
    return number


def sum_of(second: int, first: int) -> int:
    return first + second


def stops(number: int) -> int:
    raise StopIteration(number)
