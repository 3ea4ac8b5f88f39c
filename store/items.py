"""Inbox items: opened and closed in the transaction of the event that causes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Update, select, update
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
    campaign_id: str | None,
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


async def close_all(session: AsyncSession, subject_id: str, at: datetime) -> None:
    """Close whatever is still open on the subject: its life is over."""
    await session.execute(_open_on(subject_id).values(closed_at=at))


async def remind(session: AsyncSession, subject_id: str, kinds: Iterable[ItemKind]) -> None:
    """Count one more reminder on the subject's open items of these kinds."""
    names = [kind.value for kind in kinds]
    if names:
        await session.execute(
            _open_on(subject_id)
            .where(InboxItem.kind.in_(names))
            .values(reminded=InboxItem.reminded + 1)
        )


async def escalate(session: AsyncSession, subject_id: str, kinds: Iterable[ItemKind]) -> None:
    """Show the subject's open items of these kinds to the manager as well."""
    names = [kind.value for kind in kinds]
    if names:
        await session.execute(
            _open_on(subject_id).where(InboxItem.kind.in_(names)).values(escalated=True)
        )


async def hand_over(session: AsyncSession, subject_id: str, kinds: Iterable[ItemKind]) -> None:
    """Let the named substitute decide the subject's open items of these kinds."""
    names = [kind.value for kind in kinds]
    if names:
        await session.execute(
            _open_on(subject_id).where(InboxItem.kind.in_(names)).values(handed_over=True)
        )


async def is_asked(
    session: AsyncSession, subject_id: str, kinds: Iterable[ItemKind], seen: str
) -> bool:
    """True if one of these items is open and shows what the person saw."""
    names = [kind.value for kind in kinds]
    query = select(InboxItem.id).where(
        InboxItem.subject_id == subject_id,
        InboxItem.kind.in_(names),
        InboxItem.seen == seen,
        InboxItem.closed_at.is_(None),
    )
    return (await session.scalars(query.limit(1))).one_or_none() is not None


def _open_on(subject_id: str) -> Update:
    return update(InboxItem).where(
        InboxItem.subject_id == subject_id, InboxItem.closed_at.is_(None)
    )
