"""Lines of the balance at the provider: kept once, their fees booked, and what is a matter told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.balance_lines import BalanceLine, Explanation, KnownTransfer, fee_of, understand
from domain.messages import Posting, PostingKind
from store import account_matters, ledger
from store.riders import SENT_IN_ALL
from store.tables import LedgerTransaction, Payout, PayoutAttempt, RailCursor, StoredLine

SHOWN = 100
"""Lines of a matter that its page shows; the newest."""

_OVERLAP = timedelta(days=1)
"""Read again each time: clocks differ, and a line may be listed late."""

_ONE_AT_A_TIME = 7_238_003
"""The lock of PostgreSQL that two readings of the lines queue up for."""


async def read_from(session: AsyncSession, now: datetime) -> datetime:
    """From when on the lines are to be read: before the first payment, nothing is Troupe's."""
    cursor = await session.scalar(select(RailCursor.read_until))
    begun = cursor or await session.scalar(select(func.min(PayoutAttempt.first_sent_at)))
    return (begun or now) - _OVERLAP


async def read_until(session: AsyncSession) -> datetime | None:
    """When the lines were last read to the end; None if they never were."""
    found: datetime | None = await session.scalar(select(RailCursor.read_until))
    return found


async def finish(session: AsyncSession, at: datetime) -> None:
    """Every line until then was read."""
    await session.execute(
        insert(RailCursor)
        .values(rail="stripe", read_until=at)
        .on_conflict_do_update(index_elements=["rail"], set_={"read_until": at})
    )


async def record(session: AsyncSession, lines: Sequence[BalanceLine], at: datetime) -> int:
    """Keep lines that were not kept before; gives how many of them are a matter for somebody.

    A line is kept, its fee booked and its matter told in one transaction, and only once.

    Args:
        session: a transaction.
        lines: as the provider lists them.
        at: the time now.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    known = await _known(session, {line.transfer_id for line in lines if line.transfer_id})
    told = 0
    for line in lines:
        meaning, payout_id = understand(line, known)
        if meaning is Explanation.OWN_BUSINESS:
            continue
        fee = fee_of(line, meaning)
        if not await _kept(session, line, meaning, fee, payout_id, at):
            continue
        if fee:
            await _book(session, line, fee, payout_id, at)
        if isinstance(meaning, MatterCode):
            await _tell(session, line, meaning, at)
            told += 1
    return told


async def lines_of(session: AsyncSession, matter_id: str) -> Sequence[StoredLine]:
    """The newest lines of a matter."""
    rows = await session.scalars(
        select(StoredLine)
        .where(StoredLine.matter_id == matter_id)
        .order_by(StoredLine.created_at.desc(), StoredLine.id)
        .limit(SHOWN)
    )
    return rows.all()


async def fees_since(session: AsyncSession, since: datetime) -> dict[str, int]:
    """What the provider has taken for its service since then, by currency."""
    signed = func.sum(LedgerTransaction.amount_minor).filter(
        LedgerTransaction.kind == PostingKind.FEE.value
    )
    back = func.sum(LedgerTransaction.amount_minor).filter(
        LedgerTransaction.kind == PostingKind.FEE_BACK.value
    )
    rows = await session.execute(
        select(LedgerTransaction.currency, func.coalesce(signed, 0) - func.coalesce(back, 0))
        .where(LedgerTransaction.campaign_id.is_(None), LedgerTransaction.at >= since)
        .group_by(LedgerTransaction.currency)
        .order_by(LedgerTransaction.currency)
    )
    return {currency: int(total) for currency, total in rows}


async def _known(session: AsyncSession, transfers: Collection[str]) -> Mapping[str, KnownTransfer]:
    rows = await session.execute(
        select(PayoutAttempt.transfer_id, Payout.id, SENT_IN_ALL, Payout.currency)
        .join(Payout, Payout.id == PayoutAttempt.payout_id)
        .where(PayoutAttempt.transfer_id.in_(transfers))
    )
    return {
        transfer: KnownTransfer(payout_id, amount, currency)
        for transfer, payout_id, amount, currency in rows
        if transfer is not None
    }


async def _kept(
    session: AsyncSession, line: BalanceLine, meaning: Explanation | MatterCode, fee: int,
    payout_id: str, at: datetime,
) -> bool:  # fmt: skip
    """Write the line; False if it is there already."""
    written = await session.scalar(
        insert(StoredLine)
        .values(
            id=line.id, type=line.type, currency=line.currency, amount_minor=line.amount_minor,
            fee_minor=fee, source_id=line.source_id, payout_id=payout_id or None,
            meaning=meaning.value, created_at=line.created_at, read_at=at,
        )
        .on_conflict_do_nothing()
        .returning(StoredLine.id)
    )  # fmt: skip
    return written is not None


async def _book(
    session: AsyncSession, line: BalanceLine, fee: int, payout_id: str, at: datetime
) -> None:
    kind = PostingKind.FEE if fee > 0 else PostingKind.FEE_BACK
    posting = Posting(kind=kind, key=f"fee:{line.id}", amount_minor=abs(fee))
    await ledger.post(session, None, None, None, payout_id or None, posting, line.currency, at)


async def _tell(
    session: AsyncSession, line: BalanceLine, code: MatterCode, at: datetime
) -> None:  # fmt: skip
    there = await account_matters.current(session, code, line.currency)
    before = there.amount_minor if there else 0
    matter = await account_matters.note(
        session, code, line.currency, before + line.amount_minor, at
    )
    stored = await session.get_one(StoredLine, line.id)
    stored.matter_id = matter.id
    await session.flush()
