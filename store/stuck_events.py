"""Events of the provider that nobody could apply for a day: one item in finance's inbox for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.messages import OpenItem
from store import items
from store.desk import open_item
from store.external_events import WORTH_IT
from store.tables import ExternalEvent

SUBJECT = "events"
ALL = "events-not-applied"
"""The subject of the one item about all of them."""

LATE = timedelta(days=1)
"""So long an event may wait for a key or a provider before somebody has to look."""

_SHOWN = 50


@dataclass(frozen=True)
class Stuck:
    """Events that wait, the oldest first."""

    count: int
    events: Sequence[ExternalEvent]


async def tell(session: AsyncSession, now: datetime) -> None:
    """Put into the inbox how many there are; the item closes itself when there are none."""
    count = await _count(session, now)
    there = await open_item(session, ItemKind.EVENTS.value, ALL)
    if there is not None and not count:
        await items.close_items(session, ALL, (ItemKind.EVENTS,), now)
    elif count and (there is None or there.seen != str(count)):
        item = OpenItem(kind=ItemKind.EVENTS, seen=str(count))
        await items.open_item(session, item, SUBJECT, ALL, None, int(now.timestamp()), now)


async def stuck(session: AsyncSession, now: datetime) -> Stuck:
    """What waits now, for the item's page."""
    found = await session.scalars(
        select(ExternalEvent)
        .where(_late(now))
        .order_by(ExternalEvent.received_at, ExternalEvent.id)
        .limit(_SHOWN)
    )
    return Stuck(await _count(session, now), found.all())


async def _count(session: AsyncSession, now: datetime) -> int:
    return await session.scalar(select(func.count(ExternalEvent.id)).where(_late(now))) or 0


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(
        ExternalEvent.applied_at.is_(None),
        ExternalEvent.received_at < now - LATE,
        ExternalEvent.received_at > now - WORTH_IT,
    )
