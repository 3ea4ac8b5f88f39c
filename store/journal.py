"""The ledger as a journal for bookkeeping: what became owed and what was paid, in double entry.

Budget, reservations and what is freed again are promises within the brand and in nobody's books;
they are left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Unbalanced
from domain.messages import PostingKind
from store.accounts import AVAILABLE, IN_TRANSIT, PAID, PAYABLE, RESERVED
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Payout,
)

BOOKED = (
    PostingKind.EARN, PostingKind.SEND, PostingKind.SETTLE, PostingKind.RETURN,
    PostingKind.TAKE_BACK, PostingKind.FORFEIT,
)  # fmt: skip
"""Movements that change what the brand owes or has."""

BOOK_ACCOUNT = {
    AVAILABLE: "fees",
    RESERVED: "fees",
    PAYABLE: "payable",
    IN_TRANSIT: "in_transit",
    PAID: "provider",
}
"""Our accounts as a bookkeeper knows them: an expense, a debt to creators, money on its way, and
the balance at the payment provider."""

ACCOUNTS = tuple(dict.fromkeys(BOOK_ACCOUNT.values()))

_AT_ONCE = 500


@dataclass(frozen=True)
class JournalLine:
    """One side of one movement."""

    transaction_id: int
    at: datetime
    kind: PostingKind
    account: str
    signed_minor: int
    """Debits positive, credits negative; the lines of one transaction sum to zero."""
    currency: str
    campaign_id: str
    campaign: str
    creator_id: str
    handle: str
    payout_id: str
    milestone: str
    """What was paid for; empty if the movement belongs to no payment."""


def _query(
    since: datetime | None, until: datetime | None, campaign_id: str
) -> Select[*tuple[Any, ...]]:
    # The key names the payment ("earn:pay_1", "send:pay_1:2"): it is earned before it has a row
    # of its own in the ledger.
    payment = func.coalesce(
        LedgerTransaction.payout_id, func.split_part(LedgerTransaction.key, ":", 2)
    )
    query = (
        select(
            LedgerTransaction.id, LedgerTransaction.at, LedgerTransaction.kind,
            LedgerAccount.name, LedgerEntry.signed_minor, LedgerTransaction.currency,
            Campaign.id, Campaign.name, Creator.id, Creator.handle, Payout.id, Payout.kind,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .join(Campaign, Campaign.id == LedgerTransaction.campaign_id)
        .outerjoin(Collaboration, Collaboration.id == LedgerTransaction.collaboration_id)
        .outerjoin(Creator, Creator.id == Collaboration.creator_id)
        .outerjoin(Payout, Payout.id == payment)
        .where(LedgerTransaction.kind.in_([kind.value for kind in BOOKED]))
        .order_by(LedgerTransaction.id, LedgerEntry.id)
    )  # fmt: skip
    if campaign_id:
        query = query.where(LedgerTransaction.campaign_id == campaign_id)
    if since is not None:
        query = query.where(LedgerTransaction.at >= since)
    if until is not None:
        query = query.where(LedgerTransaction.at <= until)
    return query


async def journal(
    session: AsyncSession,
    since: datetime | None = None,
    until: datetime | None = None,
    campaign_id: str = "",
) -> AsyncIterator[tuple[JournalLine, ...]]:
    """The movements in the order in which they were written, each with its lines.

    One statement, so that the file shows one moment.

    Raises:
        Unbalanced: the lines of a movement do not sum to zero.
    """
    query = _query(since, until, campaign_id).execution_options(yield_per=_AT_ONCE)
    together: list[JournalLine] = []
    async for row in await session.stream(query):
        line = _line(tuple(row))
        if together and together[0].transaction_id != line.transaction_id:
            yield _balanced(together)
            together = []
        together.append(line)
    if together:
        yield _balanced(together)


def _line(row: tuple[Any, ...]) -> JournalLine:
    number, at, kind, name, signed, currency, *about = row
    return JournalLine(
        number, at, PostingKind(kind), BOOK_ACCOUNT[name], signed, currency,
        *(text or "" for text in about),
    )  # fmt: skip


def _balanced(lines: list[JournalLine]) -> tuple[JournalLine, ...]:
    if sum(line.signed_minor for line in lines):
        raise Unbalanced(
            f"movement {lines[0].transaction_id} does not sum to zero, so nothing was exported",
            hint="./troupe ledger check says more",
        )
    return tuple(lines)
