"""What a campaign needs to know of, and say to, all its collaborations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.ids import campaign_workflow_id, collaboration_workflow_id
from domain.messages import (
    CAMPAIGN_STOPPED,
    COLLABORATION_NEWS,
    PAUSE_CLOCK,
    CollaborationNews,
    PauseClock,
    Standing,
    TellCollaborations,
)
from store import standing
from store.engine import session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

AT_ONCE = 10
"""Signals under way at the same time; enough to tell 500 collaborations in a few seconds."""


class Campaigns:
    """Counts in PostgreSQL, tells through Temporal."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn(name="standing")
    async def standing(self, campaign_id: str) -> Standing:
        """Count collaborations and open payments; only reads, so it may be repeated."""
        async with session(self._engine) as db:
            return await standing.count(db, campaign_id)

    @activity.defn(name="tell_campaign")
    async def tell_campaign(self, news: CollaborationNews) -> None:
        """Wake a collaboration's campaign, which then counts anew; one that is over needs nothing.

        Telling twice is harmless: the campaign counts rows, not news.
        """
        handle = self._client.get_workflow_handle(campaign_workflow_id(news.campaign_id))
        with _unless_it_is_over():
            await handle.signal(COLLABORATION_NEWS, news)

    @activity.defn(name="tell_collaborations")
    async def tell_collaborations(self, task: TellCollaborations) -> int:
        """Signal every collaboration that has not ended.

        Telling twice is harmless: the signals set a state and do not count.
        """
        async with session(self._engine) as db:
            running = await standing.running(db, task.campaign_id)
        gate = asyncio.Semaphore(AT_ONCE)

        async def tell(collaboration: str) -> None:
            async with gate:
                await self._tell(collaboration, task.news)

        await asyncio.gather(*(tell(each) for each in running))
        return len(running)

    async def _tell(self, collaboration: str, news: str) -> None:
        handle = self._client.get_workflow_handle(collaboration_workflow_id(collaboration))
        with _unless_it_is_over():
            if news == "stopped":
                await handle.signal(CAMPAIGN_STOPPED)
            else:
                await handle.signal(PAUSE_CLOCK, PauseClock(paused=news == "paused"))


@contextlib.contextmanager
def _unless_it_is_over() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
