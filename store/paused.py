"""Payments that wait for what only the brand can do at the provider: told to finance once.

Somebody has paused creators' accounts there, or there is not enough money. Both are told with the
sum that waits, and are over by themselves as soon as nothing waits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.lifecycle import BankStatus, HoldReason, PayoutStatus
from store import account_matters
from store.tables import AccountMatter, Payout, Recipient

PAUSED = "paused"
"""Status of an account that the brand itself has paused."""

_ONE_AT_A_TIME = 7_238_004
"""The lock of PostgreSQL that two sweeps queue up for."""

_OVER = [
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    PayoutStatus.CANCELLED.value,
]  # fmt: skip

_WAITS: dict[MatterCode, ColumnElement[bool]] = {
    # What is open counts, and what came back into the accounts since payouts to banks are paused.
    MatterCode.PAUSED: or_(
        and_(Recipient.status == PAUSED, Payout.status.not_in(_OVER)),
        Payout.bank_status == BankStatus.PAUSED.value,
    ),
    MatterCode.WAITING_FUNDS: Payout.hold_reason == HoldReason.WAITING_FUNDS.value,
}


async def tell(session: AsyncSession, at: datetime) -> None:
    """Have finance know how much waits for what, and close that when nothing does."""
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    for code, waits in _WAITS.items():
        await _tell(session, code, waits, at)


async def _tell(
    session: AsyncSession, code: MatterCode, waits: ColumnElement[bool], at: datetime
) -> None:
    sums = await session.execute(
        select(Payout.currency, func.sum(Payout.sent_minor - Payout.reversed_minor))
        .join(Recipient, Recipient.creator_id == Payout.creator_id)
        .where(waits)
        .group_by(Payout.currency)
    )
    waiting = {currency: int(total) for currency, total in sums}
    rows = await session.scalars(
        select(AccountMatter).where(
            AccountMatter.code == code.value, AccountMatter.settled_at.is_(None)
        )
    )
    told = {row.currency: row.amount_minor for row in rows}
    for currency, amount in waiting.items():
        if told.get(currency) != amount:
            await account_matters.note(session, code, currency, amount, at)
    for currency in told.keys() - waiting.keys():
        await account_matters.gone(session, code, currency, at)
