"""Looking whether everything that is open has a workflow that carries it on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from activities.heartbeats import heartbeats
from domain.standstill import YOUNG, Standstill
from integrations import temporal
from store import standstill
from store.engine import session
from store.standstill import Unfinished

AT_ONCE = 20
"""Workflows that are asked about side by side; one takes milliseconds."""

MOST = 50
"""Items of one night: if all of Temporal is lost, the first of them say enough."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Standstills:
    """Compares our rows with Temporal, and writes what stands still into the operators' inbox."""

    def __init__(
        self, engine: AsyncEngine, client: Client, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self._engine = engine
        self._client = client
        self._clock = clock

    @activity.defn(name="look_who_carries_on")
    async def look_who_carries_on(self) -> int:
        """Ask Temporal about whatever is open; gives how much of it stands still.

        Looking twice opens no second item: there is one open item at most about each.
        """
        async with heartbeats():
            async with session(self._engine) as db:
                there = await standstill.unfinished(db, self._clock() - YOUNG)
            asked = zip(there, await self._ask_about(there), strict=True)
            still = [(of, why) for of, why in asked if why]
            told = [of for of, why in still[:MOST] if await self._tell(of, why)]
            known = {of.id for of in told} | {of.id for of, _ in still[MOST:]}
            async with session(self._engine) as db:
                await standstill.close_others(db, known, self._clock())
        return len(known)

    async def _ask_about(self, there: Sequence[Unfinished]) -> list[Standstill | None]:
        """Ask about all of them; if Temporal does not answer about one, about no more."""
        places = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(self._ask(each, places)) for each in there]
        except ExceptionGroup as several:
            raise several.exceptions[0] from None  # by its own name, in the history and in the log
        return [each.result() for each in asked]

    async def _ask(self, of: Unfinished, places: asyncio.Semaphore) -> Standstill | None:
        async with places:
            return await temporal.standstill(self._client, of.kind, of.id)

    async def _tell(self, of: Unfinished, why: Standstill) -> bool:
        async with session(self._engine) as db:
            return await standstill.tell(db, of, why, self._clock())
