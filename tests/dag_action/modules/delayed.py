"""Modifiers that the config decides: @resolve and @resolve_from_config."""

# mypy: allow-untyped-decorators

from typing import Any

from hamilton.function_modifiers import ResolveAt, parameterize, resolve, resolve_from_config, value


def _one_for_each(words: list[str]) -> parameterize:
    nodes: dict[str, Any] = {word: {"word": value(word)} for word in words}
    return parameterize(**nodes)


@resolve(
    when=ResolveAt.CONFIG_AVAILABLE,
    decorate_with=_one_for_each,
)
def said(word: str, times: int) -> str:
    return word * times


@resolve_from_config(decorate_with=lambda limit=2: parameterize(limited={"most": value(limit)}))
def bounded(most: int, times: int) -> int:
    return min(most, times)
