"""Messages of a claim: money that a creator is to give back."""

from __future__ import annotations

from datetime import timedelta

from domain.campaign import PayoutPolicy
from domain.messages.base import Message


class ClaimInput(Message):
    """One claim, as its workflow begins."""

    claim_id: str
    collaboration_id: str
    campaign_id: str
    amount_minor: int
    currency: str
    hearing_within: timedelta
    """Time in which the creator may object."""
    min_notice: timedelta
    """Nobody is timed out sooner than this after they were written to."""
    policy: PayoutPolicy
    """With the clock on whoever says whether it stands."""


class Claimed(Message):
    """What became of a decision by which a creator is to give something back."""

    code: str = "applied"
    claim: ClaimInput | None = None
    """What is to be started, if the decision holds."""


class ClaimResult(Message):
    """How a claim ended."""

    code: str
    """``dropped`` or ``settled``."""
