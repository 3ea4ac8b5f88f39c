"""Waiting for what happens in other processes: rows tell nobody that they have changed."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

SOON = 45.0
"""Seconds in which everybody reaches their place."""
_FIRST, _LAST = 0.05, 0.4
"""Seconds between two looks: what takes long is looked at less often, since looking costs most."""


async def until(
    true: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = SOON
) -> None:
    """Wait for something.

    Raises:
        TimeoutError: it did not become true in time.
    """
    began = time.monotonic()
    while True:
        found = true()
        if await found if inspect.isawaitable(found) else found:
            return
        waited = time.monotonic() - began
        if waited > seconds:
            raise TimeoutError(f"it did not happen within {seconds:.0f} seconds: {what}")
        await asyncio.sleep(min(max(waited / 5, _FIRST), _LAST))
