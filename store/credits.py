"""Credit notes: what invoices are less by, the papers for it, and those that are still missing.

An invoice that the brand issued gets its credit note at once (`store.crediting`), if the creator's
mandate still stands. For every other one the creator is asked for theirs, and finance may enter it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.invoicing import Amounts, vat_between
from store.invoices import InvoiceMistake, Upload, one_at_a_time
from store.tables import Creator, CreditNote, Invoice, InvoiceCredit, Payout

MISSING = "missing"
"""Stands for the number of a credit note that is not there yet."""

BETWEEN = "; "
"""Between the numbers of a payment's credit notes, which may have spaces in them."""


@dataclass(frozen=True)
class Credited:
    """An invoice that is less by something, and the paper for it."""

    credit: InvoiceCredit
    invoice: Invoice
    note: CreditNote | None
    """None as long as it is missing."""

    @property
    def amounts(self) -> Amounts:
        """What the credit note says; the tax of all parts of an invoice adds up to its own."""
        start, gross = self.credit.share_from, self.credit.amount_minor
        whole = self.invoice.vat_minor, self.invoice.gross_minor
        vat = vat_between(*whole, start, start + gross)
        return Amounts(gross - vat, vat, gross, int(self.invoice.facts.get("rate", 0)))

    @property
    def may_be_replaced(self) -> bool:
        """True of a credit note that was handed in and that no file for the books names yet."""
        return self.note is not None and self.note.series is None and self.note.booked_at is None

    @property
    def creator_may_replace(self) -> bool:
        """The same, unless it is finance that entered it."""
        return self.may_be_replaced and self.note is not None and self.note.entered_by is None


@dataclass(frozen=True)
class MissingNote:
    """A credit note that finance waits for."""

    credited: Credited
    creator: Creator


def _query() -> Select[InvoiceCredit, Invoice, CreditNote]:
    return (
        select(InvoiceCredit, Invoice, CreditNote)
        .join(Invoice, Invoice.payout_id == InvoiceCredit.payout_id)
        .outerjoin(CreditNote, CreditNote.credit_id == InvoiceCredit.id)
        .order_by(InvoiceCredit.created_at, InvoiceCredit.id)
    )


async def _read(
    session: AsyncSession, query: Select[InvoiceCredit, Invoice, CreditNote]
) -> tuple[Credited, ...]:
    return tuple(Credited(*row) for row in await session.execute(query))


async def of_collaboration(session: AsyncSession, collaboration_id: str) -> tuple[Credited, ...]:
    """What the invoices of a collaboration are less by, oldest first."""
    query = _query().join(Payout, Payout.id == InvoiceCredit.payout_id)
    return await _read(session, query.where(Payout.collaboration_id == collaboration_id))


async def of_payment(session: AsyncSession, payout_id: str) -> tuple[Credited, ...]:
    """What the invoice of a payment is less by, or what a payment that is not made has left it."""
    mine = or_(InvoiceCredit.id == payout_id, InvoiceCredit.payout_id == payout_id)
    return await _read(session, _query().where(mine))


async def of_claim(session: AsyncSession, claim_id: str) -> tuple[Credited, ...]:
    """What invoices are less by because something of a claim came back."""
    return await _read(session, _query().where(InvoiceCredit.claim_id == claim_id))


async def one(session: AsyncSession, credit_id: str, collaboration_id: str = "") -> Credited | None:
    """One of them; with a collaboration, only if it is about one of its payments."""
    query = _query().where(InvoiceCredit.id == credit_id)
    if collaboration_id:
        query = query.join(Payout, Payout.id == InvoiceCredit.payout_id).where(
            Payout.collaboration_id == collaboration_id
        )
    found = await _read(session, query)
    return found[0] if found else None


async def missing(session: AsyncSession, most: int) -> tuple[int, tuple[MissingNote, ...]]:
    """How many credit notes are not there yet, and those that are missed for longest."""
    query = _query().where(CreditNote.credit_id.is_(None))
    count = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = await session.execute(
        query.join(Creator, Creator.id == Invoice.creator_id).add_columns(Creator).limit(most)
    )
    found = (MissingNote(Credited(*about), creator) for *about, creator in rows)
    return int(count or 0), tuple(found)


async def hand_in(
    session: AsyncSession,
    found: Credited,
    upload: Upload,
    at: datetime,
    entered_by: str | None = None,
) -> None:
    """Keep a credit note that a creator hands in, or that finance enters for them.

    Until finance has taken a file for its books, another one may take its place: the creator's own
    from the creator, any from finance.

    Raises:
        InvoiceMistake: it is there to stay, its sums are not those of the credit, or its number was
            used.
    """
    creator = found.invoice.creator_id
    await one_at_a_time(session, creator)
    there = await session.get(
        CreditNote, found.credit.id, with_for_update=True, populate_existing=True
    )
    now = Credited(found.credit, found.invoice, there)
    if there is not None and not (
        now.may_be_replaced if entered_by is not None else now.creator_may_replace
    ):
        raise InvoiceMistake("This credit note is there already, and in use")
    wanted = found.amounts
    if (upload.gross_minor, upload.vat_minor) != (wanted.gross_minor, wanted.vat_minor):
        raise InvoiceMistake("The total or the VAT of the credit note is not what it has to be")
    notes = select(CreditNote.credit_id).where(
        CreditNote.creator_id == creator,
        CreditNote.number == upload.number,
        CreditNote.credit_id != found.credit.id,
    )
    invoices = select(Invoice.payout_id).where(
        Invoice.creator_id == creator, Invoice.number == upload.number
    )
    if await session.scalar(notes.union_all(invoices)) is not None:
        raise InvoiceMistake("This number was used for another invoice or credit note already")
    row = there or CreditNote(
        credit_id=found.credit.id, creator_id=creator, series=None, net_minor=wanted.net_minor,
        vat_minor=wanted.vat_minor, gross_minor=wanted.gross_minor,
        currency=found.invoice.currency, facts={}, created_at=at,
    )  # fmt: skip
    row.number, row.issued_on, row.entered_by = upload.number, upload.issued_on, entered_by
    row.media_type, row.content = upload.media_type, upload.content
    row.replaced_at = at if there else None
    session.add(row)
    await session.flush()


async def book(session: AsyncSession, at: datetime) -> None:
    """Note that finance takes a file for its books, which may name all that were handed in."""
    await session.execute(
        update(CreditNote)
        .where(CreditNote.series.is_(None), CreditNote.booked_at.is_(None))
        .values(booked_at=at)
    )


async def content(session: AsyncSession, credit_id: str) -> bytes:
    """The file of a credit note that was handed in."""
    found = await session.scalar(
        select(CreditNote.content).where(CreditNote.credit_id == credit_id)
    )
    return found or b""


def numbers_of_payment() -> ColumnElement[str]:
    """The numbers of a payment's credit notes as SQL, `MISSING` among them; empty without any."""
    credits, note, invoice = aliased(InvoiceCredit), aliased(CreditNote), aliased(Invoice)
    in_order = aggregate_order_by(literal(BETWEEN), credits.created_at, credits.id)
    found = (
        select(func.string_agg(func.coalesce(note.number, MISSING), in_order))
        .select_from(credits)
        .join(invoice, invoice.payout_id == credits.payout_id)
        .outerjoin(note, note.credit_id == credits.id)
        .where(or_(credits.id == Payout.id, credits.payout_id == Payout.id))
        .correlate(Payout)
        .scalar_subquery()
    )
    return func.coalesce(found, "")
