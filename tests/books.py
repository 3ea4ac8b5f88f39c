"""Payments as they come to be: earned, sent and settled, with the ledger as it is then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.ids import payout_id
from domain.lifecycle import PayoutStatus
from domain.messages import Append, NewPayout, PayoutChange, Posting, PostingKind
from domain.payments import REPAYMENT
from store import ledger, records
from store.engine import session
from store.tables import Collaboration, Invoice, Payout, PayoutAttempt, Rider
from tests import builders
from tests.builders import NOW


async def earned(
    db: AsyncSession, of: Collaboration | None = None, at: datetime = NOW, **parts: Any
) -> Payout:
    """A payment that was earned at a moment."""
    of = of or await builders.collaboration(db)
    row = await builders.payout(db, of, post=False, created_at=at, **parts)
    reserved = f"reserve:{of.id}:{row.kind}:{row.number}"
    await move(db, row, PostingKind.RESERVE, reserved, at)
    await move(db, row, PostingKind.EARN, f"earn:{row.id}", at)
    return row


async def paid(
    db: AsyncSession, of: Collaboration | None = None, at: datetime = NOW, **parts: Any
) -> Payout:
    """A payment that was earned and paid at a moment."""
    return await sent(db, await earned(db, of, at, **parts), at)


async def sent(
    db: AsyncSession, row: Payout, at: datetime = NOW, *, along: Payout | None = None
) -> Payout:
    """An earned payment, paid at a moment; perhaps with another one in the same transfer."""
    for kind in (PostingKind.SEND, PostingKind.SETTLE):
        await move(db, row, kind, f"{kind}:{row.id}:1", at)
    row.status, row.attempt = PayoutStatus.TRANSFERRED.value, 1
    row.transfer_id = builders.unique("tr")
    db.add(
        PayoutAttempt(
            payout_id=row.id, number=1, key=f"payout:{row.id}:transfer:1", request_hash="x",
            account_id=f"acct_{row.creator_id}", first_sent_at=at, outcome="transferred",
            amount_minor=row.sent_minor + (along.sent_minor if along else 0),
            transfer_id=row.transfer_id, settled_at=at,
        )
    )  # fmt: skip
    await db.flush()
    if along:
        await _taken_along(db, row, along, at)
    return row


async def _taken_along(db: AsyncSession, by: Payout, row: Payout, at: datetime) -> None:
    """What was too small to be sent alone, and is booked by the transfer that it went with."""
    db.add(
        Rider(
            payout_id=by.id, number=1, rider_id=row.id, amount_minor=row.sent_minor, bound_at=at
        )
    )  # fmt: skip
    for kind in (PostingKind.SEND, PostingKind.SETTLE):
        await move(db, row, kind, f"{kind}:{row.id}:2", at)
    row.status, row.attempt = PayoutStatus.TRANSFERRED.value, 2
    row.shared_transfer_id = by.transfer_id


async def reverse(db: AsyncSession, row: Payout, amount_minor: int, at: datetime = NOW) -> Payout:
    """A paid payment of which so much was taken back at a moment."""
    row.reversed_minor += amount_minor
    back = Posting(
        kind=PostingKind.TAKE_BACK, key=f"take_back:{row.id}:{row.reversed_minor}",
        amount_minor=amount_minor,
    )  # fmt: skip
    of = row.campaign_id, row.creator_id, row.collaboration_id, row.id
    await ledger.post(db, *of, back, row.currency, at)
    return row


async def move(
    db: AsyncSession, row: Payout, kind: PostingKind, key: str, at: datetime = NOW
) -> None:
    """One movement of a payment's whole amount."""
    posting = Posting(kind=kind, key=key, amount_minor=row.amount_minor)
    own = None if kind in {PostingKind.RESERVE, PostingKind.EARN} else row.id
    await ledger.post(
        db, row.campaign_id, row.creator_id, row.collaboration_id, own, posting, row.currency, at
    )


async def invoiced(
    db: AsyncSession, row: Payout, vat_minor: int, at: datetime = NOW, number: str = "2026-7"
) -> Payout:
    """The payment with an invoice that a creator handed in."""
    db.add(
        Invoice(
            payout_id=row.id, creator_id=row.creator_id, number=number, issued_on=at.date(),
            net_minor=row.amount_minor - vat_minor, vat_minor=vat_minor,
            gross_minor=row.amount_minor, currency=row.currency, facts={}, content=b"",
            created_at=at,
        )
    )  # fmt: skip
    await db.flush()
    return row


async def taken_back(engine: AsyncEngine, payout: str, back: int, at: datetime = NOW) -> str:
    """So much of a sent payment was taken back; the payment that is to be made again."""
    async with session(engine) as db:
        row = await db.get_one(Payout, payout)
        before = await db.scalar(
            select(func.count()).where(
                Payout.collaboration_id == row.collaboration_id, Payout.kind == REPAYMENT
            )
        )
    number = int(before or 0) + 1
    again = payout_id(row.collaboration_id, REPAYMENT, number)
    change = PayoutChange(reversed_minor=row.reversed_minor + back)
    new = NewPayout(
        payout_id=again, kind=REPAYMENT, number=number, amount_minor=back, pay_by=at,
        again_of=payout,
    )  # fmt: skip
    await _write(engine, row, PostingKind.TAKE_BACK, back, change, at, new)
    return again


async def given_up(engine: AsyncEngine, again: str, at: datetime = NOW) -> None:
    """What was taken back is not owed."""
    async with session(engine) as db:
        row = await db.get_one(Payout, again)
    change = PayoutChange(status=PayoutStatus.CANCELLED)
    await _write(engine, row, PostingKind.FORFEIT, row.amount_minor, change, at)


async def _write(
    engine: AsyncEngine,
    row: Payout,
    kind: PostingKind,
    amount: int,
    change: PayoutChange,
    at: datetime,
    *new: NewPayout,
) -> None:
    """What the payment's workflow writes, twice: the second time changes nothing."""
    key = f"{kind}:{row.id}:{change.reversed_minor}"
    command = Append(
        head=builders.head_of(row), at=at, key=key, event=str(kind), payout=change,
        postings=(Posting(kind=kind, key=key, amount_minor=amount),), new_payouts=new,
    )  # fmt: skip
    for _ in range(2):
        await records.append(engine, command)
