"""Our side of a comparison with the provider: payouts with their attempts and postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, any_, func, literal, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import PayoutStatus
from domain.messages import PostingKind
from domain.reconciliation import Booked, BookedAttempt, Posted
from store.riders import OF_ATTEMPT
from store.shares import over_without
from store.tables import LedgerTransaction, Payout, PayoutAttempt, Rider

_Ride = tuple[PayoutAttempt, Rider, Payout]
"""An attempt, what goes along with it, and the payment that this is."""

_COLUMN = {
    PostingKind.SEND: "sent_minor",
    PostingKind.RETURN: "returned_minor",
    PostingKind.SETTLE: "settled_minor",
    PostingKind.TAKE_BACK: "taken_back_minor",
}
_KINDS = [kind.value for kind in _COLUMN]


async def books(
    session: AsyncSession,
    since: datetime | None = None,
    until: datetime | None = None,
    also: Collection[str] = (),
) -> list[Booked]:
    """Every payout of which something was sent, posted or written down as paid in a time.

    Args:
        session: a transaction.
        since: the first moment; None for all.
        until: the moment after the last; None for all.
        also: ids of payouts that are wanted whatever was done with them when.
    """
    wanted = union(
        select(PayoutAttempt.payout_id).where(*_within(PayoutAttempt.first_sent_at, since, until)),
        select(LedgerTransaction.payout_id).where(
            LedgerTransaction.kind.in_(_KINDS), *_within(LedgerTransaction.at, since, until)
        ),
        select(Payout.id).where(
            Payout.status == PayoutStatus.TRANSFERRED.value,
            *_within(Payout.updated_at, since, until),
        ),
        select(Payout.id).where(_is_one_of(Payout.id, also)),
    ).subquery()
    return await _read(session, Payout.id.in_(select(wanted.c[0])))


async def books_of(session: AsyncSession, payout_ids: Collection[str]) -> list[Booked]:
    """These payouts."""
    return await _read(session, _is_one_of(Payout.id, payout_ids))


async def _read(session: AsyncSession, which: ColumnElement[bool]) -> list[Booked]:
    payouts = (await session.scalars(select(Payout).where(which).order_by(Payout.id))).all()
    attempts: dict[str, list[BookedAttempt]] = defaultdict(list)
    rows = await session.scalars(
        select(PayoutAttempt)
        .join(Payout, Payout.id == PayoutAttempt.payout_id)
        .where(which)
        .order_by(PayoutAttempt.payout_id, PayoutAttempt.number)
    )
    by_id = {payout.id: payout for payout in payouts}
    ids = list(by_id)
    taken = await _taken_along(session, Rider.payout_id, ids)
    for row in rows:
        rides = taken[row.payout_id, row.number]
        attempts[row.payout_id].append(_with_rides(row, by_id[row.payout_id], rides))
    along: dict[str, list[BookedAttempt]] = defaultdict(list)
    for rides in (await _taken_along(session, Rider.rider_id, ids)).values():
        for attempt, rider, _ in rides:
            if attempt.transfer_id and rider.free_from is None:
                along[rider.rider_id].append(_attempt(attempt))
    posted = await _posted(session, which)
    return [
        _booked(payout, attempts[payout.id], along[payout.id], posted[payout.id])
        for payout in payouts
    ]


async def _taken_along(
    session: AsyncSession, of: object, payout_ids: Collection[str]
) -> dict[tuple[str, int], list[_Ride]]:
    """What went along with attempts of payments, or is one of these, free again or not."""
    rows = await session.execute(
        select(PayoutAttempt, Rider, Payout)
        .join(Rider, OF_ATTEMPT)
        .join(Payout, Payout.id == Rider.rider_id)
        .where(_is_one_of(of, payout_ids))
        .order_by(Rider.payout_id, Rider.number, Rider.rider_id)
    )
    found: dict[tuple[str, int], list[_Ride]] = defaultdict(list)
    for attempt, rider, payout in rows:
        found[rider.payout_id, rider.number].append((attempt, rider, payout))
    return found


async def _posted(session: AsyncSession, which: ColumnElement[bool]) -> dict[str, list[Posted]]:
    sums = await session.execute(
        select(
            LedgerTransaction.payout_id,
            LedgerTransaction.currency,
            LedgerTransaction.kind,
            func.sum(LedgerTransaction.amount_minor),
        )
        .join(Payout, Payout.id == LedgerTransaction.payout_id)
        .where(which, LedgerTransaction.kind.in_(_KINDS))
        .group_by(LedgerTransaction.payout_id, LedgerTransaction.currency, LedgerTransaction.kind)
        .order_by(LedgerTransaction.payout_id, LedgerTransaction.currency)
    )
    moved: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for payout_id, currency, kind, amount in sums:
        moved[str(payout_id), currency][_COLUMN[PostingKind(kind)]] = int(amount)
    found: dict[str, list[Posted]] = defaultdict(list)
    for (payout_id, currency), amounts in moved.items():
        found[payout_id].append(Posted(currency=currency, **amounts))
    return found


def _with_rides(row: PayoutAttempt, payout: Payout, rides: Sequence[_Ride]) -> BookedAttempt:
    if not row.transfer_id:
        return _attempt(row)
    along = sum(rider.amount_minor for _, rider, _ in rides)
    paid = [each for _, _, each in rides if not over_without(each, row.transfer_id)]
    surplus = sum(
        rider.amount_minor for _, rider, each in rides if over_without(each, row.transfer_id)
    )
    if over_without(payout, row.transfer_id):
        surplus += (row.amount_minor or payout.sent_minor) - along
    return _attempt(row).model_copy(
        update={
            "along_minor": along,
            "along_taken_back_minor": sum(each.reversed_minor for each in paid),
            "too_much_minor": surplus,
        }
    )


def _attempt(row: PayoutAttempt) -> BookedAttempt:
    return BookedAttempt(
        number=row.number,
        account_id=row.account_id,
        amount_minor=row.amount_minor,
        transfer_id=row.transfer_id,
        touched_at=max(row.first_sent_at, row.settled_at or row.first_sent_at),
    )


def _booked(
    payout: Payout, attempts: Sequence[BookedAttempt], along_with: Sequence[BookedAttempt],
    posted: Sequence[Posted],
) -> Booked:  # fmt: skip
    return Booked(
        payout_id=payout.id,
        amount_minor=payout.sent_minor,
        currency=payout.currency,
        status=PayoutStatus(payout.status),
        transfer_id=payout.moved_by,
        attempts=tuple(attempts),
        along_with=tuple(along_with),
        posted=tuple(posted),
    )


def _within(
    moment: ColumnElement[datetime] | object, since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    at: ColumnElement[datetime] = moment  # type: ignore[assignment]
    bounds = []
    if since is not None:
        bounds.append(at >= since)
    if until is not None:
        bounds.append(at < until)
    return bounds


def _is_one_of(column: object, values: Collection[str]) -> ColumnElement[bool]:
    # One array, not one parameter for each: PostgreSQL takes 65,535 of those at most.
    return column == any_(literal(sorted(values), ARRAY(String)))
