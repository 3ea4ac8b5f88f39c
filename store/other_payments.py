"""Payments that were made without Troupe: what a person says of one before it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, ScalarSelect, case, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.ids import derived_id
from domain.lifecycle import PayoutStatus
from domain.messages import PostingKind
from store.attempts import BY_HAND
from store.tables import Decision, LedgerTransaction, OtherPayment, Payout, PayoutAttempt, Staff

LONGEST = 140
"""Characters of a reference, as banks have them."""


class BadDay(UserMistake):
    """The day of the other payment is missing, or has not come yet."""

    code = "bad_day"


class ReferenceNeeded(UserMistake):
    """Nobody could find the other payment again."""

    code = "reference_needed"


IT_IS = OtherPayment.id == Payout.other_payment_id
"""For a join: how a payment was made another way, if it was."""

PAID_AT = func.coalesce(PayoutAttempt.settled_at, OtherPayment.paid_at)
"""When a payment's money moved, of its transfer's attempt and `IT_IS` joined; else NULL."""

OVER_AT = func.coalesce(
    PAID_AT, case((Payout.status == PayoutStatus.NETTED.value, Payout.updated_at))
)
"""The same, or when nothing was left to move, with the same joins; else NULL."""


_ELSEWHERE = Payout.other_payment_id.is_not(None)


def booked_at() -> ScalarSelect[datetime]:
    """When it was booked that a payment was paid; NULL before.

    That may be later than it was paid: what is dated by it does not fall into a month that is
    closed.
    """
    booked = aliased(LedgerTransaction)
    kind = case((_ELSEWHERE, PostingKind.ELSEWHERE.value), else_=PostingKind.SETTLE.value)
    return (
        select(booked.at)
        .where(booked.key == func.concat(kind, ":", Payout.id, ":", Payout.attempt))
        .correlate(Payout)
        .scalar_subquery()
    )


def said_at() -> ColumnElement[datetime | None]:
    """When it was booked that people had paid a payment, for `PAID_AT`'s joins; else NULL."""
    return case((or_(_ELSEWHERE, PayoutAttempt.code == BY_HAND), booked_at()))


@dataclass(frozen=True)
class SaidPaid:
    """What somebody said about a payment that was made another way."""

    decision: Decision
    name: str
    other: OtherPayment | None
    """None if it was a transfer made by hand in its group at the provider."""


async def keep(
    session: AsyncSession, payout_id: str, day: str, reference: str, at: datetime
) -> str:
    """Keep when and how a payment was made another way; the same words again are one row.

    Returns:
        The row's id; it counts once as many people as are needed have said so.

    Raises:
        BadDay: not a day, or one that has not come yet.
        ReferenceNeeded: nothing by which it could be found.
    """
    try:
        on = date.fromisoformat(day.strip())
    except ValueError:
        raise BadDay("the day has to be like 2026-06-30", hint="when was it paid?") from None
    if on > at.date():
        raise BadDay("that day has not come yet", hint="say so when it was paid")
    found_by = " ".join(reference.split())[:LONGEST]
    if len(found_by) < 3:
        raise ReferenceNeeded("a reference is required", hint="where is it found at your bank?")
    row = derived_id("oth", payout_id, on.isoformat(), found_by)
    await session.execute(
        insert(OtherPayment)
        .values(
            id=row, payout_id=payout_id, paid_at=datetime.combine(on, time(12), UTC),
            reference=found_by, created_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    return row


async def of_payment(session: AsyncSession, payout: Payout) -> OtherPayment | None:
    """How a payment was made another way; None of every other one."""
    if payout.other_payment_id is None:
        return None
    return await session.get(OtherPayment, payout.other_payment_id)


async def last_said(session: AsyncSession, payout_id: str) -> SaidPaid | None:
    """Who said last that a payment was made another way, and how."""
    row = (
        await session.execute(
            select(Decision, Staff.name, OtherPayment)
            .outerjoin(Staff, Staff.id == Decision.actor_id)
            .outerjoin(OtherPayment, OtherPayment.id == Decision.choice["content_id"].astext)
            .where(
                Decision.subject_id == payout_id,
                Decision.kind == DecisionKind.SETTLE_PAYOUT.value,
                Decision.status == "applied",
            )
            .order_by(Decision.settled_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return SaidPaid(row[0], row[1] or "", row[2]) if row else None
