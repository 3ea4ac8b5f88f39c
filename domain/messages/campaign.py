"""Messages of a campaign: its own state, and what it asks of roster, shortlist and children."""

from __future__ import annotations

from enum import StrEnum

from domain.lifecycle import CampaignStatus, Outcome
from domain.messages.base import Message
from domain.messages.collaboration import CollaborationInput
from domain.messages.stream import StreamHead


class CampaignState(Message):
    """Everything a campaign's workflow remembers; handed whole to continue-as-new.

    Who is invited, working or done stands in PostgreSQL and is counted there (`Standing`), so
    this stays small however many creators take part.
    """

    head: StreamHead
    phase: CampaignStatus = CampaignStatus.VETTING
    """``vetting``, ``shortlisted`` or ``running``; a pause or a stop comes on top."""
    shortlist_digest: str = ""
    batch: int = 0
    """Number of the next batch of starts; makes a repeated batch harmless."""
    exhausted: bool = False
    """Nobody is left on the waitlist whom the budget could pay."""
    paused: bool = False
    stopped: bool = False


class CampaignInput(Message):
    """How a campaign starts, and how it goes on after continue-as-new."""

    campaign_id: str
    wanted: int
    window: int
    budget_minor: int
    remind_shortlist_seconds: int = 86_400
    recount_seconds: int = 300
    """How often the standing is counted even without news: finds what ended silently."""
    state: CampaignState | None = None


class NewsPhase(StrEnum):
    """What a collaboration tells its campaign."""

    SIGNED = "signed"
    ENDED = "ended"
    PAID = "paid"


class CollaborationNews(Message):
    """A collaboration has signed or ended, or one of its payments has been made."""

    campaign_id: str
    collaboration_id: str
    phase: NewsPhase
    outcome: Outcome | None = None


class VettingResult(Message):
    """How the roster came out."""

    candidates: int
    suitable: int


class ShortlistResult(Message):
    """The proposed set; the names are rows in PostgreSQL."""

    digest: str
    chosen: int
    waitlisted: int


class SolveAgain(Message):
    """Solve the shortlist again, with the wishes of the people."""

    campaign_id: str
    change_id: str
    """Which change led to it; the same one again is answered from what was kept."""


class SolvedAgain(Message):
    """The list after a change, beside the one before it; fees in the smallest unit."""

    digest: str
    chosen: int
    waitlisted: int
    cost_minor: int
    cost_before_minor: int
    expected: int
    expected_before: int
    came: int
    went: int


class StartPlan(Message):
    """Whom to start now, in the order of the shortlist and then the waitlist."""

    starts: tuple[CollaborationInput, ...] = ()
    exhausted: bool = False


class PlanStarts(Message):
    """Ask for up to ``count`` new collaborations; ``batch`` makes asking twice harmless."""

    campaign_id: str
    batch: int
    count: int


class Standing(Message):
    """What PostgreSQL says of a campaign's collaborations and payments."""

    undecided: int
    """Started and neither signed nor ended: the window counts these."""
    holding: int
    """Signed and going on, completed, or ended after the post had been verified."""
    open: int
    """Not ended."""
    open_payouts: int
    """Neither transferred nor cancelled."""


class TellCollaborations(Message):
    """Signal every collaboration of a campaign that has not ended."""

    campaign_id: str
    news: str
    """``paused``, ``resumed`` or ``stopped``."""
