"""Creators' taxes and the invoices of their payments."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Json


class TaxProfile(Base):
    """What a creator said of their taxes; rows are only added, the newest counts."""

    __tablename__ = "tax_profiles"
    __table_args__ = (Index("ix_tax_profiles_creator", "creator_id", "id"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    status: Mapped[str] = mapped_column(String(12))
    """`domain.invoicing.TaxStatus`."""
    country: Mapped[str] = mapped_column(String(2))
    legal_name: Mapped[str]
    address: Mapped[str]
    business_number: Mapped[str]
    vat_number: Mapped[str]
    created_at: Mapped[datetime]


class InvoiceMandate(Base):
    """A creator's word on invoices that the brand issues for them; the newest counts."""

    __tablename__ = "invoice_mandates"
    __table_args__ = (Index("ix_invoice_mandates", "collaboration_id", "id"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    agreed: Mapped[bool]
    """False: withdrawn."""
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(String(64))
    typed_name: Mapped[str]
    created_at: Mapped[datetime]


class _Paper:
    """What an invoice and a credit note have in common."""

    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    series: Mapped[int | None] = mapped_column(Integer)
    """The number within those that this brand issued for the creator; None if handed in."""
    issuer: Mapped[str | None]
    """The brand's number in the register of businesses; None if handed in."""
    number: Mapped[str]
    issued_on: Mapped[date]
    net_minor: Mapped[int]
    vat_minor: Mapped[int]
    gross_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    facts: Mapped[Json]
    """What one that was issued says besides; empty if handed in."""
    media_type: Mapped[str] = mapped_column(default="")
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The file; empty if issued."""


class Invoice(_Paper, Base):
    """The invoice of a payment: a file from the creator, or issued under their mandate.

    One that was issued never changes; a file may be replaced until its payment is released. The
    triggers of the table see to it, whatever the application asks for.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        UniqueConstraint("creator_id", "issuer", "series", name="invoice_series"),
        CheckConstraint("(issuer IS NULL) = (series IS NULL)", name="invoice_issuer"),
        CheckConstraint("net_minor + vat_minor = gross_minor", name="invoice_adds_up"),
    )
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    created_at: Mapped[datetime]


class InvoiceCredit(Base):
    """What a payment, and its invoice if it has one, is less by: money that is not owed."""

    __tablename__ = "invoice_credits"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="invoice_credit_positive"),
        Index("ix_invoice_credits_payout", "payout_id"),
        Index(
            "ix_invoice_credits_posting",
            "posting",
            postgresql_where=text("posting IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The payment that is not made again, or an id made from what came back of a claim."""
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"))
    """The payment whose invoice it is about."""
    share_from: Mapped[int]
    """Where in that invoice it lies, see `Payout.share_from`."""
    amount_minor: Mapped[int]
    claim_id: Mapped[str | None] = mapped_column(ForeignKey("claims.id"))
    """The claim of which it came back; None if the payment itself was not made again."""
    posting: Mapped[str | None]
    """Key of the movement by which it came back, if the payment itself was not taken back: kept
    back from another one, or sent by the creator."""
    created_at: Mapped[datetime]


class CreditNote(_Paper, Base):
    """The paper for it: issued under the creator's mandate, or handed in; its sums are positive.

    One that was issued never changes; a file may be replaced until the books name it. The triggers
    of the table see to it, and its sums stay in any case.
    """

    __tablename__ = "credit_notes"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        UniqueConstraint("creator_id", "issuer", "series", name="credit_note_series"),
        CheckConstraint("(issuer IS NULL) = (series IS NULL)", name="credit_note_issuer"),
        CheckConstraint("net_minor + vat_minor = gross_minor", name="credit_note_adds_up"),
    )
    credit_id: Mapped[str] = mapped_column(ForeignKey("invoice_credits.id"), primary_key=True)
    entered_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    """Who of finance entered it, if the creator did not hand it in themselves."""
    created_at: Mapped[datetime]
    """Also the day of the tax that leaves the books by it: another file does not move it."""
    replaced_at: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    """When finance first took a file for its books after it was handed in."""
