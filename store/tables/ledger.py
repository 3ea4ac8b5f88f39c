"""The ledger: accounts, movements, and the two sides of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base

_CONTRA = "'funding', 'creator_receivable', 'recovered', 'provider_fees'"
"""As `store.accounts.CONTRA`, in SQL."""


class LedgerAccount(Base):
    """An account with its balance, locked while a transaction is written.

    The balance counts in the account's normal direction and is moved by the database, with each
    entry; ``guarded`` accounts cannot be overdrawn, which is what stops a hundred signatures in
    the same second from overspending.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("campaign_id", "name", "owner_id", "currency"),
        Index(
            "uq_ledger_accounts_of_all",
            "name",
            "owner_id",
            "currency",
            unique=True,
            postgresql_where=text("campaign_id IS NULL"),
        ),
        CheckConstraint("balance_minor >= 0 OR NOT guarded", name="no_overdraft"),
        CheckConstraint(f"(normal = 'debit') = (name IN ({_CONTRA}))", name="account_side"),
        CheckConstraint(f"guarded = (name NOT IN ({_CONTRA}, 'charged'))", name="account_guarded"),
    )
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    campaign_id: Mapped[str | None] = mapped_column(ForeignKey("campaigns.id"))
    """None for ``provider_fees`` and ``charged``, which belong to no campaign."""
    name: Mapped[str] = mapped_column(String(20))
    """One of those in `store.accounts`; without a campaign ``provider_fees`` or ``charged``."""
    owner_id: Mapped[str] = mapped_column(String(40), default="")
    """The creator, if the account is one of `store.accounts.OF_A_CREATOR`; else empty."""
    currency: Mapped[str] = mapped_column(String(3))
    normal: Mapped[str] = mapped_column(String(6))
    """``debit`` or ``credit``."""
    guarded: Mapped[bool]
    balance_minor: Mapped[int] = mapped_column(default=0)


class LedgerTransaction(Base):
    """One movement; ``key`` is unique, so the same movement is written once."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index(
            "ix_ledger_taken_back",
            "payout_id",
            "id",
            postgresql_where=text("kind = 'take_back'"),
        ),
    )
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    campaign_id: Mapped[str | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    """None for the provider's fees."""
    collaboration_id: Mapped[str | None] = mapped_column(String(40))
    payout_id: Mapped[str | None] = mapped_column(String(40))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]
    """When it happened, and not before it was written: the database sees to that."""


class LedgerEntry(Base):
    """One side of a movement: debits positive, credits negative; each transaction sums to zero."""

    __tablename__ = "ledger_entries"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    signed_minor: Mapped[int]
