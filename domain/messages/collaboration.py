"""Messages of a collaboration: one creator in one campaign, from screening to the last look."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.campaign import CollaborationPolicy, PayoutPolicy
from domain.lifecycle import CheckState, Outcome, SafetyVerdict
from domain.messages.base import Message


class CollaborationInput(Message):
    """One creator in one campaign; numbers and policy only."""

    collaboration_id: str
    campaign_id: str
    creator_id: str
    fee_minor: int
    """The quote, in the campaign's currency."""
    has_address: bool = True
    zone: str = "UTC"
    """The creator's time zone, for sending hours."""
    policy: CollaborationPolicy
    payout_policy: PayoutPolicy


class CollaborationResult(Message):
    """How a collaboration ended."""

    outcome: Outcome
    paid_minor: int = 0


class Screening(Message):
    """Brand safety's word just before the first mail, and once more before publication."""

    verdict: SafetyVerdict
    digest: str = ""
    """Of verdict and reasons, salted; names the look's row."""
    news: bool = False
    """Something was found that was not there at the look before."""


class ScandalFound(Message):
    """The posts of a creator who takes part have become something for the manager."""

    verdict: SafetyVerdict
    digest: str
    """The look's row; the same one told twice is asked about once."""


class TermsRequest(Message):
    """Render the terms for a fee; the same version is rendered once."""

    collaboration_id: str
    version: int
    fee_minor: int


class TermsReady(Message):
    """Digest of the rendered terms: what the creator signs."""

    digest: str


class WatchRequest(Message):
    """Look at a publication at some moments; the first number makes each look one row."""

    collaboration_id: str
    publication_id: str
    first_number: int
    moments: tuple[datetime, ...]
    again_after: timedelta
    """When a look that could not be made is made again."""
    patient: bool = True
    """False: a look that could not be made is not made again."""


class CheckResult(Message):
    """What a look found; the evidence is a row."""

    state: CheckState
    faults: tuple[str, ...] = ()
    """Codes: no_disclosure, weak_disclosure, wrong_account, changed_text, no_mention, no_link."""


class WatchResult(Message):
    """What the last look of a watch found."""

    last: CheckResult
    looks: int = 1
    """Looks taken."""
    passed: int = 0
    """Moments at which the post was as agreed."""


class MailResult(Message):
    """What became of a mail."""

    status: str
    """``accepted``, ``bounced``, ``suppressed``, ``expired``, ``by_hand`` or ``in_doubt``."""


class PauseClock(Message):
    """The campaign was paused or resumed: the creator's deadlines stand still meanwhile."""

    paused: bool
