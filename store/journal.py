"""The ledger as a journal for bookkeeping: what became owed and what was paid, in double entry.

Budget, reservations and what is freed again are promises within the brand and in nobody's books;
they are left out. The value added tax of an invoice leaves the fees when its payment has arrived,
and goes back with its credit note: what was exported before stays as it was, since no movement is
written a second time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    SQLColumnExpression,
    func,
    literal,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Unbalanced
from domain.lifecycle import PayoutStatus
from domain.messages import PostingKind
from store.accounts import (
    AVAILABLE,
    CHARGED,
    CLAIMED,
    IN_TRANSIT,
    PAID,
    PAYABLE,
    PROVIDER_FEES,
    RECEIVABLE,
    RECOVERED,
    RESERVED,
)
from store.ledger_clock import wait_for_writers
from store.other_payments import IT_IS, PAID_AT, booked_at
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    CreditNote,
    Invoice,
    InvoiceCredit,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    OtherPayment,
    Payout,
    PayoutAttempt,
)

BOOKED = (
    PostingKind.EARN, PostingKind.SEND, PostingKind.SETTLE, PostingKind.RETURN,
    PostingKind.TAKE_BACK, PostingKind.FORFEIT, PostingKind.CLAIM, PostingKind.DISCHARGE,
    PostingKind.LIFT, PostingKind.NET, PostingKind.RECOVER, PostingKind.ELSEWHERE,
    PostingKind.FEE, PostingKind.FEE_BACK,
)  # fmt: skip
"""Movements that change what the brand owes or has."""

BOOK_ACCOUNT = {
    AVAILABLE: "fees",
    RESERVED: "fees",
    PAYABLE: "payable",
    IN_TRANSIT: "in_transit",
    PAID: "provider",
    RECEIVABLE: "receivable",
    CLAIMED: "fees",
    RECOVERED: "repaid",
    PROVIDER_FEES: PROVIDER_FEES,
    CHARGED: "provider",
}
"""Our accounts as a bookkeeper knows them: an expense, a debt to creators, money on its way, the
balance at the payment provider, what creators owe back, what they have sent to the brand, and what
the provider takes for its service."""

FEES, VAT, NETTING, ELSEWHERE = "fees", "vat", "netting", "elsewhere"

ACCOUNTS = (*dict.fromkeys(BOOK_ACCOUNT.values()), NETTING, ELSEWHERE, VAT)

_AT_ONCE = 500

_ORDER = ("place NULLS LAST", "at", "payout", "paper", "line")


@dataclass(frozen=True)
class JournalLine:
    """One side of one movement."""

    document: str
    at: datetime
    kind: PostingKind | None
    """None if value added tax is taken out of the fees."""
    account: str
    signed_minor: int
    """Debits positive, credits negative; the lines of one document sum to zero."""
    currency: str
    campaign_id: str
    campaign: str
    creator_id: str
    handle: str
    payout_id: str
    milestone: str
    """What was paid for; empty if the movement belongs to no payment."""
    invoice: str
    """The number of the invoice whose value added tax this is; else empty."""
    credit_note: str
    """The number of its credit note, if the tax goes back by that; else empty."""


def _movements(
    since: datetime | None, until: datetime | None, campaign_id: str
) -> Select[*tuple[Any, ...]]:
    # The key names the payment ("earn:pay_1", "send:pay_1:2"): it is earned before it has a row
    # of its own in the ledger.
    payment = func.coalesce(
        LedgerTransaction.payout_id, func.split_part(LedgerTransaction.key, ":", 2)
    )
    query = (
        select(
            LedgerTransaction.id.label("place"), LedgerEntry.id.label("line"),
            LedgerTransaction.at.label("at"), LedgerTransaction.kind, LedgerAccount.name,
            LedgerEntry.signed_minor, LedgerTransaction.currency, Campaign.id,
            Campaign.name.label("campaign"), Creator.id.label("creator"), Creator.handle,
            Payout.id.label("payout"), Payout.kind.label("milestone"), null().label("invoice"),
            null().label("credit_note"), null().label("paper"),
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .outerjoin(Campaign, Campaign.id == LedgerTransaction.campaign_id)
        .outerjoin(Collaboration, Collaboration.id == LedgerTransaction.collaboration_id)
        .outerjoin(Creator, Creator.id == Collaboration.creator_id)
        .outerjoin(Payout, Payout.id == payment)
        .where(LedgerTransaction.kind.in_([kind.value for kind in BOOKED]))
    )  # fmt: skip
    if campaign_id:
        query = query.where(LedgerTransaction.campaign_id == campaign_id)
    if since is not None:
        query = query.where(LedgerTransaction.at >= since)
    if until is not None:
        query = query.where(LedgerTransaction.at <= until)
    return query


def _taxes(
    since: datetime | None, until: datetime | None, campaign_id: str, account: str
) -> Select[*tuple[Any, ...]]:
    # An invoice may be handed in after the payment (a bonus); both are final then. Of a payment of
    # which all was kept back nothing was sent.
    # The provider may have paid before it was known here: a month that is over gets no more tax.
    at = func.greatest(
        func.coalesce(PAID_AT, LedgerTransaction.at), booked_at(), Invoice.created_at
    )
    about = null().label("credit_note"), Payout.id.label("paper")
    kept_back = LedgerTransaction.key == func.concat("net:", Payout.id)
    query = (
        _tax_line(at, account, Invoice.vat_minor, *about)
        .outerjoin(PayoutAttempt, PayoutAttempt.transfer_id == Payout.moved_by)
        .outerjoin(OtherPayment, IT_IS)
        .outerjoin(LedgerTransaction, kept_back & (Payout.status == PayoutStatus.NETTED.value))
        .where(
            Invoice.vat_minor > 0,
            PAID_AT.is_not(None) | LedgerTransaction.at.is_not(None),
        )
    )
    return _within(query, at, since, until, campaign_id)


def _credits(
    since: datetime | None, until: datetime | None, campaign_id: str, account: str
) -> Select[*tuple[Any, ...]]:
    at = CreditNote.created_at
    about = CreditNote.number.label("credit_note"), InvoiceCredit.id.label("paper")
    query = (
        _tax_line(at, account, -CreditNote.vat_minor, *about)
        .join(InvoiceCredit, InvoiceCredit.payout_id == Invoice.payout_id)
        .join(CreditNote, CreditNote.credit_id == InvoiceCredit.id)
        .where(CreditNote.vat_minor > 0)
    )
    return _within(query, at, since, until, campaign_id)


def _tax_line(
    at: SQLColumnExpression[datetime], account: str, vat: SQLColumnExpression[int], *about: Any
) -> Select[*tuple[Any, ...]]:
    """One side of tax that goes from the fees to its own account, or back if it is negative."""
    line, sign = (1, 1) if account == VAT else (2, -1)
    return (
        select(
            null().label("place"), literal(line).label("line"), at.label("at"),
            null().label("kind"), literal(account).label("name"), sign * vat,
            Invoice.currency, Campaign.id, Campaign.name.label("campaign"),
            Creator.id.label("creator"), Creator.handle, Payout.id.label("payout"),
            Payout.kind.label("milestone"), Invoice.number.label("invoice"), *about,
        )
        .select_from(Invoice)
        .join(Payout, Payout.id == Invoice.payout_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .join(Creator, Creator.id == Payout.creator_id)
    )  # fmt: skip


def _within(
    query: Select[*tuple[Any, ...]],
    at: SQLColumnExpression[datetime],
    since: datetime | None,
    until: datetime | None,
    campaign_id: str,
) -> Select[*tuple[Any, ...]]:
    if campaign_id:
        query = query.where(Payout.campaign_id == campaign_id)
    if since is not None:
        query = query.where(at >= since)
    if until is not None:
        query = query.where(at <= until)
    return query


async def journal(
    session: AsyncSession,
    since: datetime | None = None,
    until: datetime | None = None,
    campaign_id: str = "",
) -> AsyncIterator[tuple[JournalLine, ...]]:
    """The movements in the order in which they were written, then the tax of invoices and credits.

    Each comes with its lines.

    One statement, so that the file shows one moment. A month that is over never gets another line:
    what is written late is dated late.

    Raises:
        Unbalanced: the lines of a movement do not sum to zero.
    """
    await wait_for_writers(session)
    wanted = (since, until, campaign_id)
    query = union_all(
        _movements(*wanted),
        *(each(*wanted, account=side) for each in (_taxes, _credits) for side in (VAT, FEES)),
    ).order_by(*(literal_column(name) for name in _ORDER))
    together: list[JournalLine] = []
    async for row in await session.stream(query, execution_options={"yield_per": _AT_ONCE}):
        line = _line(tuple(row))
        if together and together[0].document != line.document:
            yield _balanced(together)
            together = []
        together.append(line)
    if together:
        yield _balanced(together)


def _line(row: tuple[Any, ...]) -> JournalLine:
    place, _, at, kind, name, signed, currency, *about, paper = row
    texts = [text or "" for text in about]
    document = f"TRP-{place:08d}" if place is not None else f"VAT-{paper}"
    moved = PostingKind(kind) if kind else None
    account = BOOK_ACCOUNT.get(name, name)
    if (moved, name) == (PostingKind.NET, PAID) or (name == RECOVERED and texts[4]):
        # Kept back from a payment and come back by it: nothing was sent, nothing arrived.
        account = NETTING
    if (moved, name) == (PostingKind.ELSEWHERE, PAID):
        # It left the brand by an account that is not in these books.
        account = ELSEWHERE
    return JournalLine(document, at, moved, account, signed, currency, *texts)


def _balanced(lines: list[JournalLine]) -> tuple[JournalLine, ...]:
    if sum(line.signed_minor for line in lines):
        raise Unbalanced(
            f"document {lines[0].document} does not sum to zero, so nothing was exported",
            hint="./troupe ledger check says more",
        )
    return tuple(lines)
