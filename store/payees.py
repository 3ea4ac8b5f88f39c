"""Whose account a payment goes to, since when, and whether its release was for that one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.ids import OUTBOX, derived_id
from domain.mails import Mail
from domain.messages import TransferOutcome
from domain.payees import account_digest
from store.tables import (
    Collaboration,
    OutboxMail,
    Payout,
    PayoutAttempt,
    Recipient,
)


async def account_of(session: AsyncSession, creator_id: str) -> str:
    """The account that the creator's payments go to now; empty if there is none."""
    query = select(Recipient.account_id).where(Recipient.creator_id == creator_id)
    return await session.scalar(query) or ""


async def digest_of(session: AsyncSession, payout_id: str) -> str:
    """What a release of this payment has to carry now; see `domain.payees.account_digest`."""
    creator_id = await session.scalar(select(Payout.creator_id).where(Payout.id == payout_id))
    return account_digest(await account_of(session, creator_id or ""))


def is_new() -> ColumnElement[bool]:
    """True of an account (`Recipient`) that is younger than its creator's last payment."""
    paid = aliased(Payout)
    last = (
        select(func.max(PayoutAttempt.first_sent_at))
        .join(paid, paid.id == PayoutAttempt.payout_id)
        .where(
            paid.creator_id == Recipient.creator_id,
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
        )
        .correlate(Recipient)
        .scalar_subquery()
    )
    return func.coalesce(Recipient.since > last, literal(False))


def first_was_for_another() -> ColumnElement[bool]:
    """True of a payment that waits for a second release after a first one for another account."""
    now = (
        select(Recipient.account_id)
        .where(Recipient.creator_id == Payout.creator_id)
        .correlate(Payout)
        .scalar_subquery()
    )
    return and_(
        Payout.releases > 0,
        Payout.payee_account.is_not(None),
        Payout.payee_account.is_distinct_from(now),
    )


def warning_id(account_id: str) -> str:
    """Id of the mail that tells of another account."""
    return derived_id(OUTBOX, account_id)


async def warning(session: AsyncSession, account_id: str) -> tuple[str, ...]:
    """The mail that tells a creator of another account, if it took the place of one."""
    there = await session.get(OutboxMail, warning_id(account_id))
    return (there.id,) if there else ()


async def warn(session: AsyncSession, creator_id: str, account_id: str, at: datetime) -> None:
    """Plan a mail to the creator's address: whoever has the link may not be the creator.

    Planned once for each account. It is sent once an event of the account is applied.
    """
    of = await session.scalar(
        select(Collaboration)
        .where(Collaboration.creator_id == creator_id)
        .order_by(Collaboration.ended_at.is_not(None), Collaboration.created_at.desc())
        .limit(1)
    )
    if of is not None:
        mail = insert(OutboxMail).values(
            id=warning_id(account_id), campaign_id=of.campaign_id, collaboration_id=of.id,
            mail=Mail.ACCOUNT_CHANGED.value, step=f"account_changed:{account_id}", facts={},
            planned_at=at,
        )  # fmt: skip
        await session.execute(mail.on_conflict_do_nothing())
