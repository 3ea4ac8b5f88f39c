"""Reads what a mail or a document to a creator may speak of."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.correspondence import Correspondence, PayoutFigures
from domain.decisions import DecisionKind
from domain.errors import NotFound
from domain.lifecycle import PayoutStatus
from store.tables import (
    Campaign,
    Check,
    Collaboration,
    Creator,
    Decision,
    Draft,
    Payout,
    Publication,
)

_READ_BY_CREATOR = (
    DecisionKind.REVIEW_DRAFT,
    DecisionKind.JUDGE_PUBLICATION,
    DecisionKind.DECIDE_HEARING,
    DecisionKind.ANSWER_COUNTER,
)


async def load(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int] | None = None
) -> Correspondence:
    """Everything about one collaboration; ``facts`` may name a payout and a check.

    Raises:
        NotFound: there is no such collaboration.
    """
    facts = facts or {}
    found = (
        await session.execute(
            select(Collaboration, Campaign, Creator)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .where(Collaboration.id == collaboration_id)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such collaboration")
    collaboration, campaign, creator = found
    check = await _check(session, collaboration_id, facts)
    return Correspondence(
        campaign_id=campaign.id,
        collaboration_id=collaboration.id,
        file=CampaignFile.model_validate(campaign.file),
        stage=collaboration.stage,
        outcome=collaboration.outcome or "",
        fee_minor=collaboration.fee_minor,
        currency=collaboration.currency,
        due_at=collaboration.due_at,
        draft_version=collaboration.draft_version,
        name=creator.name,
        handle=creator.handle,
        platform=creator.platform,
        email=creator.email,
        country=creator.country,
        audience_country=creator.audience_country,
        language=creator.language,
        timezone=creator.timezone,
        source=creator.source,
        comment=await _comment(session, collaboration_id),
        approved_caption=await _caption(session, collaboration),
        publication_url=await _publication_url(session, collaboration_id),
        check_faults=tuple(check.faults) if check else (),
        check_reasons=tuple(str(reason) for reason in check.reasons) if check else (),
        payout=await _payout(session, collaboration_id, facts),
        paid_minor=await _paid(session, collaboration_id),
    )


async def _comment(session: AsyncSession, collaboration_id: str) -> str:
    comment = await session.scalar(
        select(Decision.comment)
        .where(
            Decision.subject_id == collaboration_id,
            Decision.actor_kind == "staff",
            Decision.status == "applied",
            Decision.kind.in_([kind.value for kind in _READ_BY_CREATOR]),
        )
        .order_by(Decision.settled_at.desc(), Decision.created_at.desc())
        .limit(1)
    )
    return comment or ""


async def _caption(session: AsyncSession, collaboration: Collaboration) -> str:
    caption = await session.scalar(
        select(Draft.caption)
        .where(
            Draft.collaboration_id == collaboration.id,
            Draft.version == collaboration.draft_version,
        )
        .order_by(Draft.created_at.desc())
        .limit(1)
    )
    return caption or ""


async def _publication_url(session: AsyncSession, collaboration_id: str) -> str:
    url = await session.scalar(
        select(Publication.url)
        .where(Publication.collaboration_id == collaboration_id)
        .order_by(Publication.created_at.desc())
        .limit(1)
    )
    return url or ""


async def _check(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int]
) -> Check | None:
    query = select(Check).where(Check.collaboration_id == collaboration_id)
    if "check_number" in facts:
        query = query.where(Check.number == int(facts["check_number"]))
    return await session.scalar(query.order_by(Check.checked_at.desc()).limit(1))


async def _payout(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int]
) -> PayoutFigures | None:
    query = select(Payout).where(Payout.collaboration_id == collaboration_id)
    if "payout_id" in facts:
        query = query.where(Payout.id == str(facts["payout_id"]))
    elif "milestone" in facts:
        query = query.where(Payout.kind == str(facts["milestone"]))
    else:
        return None
    row = await session.scalar(query.order_by(Payout.created_at.desc()).limit(1))
    if row is None:
        return None
    return PayoutFigures(
        kind=row.kind,
        amount_minor=row.amount_minor,
        pay_by=row.pay_by,
        transfer_id=row.transfer_id or "",
        status=row.status,
    )


async def _paid(session: AsyncSession, collaboration_id: str) -> int:
    total = await session.scalar(
        select(func.coalesce(func.sum(Payout.amount_minor), 0)).where(
            Payout.collaboration_id == collaboration_id,
            Payout.status == PayoutStatus.TRANSFERRED,
        )
    )
    return int(total or 0)


async def campaign_status(session: AsyncSession, campaign_id: str) -> str:
    """The campaign's status now."""
    return await session.scalar(select(Campaign.status).where(Campaign.id == campaign_id)) or ""
