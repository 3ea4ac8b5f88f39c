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
from domain.errors import Overdrawn
from domain.ids import payout_id
from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import (
    ApplyDecision,
    GrantBonus,
    Granted,
    PayoutInput,
    Posting,
    PostingKind,
    StreamHead,
)
from domain.payments import BONUS
from store import ledger
from store.duties import Refused, check_duties
from store.engine import session as transaction
from store.streams import NewEvent, write_event
from store.tables import Campaign, Collaboration, Decision, Event, Payout, Staff


async def grant(engine: AsyncEngine, command: GrantBonus) -> Granted:
    """Check a bonus's decision once more, and write the payment with its money and its event.

    Granting twice is one payment: the decision's row is locked, and its event names the payment.
    """
    try:
        async with transaction(engine) as session:
            return await _grant(session, command)
    except Overdrawn as refusal:
        if refusal.account != ledger.AVAILABLE:
            raise
    async with transaction(engine) as session:
        row = await session.get_one(Decision, command.ref.decision_id, with_for_update=True)
        return _refused(row, "over_budget", command.at)


async def _grant(session: AsyncSession, command: GrantBonus) -> Granted:
    row = await session.get(Decision, command.ref.decision_id, with_for_update=True)
    if row is None or row.kind != DecisionKind.GRANT_BONUS:
        return Granted(code="unknown")
    # Locked: the number is counted, and nobody suspends the collaboration meanwhile.
    of = await session.get(Collaboration, row.subject_id, with_for_update=True)
    if of is None:
        return _refused(row, "unknown", command.at)
    if row.status == "applied":
        return await _payment(session, await _of_decision(session, row))
    if row.status != "submitted":
        return Granted(code=row.code)
    try:
        await _may_be_granted(session, of, row, command)
    except Refused as refusal:
        return _refused(row, refusal.code, command.at)
    payout = await _write(session, of, row, command.at)
    row.status, row.code, row.settled_at = "applied", "applied", command.at
    return await _payment(session, payout)


def _refused(row: Decision, code: str, at: datetime) -> Granted:
    row.status, row.code, row.settled_at = "refused", code, at
    return Granted(code=code)


async def _may_be_granted(
    session: AsyncSession, of: Collaboration, row: Decision, command: GrantBonus
) -> None:
    head = StreamHead(kind=StreamKind.COLLABORATION, entity_id=of.id)
    check = ApplyDecision(head=head, at=command.at, ref=command.ref)
    await check_duties(session, of, row, check)
    if of.suspended:
        raise Refused("suspended")
    if not await is_signed(session, of.id):
        raise Refused("not_signed")


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
    write_event(session, payout, head, NewEvent(f"decision:{row.id}", row.kind, data, at, row.id))
    await session.flush()
    postings = [
        Posting(kind=kind, key=f"{kind.value}:{payout.id}", amount_minor=payout.amount_minor)
        for kind in (PostingKind.RESERVE, PostingKind.EARN)
    ]
    await ledger.post_all(
        session, of.campaign_id, of.creator_id, of.id, payout.id, postings, payout.currency, at
    )
    return payout


async def _payment(session: AsyncSession, payout: Payout) -> Granted:
    campaign = await session.get_one(Campaign, payout.campaign_id)
    return Granted(
        payment=PayoutInput(
            payout_id=payout.id,
            collaboration_id=payout.collaboration_id,
            campaign_id=payout.campaign_id,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            pay_by=payout.pay_by,
            policy=PayoutPolicy.of(CampaignFile.model_validate(campaign.file)),
            granted=True,
        )
    )
