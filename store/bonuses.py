"""A bonus: a person's decision that becomes a payment of its own, paid like any other.

The budget has to hold it, and it goes through the same release, by other people than the one who
granted it. The decision's event is the first of the payment's own stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.campaign import CampaignFile, PayoutPolicy
from domain.decisions import BonusChoice, DecisionKind
from domain.ids import payout_id
from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import (
    Begin,
    Granted,
    PayoutInput,
    Posting,
    PostingKind,
    StreamHead,
)
from domain.payments import BONUS
from store import ledger
from store.beginnings import begin
from store.duties import Refused
from store.streams import decided, write_event
from store.tables import Campaign, Collaboration, Decision, Event, Payout, Staff


async def grant(engine: AsyncEngine, command: Begin) -> Granted:
    """Check a bonus's decision once more, and write the payment with its money and its event.

    Granting twice is one payment: the decision's row is locked, and its event names the payment.
    """
    code, payment = await begin(engine, command, DecisionKind.GRANT_BONUS, _grant)
    return Granted(code=code, payment=payment)


async def _grant(
    session: AsyncSession, of: Collaboration, row: Decision, at: datetime
) -> PayoutInput:
    if row.status == "applied":
        return await _input(session, await _of_decision(session, row))
    if of.suspended:
        raise Refused("suspended")
    if not await is_signed(session, of.id):
        raise Refused("not_signed")
    return await _input(session, await _write(session, of, row, at))


async def is_signed(session: AsyncSession, collaboration_id: str) -> bool:
    """True if the creator has signed: there is an agreement that can be gone beyond."""
    signed = exists().where(
        Decision.subject_id == collaboration_id,
        Decision.kind == DecisionKind.SIGN_TERMS.value,
        Decision.status == "applied",
        Decision.choice["answer"].astext == "sign",
    )
    return bool(await session.scalar(select(signed)))


@dataclass(frozen=True)
class GrantedBy:
    """Who gave a bonus, and why."""

    name: str
    reason: str
    at: datetime


async def granted_by(session: AsyncSession, payout_id: str) -> GrantedBy | None:
    """The decision behind a bonus; None of any other payment."""
    found = await session.execute(
        select(Staff.name, Decision.comment, Decision.created_at)
        .join(Event, Event.decision_id == Decision.id)
        .join(Staff, Staff.id == Decision.actor_id)
        .where(
            Event.kind == StreamKind.PAYOUT.value,
            Event.entity_id == payout_id,
            Decision.kind == DecisionKind.GRANT_BONUS.value,
        )
    )
    row = found.one_or_none()
    return GrantedBy(*row) if row else None


async def payout_of(session: AsyncSession, decision_id: str) -> str:
    """Id of the payment that a decision about a bonus has made; empty if there is none (yet)."""
    decision = await session.get(Decision, decision_id)
    if decision is None or decision.status != "applied":
        return ""
    return (await _of_decision(session, decision)).id


async def _of_decision(session: AsyncSession, decision: Decision) -> Payout:
    query = (
        select(Payout)
        .join(Event, (Event.kind == StreamKind.PAYOUT.value) & (Event.entity_id == Payout.id))
        .where(
            Payout.collaboration_id == decision.subject_id,
            Payout.kind == BONUS,
            Event.decision_id == decision.id,
        )
    )
    return (await session.scalars(query)).one()


async def _write(session: AsyncSession, of: Collaboration, row: Decision, at: datetime) -> Payout:
    choice = BonusChoice.model_validate(row.choice)
    before = await session.scalar(
        select(func.count()).where(Payout.collaboration_id == of.id, Payout.kind == BONUS)
    )
    number = int(before or 0) + 1
    campaign = await session.get_one(Campaign, of.campaign_id)
    milestones = CampaignFile.model_validate(campaign.file).milestones
    payout = Payout(
        id=payout_id(of.id, BONUS, number),
        campaign_id=of.campaign_id,
        collaboration_id=of.id,
        creator_id=of.creator_id,
        kind=BONUS,
        number=number,
        amount_minor=choice.amount_minor,
        currency=of.currency,
        status=PayoutStatus.REQUESTED.value,
        releases=0,
        attempt=0,
        pay_by=at + max(each.pay_within for each in milestones),
        reversed_minor=0,
        created_at=at,
        updated_at=at,
        sequence=0,
        digest="",
    )
    session.add(payout)
    head = StreamHead(kind=StreamKind.PAYOUT, entity_id=payout.id)
    data = choice.model_dump(mode="json")
    write_event(session, payout, head, decided(row, data, at))
    await session.flush()
    postings = [
        Posting(kind=kind, key=f"{kind.value}:{payout.id}", amount_minor=payout.amount_minor)
        for kind in (PostingKind.RESERVE, PostingKind.EARN)
    ]
    await ledger.post_all(
        session, of.campaign_id, of.creator_id, of.id, payout.id, postings, payout.currency, at
    )
    return payout


async def _input(session: AsyncSession, payout: Payout) -> PayoutInput:
    campaign = await session.get_one(Campaign, payout.campaign_id)
    return PayoutInput(
        payout_id=payout.id,
        collaboration_id=payout.collaboration_id,
        campaign_id=payout.campaign_id,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
        pay_by=payout.pay_by,
        policy=PayoutPolicy.of(CampaignFile.model_validate(campaign.file)),
        granted=True,
    )
