"""The roster: accounts, their recent posts, and what earlier lists said of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base


class Creator(Base):
    """A person or account in the roster; one row per platform and handle."""

    __tablename__ = "creators"
    __table_args__ = (
        UniqueConstraint("platform", "handle_key"),
        # byte order, so that one index serves both the order of the list and a search by prefix
        Index("ix_creators_handle", text('handle_key COLLATE "C"'), "id"),
        Index("ix_creators_name", text('lower(name) COLLATE "C"')),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    platform: Mapped[str] = mapped_column(String(20))
    handle: Mapped[str]
    handle_key: Mapped[str]
    """The handle for comparison: without @, case-folded."""
    platform_account_id: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    followers: Mapped[int]
    following: Mapped[int | None]
    posts_count: Mapped[int | None]
    engagement_ppm: Mapped[int | None]
    """Engagements per post as parts per million of the followers; 25,000 is 2.5 %."""
    audience_country: Mapped[str] = mapped_column(String(2), default="")
    source: Mapped[str] = mapped_column(default="")
    """Where the record comes from; named in the first mail (GDPR art. 14)."""
    salt: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CreatorPost(Base):
    """A recent post of a creator, for vetting."""

    __tablename__ = "creator_posts"
    __table_args__ = (UniqueConstraint("creator_id", "post_key"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    post_key: Mapped[str]
    """The platform's id of the post, or a digest of caption and date."""
    caption: Mapped[str]
    posted_at: Mapped[datetime | None]
    likes: Mapped[int | None]
    comments: Mapped[int | None]
    comment_marks: Mapped[list[str] | None] = mapped_column(JSONB)
    """What is kept of comments' texts, see `domain.comments`; NULL if none were brought in."""


class CreatorFigures(Base):
    """What a list said of an account on one day."""

    __tablename__ = "creator_figures"
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    seen_on: Mapped[date] = mapped_column(primary_key=True)
    followers: Mapped[int]
    engagement_ppm: Mapped[int | None]
