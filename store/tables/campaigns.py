"""Campaigns, and what each thinks of whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Json


class Campaign(Base):
    """A campaign: its file as it was started, and its read model."""

    __tablename__ = "campaigns"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    file: Mapped[Json]
    """The campaign file as JSON, as validated by `domain.campaign.CampaignFile`."""
    source: Mapped[str] = mapped_column(default="")
    """The YAML as the person wrote it."""
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    budget_minor: Mapped[int]
    wanted: Mapped[int]
    salt: Mapped[str]
    shortlist_digest: Mapped[str] = mapped_column(default="")
    shortlist: Mapped[Json | None]
    """How good the shortlist is, and the limits not kept, as `domain.shortlist.record`."""
    report: Mapped[Json | None]
    started_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class Candidate(Base):
    """What a campaign thinks of a creator: verdict, quote, place in the list, and why."""

    __tablename__ = "candidates"
    __table_args__ = (
        Index("ix_candidates_place", "campaign_id", "status", "place"),
        Index("ix_candidates_batch", "campaign_id", "batch"),
    )
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    """``chosen``, ``waitlist`` or ``out``."""
    place: Mapped[int] = mapped_column(default=0)
    """Order in which candidates are invited: the chosen first, then the waitlist."""
    verdict: Mapped[str] = mapped_column(String(10))
    verdict_reasons: Mapped[list[Any]]
    judged_by: Mapped[str] = mapped_column(default="")
    """Name and version of the brand-safety engine that gave the verdict."""
    judged_at: Mapped[datetime | None]
    out_rule: Mapped[str] = mapped_column(default="")
    """Code of the rule that left the candidate out."""
    reasons: Mapped[list[Any]]
    """Sentences: why in, why out."""
    fit_percent: Mapped[int] = mapped_column(Integer, default=0)
    quote: Mapped[Json]
    """`domain.quote.Quote` as JSON: total, range and lines."""
    fee_minor: Mapped[int]
    expected: Mapped[int] = mapped_column(default=0)
    """What the candidate is expected to bring of the campaign's metric."""
    batch: Mapped[int | None]
    collaboration_id: Mapped[str | None]


class ShortlistWish(Base):
    """What a manager wants of a candidate's place: written first, in force once it is applied."""

    __tablename__ = "shortlist_wishes"
    __table_args__ = (Index("ix_shortlist_wishes_campaign", "campaign_id", "creator_id", "number"),)
    change_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The wishes of one form, which are decided together."""
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    wish: Mapped[str] = mapped_column(String(10))
    """``pin``, ``strike`` or ``free``."""
    reason: Mapped[str]
    other_id: Mapped[str | None] = mapped_column(ForeignKey("creators.id"))
    """The other half of a swap."""
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    number: Mapped[int | None]
    """Which change of the campaign it was, counted from 1; none as long as it is not applied."""
