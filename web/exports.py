"""Files for finance: payments for a spreadsheet, and the journal for bookkeeping."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.errors import UserMistake
from domain.messages import PostingKind
from domain.moments import read_moment
from domain.money import Money
from domain.spreadsheet import BOM, Cell, Sheet
from store import credits
from store.engine import session
from store.journal import JournalLine, journal
from store.payment_lines import PaymentLine, Wanted, all_payments
from web import words
from web.pages import pages_of
from web.visit import visit

router = APIRouter()

READERS = ("finance", "manager")
"""Who may take all payments away in one file."""


class Format(StrEnum):
    """What the file holds."""

    CSV = "csv"
    JOURNAL = "journal"


@dataclass(frozen=True)
class Export:
    """A file that somebody wants."""

    format: Format
    wanted: Wanted
    sheet: Sheet = field(default_factory=Sheet)
    accounts: Mapping[str, str] = field(default_factory=dict)
    """The brand's own numbers for the journal's accounts."""


PAYMENT_COLUMNS = (
    "payment", "creator", "handle", "name", "platform", "country", "campaign", "campaign_name",
    "collaboration", "for", "number", "amount", "invoice", "net", "vat", "currency", "status",
    "hold_reason", "earned_on", "pay_by", "sent_on", "transfer", "account", "bank",
    "bank_payout", "taken_back", "credit_notes", "kept_back", "to_send", "credited",
    "credited_currency", "other_reference",
)  # fmt: skip

JOURNAL_COLUMNS = (
    "date", "document", "account", "debit", "credit", "currency", "text", "campaign", "creator",
    "payment",
)  # fmt: skip

_MOVED = {
    PostingKind.EARN: "Earned",
    PostingKind.SEND: "Sent to the provider",
    PostingKind.SETTLE: "Paid",
    PostingKind.ELSEWHERE: "Paid another way",
    PostingKind.RETURN: "Not paid, owed again",
    PostingKind.TAKE_BACK: "Taken back, owed again",
    PostingKind.FORFEIT: "Not owed any more",
    PostingKind.CLAIM: "To be given back",
    PostingKind.DISCHARGE: "Given back",
    PostingKind.LIFT: "Not asked for any more",
    PostingKind.NET: "Kept back",
    PostingKind.RECOVER: "Come back",
    PostingKind.FEE: "Fee of the payment provider",
    PostingKind.FEE_BACK: "Fee of the payment provider given back",
}


async def rows(db: AsyncSession, export: Export) -> AsyncIterator[str]:
    """The file, row by row; the first begins with the mark that says UTF-8."""
    sheet, wanted = export.sheet, export.wanted
    if export.format is Format.CSV:
        yield BOM + sheet.row(PAYMENT_COLUMNS)
        async for payment in all_payments(db, wanted):
            yield sheet.row(_payment(payment))
        return
    yield BOM + sheet.row(JOURNAL_COLUMNS)
    async for document in journal(db, wanted.since, wanted.until, wanted.campaign_id):
        for line in document:
            yield sheet.row(_journal_line(line, export.accounts))


def _payment(row: PaymentLine) -> list[Cell]:
    payout, creator, currency = row.payout, row.creator, row.payout.currency
    credited = row.credited
    parts: list[Cell] = ["none", None, None]
    if row.vat_minor is not None:
        net = Money(minor=payout.amount_minor - row.vat_minor, currency=currency)
        parts = [row.invoice, net, Money(minor=row.vat_minor, currency=currency)]
    return [
        payout.id, creator.id, creator.handle.removeprefix("@"), creator.name, creator.platform,
        creator.country, payout.campaign_id, row.campaign.name, payout.collaboration_id,
        payout.kind, payout.number, Money(minor=payout.amount_minor, currency=currency), *parts,
        currency, payout.status, payout.hold_reason, payout.created_at, payout.pay_by,
        row.sent_at, payout.moved_by, row.account_id, payout.bank_status, payout.bank_payout_id,
        Money(minor=payout.reversed_minor or 0, currency=currency), row.credit_notes,
        Money(minor=payout.netted_minor, currency=currency),
        Money(minor=payout.sent_minor, currency=currency),
        Money(minor=credited.amount_minor, currency=credited.currency) if credited else None,
        credited.currency if credited else None, row.other.reference if row.other else None,
    ]  # fmt: skip


def _journal_line(line: JournalLine, accounts: Mapping[str, str]) -> list[Cell]:
    amount = Money(minor=abs(line.signed_minor), currency=line.currency)
    papers = f"VAT of invoice {line.invoice}"
    if line.credit_note:
        papers = f"VAT of credit note {line.credit_note} for invoice {line.invoice}"
    moved = _MOVED[line.kind] if line.kind else papers
    what = [moved, words.milestone(line.milestone) if line.milestone else ""]
    about = [": ".join(part for part in what if part), line.handle, line.campaign]
    return [
        line.at, line.document, accounts.get(line.account, line.account),
        amount if line.signed_minor > 0 else None, amount if line.signed_minor < 0 else None,
        line.currency, " · ".join(part for part in about if part),
        line.campaign_id, line.creator_id, line.payout_id,
    ]  # fmt: skip


@router.get("/payments/export")
async def download(request: Request) -> Response:
    """The file that the form on the payments page asks for."""
    try:
        async with visit(request) as v:
            v.need(*READERS)
            export = _asked(request.query_params)
            now, engine = v.deps.clock(), v.deps.engine
            await credits.book(v.db, now)
    except UserMistake as mistake:
        return pages_of(request).page(
            "desk/message.html", 422, title="This file cannot be made",
            text=f"{mistake.message}; {mistake.hint}.", back="/payments",
        )  # fmt: skip
    kind = "journal" if export.format is Format.JOURNAL else "payments"
    return StreamingResponse(
        _streamed(engine, export),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind}-{now:%Y-%m-%d}.csv"'},
    )


def _asked(query: Mapping[str, str]) -> Export:
    """What the form asks for.

    Raises:
        UserMistake: a day cannot be read, or there is no such format.
    """
    if query.get("format", "csv") not in {each.value for each in Format}:
        raise UserMistake("there is no such format", hint="choose csv or journal")
    since, until = query.get("since", ""), query.get("until", "")
    status = query.get("status", "")
    wanted = Wanted(
        status=status if status in words.PAYOUT_STATUS else "",
        campaign_id=query.get("campaign", "")[:40],
        since=read_moment(since, "From", end=False) if since else None,
        until=read_moment(until, "To", end=True) if until else None,
        sent=bool(query.get("sent")),
    )
    semicolons = bool(query.get("semicolons"))
    return Export(Format(query.get("format", "csv")), wanted, Sheet(semicolons))


async def _streamed(engine: AsyncEngine, export: Export) -> AsyncIterator[str]:
    # A transaction of its own: the page's ends before the first row is sent.
    async with session(engine) as db:
        async for row in rows(db, export):
            yield row
