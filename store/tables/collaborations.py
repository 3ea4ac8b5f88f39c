"""Collaborations and their content: terms, drafts, publications and the looks at them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Json


class Collaboration(Base):
    """One creator in one campaign: the read model that lists and screens use."""

    __tablename__ = "collaborations"
    __table_args__ = (
        UniqueConstraint("campaign_id", "creator_id"),
        Index("ix_collaborations_stage", "campaign_id", "stage"),
        Index("ix_collaborations_moved", "campaign_id", "updated_at", "id"),
        Index("ix_collaborations_creator", "creator_id"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    stage: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    waiting_for: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    needs_attention: Mapped[bool] = mapped_column(default=False)
    suspended: Mapped[bool] = mapped_column(default=False)
    delivered: Mapped[bool] = mapped_column(default=False)
    """The publication was verified once; such a creator is not replaced."""
    quoted_minor: Mapped[int]
    fee_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    draft_version: Mapped[int] = mapped_column(Integer, default=0)
    salt: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class SafetyLook(Base):
    """What brand safety found about somebody who was selected: kept with evidence and engine."""

    __tablename__ = "safety_looks"
    __table_args__ = (
        Index(
            "ix_safety_looks_untold", "looked_at", postgresql_where=text("news AND told_at IS NULL")
        ),
    )
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The same posts with the same findings are the same look."""
    verdict: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[Any]]
    evidence: Mapped[list[Any]]
    """`domain.scandal.Evidence` as JSON; the captions are the creator's words."""
    engine: Mapped[str]
    """Name and version of what judged."""
    posts: Mapped[int]
    newest_post_id: Mapped[int]
    """No newer post of the creator was known then; 0 if there was none."""
    news: Mapped[bool]
    """True if it was put before the manager."""
    looked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When the collaboration's workflow was told of the news."""


class Terms(Base):
    """The terms of one offer, rendered once; what was signed, by whom and when."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("collaboration_id", "version"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    version: Mapped[int] = mapped_column(Integer)
    fee_minor: Mapped[int]
    html: Mapped[str]
    digest: Mapped[str]
    """SHA-256 over the collaboration's salt and the text."""
    created_at: Mapped[datetime]


class Signature(Base):
    """A name typed under terms; counts when a SIGN_TERMS decision refers to it and is applied."""

    __tablename__ = "signatures"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    terms_id: Mapped[str] = mapped_column(ForeignKey("terms.id"))
    typed_name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    """Postal address for the contract and the remittance."""
    created_at: Mapped[datetime]


class Draft(Base):
    """One version of a deliverable's content, as submitted."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_collaboration", "collaboration_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    version: Mapped[int | None] = mapped_column(Integer)
    """Given when the submission is applied; None before."""
    caption: Mapped[str]
    media_note: Mapped[str] = mapped_column(default="")
    """Link to, or description of, the picture or video."""
    digest: Mapped[str]
    """SHA-256 over the collaboration's salt, the caption and the media note."""
    prechecks: Mapped[list[Any]]
    """`domain.prechecks.Precheck` rows as JSON."""
    created_at: Mapped[datetime]


class Publication(Base):
    """Where the creator says the post is."""

    __tablename__ = "publications"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    url: Mapped[str]
    platform: Mapped[str] = mapped_column(String(20))
    platform_post_id: Mapped[str]
    created_at: Mapped[datetime]


class Check(Base):
    """One look at a publication, with its evidence."""

    __tablename__ = "checks"
    __table_args__ = (UniqueConstraint("publication_id", "number"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    level: Mapped[str] = mapped_column(String(2))
    """Evidence level E0 (nothing) to E4 (the creator's own consented account)."""
    faults: Mapped[list[Any]]
    reasons: Mapped[list[Any]]
    evidence: Mapped[Json]
    """What was read: caption, account, label, figures, source and time."""
    checked_at: Mapped[datetime]


class Statement(Base):
    """A creator's objection in a hearing."""

    __tablename__ = "statements"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    text: Mapped[str]
    created_at: Mapped[datetime]
