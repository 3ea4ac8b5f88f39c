"""Gathers what a campaign's report says; the arithmetic is in `domain.report`."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.decisions import DecisionKind
from domain.lifecycle import PayoutStatus
from domain.report import (
    CampaignPart,
    CreatorLine,
    FunnelPart,
    MoneyPart,
    Report,
    cost_per_result,
    figures_of,
    goal_part,
)
from store import claims
from store.campaigns import get_campaign, money
from store.report_parts import interventions, missed, payments, reminders
from store.tables import (
    Campaign,
    Candidate,
    Check,
    Collaboration,
    Creator,
    Decision,
    Event,
    Payout,
    Publication,
    Staff,
)

_EARNED = tuple(status.value for status in PayoutStatus if status is not PayoutStatus.CANCELLED)


async def build(
    session: AsyncSession, campaign_id: str, at: datetime | None = None
) -> dict[str, Any]:
    """The report as JSON, as it may be stored: creators and staff stand in it by id only.

    Raises:
        domain.errors.NotFound: there is no such campaign.
    """
    campaign = await get_campaign(session, campaign_id)
    file = CampaignFile.model_validate(campaign.file)
    creators = await _creators(session, campaign_id)
    report = Report(
        made_at=at or datetime.now(UTC),
        campaign=_campaign(campaign, file),
        goal=goal_part(file.goal.metric, file.goal.target, creators),
        funnel=await _funnel(session, campaign_id, creators),
        money=await _money(session, campaign, file, creators),
        creators=tuple(creators),
        payments=tuple(await payments(session, campaign_id, file.staffing)),
        missed=tuple(await missed(session, campaign_id)),
        interventions=tuple(await interventions(session, campaign_id)),
        reminders=await reminders(session, campaign_id),
    )
    return report.model_dump(mode="json")


async def for_people(session: AsyncSession, campaign_id: str) -> dict[str, Any]:
    """The stored report, or one of this moment, with the names of today under ``people``.

    ``people["creators"]`` has handle, name and the post's address by creator;
    ``people["staff"]`` names by member of staff. Whoever was erased is missing there.

    Raises:
        domain.errors.NotFound: there is no such campaign.
    """
    campaign = await get_campaign(session, campaign_id)
    report = dict(campaign.report or await build(session, campaign_id))
    # Written just before the end: how it ended is known only now.
    ended_at = campaign.ended_at.isoformat() if campaign.ended_at else None
    report["campaign"] = report["campaign"] | {"status": campaign.status, "ended_at": ended_at}
    rows = await session.execute(
        select(Creator.id, Creator.handle, Creator.name)
        .join(Collaboration, Collaboration.creator_id == Creator.id)
        .where(Collaboration.campaign_id == campaign_id)
    )
    posts = {
        creator_id: url
        for creator_id, url in await session.execute(
            select(Collaboration.creator_id, Publication.url)
            .join(Publication, Publication.collaboration_id == Collaboration.id)
            .where(Collaboration.campaign_id == campaign_id)
            .order_by(Publication.created_at)
        )
    }
    releasing = {staff for line in report["payments"] for staff in line["released_by"]}
    staff = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(releasing)))
    report["people"] = {
        "creators": {
            creator_id: {
                "handle": f"@{handle.removeprefix('@')}",
                "name": name,
                "url": posts.get(creator_id, ""),
            }
            for creator_id, handle, name in rows
        },
        "staff": {staff_id: name for staff_id, name in staff},
    }
    return report


def _campaign(campaign: Campaign, file: CampaignFile) -> CampaignPart:
    return CampaignPart(
        id=campaign.id,
        name=campaign.name,
        brand=file.brand.name,
        product=file.brand.product,
        markets=file.markets,
        staffing=file.staffing,
        status=campaign.status,
        currency=campaign.currency,
        created_at=campaign.created_at,
        ended_at=campaign.ended_at,
    )


async def _creators(session: AsyncSession, campaign_id: str) -> list[CreatorLine]:
    paid = {
        collaboration_id: int(amount)
        for collaboration_id, amount in await session.execute(
            select(Payout.collaboration_id, func.sum(Payout.sent_minor - Payout.reversed_minor))
            .where(
                Payout.campaign_id == campaign_id,
                Payout.status.in_([PayoutStatus.TRANSFERRED.value, PayoutStatus.ELSEWHERE.value]),
            )
            .group_by(Payout.collaboration_id)
        )
    }
    looks = await _looks(session, campaign_id)
    signed = await _signed(session, campaign_id)
    rows = await session.execute(
        select(Collaboration, Creator)
        .join(Creator, Creator.id == Collaboration.creator_id)
        .where(Collaboration.campaign_id == campaign_id)
        .order_by(Collaboration.created_at, Collaboration.id)
    )
    return [
        CreatorLine(
            collaboration_id=collaboration.id,
            creator_id=creator.id,
            platform=creator.platform,
            country=creator.audience_country or creator.country,
            followers=creator.followers,
            stage=collaboration.stage,
            outcome=collaboration.outcome,
            fee_minor=collaboration.fee_minor if collaboration.id in signed else 0,
            paid_minor=paid.get(collaboration.id, 0),
            **looks.get(collaboration.id, {}),
        )
        for collaboration, creator in rows
    ]


async def _looks(session: AsyncSession, campaign_id: str) -> dict[str, dict[str, Any]]:
    """By collaboration: the last post, what the last look found, and the last figures."""
    rows = await session.execute(
        select(Publication, Check)
        .join(Collaboration, Collaboration.id == Publication.collaboration_id)
        .outerjoin(Check, Check.publication_id == Publication.id)
        .where(Collaboration.campaign_id == campaign_id)
        .order_by(Publication.created_at, Check.number)
    )
    looks: dict[str, dict[str, Any]] = defaultdict(dict)
    for publication, check in rows:
        look = looks[publication.collaboration_id]
        look["publication_id"] = publication.id
        if check is None:
            continue
        look["state"] = check.state
        if figures := figures_of(check.evidence):
            look["figures"] = figures
            look["source"] = str(check.evidence.get("source", ""))
            look["level"] = check.level
            look["measured_at"] = check.checked_at
    return looks


async def _signed(session: AsyncSession, campaign_id: str) -> set[str]:
    """Collaborations whose terms were signed."""
    rows = await session.scalars(
        select(Decision.subject_id)
        .join(Collaboration, Collaboration.id == Decision.subject_id)
        .where(
            Collaboration.campaign_id == campaign_id,
            Decision.kind == DecisionKind.SIGN_TERMS.value,
            Decision.status == "applied",
            Decision.choice["answer"].astext == "sign",
        )
    )
    return set(rows)


async def _funnel(
    session: AsyncSession, campaign_id: str, creators: list[CreatorLine]
) -> FunnelPart:
    candidates = {
        status: int(count)
        for status, count in await session.execute(
            select(Candidate.status, func.count())
            .where(Candidate.campaign_id == campaign_id)
            .group_by(Candidate.status)
        )
    }
    verified = await session.scalar(
        select(func.count(func.distinct(Event.entity_id)))
        .join(Collaboration, Collaboration.id == Event.entity_id)
        .where(
            Collaboration.campaign_id == campaign_id,
            Event.kind == "collaboration",
            Event.event == "publication_verified",
        )
    )
    stages: dict[str, int] = defaultdict(int)
    outcomes: dict[str, int] = defaultdict(int)
    for line in creators:
        if line.outcome:
            outcomes[line.outcome] += 1
        else:
            stages[line.stage] += 1
    return FunnelPart(
        looked_at=sum(candidates.values()),
        suitable=candidates.get("chosen", 0) + candidates.get("waitlist", 0),
        invited=len(creators),
        signed=len(await _signed(session, campaign_id)),
        published=sum(line.publication_id is not None for line in creators),
        verified=verified or 0,
        completed=outcomes.get("completed", 0),
        stages=dict(stages),
        outcomes=dict(outcomes),
    )


async def _money(
    session: AsyncSession, campaign: Campaign, file: CampaignFile, creators: list[CreatorLine]
) -> MoneyPart:
    balances = await money(session, campaign.id)
    earned = {
        collaboration_id: int(amount)
        for collaboration_id, amount in await session.execute(
            select(Payout.collaboration_id, func.sum(Payout.amount_minor))
            .where(Payout.campaign_id == campaign.id, Payout.status.in_(_EARNED))
            .group_by(Payout.collaboration_id)
        )
    }
    for collaboration_id, back in await claims.come_back(session, campaign.id):
        earned[collaboration_id] = earned.get(collaboration_id, 0) - back
    payable, in_transit = balances.get("payable", 0), balances.get("in_transit", 0)
    return MoneyPart(
        budget=campaign.budget_minor,
        available=balances.get("available", 0),
        reserved=balances.get("reserved", 0),
        payable=payable,
        in_transit=in_transit,
        paid=balances.get("paid", 0) - balances.get("recovered", 0),
        open=payable + in_transit,
        cost_per_result=cost_per_result(creators, earned, file.goal.metric, campaign.currency),
    )
