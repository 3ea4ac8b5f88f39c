"""What happened, what waits for somebody, what was decided, and what came from outside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Json


class Event(Base):
    """One event of one stream; append-only, chained by digest."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("kind", "entity_id", "key"),
        Index("ix_events_at", "at"),
    )
    kind: Mapped[str] = mapped_column(String(15), primary_key=True)
    entity_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    """What the step is known by when it is asked for again."""
    event: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[Json]
    decision_id: Mapped[str | None]
    previous: Mapped[str]
    digest: Mapped[str]


class InboxItem(Base):
    """Something that waits for a member of staff."""

    __tablename__ = "inbox_items"
    __table_args__ = (
        Index(
            "uq_inbox_open",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_inbox_open_role", "role", "opened_at", postgresql_where=text("closed_at IS NULL")
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(12))
    subject_kind: Mapped[str] = mapped_column(String(15))
    """``campaign``, ``collaboration`` or ``payout``."""
    subject_id: Mapped[str] = mapped_column(String(40))
    campaign_id: Mapped[str | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    """None for a matter of the brand's own account at the provider."""
    seen: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(Integer, default=0)
    escalated: Mapped[bool] = mapped_column(Boolean, default=False)
    handed_over: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """True once the substitute whom the campaign names may decide it too."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    """The decision that closed it, or None when the engine did."""


class Decision(Base):
    """A person's decision: written first, applied by the subject's workflow."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_waiting", "created_at", postgresql_where=text("status = 'submitted'")),
        Index("ix_decisions_subject", "subject_id", "kind"),
        Index(
            "uq_decisions_batch",
            "batch",
            "subject_id",
            unique=True,
            postgresql_where=text("batch IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    subject_kind: Mapped[str] = mapped_column(String(15))
    subject_id: Mapped[str] = mapped_column(String(40))
    actor_kind: Mapped[str] = mapped_column(String(10))
    """``staff`` or ``creator``."""
    actor_id: Mapped[str] = mapped_column(String(40))
    choice: Mapped[Json]
    """`domain.decisions.Choice` as JSON."""
    seen: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(10), default="submitted")
    """``submitted``, ``applied`` or ``refused``."""
    code: Mapped[str] = mapped_column(default="")
    """Why it was refused."""
    batch: Mapped[str | None] = mapped_column(String(40))
    """What it was decided together with; None if by itself."""
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ExternalEvent(Base):
    """An event from outside, stored before it is acknowledged."""

    __tablename__ = "external_events"
    __table_args__ = (
        UniqueConstraint("source", "event_id"),
        Index("ix_events_unapplied", "received_at", postgresql_where=text("applied_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str]
    type: Mapped[str]
    payload: Mapped[Json]
    received_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None]
    """When a workflow was started for it first."""
    applied_at: Mapped[datetime | None]
    """When the state behind it was read and written down."""
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often it was handed to a workflow."""
    again_at: Mapped[datetime | None]
    """When it is handed over again if it is not applied by then."""
    code: Mapped[str] = mapped_column(default="", server_default="")
    """Why it could not be applied, the last time."""
