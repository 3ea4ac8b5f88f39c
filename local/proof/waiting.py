"""Waiting for what happens in other processes: rows tell nobody that they have changed."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

SOON = 45.0
"""Seconds in which everybody reaches their place."""
_EVERY = 0.05


async def until(
    true: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = SOON
) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = true()
        if await found if inspect.isawaitable(found) else found:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not happen within {seconds:.0f} seconds: {what}")
        await asyncio.sleep(_EVERY)
