"""The decisions behind a campaign's or a creator's money."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from domain.ledger_causes import LETS_MONEY_MOVE, THE_CREATOR, Decided, Deciding, answer_of
from domain.lifecycle import StreamKind
from store.tables import Claim, ClaimPart, Collaboration, Decision, Event, Payout, Staff


async def decided_of_campaign(session: AsyncSession, campaign_id: str, at: datetime) -> Decided:
    """What was decided about a campaign's money until a moment; one statement."""
    # A payment of another campaign may have kept back what was owed in this one.
    kept_back = (
        select(ClaimPart.payout_id)
        .join(Claim, Claim.id == ClaimPart.claim_id)
        .where(Claim.campaign_id == campaign_id)
    )
    payouts = (Payout.campaign_id == campaign_id) | Payout.id.in_(kept_back)
    return await _decided(
        session, at, payouts, Claim.campaign_id == campaign_id,
        Collaboration.campaign_id == campaign_id,
    )  # fmt: skip


async def decided_of_creator(session: AsyncSession, creator_id: str, at: datetime) -> Decided:
    """What was decided about a creator's money until a moment; one statement."""
    return await _decided(
        session, at, Payout.creator_id == creator_id, Claim.creator_id == creator_id,
        Collaboration.creator_id == creator_id,
    )  # fmt: skip


async def _decided(
    session: AsyncSession,
    at: datetime,
    payouts: ColumnElement[bool],
    claims: ColumnElement[bool],
    collaborations: ColumnElement[bool],
) -> Decided:
    rows = await session.execute(
        select(Event.entity_id, Event.at, Event.data, Decision, Staff.name)
        .join(Decision, Decision.id == Event.decision_id)
        .outerjoin(Staff, (Decision.actor_kind == "staff") & (Staff.id == Decision.actor_id))
        .where(
            or_(
                (Event.kind == StreamKind.PAYOUT.value)
                & Event.entity_id.in_(select(Payout.id).where(payouts)),
                (Event.kind == StreamKind.CLAIM.value)
                & Event.entity_id.in_(select(Claim.id).where(claims)),
                (Event.kind == StreamKind.COLLABORATION.value)
                & Event.entity_id.in_(select(Collaboration.id).where(collaborations)),
            ),
            Decision.kind.in_([kind.value for kind in LETS_MONEY_MOVE]),
            Event.at <= at,
        )
        .order_by(Event.at, Event.sequence)
    )
    found: dict[str, list[Deciding]] = defaultdict(list)
    for subject, moment, data, decision, name in rows:
        found[subject].append(
            Deciding(
                kind=DecisionKind(decision.kind),
                at=moment,
                by=THE_CREATOR if decision.actor_kind == "creator" else name or decision.actor_id,
                because=decision.comment,
                answer=answer_of(decision.choice),
                of=int(data.get("of", 1)),
                attempt=int(data.get("attempt", 0)),
            )
        )
    return found
