"""The report's parts about people and time: payments, missed deadlines, decisions, reminders."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from domain.mails import Mail
from domain.report import (
    MISSED,
    Intervention,
    MissedDeadline,
    PaymentLine,
    Reminders,
    payment_note,
)
from store.other_payments import IT_IS, OVER_AT
from store.tables import (
    Campaign,
    Check,
    Collaboration,
    Decision,
    Event,
    InboxItem,
    OtherPayment,
    OutboxMail,
    Payout,
    PayoutAttempt,
)

_REMINDERS = tuple(mail.value for mail in Mail if mail.value.endswith("_reminder"))


async def payments(session: AsyncSession, campaign_id: str, staffing: str) -> list[PaymentLine]:
    """Every payment with who released it and when it was sent, or what became of it instead."""
    released: dict[str, list[str]] = defaultdict(list)
    for payout_id, actor in await session.execute(
        select(Decision.subject_id, Decision.actor_id)
        .join(Payout, Payout.id == Decision.subject_id)
        .where(
            Payout.campaign_id == campaign_id,
            Decision.kind == DecisionKind.RELEASE_PAYOUT.value,
            Decision.status == "applied",
        )
        .order_by(Decision.settled_at, Decision.id)
    ):
        released[payout_id].append(actor)
    rows = await session.execute(
        select(Payout, OVER_AT, OtherPayment.reference)
        .outerjoin(PayoutAttempt, PayoutAttempt.transfer_id == Payout.moved_by)
        .outerjoin(OtherPayment, IT_IS)
        .where(Payout.campaign_id == campaign_id)
        .order_by(Payout.created_at, Payout.id)
    )
    return [
        PaymentLine(
            payout_id=row.id,
            creator_id=row.creator_id,
            kind=row.kind,
            amount_minor=row.amount_minor,
            status=row.status,
            hold_reason=row.hold_reason,
            pay_by=row.pay_by,
            netted_minor=row.netted_minor,
            over_at=over_at,
            late=over_at is not None and over_at > row.pay_by,
            transfer_id=row.moved_by,
            other_reference=reference,
            released_by=tuple(released[row.id]),
            note=payment_note(staffing, released[row.id]),
        )
        for row, over_at, reference in rows
    ]


async def missed(session: AsyncSession, campaign_id: str) -> list[MissedDeadline]:
    """Ends that a missed deadline brought."""
    reason = Event.data["reason"].astext
    rows = await session.execute(
        select(Collaboration.creator_id, reason, Event.at)
        .join(Collaboration, Collaboration.id == Event.entity_id)
        .where(
            Collaboration.campaign_id == campaign_id,
            Event.kind == "collaboration",
            Event.event == "ended",
            reason.in_(MISSED),
        )
        .order_by(Event.at)
    )
    return [
        MissedDeadline(creator_id=creator_id, reason=code, what=MISSED[code], at=at)
        for creator_id, code, at in rows
    ]


async def interventions(session: AsyncSession, campaign_id: str) -> list[Intervention]:
    """What staff decided, counted by kind and answer."""
    answer = func.coalesce(Decision.choice["answer"].astext, "")
    subjects = (
        select(Collaboration.id)
        .where(Collaboration.campaign_id == campaign_id)
        .union_all(
            select(Payout.id).where(Payout.campaign_id == campaign_id),
            select(Campaign.id).where(Campaign.id == campaign_id),
        )
    )
    rows = await session.execute(
        select(Decision.kind, answer, func.count())
        .where(
            Decision.actor_kind == "staff",
            Decision.status == "applied",
            Decision.subject_id.in_(subjects),
        )
        .group_by(Decision.kind, answer)
        .order_by(Decision.kind, answer)
    )
    return [Intervention(kind=kind, answer=said, count=count) for kind, said, count in rows]


async def reminders(session: AsyncSession, campaign_id: str) -> Reminders:
    """What Troupe did by itself: reminders, escalations, looks at posts."""
    mails = await session.execute(
        select(OutboxMail.mail, func.count())
        .where(
            OutboxMail.campaign_id == campaign_id,
            OutboxMail.mail.in_(_REMINDERS),
            OutboxMail.status == "accepted",
        )
        .group_by(OutboxMail.mail)
        .order_by(OutboxMail.mail)
    )
    staff, escalations = (
        await session.execute(
            select(
                func.coalesce(func.sum(InboxItem.reminded), 0),
                func.count().filter(InboxItem.escalated),
            ).where(InboxItem.campaign_id == campaign_id, InboxItem.role != "creator")
        )
    ).one()
    checks = await session.scalar(
        select(func.count())
        .select_from(Check)
        .join(Collaboration, Collaboration.id == Check.collaboration_id)
        .where(Collaboration.campaign_id == campaign_id)
    )
    return Reminders(
        creators={mail: int(count) for mail, count in mails},
        staff=int(staff),
        escalations=int(escalations),
        checks=checks or 0,
    )
