"""A reply that comes word by word, and what is made of it."""

from collections.abc import AsyncIterator, Iterator


def prompt(question: str) -> str:
    return f"Q: {question}"


def tokens(prompt: str) -> Iterator[str]:
    for word in prompt.split():
        yield word + " "


def reply(tokens: str) -> str:
    return tokens.strip()


def shouted(tokens: Iterator[str]) -> list[str]:
    return [token.upper() for token in tokens]


def listed(tokens: list[str], question: str) -> int:
    return len(tokens)


def numbers(question: str) -> Iterator[int]:
    yield from range(len(question))


def total(numbers: Iterator[int]) -> int:
    return sum(numbers)


def collected(numbers: list[int]) -> list[int]:
    return numbers


def not_a_stream(question: str) -> str:
    return question


async def slow_tokens(prompt: str) -> AsyncIterator[str]:
    for word in prompt.split():
        yield word


def slow_reply(slow_tokens: str) -> str:
    return slow_tokens


async def replayed(slow_tokens: AsyncIterator[str]) -> list[str]:
    return [token async for token in slow_tokens]
