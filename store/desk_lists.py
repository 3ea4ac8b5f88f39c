"""What the desk's lists and overviews show: campaigns, collaborations, creators, payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import Select, and_, collate, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from store.paging import PAGE, Page, mark, read_mark
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    Event,
    LedgerAccount,
    Payout,
)

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class CampaignCard:
    """A campaign in the list, with how many collaborations it has open and ended."""

    campaign: Campaign
    running: int
    ended: int


@dataclass(frozen=True)
class Line:
    """A collaboration in a table."""

    collaboration: Collaboration
    creator: Creator


@dataclass(frozen=True)
class Payment:
    """A payout in a table."""

    payout: Payout
    creator: Creator
    campaign: Campaign


@dataclass(frozen=True)
class Happening:
    """An event with the creator it is about, if any."""

    event: Event
    creator: Creator | None
    collaboration_id: str


@dataclass(frozen=True)
class MoneyBar:
    """Where a campaign's budget is, in the smallest unit of its currency."""

    budget: int
    available: int
    reserved: int
    payable: int
    in_transit: int
    paid: int


def _before(query: Select[*Columns], column: Any, key: Any, after: str) -> Select[*Columns]:
    """Newest first: go on below the mark."""
    position = read_mark(after, str, str)
    if position is None:
        return query
    return query.where(
        tuple_(column, key) < tuple_(datetime.fromisoformat(str(position[0])), str(position[1]))
    )


async def campaigns(session: AsyncSession, after: str = "") -> Page[CampaignCard]:
    """Campaigns, newest first, with their numbers; two queries."""
    query = _before(
        select(Campaign).order_by(Campaign.created_at.desc(), Campaign.id.desc()).limit(PAGE + 1),
        Campaign.created_at, Campaign.id, after,
    )  # fmt: skip
    found = list(await session.scalars(query))
    shown = found[:PAGE]
    rows = await session.execute(
        select(
            Collaboration.campaign_id,
            func.count().filter(Collaboration.stage != "closed"),
            func.count().filter(Collaboration.stage == "closed"),
        )
        .where(Collaboration.campaign_id.in_([campaign.id for campaign in shown]))
        .group_by(Collaboration.campaign_id)
    )
    counts = {campaign: (running, ended) for campaign, running, ended in rows}
    cards = tuple(CampaignCard(row, *counts.get(row.id, (0, 0))) for row in shown)
    last = shown[-1] if len(found) > PAGE else None
    return Page(cards, mark(last.created_at.isoformat(), last.id) if last else "")


async def funnel(session: AsyncSession, campaign_id: str) -> dict[tuple[str, str], int]:
    """Number of collaborations by stage and outcome."""
    rows = await session.execute(
        select(Collaboration.stage, Collaboration.outcome, func.count())
        .where(Collaboration.campaign_id == campaign_id)
        .group_by(Collaboration.stage, Collaboration.outcome)
    )
    return {(stage, outcome or ""): count for stage, outcome, count in rows}


async def money_bar(session: AsyncSession, campaign: Campaign) -> MoneyBar:
    """Where the budget is, from the ledger's balances."""
    rows = await session.execute(
        select(LedgerAccount.name, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.campaign_id == campaign.id)
        .group_by(LedgerAccount.name)
    )
    sums = {name: int(total) for name, total in rows}
    return MoneyBar(
        budget=campaign.budget_minor,
        available=sums.get("available", 0) if sums else campaign.budget_minor,
        reserved=sums.get("reserved", 0),
        payable=sums.get("payable", 0),
        in_transit=sums.get("in_transit", 0),
        # What has come back is free again: without this it would be counted twice.
        paid=sums.get("paid", 0) - sums.get("recovered", 0),
    )


