"""Events from outside: stored once, dispatched at once and by a sweep, applied by a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ids import derived_id
from store.tables import ExternalEvent

AGAIN_AFTER = timedelta(minutes=10)
"""How long a workflow has to apply an event before it is handed over again; then twice as long."""

AGAIN_AT_MOST = timedelta(hours=1)
"""The longest time between two tries."""

WORTH_IT = timedelta(days=90)
"""An event that could not be applied for so long is left to reconciliation."""

ACCOUNT_CHANGED = "v2.core.account.updated"
"""Type of the event that has an account read and its held payments tried again."""

LOOKS = "looks"
"""Source of events that no provider made: somebody looked, and found a change."""

_WAITS = ExternalEvent.applied_at.is_(None)


async def store_event(
    session: AsyncSession, source: str, event_id: str, kind: str, payload: Mapping[str, Any],
    at: datetime,
) -> tuple[str, bool]:  # fmt: skip
    """Store an event; gives its row's id, and False if it was there already."""
    row_id = derived_id("evt", source, event_id)
    stored = await session.execute(
        insert(ExternalEvent)
        .values(
            id=row_id,
            source=source,
            event_id=event_id,
            type=kind,
            payload=dict(payload),
            received_at=at,
        )
        .on_conflict_do_nothing()
        .returning(ExternalEvent.id)
    )
    return row_id, stored.one_or_none() is not None


async def store_account_change(
    session: AsyncSession, source: str, event_id: str, account_id: str, *, live: bool, at: datetime
) -> bool:
    """Store that an account has changed, as if the provider had told of it; False if it was there.

    It goes the way of the provider's own event: the account is read, held payments are tried again.
    """
    payload = {
        "id": event_id, "type": ACCOUNT_CHANGED, "thin": True, "livemode": live,
        "account": account_id,
    }  # fmt: skip
    _, is_new = await store_event(session, source, event_id, ACCOUNT_CHANGED, payload, at)
    return is_new


async def last_received(session: AsyncSession, source: str) -> datetime | None:
    """When the newest event of a source was stored."""
    return await session.scalar(
        select(func.max(ExternalEvent.received_at)).where(ExternalEvent.source == source)
    )


async def newest_version(session: AsyncSession, since: datetime) -> str:
    """The version in which the last event came that has one; empty if none came since then."""
    version = ExternalEvent.payload["api_version"].astext
    found = await session.scalar(
        select(version)
        .where(ExternalEvent.received_at >= since, version != "")
        .order_by(ExternalEvent.received_at.desc())
        .limit(1)
    )
    return found or ""


async def undispatched_events(
    session: AsyncSession, older_than: datetime, limit: int
) -> Sequence[ExternalEvent]:
    """Events that no workflow was started for, oldest first."""
    found = await session.scalars(
        select(ExternalEvent)
        .where(ExternalEvent.dispatched_at.is_(None), ExternalEvent.received_at < older_than)
        .order_by(ExternalEvent.received_at, ExternalEvent.id)
        .limit(limit)
    )
    return found.all()


async def unapplied_events(
    session: AsyncSession, now: datetime, limit: int
) -> Sequence[ExternalEvent]:
    """Events that a workflow was started for and that are not applied, and whose time has come."""
    found = await session.scalars(
        select(ExternalEvent)
        .where(_WAITS, ExternalEvent.again_at <= now, ExternalEvent.received_at > now - WORTH_IT)
        .order_by(ExternalEvent.again_at, ExternalEvent.id)
        .limit(limit)
    )
    return found.all()


async def mark_dispatched(session: AsyncSession, row_id: str, at: datetime) -> None:
    """A workflow was started for the event: it has until ``again_at`` to apply it."""
    row = await session.get(ExternalEvent, row_id, with_for_update=True)
    if row is None or row.applied_at is not None:
        return
    row.dispatched_at = row.dispatched_at or at
    row.again_at = at + min(AGAIN_AFTER * 2 ** min(row.tries, 9), AGAIN_AT_MOST)
    row.tries += 1


async def mark_applied(session: AsyncSession, row_id: str, at: datetime) -> None:
    """The state behind the event was read and written down."""
    await session.execute(
        update(ExternalEvent)
        .where(ExternalEvent.id == row_id, _WAITS)
        .values(applied_at=at, code="")
    )


async def mark_unread(session: AsyncSession, row_id: str, code: str) -> None:
    """The state behind the event could not be read, or not be written down."""
    await session.execute(
        update(ExternalEvent).where(ExternalEvent.id == row_id, _WAITS).values(code=code)
    )
