"""Invoices and credit notes that the brand issues for creators under their mandate."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.invoicing import (
    RULES,
    WITHOUT_INVOICE,
    Amounts,
    TaxFacts,
    TaxStatus,
    amounts_for,
    mentions,
    plain,
)
from store.invoices import mandate_of, one_at_a_time, papers
from store.tables import Campaign, Collaboration, CreditNote, Invoice, InvoiceCredit, Payout

SERIES, CREDIT_SERIES = "AF-", "AV-"
"""How the numbers of invoices and credit notes that the brand issues begin: no creator may use
them."""

_PARTIES = (
    "supplier", "supplier_address", "supplier_number", "supplier_vat", "supplier_country",
    "customer", "customer_address", "customer_number", "customer_vat",
)  # fmt: skip
"""What a credit note says as its invoice did, whatever has changed since."""

_SERVICE = ("campaign", "kind", "rate")


async def issue(session: AsyncSession, payout: Payout, at: datetime) -> None:
    """Number and keep the invoice of a payment that is released, if the creator has a mandate.

    In the release's own transaction: if that is lost, so is the number, and there is no gap.
    """
    row = await session.get_one(Campaign, payout.campaign_id)
    country = str(row.file["brand"]["country"])
    if country not in RULES or payout.kind in WITHOUT_INVOICE:
        return
    of = await session.get_one(Collaboration, payout.collaboration_id)
    file = CampaignFile.model_validate(row.file)
    there = await papers(session, of, file)
    if there is None or there.facts is None or there.facts.status is TaxStatus.PRIVATE:
        return
    if payout.id in there.invoices or there.mandate is None or not there.self_billing:
        return
    await one_at_a_time(session, payout.creator_id)
    issuer = plain(file.brand.business_number)
    series, issued_on = await _next(session, Invoice, payout.creator_id, issuer, _day(at, file))
    parts = amounts_for(country, there.facts, payout.amount_minor)
    facts = _parties(file, there.facts) | {
        "campaign": row.name, "kind": payout.kind, "rate": parts.rate,
        "served_on": _day(payout.created_at, file).isoformat(),
        "pay_by": _day(payout.pay_by, file).isoformat(),
        "mentions": list(mentions(country, there.facts)),
        "mandate_of": _day(there.mandate.created_at, file).isoformat(),
    }  # fmt: skip
    session.add(
        Invoice(
            payout_id=payout.id, creator_id=payout.creator_id, series=series, issuer=issuer,
            number=f"{SERIES}{await _root(session, payout.creator_id, issuer)}-{series:04}",
            issued_on=issued_on, net_minor=parts.net_minor, vat_minor=parts.vat_minor,
            gross_minor=parts.gross_minor, currency=payout.currency, created_at=at,
            content=b"", media_type="", facts=facts,
        )
    )  # fmt: skip
    await session.flush()


async def issue_credit_note(
    session: AsyncSession,
    invoice: Invoice,
    credit: InvoiceCredit,
    said: Amounts,
    left: tuple[int, int],
    at: datetime,
) -> None:
    """Number and keep the credit note of an invoice that was issued, if the mandate still stands.

    In the transaction that brought it about, as `issue`; whoever calls has the numbers to itself.

    Args:
        session: a transaction, in which `one_at_a_time` was called.
        invoice: an invoice that the brand issued.
        credit: what it is less by.
        said: the same with its tax, and the rate.
        left: net and tax that remain of the invoice.
        at: now.
    """
    payout = await session.get_one(Payout, credit.payout_id)
    row = await session.get_one(Campaign, payout.campaign_id)
    file = CampaignFile.model_validate(row.file)
    mandate = await mandate_of(session, payout.collaboration_id)
    if mandate is None:
        return
    whose = payout.creator_id, str(invoice.issuer)
    series, day = await _next(session, CreditNote, *whose, _day(at, file))
    words = RULES[file.brand.country].mentions.values()
    facts = {key: invoice.facts[key] for key in (*_PARTIES, *_SERVICE)} | {
        "invoice": invoice.number, "invoice_of": invoice.issued_on.isoformat(),
        "left_net_minor": left[0], "left_vat_minor": left[1],
        "reason": "claimed" if credit.claim_id else "taken_back",
        "mentions": [each for each in invoice.facts["mentions"] if each in words],
        "mandate_of": _day(mandate.created_at, file).isoformat(),
    }  # fmt: skip
    session.add(
        CreditNote(
            credit_id=credit.id, creator_id=payout.creator_id, series=series,
            issuer=invoice.issuer, issued_on=day,
            number=f"{CREDIT_SERIES}{await _root(session, *whose)}-{series:04}",
            net_minor=said.net_minor, vat_minor=said.vat_minor, gross_minor=said.gross_minor,
            currency=invoice.currency, facts=facts, media_type="", content=b"", created_at=at,
        )
    )  # fmt: skip
    await session.flush()


async def _root(session: AsyncSession, creator_id: str, issuer: str) -> str:
    """How the numbers begin that a brand gives for a creator: another brand has another root.

    Each of several that have a mandate keeps a series of its own, so that none has gaps.
    """
    first = select(Invoice.number).where(Invoice.creator_id == creator_id, Invoice.series == 1)
    known = await session.scalar(first.where(Invoice.issuer == issuer))
    if known is not None:
        return known.removeprefix(SERIES).rpartition("-")[0]
    others = await session.scalar(select(func.count()).select_from(first.subquery()))
    root = creator_id.rpartition("_")[2][-8:]
    return f"{root}-{others + 1}" if others else root


async def _next(
    session: AsyncSession,
    table: type[Invoice | CreditNote],
    creator_id: str,
    issuer: str,
    today: date,
) -> tuple[int, date]:
    """The next number and its day.

    Days do not run back as the numbers go up: of two releases around midnight the earlier one may
    be the last to come here.
    """
    newest = select(func.max(table.series), func.max(table.issued_on)).where(
        table.creator_id == creator_id, table.issuer == issuer
    )
    last, day = (await session.execute(newest)).one()
    return (last or 0) + 1, max(today, day or today)


def _day(at: datetime, file: CampaignFile) -> date:
    """The day of a moment where the brand is: near midnight it is another one than in UTC."""
    return at.astimezone(ZoneInfo(file.brand.timezone)).date()


def _parties(file: CampaignFile, supplier: TaxFacts) -> dict[str, object]:
    """Who supplies and who is the customer, as they are now."""
    return {
        "supplier": supplier.legal_name, "supplier_address": supplier.address,
        "supplier_number": supplier.business_number, "supplier_vat": supplier.vat_number,
        "supplier_country": supplier.country,
        "customer": file.brand.name, "customer_address": file.brand.postal_address,
        "customer_number": file.brand.business_number, "customer_vat": file.brand.vat_number,
    }  # fmt: skip
