"""What finance looks at: payments that wait for release, and one payment with its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import PayoutStatus
from store.paging import PAGE, Page, page_of, read_mark
from store.tables import (
    Campaign,
    Creator,
    InboxItem,
    Payout,
    PayoutAttempt,
    Recipient,
)


@dataclass(frozen=True)
class WaitingPayout:
    """A payment that waits for release, with what a person needs to decide."""

    payout: Payout
    creator: Creator
    campaign: Campaign
    item: InboxItem | None
    """The open inbox item; its ``seen`` is what the decision must carry."""
    ready: bool
    """True if the creator's account may receive money."""


@dataclass(frozen=True)
class PayoutDetail:
    """One payment with everything that was tried."""

    payout: Payout
    creator: Creator
    campaign: Campaign
    recipient: Recipient | None
    attempts: tuple[PayoutAttempt, ...]


async def waiting_for_release(
    session: AsyncSession, campaign_id: str | None = None, after: str = "", size: int = PAGE
) -> Page[WaitingPayout]:
    """Payments that wait for release, first due first."""
    query = (
        select(Payout, Creator, Campaign, InboxItem, Recipient.status)
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .outerjoin(Recipient, Recipient.creator_id == Payout.creator_id)
        .outerjoin(
            InboxItem,
            and_(
                InboxItem.subject_id == Payout.id,
                InboxItem.kind == "release",
                InboxItem.closed_at.is_(None),
            ),
        )
        .where(Payout.status == PayoutStatus.REQUESTED.value)
        .order_by(Payout.pay_by, Payout.id)
    )
    if campaign_id is not None:
        query = query.where(Payout.campaign_id == campaign_id)
    if position := read_mark(after, str, str):
        due = datetime.fromisoformat(str(position[0]))
        query = query.where(tuple_(Payout.pay_by, Payout.id) > tuple_(due, str(position[1])))
    found = [
        WaitingPayout(payout, creator, campaign, item, status == "active")
        for payout, creator, campaign, item, status in await session.execute(query.limit(size + 1))
    ]
    return page_of(found, lambda row: (row.payout.pay_by.isoformat(), row.payout.id), size)


async def payout_detail(session: AsyncSession, payout_id: str) -> PayoutDetail | None:
    """One payment with its attempts, in two queries."""
    row = (
        await session.execute(
            select(Payout, Creator, Campaign, Recipient)
            .join(Creator, Creator.id == Payout.creator_id)
            .join(Campaign, Campaign.id == Payout.campaign_id)
            .outerjoin(Recipient, Recipient.creator_id == Payout.creator_id)
            .where(Payout.id == payout_id)
        )
    ).one_or_none()
    if row is None:
        return None
    attempts = await session.scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.payout_id == payout_id)
        .order_by(PayoutAttempt.number)
    )
    return PayoutDetail(row[0], row[1], row[2], row[3], tuple(attempts))
