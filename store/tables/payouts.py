"""Payments, each attempt to make one, and the accounts at the provider that they go to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base


class Recipient(Base):
    """A creator's account at the rail that is in use: at the payment provider, or at a bank."""

    __tablename__ = "recipients"
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(String(12))
    """``pending``, ``active`` or ``restricted``."""
    requirements: Mapped[list[Any]]
    since: Mapped[datetime]
    """Since when it is the creator's."""
    updated_at: Mapped[datetime]


class RecipientAside(Base):
    """A creator's account at the rail that is not in use now; see `store.rails`."""

    __tablename__ = "recipients_aside"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    status: Mapped[str] = mapped_column(String(12))
    requirements: Mapped[list[Any]]
    since: Mapped[datetime]
    """Since when it is the creator's."""
    updated_at: Mapped[datetime]


class PayoutStanding(Base):
    """How the account of a creator under contract was found at the last look, for reminders."""

    __tablename__ = "payout_standings"
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    ready: Mapped[bool]
    """Nothing is to be asked of the creator."""
    since: Mapped[datetime]
    """Of the last change, or of the first look after the signature."""
    reminded: Mapped[int]
    """Reminders since it was last in order for long."""


class OnboardingLink(Base):
    """A single-use link to the provider's onboarding; made on the creator's click."""

    __tablename__ = "onboarding_links"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    url: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Payout(Base):
    """An earned payment; unique by (collaboration, kind, number): it is paid once."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("collaboration_id", "kind", "number"),
        CheckConstraint("amount_minor > 0", name="payout_amount_positive"),
        CheckConstraint("netted_minor BETWEEN 0 AND amount_minor", name="payout_netted_within"),
        Index("ix_payouts_status", "campaign_id", "status"),
        Index("ix_payouts_created", "created_at", "id"),
        Index("ix_payouts_creator", "creator_id"),
        Index("ix_payouts_again_of", "again_of", postgresql_where=text("again_of IS NOT NULL")),
        Index(
            "ix_payouts_rail_stopped",
            "pay_by",
            "id",
            postgresql_where=text("hold_reason = 'rail_stopped'"),
        ),
        Index("ix_payouts_rides", "creator_id", postgresql_where=text("rides")),
        Index(
            "ix_payouts_shared_transfer",
            "shared_transfer_id",
            postgresql_where=text("shared_transfer_id IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    kind: Mapped[str] = mapped_column(String(24))
    """The milestone, ``kill_fee``, ``repayment`` or ``bonus``."""
    number: Mapped[int] = mapped_column(Integer)
    amount_minor: Mapped[int]
    netted_minor: Mapped[int] = mapped_column(default=0)
    """What its release keeps back of it for what the creator owes: it is not sent."""
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12))
    hold_reason: Mapped[str | None] = mapped_column(String(20))
    releases: Mapped[int] = mapped_column(Integer, default=0)
    payee_account: Mapped[str | None]
    """The creator's account when it was released, or the first one after that; no other is paid."""
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    pay_by: Mapped[datetime]
    sends_at: Mapped[datetime | None]
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    shared_transfer_id: Mapped[str | None]
    """The transfer of another payment that took this one along."""
    rides: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Too small to be sent alone: a later payment to the same account takes it along."""
    reversed_minor: Mapped[int] = mapped_column(default=0)
    """What of it was taken back at the provider after it was paid."""
    bank_status: Mapped[str | None] = mapped_column(String(12))
    """`domain.lifecycle.BankStatus`: what came after the transfer."""
    bank_payout_id: Mapped[str | None]
    """The provider's payout to the bank that this status is about."""
    again_of: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"))
    """The payment of which this was taken back; with kind ``repayment``."""
    first_of: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"))
    """The payment whose invoice a ``repayment`` has: the first of those that were made again."""
    share_from: Mapped[int] = mapped_column(default=0, server_default="0")
    """Where in that payment a ``repayment`` lies: its parts follow each other without overlap."""
    other_payment_id: Mapped[str | None] = mapped_column(String(40))
    """The row that says how it was paid, with status ``elsewhere``."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")

    @hybrid_property
    def sent_minor(self) -> int:
        """What is sent of it, in the smallest unit: what was earned less what is kept back."""
        return self.amount_minor - self.netted_minor

    @hybrid_property
    def moved_by(self) -> str | None:
        """The transfer that paid it: its own, or the one that took it along."""
        return self.transfer_id or self.shared_transfer_id

    @moved_by.inplace.expression
    @classmethod
    def _moved_by(cls) -> ColumnElement[str | None]:
        return func.coalesce(cls.transfer_id, cls.shared_transfer_id)


class OtherPayment(Base):
    """How a payment was made without Troupe; means nothing until a payment's row names it."""

    __tablename__ = "other_payments"
    __table_args__ = (Index("ix_other_payments_payout", "payout_id"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"))
    paid_at: Mapped[datetime]
    """Noon UTC of the day, so that it is that day in every zone that matters."""
    reference: Mapped[str]
    """Where it is found in the brand's own books or at its bank."""
    created_at: Mapped[datetime]


class PayoutAttempt(Base):
    """One try to pay; committed before the provider is called."""

    __tablename__ = "payout_attempts"
    __table_args__ = (
        Index("ix_attempts_settled", "settled_at"),
        Index("ix_attempts_account", "account_id"),
        Index(
            "ix_attempts_open",
            "account_id",
            postgresql_where=text("outcome IS NULL OR outcome = 'in_doubt'"),
        ),
    )
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    request_hash: Mapped[str]
    account_id: Mapped[str]
    amount_minor: Mapped[int] = mapped_column(default=0)
    """What was to be sent, with what rides along; 0 of one that was given up before it was made."""
    first_sent_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(20))
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]
    sender: Mapped[str] = mapped_column(String(32), default="")
    """The call whose turn it is; another one may not send. Empty when it is over."""
    sending_until: Mapped[datetime | None]
    """Until then that call may still have an effect at the provider."""
    late_until: Mapped[datetime | None]
    """The same of earlier calls, from which the attempt was taken over."""
    credited_minor: Mapped[int | None]
    """What arrived in the account, if the provider said so; perhaps converted."""
    credited_currency: Mapped[str | None] = mapped_column(String(3))


class Rider(Base):
    """A payment that goes along with an attempt to make another one, in one transfer."""

    __tablename__ = "riders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payout_id", "number"], ["payout_attempts.payout_id", "payout_attempts.number"]
        ),
        CheckConstraint("amount_minor > 0", name="rider_amount_positive"),
        Index("ix_riders_rider", "rider_id"),
        Index(
            "uq_rider_rides_once",
            "rider_id",
            unique=True,
            postgresql_where=text("free_from IS NULL"),
        ),
    )
    payout_id: Mapped[str] = mapped_column(primary_key=True)
    """The payment that takes it along, by its attempt ``number``."""
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    rider_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    amount_minor: Mapped[int]
    """What is sent of it."""
    bound_at: Mapped[datetime]
    free_from: Mapped[datetime | None]
    """It was not paid by that attempt, and may be paid another way from then on."""
