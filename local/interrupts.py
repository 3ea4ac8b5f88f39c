"""Stopping in order: the first Ctrl-C (or SIGTERM) stops, further ones are told to be patient."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGHUP: the terminal was closed."""


def run_until_stopped(work: Coroutine[Any, Any, None], notice: Callable[[str], None]) -> bool:
    """Run to the end, or until a signal asks to stop; open blocks are always left properly.

    Returns:
        False if a signal ended it.
    """

    async def guarded() -> bool:
        asked = False
        task = asyncio.ensure_future(work)

        def ask() -> None:
            nonlocal asked
            if asked:
                notice("still stopping; nothing is lost by waiting")
                return
            asked = True
            notice("stopping")
            task.cancel()

        for number in STOPPING:
            asyncio.get_running_loop().add_signal_handler(number, ask)
        try:
            await task
        except asyncio.CancelledError:
            if not asked:
                raise
        return not asked

    return asyncio.run(guarded())
