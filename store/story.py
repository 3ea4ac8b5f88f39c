"""What happened in a campaign, with the names of those it happened to: for telling it to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import PayoutStatus, Stage
from store.claims import OVER
from store.tables import (
    Candidate,
    Collaboration,
    Creator,
    Decision,
    Event,
    InboxItem,
    OutboxMail,
    Payout,
    Staff,
)


@dataclass(frozen=True)
class Told:
    """One event, and whose it is."""

    at: datetime
    kind: str
    entity_id: str
    event: str
    data: dict[str, Any]
    handle: str
    """Of the creator; empty for the campaign's own events."""
    collaboration_id: str
    fee_minor: int
    payout_kind: str
    amount_minor: int
    actor: str
    """Name of the member of staff whose decision it was."""
    actor_id: str
    comment: str


async def events(
    session: AsyncSession, campaign_id: str, since: datetime | None = None, limit: int = 20_000
) -> list[Told]:
    """The events of a campaign, its collaborations and payments, in the order of time."""
    query = (
        select(Event, Collaboration, Creator.handle, Payout, Decision, Staff.name)
        .outerjoin(Payout, Payout.id == Event.entity_id)
        .outerjoin(
            Collaboration,
            Collaboration.id == func.coalesce(Payout.collaboration_id, Event.entity_id),
        )
        .outerjoin(Creator, Creator.id == Collaboration.creator_id)
        .outerjoin(Decision, Decision.id == Event.decision_id)
        .outerjoin(Staff, Staff.id == Decision.actor_id)
        .where(or_(Collaboration.campaign_id == campaign_id, Event.entity_id == campaign_id))
        .order_by(Event.at, Event.kind, Event.entity_id, Event.sequence)
        .limit(limit)
    )
    if since is not None:
        query = query.where(Event.at > since)
    return [_told(*row) for row in await session.execute(query)]


def _told(
    event: Event,
    collaboration: Collaboration | None,
    handle: str | None,
    payout: Payout | None,
    decision: Decision | None,
    actor: str | None,
) -> Told:
    return Told(
        at=event.at,
        kind=event.kind,
        entity_id=event.entity_id,
        event=event.event,
        data=event.data,
        handle=f"@{handle.removeprefix('@')}" if handle else "",
        collaboration_id=collaboration.id if collaboration else "",
        fee_minor=collaboration.fee_minor if collaboration else 0,
        payout_kind=payout.kind if payout else "",
        amount_minor=payout.amount_minor if payout else 0,
        actor=actor or "",
        actor_id=decision.actor_id if decision else "",
        comment=decision.comment if decision else "",
    )


@dataclass(frozen=True)
class Replacement:
    """A creator who was invited because another one fell out."""

    handle: str
    invited_at: datetime


async def replacements(session: AsyncSession, campaign_id: str) -> list[Replacement]:
    """Everybody who was started after the first batch, in the order of their start."""
    rows = await session.execute(
        select(Creator.handle, Collaboration.created_at)
        .join(Collaboration, Collaboration.creator_id == Creator.id)
        .join(Candidate, Candidate.collaboration_id == Collaboration.id)
        .where(Collaboration.campaign_id == campaign_id, Candidate.batch > 0)
        .order_by(Collaboration.created_at, Candidate.place)
    )
    return [Replacement(f"@{handle.removeprefix('@')}", at) for handle, at in rows]


@dataclass(frozen=True)
class InFlight:
    """What was under way at one moment."""

    collaborations: dict[str, str]
    """Stage by collaboration, of those that had not ended."""
    payouts: dict[str, str]
    """Status by payment, of those that were neither paid nor cancelled."""
    mails: int
    """Planned, or given to the mail server without its answer yet."""
    decisions: int
    """Taken by people and not applied yet."""

    @property
    def sending(self) -> list[str]:
        """Payments that were with the payment provider."""
        waiting = {PayoutStatus.SENDING.value, PayoutStatus.IN_DOUBT.value}
        return [payout for payout, status in self.payouts.items() if status in waiting]

    @property
    def stages(self) -> dict[str, int]:
        """Number of open collaborations by stage, in the order of the stages."""
        found = list(self.collaborations.values())
        return {each.value: found.count(each.value) for each in Stage if each.value in found}


async def in_flight(session: AsyncSession, campaign_id: str) -> InFlight:
    """Everything of a campaign that is under way now."""
    over = OVER
    collaborations = await session.execute(
        select(Collaboration.id, Collaboration.stage).where(
            Collaboration.campaign_id == campaign_id, Collaboration.stage != Stage.CLOSED.value
        )
    )
    payouts = await session.execute(
        select(Payout.id, Payout.status).where(
            Payout.campaign_id == campaign_id, Payout.status.not_in(over)
        )
    )
    return InFlight(
        collaborations={row[0]: row[1] for row in collaborations},
        payouts={row[0]: row[1] for row in payouts},
        mails=await open_mails(session),
        decisions=await open_decisions(session),
    )


async def open_mails(session: AsyncSession) -> int:
    """Mails that are neither sent nor given up."""
    waiting = OutboxMail.status.in_(("planned", "claimed"))
    return await session.scalar(select(func.count()).where(waiting)) or 0


async def open_decisions(session: AsyncSession) -> int:
    """Decisions that are neither applied nor refused."""
    return await session.scalar(select(func.count()).where(Decision.status == "submitted")) or 0


async def outcomes(session: AsyncSession, campaign_id: str) -> dict[str, str]:
    """How each collaboration stands: its outcome, or its stage while it goes on."""
    rows = await session.execute(
        select(Collaboration.id, func.coalesce(Collaboration.outcome, Collaboration.stage)).where(
            Collaboration.campaign_id == campaign_id
        )
    )
    return {row[0]: row[1] for row in rows}


async def waiting(session: AsyncSession, campaign_id: str) -> Sequence[tuple[str, str, int]]:
    """Open items as role, kind and number; what waits for whom."""
    rows = await session.execute(
        select(InboxItem.role, InboxItem.kind, func.count())
        .where(InboxItem.campaign_id == campaign_id, InboxItem.closed_at.is_(None))
        .group_by(InboxItem.role, InboxItem.kind)
        .order_by(InboxItem.role, func.count().desc(), InboxItem.kind)
    )
    return [(role, kind, count) for role, kind, count in rows]
