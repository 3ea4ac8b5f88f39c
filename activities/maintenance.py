"""The sweep: what was stored and not delivered, because a process died, is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import activity
from temporalio.client import Client

from domain.lifecycle import StreamKind
from domain.messages import StripeEventTask
from integrations import temporal
from store import decisions, external_events, rail_stops
from store.engine import session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

SETTLED_AFTER = timedelta(seconds=5)
"""A row younger than this is probably being sent right now by the page that wrote it."""

AT_A_TIME = 100


class Maintenance:
    """Sends again; every receiver recognises what it already has."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn(name="sweep")
    async def sweep(self) -> int:
        """Resend unanswered decisions and events nobody applied, wake what the rail's stop held.

        Sending twice is harmless: an update's id is its decision's id, and an event's workflow id
        is its row's id, and a payment that is woken for nothing tries once more and waits again.
        """
        before = datetime.now(UTC) - SETTLED_AFTER
        resent = await self._decisions(before) + await self._events(before)
        return resent + await self._after_a_stop()

    async def _decisions(self, before: datetime) -> int:
        async with session(self._engine) as db:
            waiting = await decisions.unanswered(db, before, AT_A_TIME)
        for each in waiting:
            subject = StreamKind(each.subject_kind)
            result = await temporal.send_decision(self._client, subject, each.subject_id, each.ref)
            if result is not None and not result.applied:
                async with session(self._engine) as db:
                    await decisions.refuse(db, each.ref.decision_id, result.code, datetime.now(UTC))
        return len(waiting)

    async def _events(self, before: datetime) -> int:
        """Those that no workflow was started for, and those whose workflow has not applied them."""
        async with session(self._engine) as db:
            waiting = [
                *await external_events.undispatched_events(db, before, AT_A_TIME),
                *await external_events.unapplied_events(db, datetime.now(UTC), AT_A_TIME),
            ]
        for row in waiting:
            await temporal.dispatch_stripe_event(self._client, StripeEventTask(event_row_id=row.id))
            async with session(self._engine) as db:
                await external_events.mark_dispatched(db, row.id, datetime.now(UTC))
        return len(waiting)

    async def _after_a_stop(self) -> int:
        async with session(self._engine) as db:
            waiting = await rail_stops.to_be_woken(db, AT_A_TIME)
        for payout in waiting:
            await temporal.wake_payout(self._client, payout)
        return len(waiting)
