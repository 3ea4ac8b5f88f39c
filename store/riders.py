"""Payments that are too small to be sent alone: a later one to the same account takes them along.

A rider is bound to one attempt of the other payment, in the transaction that makes the attempt:
from then on it is neither sent nor ended in another way. If the attempt definitely failed it is
free again; if it went through, the rider is paid by that transfer, and its workflow books it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.bank_transfer import is_bank_account
from domain.errors import Unavailable
from domain.lifecycle import OVER_UNSENT, PayoutStatus
from domain.messages import TransferOutcome, TransferResult
from store import comparisons
from store.brands import brand_of
from store.tables import Campaign, Collaboration, Payout, PayoutAttempt, Rider

MOST = 100
"""Payments that one attempt takes along."""

_OPEN_OR_PAID = (
    TransferOutcome.IN_DOUBT.value, TransferOutcome.UNDER_WAY.value,
    TransferOutcome.TRANSFERRED.value,
)  # fmt: skip
_OVER = [each.value for each in (PayoutStatus.TRANSFERRED, *OVER_UNSENT)]

OF_ATTEMPT = and_(Rider.payout_id == PayoutAttempt.payout_id, Rider.number == PayoutAttempt.number)


SENT_IN_ALL = func.coalesce(func.nullif(PayoutAttempt.amount_minor, 0), Payout.sent_minor)
"""What an attempt sends with all that goes along, its own payment joined.

