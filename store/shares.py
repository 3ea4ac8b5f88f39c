"""What each payment has of a transfer, and what of it was too much.

A transfer that was given up as never made may turn up after all. What it was to pay may be over by
then: paid otherwise, or not owed any more. So much of it has paid nothing here, nothing is booked
for it, and what is taken back counts to that first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import OVER_UNSENT
from domain.reconciliation import Difference, DifferenceCode
from store import comparisons
from store.riders import riders_of
from store.tables import Payout, PayoutAttempt, Rider


@dataclass(frozen=True)
class Share:
    """What was sent of one payment by a transfer."""

    payout: Payout
    amount_minor: int
    too_much: bool
    """The payment is over, and not by this transfer."""

    @property
    def payout_id(self) -> str:
        """The payment's id."""
        return self.payout.id


async def shares(session: AsyncSession, transfer_id: str) -> list[Share]:
    """Whom a transfer pays: the payment that it was made for, then what rode along."""
    return [each for each in await _sent(session, transfer_id) if not each.too_much]


async def too_much(session: AsyncSession, transfer_id: str) -> list[Share]:
    """What a transfer has sent of payments that are over without it, in the same order."""
    return [each for each in await _sent(session, transfer_id) if each.too_much]


def over_without(payout: Payout, transfer_id: str | None) -> bool:
    """True if a payment is over, and not by this transfer."""
    return payout.status in OVER_UNSENT or payout.moved_by not in {None, transfer_id}


async def own_share(session: AsyncSession, attempt: PayoutAttempt) -> int:
    """What an attempt sends for the payment that it is made for."""
    payout = await session.get_one(Payout, attempt.payout_id)
    along = [
        each.amount_minor
        for each in await riders_of(session, payout.id)
        if each.number == attempt.number
    ]
    return (attempt.amount_minor or payout.sent_minor) - sum(along)


async def tell_too_much(session: AsyncSession, attempt: PayoutAttempt, at: datetime) -> None:
    """Put it into finance's inbox if an attempt that went through after all has sent too much."""
    sent = await _sent(session, attempt.transfer_id or "")
    total = sum(each.amount_minor for each in sent)
    paid = sum(each.amount_minor for each in sent if not each.too_much)
    if paid == total:
        return
    payout = await session.get_one(Payout, attempt.payout_id)
    found = Difference(
        code=DifferenceCode.SENT_TOO_MUCH, payout_id=payout.id,
        transfer_id=attempt.transfer_id or "", currency=payout.currency, ours_minor=paid,
        theirs_minor=total,
    )  # fmt: skip
    await comparisons.note(session, found, at)


async def _sent(session: AsyncSession, transfer_id: str) -> list[Share]:
    """All that a transfer has sent."""
    attempt = await session.scalar(
        select(PayoutAttempt).where(PayoutAttempt.transfer_id == transfer_id)
    )
    if attempt is None:
        return []
    along = await session.execute(
        select(Payout, Rider.amount_minor)
        .join(Rider, Rider.rider_id == Payout.id)
        .where(Rider.payout_id == attempt.payout_id, Rider.number == attempt.number)
        .order_by(Rider.rider_id)
    )
    sent = [
        (await session.get_one(Payout, attempt.payout_id), await own_share(session, attempt)),
        *((payout, amount) for payout, amount in along),
    ]
    return [Share(each, amount, over_without(each, transfer_id)) for each, amount in sent]