async def happenings(session: AsyncSession, campaign_id: str, limit: int = 40) -> list[Happening]:
    """What happened in a campaign, newest first."""
    query = (
        select(Event, Creator, Collaboration.id)
        .outerjoin(Payout, and_(Event.kind == "payout", Payout.id == Event.entity_id))
        .outerjoin(
            Collaboration,
            Collaboration.id == func.coalesce(Payout.collaboration_id, Event.entity_id),
        )
        .outerjoin(Creator, Creator.id == Collaboration.creator_id)
        .where(
            or_(
                and_(Event.kind == "campaign", Event.entity_id == campaign_id),
                Collaboration.campaign_id == campaign_id,
            )
        )
        .order_by(Event.at.desc(), Event.sequence.desc())
        .limit(limit)
    )
    rows = await session.execute(query)
    return [Happening(event, creator, about or "") for event, creator, about in rows]


async def collaborations(
    session: AsyncSession, campaign_id: str, stage: str = "", after: str = ""
) -> Page[Line]:
    """A campaign's collaborations, the one that moved last first."""
    query = (
        select(Collaboration, Creator)
        .join(Creator, Creator.id == Collaboration.creator_id)
        .where(Collaboration.campaign_id == campaign_id)
        .order_by(Collaboration.updated_at.desc(), Collaboration.id.desc())
        .limit(PAGE + 1)
    )
    if stage:
        query = query.where(Collaboration.stage == stage)
    query = _before(query, Collaboration.updated_at, Collaboration.id, after)
    found = [Line(*row) for row in (await session.execute(query))]
    last = found[PAGE - 1].collaboration if len(found) > PAGE else None
    return Page(tuple(found[:PAGE]), mark(last.updated_at.isoformat(), last.id) if last else "")


async def collaboration(
    session: AsyncSession, collaboration_id: str
) -> tuple[Collaboration, Creator, Campaign] | None:
    """One collaboration with its creator and campaign."""
    row = (
        await session.execute(
            select(Collaboration, Creator, Campaign)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .where(Collaboration.id == collaboration_id)
        )
    ).first()
    return (row[0], row[1], row[2]) if row else None


async def campaign(session: AsyncSession, campaign_id: str) -> Campaign | None:
    """One campaign."""
    return await session.get(Campaign, campaign_id)


async def just_started(
    session: AsyncSession, staff_id: str, source: str, since: datetime
) -> str | None:
    """The campaign that this person made of the same file a moment ago, on the first click."""
    # Two clicks in the same instant: the second waits until the first one's row can be seen.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(staff_id))))
    found: str | None = await session.scalar(
        select(Campaign.id)
        .where(Campaign.created_at >= since, Campaign.started_by == staff_id)
        .where(Campaign.source == source)
        .limit(1)
    )
    return found


async def creators(session: AsyncSession, search: str = "", after: str = "") -> Page[Creator]:
    """The roster by handle; ``search`` is the beginning of a handle or of a name."""
    handle = collate(Creator.handle_key, "C")
    query = select(Creator).order_by(handle, Creator.id).limit(PAGE + 1)
    wanted = search.strip().lstrip("@").casefold()[:80]
    if wanted:
        pattern = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            or_(handle.like(pattern), collate(func.lower(Creator.name), "C").like(pattern))
        )
    position = read_mark(after, str, str)
    if position:
        query = query.where(tuple_(handle, Creator.id) > tuple_(str(position[0]), str(position[1])))
    found = list(await session.scalars(query))
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(tuple(found[:PAGE]), mark(last.handle_key, last.id) if last else "")


async def payments(
    session: AsyncSession, status: str = "", campaign_id: str = "", after: str = ""
) -> Page[Payment]:
    """Payments, newest first."""
    query = (
        select(Payout, Creator, Campaign)
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .order_by(Payout.created_at.desc(), Payout.id.desc())
        .limit(PAGE + 1)
    )
    if status:
        query = query.where(Payout.status == status)
    if campaign_id:
        query = query.where(Payout.campaign_id == campaign_id)
    query = _before(query, Payout.created_at, Payout.id, after)
    found = [Payment(*row) for row in (await session.execute(query))]
    last = found[PAGE - 1].payout if len(found) > PAGE else None
    return Page(tuple(found[:PAGE]), mark(last.created_at.isoformat(), last.id) if last else "")


async def payout(session: AsyncSession, payout_id: str) -> Payout | None:
    """One payment."""
    return await session.get(Payout, payout_id)
