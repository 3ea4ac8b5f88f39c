"""Who cannot be paid by their account, since when, and how often they were asked to mend that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import ACCOUNT_REFUSED
from domain.campaign import PayoutSetup
from domain.ids import outbox_id
from domain.lifecycle import HoldReason
from domain.mails import Mail
from domain.payments import BONUS, REPAYMENT
from domain.payout_setup import Ask, Standing, look
from store.finance import ASKS, under_contract, unpaid
from store.paused import PAUSED
from store.tables import (
    Campaign,
    Collaboration,
    OutboxMail,
    Payout,
    PayoutStanding,
    Recipient,
)

_TRIED_FOR = timedelta(days=1)
"""A mail that no server has taken for so long is not sent; that is said beside the creator."""

_ONE_AT_A_TIME = 7_238_011
"""The lock of PostgreSQL that two looks at once queue up for."""


@dataclass(frozen=True)
class _Payee:
    """A creator under contract, by their newest collaboration."""

    creator_id: str
    collaboration_id: str
    campaign_id: str
    rhythm: PayoutSetup
    status: str | None
    requirements: Sequence[str]

    @property
    def ready(self) -> bool:
        """True if nothing is to be asked of them: to be paid, or not theirs to mend."""
        not_theirs = self.status == PAUSED or HoldReason.ACCOUNT_REJECTED in self.requirements
        return self.status == "active" or not_theirs


async def follow_up(session: AsyncSession, now: datetime) -> int:
    """Look at everybody under contract, and plan the mails that are due; gives how many.

    Looking again changes nothing: what was found and asked is written in the same transaction.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    payees = await _payees(session)
    known = {row.creator_id: row for row in await session.scalars(select(PayoutStanding))}
    gone = known.keys() - {each.creator_id for each in payees}
    if gone:
        await session.execute(delete(PayoutStanding).where(PayoutStanding.creator_id.in_(gone)))
    planned = 0
    for each in payees:
        planned += await _follow_up(session, each, known.get(each.creator_id), now)
    return planned


async def unsent(session: AsyncSession, limit: int) -> Sequence[str]:
    """Mails about the set-up that are planned and not sent, oldest first."""
    rows = await session.scalars(
        select(OutboxMail.id)
        .where(
            OutboxMail.mail == Mail.PAYOUT_SETUP_REMINDER.value,
            OutboxMail.status.in_(("planned", "claimed")),
        )
        .order_by(OutboxMail.planned_at, OutboxMail.id)
        .limit(limit)
    )
    return rows.all()


async def to_read_again(session: AsyncSession, hour: int, at_most: int) -> Sequence[Recipient]:
    """Accounts that are read whether an event came or not, those that cannot be paid first.

    Those that cannot be paid are read every hour, the others once a day, each in an hour of its
    own; only while their creator has work or money with us.

    Args:
        session: a transaction.
        hour: of the day, in UTC.
        at_most: how many.
    """
    at_work = (
        exists()
        .where(Collaboration.creator_id == Recipient.creator_id, under_contract())
        .correlate(Recipient)
    )
    not_ready = Recipient.status != "active"
    its_hour = func.abs(func.mod(func.hashtext(Recipient.creator_id), 24)) == hour
    found = await session.scalars(
        select(Recipient)
        .where(at_work, or_(not_ready, its_hour))
        .order_by(not_ready.desc(), Recipient.updated_at, Recipient.creator_id)
        .limit(at_most)
    )
    return found.all()


async def _payees(session: AsyncSession) -> list[_Payee]:
    rows = await session.execute(
        select(
            Collaboration.creator_id, Collaboration.id, Collaboration.campaign_id,
            Campaign.file["payout_setup"], Recipient.status, Recipient.requirements,
        )
        .ext(distinct_on(Collaboration.creator_id))
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .outerjoin(Recipient, Recipient.creator_id == Collaboration.creator_id)
        .where(under_contract(), Collaboration.suspended.is_(False))
        .order_by(
            Collaboration.creator_id, Collaboration.created_at.desc(), Collaboration.id.desc()
        )
    )  # fmt: skip
    return [
        # Campaigns that were begun before there was such a section have its defaults.
        _Payee(creator, of, campaign, PayoutSetup.model_validate(rhythm or {}), status, lacks or ())
        for creator, of, campaign, rhythm, status, lacks in rows
    ]


async def _follow_up(
    session: AsyncSession, payee: _Payee, row: PayoutStanding | None, now: datetime
) -> int:
    before = Standing(row.ready, row.since, row.reminded) if row else None
    if before is not None and payee.ready and before.ready:
        return 0
    found = look(
        before, ready=payee.ready, remind_after=payee.rhythm.remind_after, now=now,
        asked_at=await _asked_at(session, payee, before, now),
    )  # fmt: skip
    if row is None:
        row = PayoutStanding(creator_id=payee.creator_id)
        session.add(row)
    row.ready, row.since, row.reminded = (
        found.standing.ready, found.standing.since, found.standing.reminded,
    )  # fmt: skip
    if found.ask is None:
        return 0
    session.add(await _mail(session, payee, found.ask, found.standing, now))
    return 1


async def _asked_at(
    session: AsyncSession, payee: _Payee, before: Standing | None, now: datetime
) -> datetime | None:
    """When the creator was last asked, in whatever mail."""
    if payee.ready or before is None:
        return None
    if before.ready and ACCOUNT_REFUSED in payee.requirements:
        return now  # a mail about the payment that the bank refused is on its way
    last: datetime | None = await session.scalar(
        select(func.max(OutboxMail.planned_at))
        .join(Collaboration, Collaboration.id == OutboxMail.collaboration_id)
        .where(
            Collaboration.creator_id == payee.creator_id,
            OutboxMail.mail.in_(ASKS),
        )
    )
    return last


async def _mail(
    session: AsyncSession, payee: _Payee, ask: Ask, standing: Standing, now: datetime
) -> OutboxMail:
    waiting = await session.scalar(
        select(func.coalesce(func.sum(Payout.amount_minor), 0)).where(
            Payout.collaboration_id == payee.collaboration_id,
            unpaid(),
            # Of these the creator hears by their own mails, if at all.
            Payout.kind.not_in((BONUS, REPAYMENT)),
        )
    )
    last = standing.reminded == len(payee.rhythm.remind_after)
    step = f"payout_setup_{ask.value}:{standing.since.isoformat()}:{standing.reminded}"
    return OutboxMail(
        id=outbox_id(payee.collaboration_id, step), campaign_id=payee.campaign_id,
        collaboration_id=payee.collaboration_id, mail=Mail.PAYOUT_SETUP_REMINDER.value, step=step,
        planned_at=now, not_after=now + _TRIED_FOR,
        facts={
            "ask": ask.value, "waiting_minor": int(waiting or 0),
            "last": int(last and ask is Ask.REMINDER),
        },
    )  # fmt: skip
