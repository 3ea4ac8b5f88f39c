"""Payments as finance lists and exports them: each with who, for what, and when it was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, case, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from domain.errors import NotFound
from domain.lifecycle import PayoutStatus
from domain.payments import Credited
from store.credits import numbers_of_payment
from store.invoice_sums import OF_PAYMENT, vat_of
from store.invoices import missing
from store.other_payments import IT_IS, PAID_AT
from store.paging import PAGE, Page, page_of, read_mark
from store.remittances import converted
from store.tables import Campaign, Creator, Invoice, OtherPayment, Payout, PayoutAttempt, Recipient

_AT_ONCE = 500
"""Rows that are fetched in one go while a file is written."""


@dataclass(frozen=True)
class PaymentLine:
    """One payment with what is said of it in a list or a file."""

    payout: Payout
    creator: Creator
    """With handle, name, platform and country only."""
    campaign: Campaign
    """With its name only."""
    account_id: str
    """The account that was paid, or would be; empty if the creator has none."""
    ready: bool
    """True if the creator's account may receive money now."""
    attempt: PayoutAttempt | None
    """The one that moved the money; None as long as nothing has."""
    lacks: str
    """What it lacks before it may be released, see `store.invoices.missing`; else empty."""
    invoice: str
    """The number of its invoice; empty if there is none."""
    vat_minor: int | None
    """Value added tax in the amount, by the invoice; None without one."""
    other: OtherPayment | None
    """How it was made another way, if it was."""
    credit_notes: str
    """Their numbers, see `store.credits.numbers_of_payment`; empty without any."""

    @property
    def sent_at(self) -> datetime | None:
        """When the provider said that the money has moved, or the day of another way of paying."""
        if self.attempt:
            return self.attempt.settled_at
        return self.other.paid_at if self.other else None

    @property
    def credited(self) -> Credited | None:
        """What arrived, if it was converted on the way and that is known.

        Of a transfer that paid several, it stands with the payment that it was made for.
        """
        if self.payout.transfer_id is None:
            return None
        return converted(self.payout, self.attempt)


@dataclass(frozen=True)
class Wanted:
    """Which payments; an empty field leaves nothing out."""

    status: str = ""
    campaign_id: str = ""
    since: datetime | None = None
    """Earned at this moment or later."""
    until: datetime | None = None
    """Earned at this moment or earlier."""
    sent: bool = False
    """True: ``since`` and ``until`` speak of when the money moved, and the others are left out."""


def _query(
    wanted: Wanted,
) -> Select[
    Payout, Creator, Campaign, str, str, PayoutAttempt, str, str, int | None, OtherPayment, str
]:
    account = func.coalesce(PayoutAttempt.account_id, Recipient.account_id, "")
    waits = Payout.status == PayoutStatus.REQUESTED.value
    lacks = case((waits, missing()), else_=literal("", String))
    query = (
        select(
            Payout,
            Creator,
            Campaign,
            account,
            Recipient.status,
            PayoutAttempt,
            lacks,
            func.coalesce(Invoice.number, ""),
            vat_of(Payout.amount_minor),
            OtherPayment,
            numbers_of_payment(),
        )
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .outerjoin(Recipient, Recipient.creator_id == Payout.creator_id)
        .outerjoin(PayoutAttempt, PayoutAttempt.transfer_id == Payout.moved_by)
        .outerjoin(OtherPayment, IT_IS)
        .outerjoin(Invoice, OF_PAYMENT)
        # A campaign carries its whole file: reading it for every row would be most of the work.
        .options(
            load_only(Campaign.name, raiseload=True),
            load_only(
                Creator.handle, Creator.name, Creator.platform, Creator.country, raiseload=True
            ),
        )
    )
    when = PAID_AT if wanted.sent else Payout.created_at
    if wanted.sent:
        query = query.where(PAID_AT.is_not(None))
    if wanted.status:
        query = query.where(Payout.status == wanted.status)
    if wanted.campaign_id:
        query = query.where(Payout.campaign_id == wanted.campaign_id)
    if wanted.since is not None:
        query = query.where(when >= wanted.since)
    if wanted.until is not None:
        query = query.where(when <= wanted.until)
    return query


def _line(
    payout: Payout,
    creator: Creator,
    campaign: Campaign,
    account: str,
    status: str | None,
    *about: Any,
) -> PaymentLine:
    return PaymentLine(payout, creator, campaign, account, status == "active", *about)


async def payment_page(
    session: AsyncSession, wanted: Wanted, after: str = "", size: int = PAGE
) -> Page[PaymentLine]:
    """A page of payments, newest first."""
    query = _query(wanted).order_by(Payout.created_at.desc(), Payout.id.desc())
    if position := read_mark(after, str, str):
        created = datetime.fromisoformat(str(position[0]))
        query = query.where(
            tuple_(Payout.created_at, Payout.id) < tuple_(created, str(position[1]))
        )
    found = [_line(*row) for row in await session.execute(query.limit(size + 1))]
    return page_of(found, lambda row: (row.payout.created_at.isoformat(), row.payout.id), size)


async def all_payments(session: AsyncSession, wanted: Wanted) -> AsyncIterator[PaymentLine]:
    """Every payment, oldest first; one statement, so that the file shows one moment."""
    query = _query(wanted).order_by(Payout.created_at, Payout.id)
    rows = await session.stream(query.execution_options(yield_per=_AT_ONCE))
    async for row in rows:
        yield _line(*row)


async def find_payout(session: AsyncSession, named: str) -> Payout:
    """A payment by its id, or by the beginning of it.

    Raises:
        NotFound: none, or more than one.
    """
    query = select(Payout).where(Payout.id.startswith(named, autoescape=True)).limit(2)
    found = (await session.scalars(query)).all() if named else []
    if len(found) == 1:
        return found[0]
    exact = next((row for row in found if row.id == named), None)
    if exact is not None:
        return exact
    raise NotFound(
        f"more than one payment begins with '{named}'"
        if found
        else f"there is no payment '{named}'",
        hint="./troupe payouts list shows their ids",
    )
