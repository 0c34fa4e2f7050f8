"""@parameterize and its relatives."""

# mypy: allow-untyped-decorators

from hamilton.function_modifiers import (
    group,
    inject,
    parameterize,
    parameterize_sources,
    parameterize_values,
    source,
    value,
)


@parameterize(
    small={"factor": value(2), "number": source("base")},
    large={"factor": value(200), "number": source("base")},
    squared={"factor": source("base"), "number": source("base")},
)
def scaled(number: int, factor: int) -> int:
    """{number} by {factor}."""
    return number * factor


@parameterize_values(
    parameter="word", assigned_output={("hello_text", "Greets."): "hello", ("bye_text", "Parts."): "bye"}
)
def worded(word: str, base: int) -> str:
    return f"{word} {base}"


@parameterize_sources(small_plus={"one": "small", "two": "base"}, large_plus={"one": "large", "two": "base"})
def added(one: int, two: int) -> int:
    return one + two


@inject(numbers=group(source("small"), source("large"), value(7)), named=group(a=source("small"), b=value(1)))
def gathered(numbers: list[int], named: dict[str, int]) -> tuple[list[int], dict[str, int]]:
    return numbers, named
