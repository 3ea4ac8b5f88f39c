"""Ways to see that a server is ready."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable

Probe = Callable[[], Awaitable[bool]]
"""Asked again and again until it says True."""

ONE_LOOK = 2.0
"""Seconds that one look may take."""


async def at_once() -> bool:
    """Ready as soon as it runs."""
    return True


def listens(port: int, host: str = "127.0.0.1") -> Probe:
    """Ready when the port takes a connection."""

    async def look() -> bool:
        try:
            async with asyncio.timeout(ONE_LOOK):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return look


def answers(url: str) -> Probe:
    """Ready when the address answers an HTTP request with success."""

    def get() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=ONE_LOOK) as response:  # noqa: S310
                return bool(200 <= response.status < 400)
        except (OSError, urllib.error.URLError, ValueError):
            return False

    async def look() -> bool:
        return await asyncio.to_thread(get)

    return look
