"""Inbox items: opened and closed in the transaction of the event that causes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ids import derived_id
from domain.inbox import ROLE_OF, ItemKind
from domain.messages import OpenItem
from store.tables import InboxItem


async def open_item(
    session: AsyncSession,
    item: OpenItem,
    subject_kind: str,
    subject_id: str,
    campaign_id: str,
    sequence: int,
    at: datetime,
) -> None:
    """Open an item, or renew the open one: how often people were reminded of it stays."""
    opened = insert(InboxItem).values(
        id=derived_id("inb", subject_id, item.kind, str(sequence)),
        kind=item.kind.value,
        role=ROLE_OF[item.kind].value,
        subject_kind=subject_kind,
        subject_id=subject_id,
        campaign_id=campaign_id,
        seen=item.seen,
        code=item.code,
        opened_at=at,
        due_at=item.due_at,
        reminded=0,
        escalated=False,
    )
    await session.execute(
        opened.on_conflict_do_update(
            index_elements=["kind", "subject_id"],
            index_where=InboxItem.closed_at.is_(None),
            set_={"seen": item.seen, "code": item.code, "due_at": item.due_at},
        )
    )


async def close_items(
    session: AsyncSession,
    subject_id: str,
    kinds: Iterable[ItemKind],
    at: datetime,
    closed_by: str | None = None,
) -> None:
    """Close the subject's open items of these kinds; ``closed_by`` is a decision, if one did."""
    names = [kind.value for kind in kinds]
    if names:
        await session.execute(
            update(InboxItem)
            .where(
                InboxItem.subject_id == subject_id,
                InboxItem.kind.in_(names),
                InboxItem.closed_at.is_(None),
            )
            .values(closed_at=at, closed_by=closed_by)
        )
