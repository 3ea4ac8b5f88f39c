"""Mails to creators and to staff, and the addresses that get none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Json


class OutboxMail(Base):
    """A mail that is to be sent once: the row is claimed before the server is spoken to."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("collaboration_id", "step"),
        Index(
            "ix_outbox_open", "planned_at", postgresql_where=text("status IN ('planned','claimed')")
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    mail: Mapped[str] = mapped_column(String(30))
    step: Mapped[str]
    facts: Mapped[Json]
    not_before: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(12), default="planned")
    """``planned``, ``claimed``, ``accepted``, ``bounced``, ``suppressed``, ``expired``,
    ``by_hand`` or ``in_doubt``."""
    code: Mapped[str] = mapped_column(default="")
    message_id: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    text_body: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class StaffMail(Base):
    """A mail to a member of staff about what waits for them; at most one is unsent."""

    __tablename__ = "staff_mails"
    __table_args__ = (
        Index(
            "uq_staff_mail_unsent",
            "staff_id",
            unique=True,
            postgresql_where=text("status = 'planned'"),
        ),
        Index("ix_staff_mails_last", "staff_id", "planned_at"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    status: Mapped[str] = mapped_column(String(12), default="planned")
    """``planned``, ``claimed``, ``accepted``, ``bounced``, ``in_doubt``, or ``expired``: nothing
    waited any more."""
    code: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    """Of the last attempt, also after it was given back."""
    settled_at: Mapped[datetime | None]


class StaffMailNews(Base):
    """What a mail to a member of staff tells; each piece of news is told to them once."""

    __tablename__ = "staff_mail_news"
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("inbox_items.id"), primary_key=True)
    event: Mapped[str] = mapped_column(String(20), primary_key=True)
    """``new``, ``reminded:2``, ``handed_over`` or ``escalated``."""
    mail_id: Mapped[str] = mapped_column(ForeignKey("staff_mails.id"), index=True)


class Suppression(Base):
    """An address that is never written to again; survives erasure as a hash."""

    __tablename__ = "suppressions"
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
