"""Every workflow, update, signal, query and task queue by name, with its model.

The web and the command line reach workflows by these names and never import a workflow.
Models ignore unknown fields and only ever gain optional ones, so that workers of two versions can
read each other's messages.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.campaign import CollaborationPolicy, PayoutPolicy
from domain.decisions import Choice, DecisionKind
from domain.inbox import ItemKind
from domain.lifecycle import (
    BankStatus,
    CampaignStatus,
    CheckState,
    HoldReason,
    Outcome,
    PayoutStatus,
    SafetyVerdict,
    Stage,
    StreamKind,
    WaitingFor,
)
from domain.mails import Mail

CAMPAIGN_WORKFLOW = "CampaignWorkflow"
COLLABORATION_WORKFLOW = "CollaborationWorkflow"
PAYOUT_WORKFLOW = "PayoutWorkflow"
STRIPE_EVENT_WORKFLOW = "StripeEventWorkflow"
MAINTENANCE_WORKFLOW = "MaintenanceWorkflow"
ONBOARDING_WORKFLOW = "OnboardingWorkflow"
LOST_EVENTS_WORKFLOW = "LostEventsWorkflow"
BALANCE_WORKFLOW = "BalanceWorkflow"
STAFF_MAIL_WORKFLOW = "StaffMailWorkflow"
BONUS_WORKFLOW = "BonusWorkflow"
RECONCILIATION_WORKFLOW = "ReconciliationWorkflow"

DECIDE = "decide"  # update, on campaign, collaboration and payout: DecisionRef -> DecisionResult
COLLABORATION_NEWS = "collaboration_news"  # signal to the campaign: CollaborationNews
CAMPAIGN_STOPPED = "campaign_stopped"  # signal to a collaboration, no argument
SCANDAL = "scandal"  # signal to a collaboration: ScandalFound
PAUSE_CLOCK = "pause_clock"  # signal to a collaboration: PauseClock
COLLABORATION_SUSPENDED = "collaboration_suspended"  # signal to a payout: Suspension
BONUS_GRANTED = "bonus_granted"  # signal to a collaboration: BonusGranted
RECIPIENT_CHANGED = "recipient_changed"  # signal to a payout: it is worth another try


class Queue(StrEnum):
    """Task queues: one per outside party, so that each has its own rate and its own secrets."""

    WORKFLOWS = "troupe-workflows"
    VETTING = "troupe-vetting"
    OUTREACH = "troupe-outreach"
    PUBLICATION = "troupe-publication"
    PAYOUTS = "troupe-payouts"


class Message(BaseModel):
    """Base of everything that travels through Temporal."""

    model_config = ConfigDict(frozen=True, extra="ignore")


# --- decisions -----------------------------------------------------------------------------


class DecisionRef(Message):
    """A decision's row, the kind of it and the digest of what the person saw."""

    decision_id: str
    kind: DecisionKind
    seen: str = ""


class DecisionResult(Message):
    """What became of a decision."""

    applied: bool
    code: str = "applied"
    """``applied``, or why not: not_allowed, same_person, requester, stale, too_late…"""


# --- the event stream: what a workflow writes ----------------------------------------------


class StreamHead(Message):
    """The last committed event of a stream: the next one has ``sequence + 1`` and links here."""

    kind: StreamKind
    entity_id: str
    sequence: int = 0
    digest: str = ""


class CollaborationChange(Message):
    """Columns of the collaboration's read-model row; unset fields stay as they are."""

    stage: Stage | None = None
    outcome: Outcome | None = None
    waiting_for: WaitingFor | None = None
    due_at: datetime | None = None
    clear_due: bool = False
    fee_minor: int | None = None
    draft_version: int | None = None
    needs_attention: bool | None = None
    suspended: bool | None = None
    delivered: bool | None = None


class CampaignChange(Message):
    """Columns of the campaign's read-model row."""

    status: CampaignStatus | None = None


class PayoutChange(Message):
    """Columns of the payout's read-model row."""

    status: PayoutStatus | None = None
    hold_reason: HoldReason | None = None
    clear_hold: bool = False
    releases: int | None = None
    attempt: int | None = None
    sends_at: datetime | None = None
    transfer_id: str | None = None
    reversed_minor: int | None = None
    bank_status: BankStatus | None = None
    bank_payout_id: str | None = None


class OpenItem(Message):
    """An inbox item to open (or, with the same kind on the same subject, to renew)."""

    kind: ItemKind
    seen: str = ""
    """Digest of what the page shows; the decision must carry the same."""
    due_at: datetime | None = None
    code: str = ""
    """Why, for items that have several causes: an error code, a verdict."""


class PlannedMail(Message):
    """A mail to be sent: becomes an outbox row in the event's transaction."""

    outbox_id: str
    mail: Mail
    step: str
    """Unique within the collaboration: the same step is never mailed twice."""
    facts: dict[str, str | int] = {}
    """Numbers, dates and codes for the template; no personal data."""
    not_before: datetime | None = None
    not_after: datetime | None = None


class PostingKind(StrEnum):
    """What moves in the ledger; `store/ledger.py` knows the two accounts of each."""

    FUND = "fund"  # funding -> available: the budget is set
    RESERVE = "reserve"  # available -> reserved: a contract is signed
    EARN = "earn"  # reserved -> payable: a milestone is reached
    SEND = "send"  # payable -> in transit: an attempt to pay begins
    SETTLE = "settle"  # in transit -> paid: the provider has moved the money
    RETURN = "return"  # in transit -> payable: the attempt definitely failed
    FREE = "free"  # reserved -> available: not needed after all
    TAKE_BACK = "take_back"  # paid -> payable: the provider has taken it back; owed until decided
    FORFEIT = "forfeit"  # payable -> available: earned, and not to be paid after all


