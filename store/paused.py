"""Creators whose accounts the brand itself has paused at the provider: how much waits for that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.lifecycle import BankStatus, PayoutStatus
from store import account_matters
from store.tables import AccountMatter, Payout, Recipient

PAUSED = "paused"
"""Status of such an account."""

_ONE_AT_A_TIME = 7_238_004
"""The lock of PostgreSQL that two sweeps queue up for."""

_OVER = [PayoutStatus.TRANSFERRED.value, PayoutStatus.CANCELLED.value]


async def tell(session: AsyncSession, at: datetime) -> None:
    """Have finance know how much waits for paused accounts, and close that when nothing does.

    What is open counts, and what came back into the accounts since payouts to banks are paused.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    waits = or_(
        and_(Recipient.status == PAUSED, Payout.status.not_in(_OVER)),
        Payout.bank_status == BankStatus.PAUSED.value,
    )
    sums = await session.execute(
        select(Payout.currency, func.sum(Payout.sent_minor - Payout.reversed_minor))
        .join(Recipient, Recipient.creator_id == Payout.creator_id)
        .where(waits)
        .group_by(Payout.currency)
    )
    waiting = {currency: int(total) for currency, total in sums}
    rows = await session.scalars(
        select(AccountMatter).where(
            AccountMatter.code == MatterCode.PAUSED.value, AccountMatter.settled_at.is_(None)
        )
    )
    told = {row.currency: row.amount_minor for row in rows}
    for currency, amount in waiting.items():
        if told.get(currency) != amount:
            await account_matters.note(session, MatterCode.PAUSED, currency, amount, at)
    for currency in told.keys() - waiting.keys():
        await account_matters.gone(session, MatterCode.PAUSED, currency, at)