Attempts from before amounts were kept sent what their payments say.
"""


async def begin(session: AsyncSession, attempt: PayoutAttempt, at: datetime) -> None:
    """Write a new attempt, with what waits for its creator's account going along.

    What somebody is just deciding or booking is locked by them, and goes along the next time.
    """
    alone = is_bank_account(attempt.account_id) or await _was_too_much(session, attempt)
    along = [] if alone else await _waiting(session, attempt)
    busy = await _busy(session, [each.id for each in along], at)
    along = [each for each in along if each.id not in busy]
    attempt.amount_minor += sum(each.sent_minor for each in along)
    session.add(attempt)
    await session.flush()
    session.add_all(
        Rider(
            payout_id=attempt.payout_id, number=attempt.number, rider_id=each.id,
            amount_minor=each.sent_minor, bound_at=at,
        )
        for each in along
    )  # fmt: skip
    await session.flush()


async def _was_too_much(session: AsyncSession, attempt: PayoutAttempt) -> bool:
    """True if the balance did not reach for it with others: what can be paid alone goes alone."""
    refused = (
        exists()
        .where(
            OF_ATTEMPT,
            Rider.payout_id == attempt.payout_id,
            PayoutAttempt.outcome == TransferOutcome.WAITING_FUNDS.value,
        )
    )  # fmt: skip
    return bool(await session.scalar(select(refused)))


async def _waiting(session: AsyncSession, attempt: PayoutAttempt) -> Sequence[Payout]:
    """Released for this account, and held since then only because they are too small."""
    takes = aliased(Payout)
    its_campaign = aliased(Campaign)
    found = await session.scalars(
        select(Payout)
        .join(takes, takes.id == attempt.payout_id)
        .join(its_campaign, its_campaign.id == takes.campaign_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .join(Collaboration, Collaboration.id == Payout.collaboration_id)
        .where(
            Payout.rides,
            Payout.id != takes.id,
            Payout.creator_id == takes.creator_id,
            Payout.currency == takes.currency,
            Payout.payee_account == attempt.account_id,
            # Another brand on the same server is another debtor.
            brand_of() == brand_of(its_campaign),
            Collaboration.suspended.is_(False),
            # What somebody has paid by hand, finance decides about.
            ~comparisons.foreign(Payout.id),
        )
        .order_by(Payout.pay_by, Payout.id)
        .limit(MOST)
        .with_for_update(of=Payout, key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def _busy(session: AsyncSession, payout_ids: Collection[str], at: datetime) -> set[str]:
    """Those of which an attempt, their own or another payment's, may yet move the money.

    Asked once they are locked, so that it is true until the end of the transaction.
    """
    own = select(PayoutAttempt.payout_id).where(
        PayoutAttempt.payout_id.in_(payout_ids),
        or_(
            PayoutAttempt.outcome.is_(None),
            PayoutAttempt.outcome.in_(_OPEN_OR_PAID),
            PayoutAttempt.late_until > at,
        ),
    )
    riding = select(Rider.rider_id).where(Rider.rider_id.in_(payout_ids), _bound(at))
    return set(await session.scalars(own.union(riding)))


def _bound(at: datetime | None) -> ColumnElement[bool]:
    if at is None:
        return Rider.free_from.is_(None)
    return or_(Rider.free_from.is_(None), Rider.free_from > at)


async def is_riding(session: AsyncSession, payout_id: str, at: datetime | None = None) -> bool:
    """True if an attempt of another payment has paid it, or may pay it.

    With the time now, also if an earlier worker may still be sending one that is settled.
    """
    return bool(
        await session.scalar(select(exists().where(Rider.rider_id == payout_id, _bound(at))))
    )


async def refuse_while_riding(
    session: AsyncSession, payout_id: str, at: datetime | None = None
) -> None:
    """To be asked under the payment's lock, before anything is sent for it.

    Raises:
        Unavailable: another payment has taken it along.
    """
    if await is_riding(session, payout_id, at):
        raise Unavailable(f"payout {payout_id} goes along with another one")


async def carried(session: AsyncSession, payout_id: str) -> TransferResult | None:
    """The transfer of another payment that has paid this one, if one did.

    With what was sent of it, if that is not what would be sent now: it may have been released anew
    while its transfer was thought not to be there.
    """
    found = await session.execute(
        select(PayoutAttempt.transfer_id, Rider.amount_minor, Payout.sent_minor)
        .join(Rider, OF_ATTEMPT)
        .join(Payout, Payout.id == Rider.rider_id)
        .where(
            Rider.rider_id == payout_id,
            Rider.free_from.is_(None),
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
        )
        .limit(1)
    )
    paid = found.one_or_none()
    if paid is None:
        return None
    transfer, sent, asked = paid
    return TransferResult(
        outcome=TransferOutcome.TRANSFERRED,
        shared_transfer_id=transfer,
        amount_minor=0 if sent == asked else sent,
    )


async def waits(session: AsyncSession, payout_id: str) -> TransferResult | None:
    """What a payment is answered that wants to be sent while it goes along with another one.

    It is as it was: too small, until that one's attempt has failed or gone through.
    """
    if not await is_riding(session, payout_id):
        return None
    return TransferResult(outcome=TransferOutcome.TOO_SMALL, code="amount_too_small")


async def keep_or_free(session: AsyncSession, attempt: PayoutAttempt, at: datetime) -> None:
    """What the outcome of an attempt means for what rides on it.

    Riders of an attempt that failed are free; when somebody from whom it was taken over may still
    be sending it, not before that is over. A transfer that is reported after all has paid them,
    unless they are over or ride on another one; then, as soon as that one has failed.
    """
    mine = and_(Rider.payout_id == attempt.payout_id, Rider.number == attempt.number)
    if not attempt.transfer_id:
        free_from = max(at, attempt.late_until or at)
        await session.execute(
            update(Rider).where(mine, Rider.free_from.is_(None)).values(free_from=free_from)
        )
    loose = await session.scalars(select(Rider.rider_id).where(mine, Rider.free_from.is_not(None)))
    if rider_ids := loose.all():
        await _bind_to_what_paid(session, rider_ids)


async def _bind_to_what_paid(session: AsyncSession, rider_ids: Sequence[str]) -> None:
    """Those that are bound to nothing, and were in a transfer that turned up, are paid by it.

    Under their locks: of a transfer that turns up and another attempt that fails in the same
    moment, the second sees the first.
    """
    mine = Payout.id.in_(rider_ids)
    await session.execute(
        select(Payout.id).where(mine).order_by(Payout.id).with_for_update(key_share=True)
    )
    other = aliased(Rider)
    free = ~exists().where(other.rider_id == Rider.rider_id, other.free_from.is_(None))
    found = await session.scalars(
        select(Rider)
        .join(PayoutAttempt, OF_ATTEMPT)
        .join(Payout, Payout.id == Rider.rider_id)
        .where(
            mine,
            free,
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
            Payout.status.not_in(_OVER),
        )
        .order_by(Rider.bound_at, Rider.payout_id)
        .execution_options(populate_existing=True)
    )
    for each in {rider.rider_id: rider for rider in found}.values():
        each.free_from = None
    await session.flush()


async def to_be_booked(session: AsyncSession, at_most: int) -> list[str]:
    """Payments that a transfer has taken along and that do not know it yet."""
    found = await session.scalars(
        select(Rider.rider_id)
        .join(PayoutAttempt, OF_ATTEMPT)
        .join(Payout, Payout.id == Rider.rider_id)
        .where(
            Rider.free_from.is_(None),
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
            Payout.status.not_in(_OVER),
        )
        .order_by(Rider.bound_at, Rider.rider_id)
        .limit(at_most)
    )
    return list(found)


async def riders_of(session: AsyncSession, payout_id: str) -> Sequence[Rider]:
    """What its attempts have taken along, in the order in which money is counted to them."""
    found = await session.scalars(
        select(Rider).where(Rider.payout_id == payout_id).order_by(Rider.number, Rider.rider_id)
    )
    return found.all()


async def ride_of(session: AsyncSession, payout_id: str) -> Rider | None:
    """With which attempt of another payment it goes, or went, along; None if with none."""
    return await session.scalar(
        select(Rider).where(Rider.rider_id == payout_id, Rider.free_from.is_(None))
    )
