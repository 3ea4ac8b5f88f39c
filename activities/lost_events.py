"""Asking the provider for the events that never arrived, where the provider's key is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.heartbeats import heartbeats
from integrations.stripe_webhooks import StripeEvent
from store import external_events as store
from store.engine import session

SOURCE = "stripe"

LOOK_BACK = timedelta(days=3)
"""How long before the last event that arrived is asked for again: Stripe itself tries so long."""

KEPT = timedelta(days=30)
"""How long the provider keeps its events (docs.stripe.com/api/events)."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EventSource(Protocol):
    """A rail that can be asked for its events."""

    async def events_since(self, since: datetime) -> tuple[StripeEvent, ...]:
        """The events since then, newest first, whether they arrived or not."""
        ...


class LostEvents:
    """Puts what was lost on the way into the same table as what arrived."""

    def __init__(
        self, engine: AsyncEngine, rail: EventSource, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._clock = clock

    @activity.defn(name="find_lost_events")
    async def find_lost_events(self) -> int:
        """Store the events that are not stored yet; the sweep hands them on. Gives their number.

        Asking twice stores nothing twice: an event is unique by its id, however it came.
        """
        async with heartbeats():
            now = self._clock()
            async with session(self._engine) as db:
                last = await store.last_received(db, SOURCE)
            since = max(min(last or now, now) - LOOK_BACK, now - KEPT)
            found = await self._rail.events_since(since)
            lost = 0
            async with session(self._engine) as db:
                for event in reversed(found):
                    _, is_new = await store.store_event(
                        db, SOURCE, event.id, event.type, event.model_dump(), now
                    )
                    lost += is_new
            return lost
