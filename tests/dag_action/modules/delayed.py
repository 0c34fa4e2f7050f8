"""Modifiers that the config decides: @resolve and @resolve_from_config."""

from hamilton.function_modifiers import ResolveAt, parameterize, resolve, resolve_from_config, value


@resolve(
    when=ResolveAt.CONFIG_AVAILABLE,
    decorate_with=lambda words: parameterize(**{word: {"word": value(word)} for word in words}),
)
def said(word: str, times: int) -> str:
    return word * times


@resolve_from_config(decorate_with=lambda limit=2: parameterize(limited={"most": value(limit)}))
def bounded(most: int, times: int) -> int:
    return min(most, times)
