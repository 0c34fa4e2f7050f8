"""Async nodes between sync ones."""

import asyncio


async def fetched(url: str, delay: float = 0.0) -> str:
    await asyncio.sleep(delay)
    return f"<{url}>"


async def counted(url: str) -> int:
    await asyncio.sleep(0)
    return len(url)


def page(fetched: str, counted: int) -> str:
    return f"{fetched} {counted}"


async def stored(page: str) -> str:
    await asyncio.sleep(0)
    return f"{page} stored"
