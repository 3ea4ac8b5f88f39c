"""Tax data, mandates and invoices, as SQL: what a payment still lacks before it may be released.

One rule for the page that shows it early, the inbox that sorts by it, and the decision that is
refused by it at the moment in which it would be applied.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.campaign import CampaignFile
from domain.errors import UserMistake
from domain.invoicing import (
    INVOICE_MISSING,
    NEVER_HELD,
    RULES,
    TAX_MISSING,
    TaxFacts,
    TaxStatus,
)
from domain.lifecycle import PayoutStatus
from store.tables import (
    Campaign,
    Collaboration,
    CreditNote,
    Invoice,
    InvoiceMandate,
    Payout,
    TaxProfile,
)


class InvoiceMistake(UserMistake):
    """An invoice that cannot be taken; the message says why."""

    code = "bad_invoice"


@dataclass(frozen=True)
class Papers:
    """What there is of a collaboration's tax data and invoices."""

    profile: TaxProfile | None
    mandate: InvoiceMandate | None
    """The newest word, if it is a yes."""
    invoices: dict[str, Invoice]
    """By payment."""
    self_billing: bool
    """The brand is able to issue invoices for creators."""

    @property
    def facts(self) -> TaxFacts | None:
        """The profile as the rules read it."""
        return facts_of(self.profile) if self.profile else None


def facts_of(profile: TaxProfile) -> TaxFacts:
    """A profile as the rules read it."""
    return TaxFacts(
        TaxStatus(profile.status), profile.country, profile.legal_name, profile.address,
        profile.business_number, profile.vat_number,
    )  # fmt: skip


def can_self_bill(file: CampaignFile) -> bool:
    """True if the brand has given what its own invoices for creators need."""
    rules = RULES.get(file.brand.country)
    numbers = file.brand.business_number and file.brand.vat_number
    return rules is not None and bool(numbers) and file.currency == rules.self_billing


def missing() -> ColumnElement[str]:
    """What a payment (its campaign joined) lacks for its release; empty if nothing."""
    brand = Campaign.file["brand"]
    status = _said(TaxProfile.status)
    agreed = (
        select(InvoiceMandate.agreed)
        .where(InvoiceMandate.collaboration_id == Payout.collaboration_id)
        .order_by(InvoiceMandate.id.desc())
        .limit(1)
        .correlate(Payout)
        .scalar_subquery()
    )
    has_numbers = [func.coalesce(brand[key].astext, "") != "" for key in _BRAND_NUMBERS]
    currency = Campaign.file["currency"].astext
    in_its_currency = or_(
        *(
            and_(brand["country"].astext == country, currency == rules.self_billing)
            for country, rules in RULES.items()
        )
    )
    fine = literal("", String)
    return case(
        (brand["country"].astext.not_in(list(RULES)), fine),
        (Payout.kind.in_(NEVER_HELD), fine),
        (status.is_(None), literal(TAX_MISSING, String)),
        (status == TaxStatus.PRIVATE.value, fine),
        (_has_invoice(status, brand["country"].astext), fine),
        (and_(func.coalesce(agreed, False), in_its_currency, *has_numbers), fine),
        else_=literal(INVOICE_MISSING, String),
    )


def _said(column: InstrumentedAttribute[str]) -> ScalarSelect[str]:
    """What a payment's creator said last of their taxes; NULL if nothing."""
    return (
        select(column)
        .where(TaxProfile.creator_id == Payout.creator_id)
        .order_by(TaxProfile.id.desc())
        .limit(1)
        .correlate(Payout)
        .scalar_subquery()
    )


def _has_invoice(status: ScalarSelect[str], brand: ColumnElement[str]) -> ColumnElement[bool]:
    """True if there is one, with VAT or without as the creator is taxed now.

    One that was handed in before that changed may be replaced until the first release.
    """
    charges = and_(status == TaxStatus.REGISTERED.value, _said(TaxProfile.country) == brand)
    fits = or_(
        Invoice.series.is_not(None),
        Payout.releases > 0,
        Invoice.gross_minor < _TOO_SMALL_FOR_VAT,
        (Invoice.vat_minor > 0) == charges,
    )
    return exists().where(Invoice.payout_id == Payout.id, fits).correlate(Payout)


_TOO_SMALL_FOR_VAT = 10
"""In the smallest unit: below it VAT may round to nothing."""

_BRAND_NUMBERS = ("business_number", "vat_number")


async def lacks(session: AsyncSession, payout_id: str) -> str:
    """What this payment lacks for its release; empty if nothing."""
    found = await session.scalar(
        select(missing())
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout_id)
    )
    return found or ""


async def papers(session: AsyncSession, of: Collaboration, file: CampaignFile) -> Papers | None:
    """Everything there is; None if nothing is known of the law of the brand's country."""
    if file.brand.country not in RULES:
        return None
    found = await session.scalars(
        select(Invoice)
        .join(Payout, Payout.id == Invoice.payout_id)
        .where(Payout.collaboration_id == of.id)
    )
    return Papers(
        profile=await profile(session, of.creator_id),
        mandate=await mandate_of(session, of.id),
        invoices={each.payout_id: each for each in found},
        self_billing=can_self_bill(file),
    )


async def mandate_of(session: AsyncSession, collaboration_id: str) -> InvoiceMandate | None:
    """The creator's newest word on invoices that the brand issues, if it is a yes."""
    newest = await session.scalar(
        select(InvoiceMandate)
        .where(InvoiceMandate.collaboration_id == collaboration_id)
        .order_by(InvoiceMandate.id.desc())
        .limit(1)
    )
    return newest if newest and newest.agreed else None


