"""Bank transfers: where to, in which file, and what the bank said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base


class BankAccount(Base):
    """Where a creator's money goes by bank transfer; never changed: a new one is a new row."""

    __tablename__ = "bank_accounts"
    __table_args__ = (Index("ix_bank_accounts_creator", "creator_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    holder: Mapped[str]
    iban: Mapped[str]
    created_at: Mapped[datetime]


class BankFile(Base):
    """A file for the brand's bank, byte for byte as it was first handed out."""

    __tablename__ = "bank_files"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The file's message id at the bank."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    payments: Mapped[int]
    total_minor: Mapped[int]
    """In cents of a euro."""
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class BankOrder(Base):
    """One attempt to pay by bank transfer, from the order to the bank's last word about it."""

    __tablename__ = "bank_orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payout_id", "attempt"], ["payout_attempts.payout_id", "payout_attempts.number"]
        ),
        UniqueConstraint("payout_id", "attempt"),
        Index("ix_bank_orders_state", "state", "ordered_at", "end_to_end_id"),
        Index("ix_bank_orders_file", "file_id"),
    )
    end_to_end_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payout_id: Mapped[str] = mapped_column(String(40))
    attempt: Mapped[int] = mapped_column(Integer)
    account_id: Mapped[str] = mapped_column(ForeignKey("bank_accounts.id"))
    amount_minor: Mapped[int]
    """In cents of a euro."""
    state: Mapped[str] = mapped_column(String(12))
    """`domain.bank_transfer.OrderState`."""
    file_id: Mapped[str | None] = mapped_column(ForeignKey("bank_files.id"))
    returned_minor: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(default="")
    """Why it was rejected or returned, as the bank says."""
    bank_reference: Mapped[str] = mapped_column(String(35), default="", server_default="")
    """What the bank calls the booking: another one is a second booking."""
    return_reference: Mapped[str] = mapped_column(String(35), default="", server_default="")
    """The same of the money's coming back."""
    ordered_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    """Who brought the bank's answer."""
