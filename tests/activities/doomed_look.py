"""Looks whose process is killed with -9 in the middle: before each of its commits, and at its end.

Each look is a process of its own, started by `local.proof.forked`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.book_check import BookCheck
from activities.holds import Holds
from activities.standstills import Standstills
from domain.messages import HeldPayout
from integrations.stripe_rail import StripeRail
from integrations.temporal import connect
from local.proof.forked import forked
from store.engine import make_engine

Look = Callable[..., Awaitable[object]]

MOST = 20
"""Commits of the longest of these looks; more would be an endless loop."""

PATIENCE = 20.0
"""Seconds after which a test says so, instead of hanging."""


async def still_held(engine: AsyncEngine, key: str, api_base: str, held: HeldPayout) -> None:
    """Whether what a payment waits for has come."""
    rail = StripeRail(key, api_base=api_base)
    await Holds(engine, rail, "http://127.0.0.1:8000").still_held(held)


async def books(engine: AsyncEngine, now: datetime) -> None:
    """The nightly look at ledger and events."""
    await BookCheck(engine, clock=lambda: now).look_over_books()


async def standing(engine: AsyncEngine, now: datetime, temporal: str) -> None:
    """The nightly look at who carries on what is open."""
    client = await connect(environment={"TEMPORAL_ADDRESS": temporal})
    await Standstills(engine, client, clock=lambda: now).look_who_carries_on()


async def killed_everywhere(
    look: Look, database_url: str, *arguments: object, after: Callable[[], Awaitable[None]]
) -> int:
    """Kill a look before its first commit, its second, and so on to its end; gives the kills."""
    for number in range(1, MOST):
        process = forked(_main, look, number, database_url, *arguments)
        async with asyncio.timeout(PATIENCE):
            while process.is_alive():  # noqa: ASYNC110 - a process has no event
                await asyncio.sleep(0.01)
        if process.exitcode == 0:
            return number - 1
        assert process.exitcode == -signal.SIGKILL
        await after()
    raise AssertionError("the look never came to its end")


def _main(look: Look, number: int, database_url: str, *arguments: object) -> None:
    """What the process does."""
    asyncio.run(_looks(look, number, database_url, *arguments))


async def _looks(look: Look, number: int, database_url: str, *arguments: object) -> None:
    engine, left = make_engine(database_url), number

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine.sync_engine, "commit", step)
    await look(engine, *arguments)
    step()  # what it has found out is never told