async def profile(session: AsyncSession, creator_id: str) -> TaxProfile | None:
    """What the creator said last."""
    return await session.scalar(
        select(TaxProfile)
        .where(TaxProfile.creator_id == creator_id)
        .order_by(TaxProfile.id.desc())
        .limit(1)
    )


async def add_profile(
    session: AsyncSession, creator_id: str, facts: TaxFacts, at: datetime
) -> None:
    """Keep what a creator says now; what they said before stays.

    Mandates name who gave them: under another name they count no more.
    """
    before = await profile(session, creator_id)
    if before is not None and before.legal_name != facts.legal_name:
        await _end_mandates(session, creator_id, at)
    session.add(
        TaxProfile(
            creator_id=creator_id, status=facts.status.value, country=facts.country,
            legal_name=facts.legal_name, address=facts.address,
            business_number=facts.business_number, vat_number=facts.vat_number, created_at=at,
        )
    )  # fmt: skip
    await session.flush()


async def _end_mandates(session: AsyncSession, creator_id: str, at: datetime) -> None:
    newest = (
        select(func.max(InvoiceMandate.id))
        .join(Collaboration, Collaboration.id == InvoiceMandate.collaboration_id)
        .where(Collaboration.creator_id == creator_id)
        .group_by(InvoiceMandate.collaboration_id)
    )
    given = select(InvoiceMandate).where(InvoiceMandate.id.in_(newest), InvoiceMandate.agreed)
    for each in (await session.scalars(given)).all():
        await add_mandate(
            session, each.collaboration_id, each.text, each.typed_name, at, agreed=False
        )


async def add_mandate(
    session: AsyncSession,
    collaboration_id: str,
    text: str,
    name: str,
    at: datetime,
    *,
    agreed: bool,
) -> None:
    """Keep a creator's yes to self-billing, or that they take it back."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    session.add(
        InvoiceMandate(
            collaboration_id=collaboration_id, agreed=agreed, text=text, text_hash=digest,
            typed_name=name, created_at=at,
        )
    )  # fmt: skip
    await session.flush()


@dataclass(frozen=True)
class Upload:
    """An invoice as a creator hands it in."""

    number: str
    issued_on: date
    vat_minor: int
    gross_minor: int
    media_type: str
    content: bytes


async def add_upload(session: AsyncSession, payout_id: str, upload: Upload, at: datetime) -> None:
    """Keep an uploaded invoice; until the payment is released another one may take its place.

    Raises:
        InvoiceMistake: its sums are not the payment's, its number was used, or it is too late.
    """
    # The lock that a release takes as well: the file cannot change while it is applied.
    payout = await session.get_one(Payout, payout_id, with_for_update=True)
    there = await session.get(Invoice, payout_id)
    if payout.status != PayoutStatus.REQUESTED.value or payout.releases:
        if there is not None or payout.status == PayoutStatus.CANCELLED.value:
            raise InvoiceMistake("This payment has its invoice, or needs none any more")
    if there is not None and there.series is not None:
        raise InvoiceMistake("The invoice of this payment was issued under your mandate already")
    if upload.gross_minor != payout.amount_minor:
        raise InvoiceMistake("The total of the invoice is not the amount of this payment")
    await _keep_number(session, payout, upload.number)
    values: dict[str, Any] = {
        "creator_id": payout.creator_id, "series": None, "number": upload.number,
        "issued_on": upload.issued_on, "net_minor": upload.gross_minor - upload.vat_minor,
        "vat_minor": upload.vat_minor, "gross_minor": upload.gross_minor,
        "currency": payout.currency, "facts": {}, "media_type": upload.media_type,
        "content": upload.content, "created_at": at,
    }  # fmt: skip
    await session.execute(
        insert(Invoice)
        .values(payout_id=payout_id, **values)
        .on_conflict_do_update(index_elements=["payout_id"], set_=values)
    )


async def _keep_number(session: AsyncSession, payout: Payout, number: str) -> None:
    await one_at_a_time(session, payout.creator_id)
    used = select(Invoice.payout_id).where(
        Invoice.creator_id == payout.creator_id,
        Invoice.number == number,
        Invoice.payout_id != payout.id,
    )
    credited = select(CreditNote.credit_id).where(
        CreditNote.creator_id == payout.creator_id, CreditNote.number == number
    )
    if await session.scalar(used.union_all(credited)) is not None:
        raise InvoiceMistake("You have used this number for another invoice already")


async def one_at_a_time(session: AsyncSession, creator_id: str) -> None:
    """Let nobody else give a creator's invoices numbers until this transaction ends."""
    key = func.hashtext(f"invoices of {creator_id}")
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def invoice(
    session: AsyncSession, payout_id: str, collaboration_id: str = ""
) -> Invoice | None:
    """The invoice of a payment; with a collaboration, only if the payment is one of its."""
    query = (
        select(Invoice)
        .join(Payout, Payout.id == Invoice.payout_id)
        .where(Invoice.payout_id == payout_id)
    )
    if collaboration_id:
        query = query.where(Payout.collaboration_id == collaboration_id)
    return await session.scalar(query)


async def content(session: AsyncSession, payout_id: str) -> bytes:
    """The file of an uploaded invoice."""
    found = await session.scalar(select(Invoice.content).where(Invoice.payout_id == payout_id))
    return found or b""
