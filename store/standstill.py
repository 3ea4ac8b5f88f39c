"""What is open and nobody carries on: which rows are open, and the items about those of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus
from domain.inbox import ItemKind
from domain.lifecycle import OVER_UNSENT, CampaignStatus, PayoutStatus, Stage, StreamKind
from domain.messages import OpenItem
from domain.standstill import Standstill
from store import items
from store.streams import TABLES, Entity
from store.tables import Campaign, Claim, Collaboration, InboxItem, Payout

_OPEN: dict[StreamKind, ColumnElement[bool]] = {
    StreamKind.PAYOUT: Payout.status.not_in([PayoutStatus.TRANSFERRED, *OVER_UNSENT]),
    StreamKind.CLAIM: Claim.status.not_in([ClaimStatus.DROPPED, ClaimStatus.SETTLED]),
    StreamKind.CAMPAIGN: Campaign.status.not_in([CampaignStatus.COMPLETED, CampaignStatus.STOPPED]),
    StreamKind.COLLABORATION: Collaboration.stage != Stage.CLOSED,
}
"""What is not over, by kind: money first, then whoever begins the others."""


@dataclass(frozen=True)
class Unfinished:
    """Something that a workflow has to carry on."""

    kind: StreamKind
    id: str


async def unfinished(session: AsyncSession, before: datetime) -> Sequence[Unfinished]:
    """Whatever is open and was written before then, in the order in which it matters."""
    found: list[Unfinished] = []
    for kind, is_open in _OPEN.items():
        table = TABLES[kind]
        rows = select(table.id).where(is_open, table.created_at < before).order_by(table.id)
        found += [Unfinished(kind, id_) for id_ in await session.scalars(rows)]
    return found


async def tell(session: AsyncSession, of: Unfinished, why: Standstill, now: datetime) -> bool:
    """Put it into the inbox, once, unless it is over by now; True if it is not.

    The row is held meanwhile, so that an end that comes in this moment closes the item.
    """
    table = TABLES[of.kind]
    query = select(table).where(table.id == of.id, _OPEN[of.kind])
    row: Entity | None = await session.scalar(query.with_for_update(read=True))
    if row is None:
        return False
    campaign = row.id if isinstance(row, Campaign) else row.campaign_id
    item = OpenItem(kind=ItemKind.STANDSTILL, code=why.value)
    moment = int(now.timestamp())
    await items.open_item(session, item, of.kind.value, of.id, campaign, moment, now)
    return True


async def close_others(session: AsyncSession, still: Collection[str], now: datetime) -> None:
    """Close the items of whatever is carried on again, or over."""
    there = await session.scalars(
        select(InboxItem.subject_id).where(
            InboxItem.kind == ItemKind.STANDSTILL.value, InboxItem.closed_at.is_(None)
        )
    )
    for subject in set(there) - set(still):
        await items.close_items(session, subject, (ItemKind.STANDSTILL,), now)