class Posting(Message):
    """One movement of money; ``key`` makes it happen once."""

    kind: PostingKind
    key: str
    amount_minor: int


class NewPayout(Message):
    """A payment that has been earned; the row is the guarantee that it is paid once."""

    payout_id: str
    kind: str
    number: int
    amount_minor: int
    pay_by: datetime
    again_of: str | None = None
    """The payment of which this was taken back."""


class Append(Message):
    """One event with everything that belongs to it, written in one transaction."""

    head: StreamHead
    at: datetime
    key: str
    """What this step is known by in its stream; makes writing it twice harmless."""
    event: str
    """Name of the event, past tense: ``offer_sent``, ``draft_approved``."""
    data: dict[str, str | int | bool | None] = {}
    collaboration: CollaborationChange | None = None
    campaign: CampaignChange | None = None
    payout: PayoutChange | None = None
    open_items: tuple[OpenItem, ...] = ()
    close_items: tuple[ItemKind, ...] = ()
    remind_items: tuple[ItemKind, ...] = ()
    """Open items whose person is reminded: their ``reminded`` count goes up by one."""
    escalate_items: tuple[ItemKind, ...] = ()
    """Open items that the manager is to see as well."""
    hand_over_items: tuple[ItemKind, ...] = ()
    """Open items that the substitute whom the campaign names may decide from now on."""
    close_all_items: bool = False
    """Close whatever is still open on this subject: the last event of a life."""
    mails: tuple[PlannedMail, ...] = ()
    postings: tuple[Posting, ...] = ()
    new_payouts: tuple[NewPayout, ...] = ()


class Appended(Message):
    """The stream's new head; or why nothing was written."""

    head: StreamHead
    refused: str = ""
    """Empty, or ``over_budget``: the ledger refused, and the whole transaction was rolled back."""


class ApplyDecision(Message):
    """Read a decision's row, check it once more, and write its event."""

    head: StreamHead
    at: datetime
    ref: DecisionRef
    close_items: tuple[ItemKind, ...] = ()
    earlier: tuple[str, ...] = ()
    """Decisions already taken for the same purpose: the first of two releases."""


class AppliedDecision(Message):
    """The choice, if the decision holds; else why not. The head is the new one if it holds."""

    head: StreamHead
    choice: Choice | None = None
    code: str = "applied"
    decision_id: str = ""
    """Filled in by the workflow, which knows it already."""
    seen_digest: str = ""
    """Digest of the content that the choice refers to (a draft's, a publication's), if any."""


# --- campaign ------------------------------------------------------------------------------


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


# --- collaboration -------------------------------------------------------------------------


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


# --- payout --------------------------------------------------------------------------------


class PayoutInput(Message):
    """One earned payment."""

    payout_id: str
    collaboration_id: str
    campaign_id: str
    amount_minor: int
    currency: str
    pay_by: datetime
    policy: PayoutPolicy
    on_hold: HoldReason | None = None
    """Nobody is asked to release it before a person lets it go on."""
    granted: bool = False
    """A bonus: nobody's work earned it, so it may be withdrawn until it is sent."""


class GrantBonus(Message):
    """Apply a decision by which a creator gets more than was agreed."""

    ref: DecisionRef
    at: datetime


class Granted(Message):
    """What became of it."""

    code: str = "applied"
    payment: PayoutInput | None = None
    """What is to be started, if the decision holds."""


class BonusGranted(Message):
    """A payment that a suspension of its collaboration is to hold too."""

    payout_id: str


class Suspension(Message):
    """The collaboration that earned the payment was suspended, or goes on."""

    suspended: bool


class PayoutResult(Message):
    """How a payment ended."""

    status: PayoutStatus


class TransferRequest(Message):
    """One attempt to pay; the key comes from the payout and the attempt's number."""

    payout_id: str
    attempt: int


class TransferOutcome(StrEnum):
    """What the provider said."""

    TRANSFERRED = "transferred"
    NOT_ONBOARDED = "not_onboarded"
    WAITING_FUNDS = "waiting_funds"
    REFUSED = "refused"
    RAIL_STOPPED = "rail_stopped"
    PAYEE_CHANGED = "payee_changed"  # nothing was sent: it was released for another account
    IN_DOUBT = "in_doubt"
    UNDER_WAY = "under_way"  # ordered by bank transfer; the bank's answer takes days
    NOT_FOUND = "not_found"  # only from a look-up: it never happened


class TransferResult(Message):
    """The outcome of an attempt, or of looking one up."""

    outcome: TransferOutcome
    transfer_id: str = ""
    code: str = ""


class OnboardingTask(Message):
    """Make the creator's recipient account, if needed, and a fresh onboarding link."""

    creator_id: str
    link_id: str
    collaboration_id: str = ""
    """Whose page the creator comes back to; empty: the newest one."""


class StripeEventTask(Message):
    """Apply one stored event by reading the state from the provider."""

    event_row_id: str


class TakenBack(Message):
    """Money of a payment was taken back: what is to be decided, and the mail that says so."""

    payment: PayoutInput
    outbox_id: str


class AppliedEvent(Message):
    """What follows from an event of the provider."""

    woken: tuple[str, ...] = ()
    """Held payments that are worth another try."""
    taken_back: tuple[TakenBack, ...] = ()
    mails: tuple[str, ...] = ()
    """Outbox rows that are to be sent."""


StartPlan.model_rebuild()
