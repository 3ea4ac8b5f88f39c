"""What is known of the payment provider: comparisons with its list, stops and balances."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base


class Comparison(Base):
    """One comparison of all our books with the provider's list; the newest is shown."""

    __tablename__ = "comparisons"
    __table_args__ = (Index("ix_comparisons_at", "compared_at"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    compared_at: Mapped[datetime]
    payouts: Mapped[int]
    attempts: Mapped[int]
    transfers: Mapped[int]
    under_way: Mapped[int]
    differences: Mapped[int]


class StoredDifference(Base):
    """Something in which books and provider disagree, or did; its id is an inbox item's subject."""

    __tablename__ = "differences"
    __table_args__ = (Index("ix_differences_open", "id", postgresql_where=text("gone_at IS NULL")),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    """`domain.reconciliation.DifferenceCode`."""
    payout_id: Mapped[str] = mapped_column(String(40))
    """As the provider or our books name it; there need not be such a payout; may be empty."""
    transfer_id: Mapped[str]
    account_id: Mapped[str] = mapped_column(default="", server_default="")
    """Whose account was sent money in no payment's name; empty otherwise."""
    currency: Mapped[str] = mapped_column(String(3))
    ours_minor: Mapped[int | None]
    theirs_minor: Mapped[int | None]
    found_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    explained_at: Mapped[datetime | None]
    """When a person said that it has nothing to do with a payment here."""
    explained_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    explanation: Mapped[str] = mapped_column(default="", server_default="")
    """What it was, in the person's words."""


class RailStop(Base):
    """A time in which nothing is paid, since the provider refuses our key; one is open at most."""

    __tablename__ = "rail_stops"
    __table_args__ = (
        Index("uq_rail_stopped", "rail", unique=True, postgresql_where=text("resumed_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rail: Mapped[str] = mapped_column(String(12), server_default="stripe")
    said: Mapped[str]
    """What the provider said, without the key."""
    key_mark: Mapped[str] = mapped_column(String(16))
    """Which key was refused, without saying it."""
    stopped_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    """Empty after the end: the provider accepted another key."""


class RailAccount(Base):
    """The brand's own account at the provider, of which every key has to be; the newest counts."""

    __tablename__ = "rail_accounts"
    place: Mapped[str] = mapped_column(String(12), primary_key=True)
    """``live``, ``test`` or ``stand-in``: none knows the accounts of another."""
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """1 is the account of the first key; others were named by a person."""
    account_id: Mapped[str]
    since: Mapped[datetime]
    named_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    """Empty for the first: the provider said it."""


class RailBalance(Base):
    """What the brand has at the provider in one currency, as it was last read."""

    __tablename__ = "rail_balances"
    rail: Mapped[str] = mapped_column(String(12), primary_key=True, server_default="stripe")
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    available_minor: Mapped[int]
    reserved_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    """Held back for creators' accounts that are below zero; not part of what is available."""
    read_at: Mapped[datetime]


class StoredLine(Base):
    """A line of the balance there that was read; the brand's own business is not kept."""

    __tablename__ = "balance_lines"
    __table_args__ = (Index("ix_balance_lines_matter", "matter_id", "created_at", "id"),)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """The provider's."""
    type: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int]
    fee_minor: Mapped[int]
    """What the provider took by it; below zero if it gave something back. Booked in the ledger."""
    source_id: Mapped[str]
    payout_id: Mapped[str | None] = mapped_column(String(40))
    meaning: Mapped[str] = mapped_column(String(20))
    """`domain.balance_lines.Explanation`, or the code of the matter."""
    matter_id: Mapped[str | None] = mapped_column(ForeignKey("account_matters.id"))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime]


class RailCursor(Base):
    """How far the lines of the balance were read."""

    __tablename__ = "rail_cursors"
    rail: Mapped[str] = mapped_column(String(12), primary_key=True, server_default="stripe")
    read_until: Mapped[datetime]


class AccountMatter(Base):
    """Something about the brand's own account there; its id is an inbox item's subject."""

    __tablename__ = "account_matters"
    __table_args__ = (
        Index(
            "uq_account_matter_open",
            "code",
            "currency",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    """`domain.account_matters.MatterCode`."""
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int]
    """How much it is about, when it was last looked at."""
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    """Empty after the end: it is not so any more."""
    said: Mapped[str] = mapped_column(default="", server_default="")
    """What it was, in the words of who settled it."""
