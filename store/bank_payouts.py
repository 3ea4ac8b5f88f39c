"""What came after the transfer: the creator's bank has the money, or has sent it back.

No money of ours moves here, so nothing is posted: what a bank sent back lies in the creator's
account at the provider, which tries again. Paying it once more would pay it twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.lifecycle import BankStatus, PayoutStatus, StreamKind
from domain.mails import Mail
from domain.messages import Append, OpenItem, PayoutChange, PlannedMail, StreamHead
from domain.payments import BankPayout
from store.riders import OF_ATTEMPT
from store.tables import Payout, PayoutAttempt, Rider

_EVENT = {
    BankStatus.PAID_OUT: "paid_out",
    BankStatus.FAILED: "bank_failed",
    BankStatus.PAUSED: "bank_paused",
}


async def bookings(session: AsyncSession, found: BankPayout, at: datetime) -> list[Append]:
    """What is to be written about each payment whose money is in a payout to the bank.

    A payment whose money is in a later payout already is left alone: old news change nothing.
    """
    if found.status is None:
        return []
    rows = await session.scalars(
        select(Payout)
        .where(
            _is_in(found),
            Payout.status == PayoutStatus.TRANSFERRED.value,
            or_(
                Payout.bank_payout_id.is_(None),
                Payout.bank_payout_id.in_([found.id, *found.earlier]),
            ),
            or_(
                Payout.bank_payout_id.is_distinct_from(found.id),
                Payout.bank_status.is_distinct_from(found.status.value),
            ),
        )
        .order_by(Payout.id)
    )
    return [_booking(row, found, found.status, at) for row in rows]


def _is_in(found: BankPayout) -> ColumnElement[bool]:
    """The payment's own transfer is in the payout to the bank, or the one that took it along."""
    return or_(
        Payout.transfer_id.in_(found.transfers), Payout.shared_transfer_id.in_(found.transfers)
    )


async def unknown(session: AsyncSession, found: BankPayout) -> list[str]:
    """The transfers in a payout to the bank that no attempt of ours has adopted (yet)."""
    known = await session.scalars(
        select(PayoutAttempt.transfer_id).where(PayoutAttempt.transfer_id.in_(found.transfers))
    )
    ours = set(known)
    return [each for each in found.transfers if each not in ours]


async def is_ahead(session: AsyncSession, found: BankPayout) -> bool:
    """True if the bank was quicker than our books: a payment in it is not booked as sent yet.

    What became of it at the bank can be written down when it is.
    """
    in_it = PayoutAttempt.transfer_id.in_(found.transfers)
    paid = select(PayoutAttempt.payout_id).where(in_it)
    along = select(Rider.rider_id).join(PayoutAttempt, OF_ATTEMPT).where(
        in_it, Rider.free_from.is_(None)
    )  # fmt: skip
    moving = select(Payout.id).where(
        or_(Payout.id.in_(paid), Payout.id.in_(along)),
        Payout.status.not_in(
            [
                PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value,
                PayoutStatus.ELSEWHERE.value, PayoutStatus.CANCELLED.value,
            ]
        ),
    )  # fmt: skip
    return await session.scalar(moving.limit(1)) is not None


def _booking(row: Payout, found: BankPayout, status: BankStatus, at: datetime) -> Append:
    failed = status is BankStatus.FAILED
    return Append(
        head=StreamHead(
            kind=StreamKind.PAYOUT, entity_id=row.id, sequence=row.sequence, digest=row.digest
        ),
        at=at,
        key=f"bank:{found.id}:{status.value}",
        event=_EVENT[status],
        data={"bank_payout": found.id, "code": found.code if failed else ""},
        payout=PayoutChange(bank_status=status, bank_payout_id=found.id),
        open_items=(OpenItem(kind=ItemKind.BANK_FAILED, code=found.code),) if failed else (),
        close_items=() if failed else (ItemKind.BANK_FAILED,),
        mails=(_mail(row, found),) if failed else (),
    )


def _mail(row: Payout, found: BankPayout) -> PlannedMail:
    step = f"bank_failed:{row.id}:{found.id}"
    still = row.sent_minor - row.reversed_minor
    return PlannedMail.of(
        row.collaboration_id, Mail.BANK_FAILED, step, payout_id=row.id, amount_minor=still
    )


async def mails(session: AsyncSession, found: BankPayout) -> tuple[str, ...]:
    """The mails about a payout that failed; sending one twice is sending it once."""
    if found.status is not BankStatus.FAILED:
        return ()
    rows = await session.scalars(
        select(Payout)
        .where(
            Payout.bank_payout_id == found.id, Payout.bank_status == BankStatus.FAILED.value,
            _is_in(found),
        )
        .order_by(Payout.id)
    )  # fmt: skip
    return tuple(_mail(row, found).outbox_id for row in rows)
