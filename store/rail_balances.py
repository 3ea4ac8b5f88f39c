"""What the brand has at the payment provider, as the payout worker last read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.lifecycle import HoldReason
from store import account_matters
from store.riders import SENT_IN_ALL
from store.tables import Payout, PayoutAttempt, RailBalance

STRIPE = "stripe"
_ONE_AT_A_TIME = 7_238_002
"""The lock of PostgreSQL that two readings which end at once queue up for."""


@dataclass(frozen=True)
class Funds:
    """Money at the provider in one currency, in its smallest unit."""

    available: int
    """What could be paid out at ``read_at``; below zero if the provider is owed something."""
    sent_since: int
    """What has been sent since then, by our own books."""
    read_at: datetime
    reserved: int = 0
    """Held back for creators' accounts below zero; it cannot be used, and is not in the above."""

    @property
    def left(self) -> int:
        """What is there now, as far as it is known; top-ups since the reading are not."""
        return self.available - self.sent_since


async def record(
    session: AsyncSession,
    amounts: Mapping[str, int],
    at: datetime,
    rail: str = STRIPE,
    *,
    reserved: Mapping[str, int] | None = None,
) -> None:
    """Keep a reading; one that is older than what is there changes nothing.

    When more is held back than at the reading before, finance has it in the inbox; when nothing is
    held back any more, no longer.

    Args:
        session: a transaction.
        amounts: all of the balance, by currency; one that is missing is no longer held.
        at: just before the provider was asked.
        rail: whose balance.
        reserved: what is held back, by currency; those that are missing have nothing.
    """
    held = reserved or {}
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    newest = await session.scalar(
        select(func.max(RailBalance.read_at)).where(RailBalance.rail == rail)
    )
    if newest is not None and newest >= at:
        return
    before = await session.execute(
        delete(RailBalance)
        .where(RailBalance.rail == rail)
        .returning(RailBalance.currency, RailBalance.reserved_minor)
    )
    await _tell(session, {currency: kept for currency, kept in before}, held, at)
    session.add_all(
        RailBalance(
            rail=rail, currency=currency, available_minor=amounts.get(currency, 0),
            reserved_minor=held.get(currency, 0), read_at=at,
        )
        for currency in sorted(amounts.keys() | held.keys())
    )  # fmt: skip
    await session.flush()


async def _tell(
    session: AsyncSession, before: Mapping[str, int], held: Mapping[str, int], at: datetime
) -> None:
    code = MatterCode.CONNECT_RESERVED
    for currency in sorted(before.keys() | held.keys()):
        now = held.get(currency, 0)
        if not now:
            await account_matters.gone(session, code, currency, at)
        elif now > before.get(currency, 0) or await account_matters.current(
            session, code, currency
        ):
            await account_matters.note(session, code, currency, now, at)


async def funds(session: AsyncSession, rail: str = STRIPE) -> dict[str, Funds]:
    """What was read, by currency, with what has been sent since; one query."""
    sent = (
        select(func.coalesce(func.sum(SENT_IN_ALL), 0))
        .join(PayoutAttempt, PayoutAttempt.payout_id == Payout.id)
        .where(
            PayoutAttempt.settled_at >= RailBalance.read_at,
            PayoutAttempt.outcome == "transferred",
            Payout.currency == RailBalance.currency,
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            RailBalance.currency,
            RailBalance.available_minor,
            sent,
            RailBalance.read_at,
            RailBalance.reserved_minor,
        )
        .where(RailBalance.rail == rail)
        .order_by(RailBalance.currency)
    )
    return {
        currency: Funds(available, int(since), moment, kept)
        for currency, available, since, moment, kept in rows
    }


async def to_be_woken(session: AsyncSession, at_most: int, rail: str = STRIPE) -> list[str]:
    """Payments refused for want of money that a later reading shows to be there; first due first.

    News of money is only for payments that are on hold when it comes. One that was refused a
    moment before it came would wait for its timer. What is there is given out once: those that it
    does not reach for are not tried in vain, and a sum that is too large holds up no smaller one.
    """
    found = await session.execute(
        select(Payout.id, Payout.currency, Payout.sent_minor)
        .join(
            PayoutAttempt,
            (PayoutAttempt.payout_id == Payout.id) & (PayoutAttempt.number == Payout.attempt),
        )
        .join(RailBalance, RailBalance.currency == Payout.currency)
        .where(
            Payout.hold_reason == HoldReason.WAITING_FUNDS.value,
            RailBalance.rail == rail,
            RailBalance.read_at > PayoutAttempt.settled_at,
            RailBalance.available_minor >= Payout.sent_minor,
        )
        .order_by(Payout.pay_by, Payout.id)
        .limit(at_most)
    )
    left = {currency: there.left for currency, there in (await funds(session, rail)).items()}
    woken: list[str] = []
    for payout_id, currency, amount in found:
        if amount <= left[currency]:
            left[currency] -= amount
            woken.append(payout_id)
    return woken
