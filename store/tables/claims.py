"""Claims: what creators owe back, and what has come back of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base


class Claim(Base):
    """What a creator is to give back of what a collaboration has earned them."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="claim_amount_positive"),
        Index("ix_claims_creator", "creator_id", "status"),
        Index("ix_claims_collaboration", "collaboration_id"),
        Index("ix_claims_created", "created_at", "id"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    decision_id: Mapped[str] = mapped_column(ForeignKey("decisions.id"), unique=True)
    """Who asks for it, and why."""
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12))
    """`domain.claims.ClaimStatus`."""
    object_by: Mapped[datetime]
    """Until then the creator may object."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class ClaimPart(Base):
    """Something by which a claim became smaller; rows are only added."""

    __tablename__ = "claim_parts"
    __table_args__ = (
        Index("ix_claim_parts_claim", "claim_id"),
        Index("ix_claim_parts_payout", "payout_id"),
    )
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claims.id"))
    kind: Mapped[str] = mapped_column(String(12))
    """`domain.claims.SettledBy`."""
    amount_minor: Mapped[int]
    """Negative if it is open again: the payment that it was kept back from was called off."""
    payout_id: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"))
    """The payment that it was kept back from, or that was taken back."""
    decision_id: Mapped[str | None] = mapped_column(ForeignKey("decisions.id"))
    """The release, the repayment's booking or the waiver."""
    at: Mapped[datetime]
