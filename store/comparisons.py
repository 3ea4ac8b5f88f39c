"""What a comparison with the provider found: kept, and put into finance's inbox, once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.ids import derived_id
from domain.inbox import ItemKind
from domain.messages import OpenItem
from domain.reconciliation import Difference, DifferenceCode, ReconcileResult
from store import items
from store.tables import Comparison, InboxItem, Payout, StoredDifference

SUBJECT = "difference"
_COUNTS = ("payouts", "attempts", "transfers", "under_way")
_ONE_AT_A_TIME = 7_238_001
"""The lock of PostgreSQL that two comparisons which end at once queue up for."""


async def record(
    session: AsyncSession, result: ReconcileResult, everything: Sequence[Difference]
) -> None:
    """Write down what a comparison of everything found.

    A new difference opens an item, a known one does not, and one that is gone closes its item; one
    that is only left off, since there are so many, stays as it was, and so does one that was told
    since the comparison began. A result that is older than the last one written down changes
    nothing.

    Args:
        session: a transaction.
        result: the comparison; of the differences that it hands out, each gets an item.
        everything: all that it found.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    before = await last(session)
    if before is not None and before.compared_at >= result.compared_at:
        return
    found = {difference_id(each): each for each in result.differences}
    there = {difference_id(each) for each in everything}
    stored = {
        row.id: row
        for row in await session.scalars(
            select(StoredDifference).where(
                StoredDifference.gone_at.is_(None) | StoredDifference.id.in_(list(found))
            )
        )
    }
    at = result.compared_at
    campaigns = await _campaigns(session, [each.payout_id for each in found.values()])
    for identity, each in found.items():
        row = stored.get(identity)
        if row is None or row.gone_at is not None:
            await _open(session, identity, each, campaigns.get(each.payout_id), at)
        await session.merge(_row(identity, each, _since(row, at)))
    for identity, row in stored.items():
        # What was told since the comparison began may not be in the list that it has read.
        if identity not in there and row.found_at < at:
            row.gone_at = at
            await items.close_items(session, identity, (ItemKind.DIFFERENCE,), at)
    counts = {name: getattr(result, name) for name in _COUNTS}
    session.add(Comparison(compared_at=at, differences=len(everything), **counts))


async def note(session: AsyncSession, each: Difference, at: datetime) -> None:
    """Put a difference into finance's inbox that was found by itself; a known one changes nothing.

    The next comparison closes it if it is gone by then.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    identity = difference_id(each)
    row = await difference(session, identity)
    if row is None or row.gone_at is not None:
        await _open(session, identity, each, None, at)
        await session.merge(_row(identity, each, at))


async def has_foreign(session: AsyncSession, payout_id: str) -> bool:
    """True if the provider is known to have a transfer for a payment that no attempt has made."""
    return bool(await session.scalar(select(foreign(literal(payout_id)))))


def foreign(payout_id: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The same as a condition of a query for payments."""
    return exists().where(
        StoredDifference.payout_id == payout_id,
        StoredDifference.code == DifferenceCode.NOT_IN_BOOKS.value,
        StoredDifference.gone_at.is_(None),
    )


async def last(session: AsyncSession) -> Comparison | None:
    """The newest comparison of everything."""
    return await session.scalar(
        select(Comparison).order_by(Comparison.compared_at.desc()).limit(1)
    )  # fmt: skip


async def difference(session: AsyncSession, identity: str) -> StoredDifference | None:
    """One difference, by the subject of its inbox item."""
    return await session.get(StoredDifference, identity)


async def item_of(session: AsyncSession, identity: str) -> str | None:
    """The newest inbox item about a difference, open or closed."""
    return await session.scalar(
        select(InboxItem.id)
        .where(InboxItem.subject_id == identity, InboxItem.kind == ItemKind.DIFFERENCE.value)
        .order_by(InboxItem.opened_at.desc())
        .limit(1)
    )


def difference_id(each: Difference) -> str:
    """The same difference has the same id every night, whatever its amounts are by then."""
    return derived_id("dif", each.code.value, each.payout_id, each.transfer_id, each.currency)


def _since(row: StoredDifference | None, at: datetime) -> datetime:
    return row.found_at if row is not None and row.gone_at is None else at


def _row(identity: str, each: Difference, found_at: datetime) -> StoredDifference:
    return StoredDifference(
        id=identity, code=each.code.value, payout_id=each.payout_id,
        transfer_id=each.transfer_id, account_id=each.account_id, currency=each.currency,
        ours_minor=each.ours_minor, theirs_minor=each.theirs_minor, found_at=found_at, gone_at=None,
    )  # fmt: skip


async def _campaigns(session: AsyncSession, payouts: Sequence[str]) -> dict[str, str]:
    rows = await session.execute(
        select(Payout.id, Payout.campaign_id).where(Payout.id.in_(set(payouts)))
    )
    return {payout: campaign for payout, campaign in rows}


async def _open(
    session: AsyncSession, identity: str, each: Difference, campaign: str | None, at: datetime
) -> None:
    # A transfer in the name of a payment that does not exist belongs to no campaign.
    item = OpenItem(kind=ItemKind.DIFFERENCE, code=each.code.value)
    moment = int(at.timestamp())
    await items.open_item(session, item, SUBJECT, identity, campaign, moment, at)
