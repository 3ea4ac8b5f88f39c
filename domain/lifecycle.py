"""The vocabulary of a collaboration's, a payout's and a campaign's life. Each value in one line."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where a collaboration is; in this order."""

    SCREENING = "screening"  # the verdict is re-checked before the first mail
    INVITING = "inviting"  # asked whether there is interest
    NEGOTIATING = "negotiating"  # a counter-offer is being settled
    CONTRACTING = "contracting"  # terms are offered for signature
    DRAFTING = "drafting"  # the creator makes a draft
    REVIEWING = "reviewing"  # the brand looks at the draft
    PUBLISHING = "publishing"  # the approved content is to go live and is checked
    RETAINING = "retaining"  # the post stays live and is checked again
    CLOSED = "closed"  # over; `Outcome` says how


class Outcome(StrEnum):
    """How a collaboration ended."""

    COMPLETED = "completed"  # everything delivered
    DECLINED = "declined"  # said no, did not answer, or no agreement on the fee
    UNREACHABLE = "unreachable"  # no mail could be delivered
    UNSUITABLE = "unsuitable"  # brand safety said no
    WAITLISTED = "waitlisted"  # the budget was gone when terms were agreed
    WITHDRAWN = "withdrawn"  # the creator left after signing
    REJECTED = "rejected"  # the drafts were not accepted
    BREACHED = "breached"  # not delivered, or removed, after a hearing
    CANCELLED = "cancelled"  # the brand stopped


EARLY_OUTCOMES = frozenset(Outcome) - {Outcome.COMPLETED}
"""Outcomes that make the campaign look for somebody else."""


class WaitingFor(StrEnum):
    """Whose move it is."""

    ENGINE = "engine"
    CREATOR = "creator"
    REVIEWER = "reviewer"
    MANAGER = "manager"
    FINANCE = "finance"
    NOBODY = "nobody"


class Role(StrEnum):
    """Whose move something is: a role of the staff, or the creator."""

    MANAGER = "manager"  # shortlist, counter-offers, hearings, pause and stop
    REVIEWER = "reviewer"  # drafts, screening and publications that need an eye
    FINANCE = "finance"  # releases payments
    OPERATOR = "operator"  # retries steps that need attention
    CREATOR = "creator"  # acts behind a signed link


class CampaignStatus(StrEnum):
    """Where a campaign is."""

    VETTING = "vetting"  # the roster is read, vetted and quoted
    SHORTLISTED = "shortlisted"  # the shortlist waits for the manager
    RUNNING = "running"  # collaborations are going on
    PAUSED = "paused"  # no new invitations
    STOPPING = "stopping"  # stopped; signed collaborations are being settled
    COMPLETED = "completed"  # the report is written
    STOPPED = "stopped"  # ended by the manager; the report is written


class PayoutStatus(StrEnum):
    """Where a payment is."""

    REQUESTED = "requested"  # earned; waits for release
    RELEASED = "released"  # released; the cooling period runs
    SENDING = "sending"  # an attempt has been made, the answer is not known yet
    HELD = "held"  # cannot go now; `HoldReason` says why; tried again
    IN_DOUBT = "in_doubt"  # the answer was ambiguous; being looked up at the provider
    TRANSFERRED = "transferred"  # the provider has moved the money
    NETTED = "netted"  # nothing was left to send: all of it was kept back for what the creator owed
    ELSEWHERE = "elsewhere"  # paid another way, outside Troupe; a person said how
    CANCELLED = "cancelled"  # will not be paid; the money is back in the budget


OVER_UNSENT = frozenset({PayoutStatus.NETTED, PayoutStatus.ELSEWHERE, PayoutStatus.CANCELLED})
"""Ends of a payment for which nothing was to be sent."""


class BankStatus(StrEnum):
    """What became of a paid payment's money on its way to the creator's bank."""

    PAID_OUT = "paid_out"  # the provider has sent it to the bank; may still become `failed`
    FAILED = "failed"  # the bank sent it back: it is in the creator's account at the provider
    PAUSED = "paused"  # the brand paused payouts: it never left the creator's account there


class HoldReason(StrEnum):
    """Why a payment cannot go now."""

    NOT_ONBOARDED = "not_onboarded"  # the creator has not finished the payout set-up
    WAITING_FUNDS = "waiting_funds"  # the brand's balance at the provider is too low
    RAIL_STOPPED = "rail_stopped"  # the provider refuses our key
    REFUSED = "refused"  # the provider refuses this payment
    BELOW_MINIMUM = "below_minimum"  # too small to be sent alone: a later payment takes it along
    BY_PERSON = "by_person"  # finance or a manager put it on hold
    SUSPENDED = "suspended"  # the collaboration is suspended
    TAKEN_BACK = "taken_back"  # paid once, then taken back at the provider: is it still owed?
    ACCOUNT_REJECTED = "account_rejected"  # the provider will never let this account be paid
    ACCOUNT_GONE = "account_gone"  # the account was closed, or took our access back
    PLATFORM_PAUSED = "platform_paused"  # the brand itself has paused the creator's account
    PAYEE_CHANGED = "payee_changed"  # released for another account of the creator; released anew


ACCOUNT_LOST = (HoldReason.ACCOUNT_REJECTED, HoldReason.ACCOUNT_GONE)
"""Reasons that hold every payment of a creator; the provider's adapter writes them down as
requirements of the account."""


class StreamKind(StrEnum):
    """Whose event stream it is."""

    CAMPAIGN = "campaign"
    COLLABORATION = "collaboration"
    PAYOUT = "payout"
    CLAIM = "claim"


class SafetyVerdict(StrEnum):
    """What brand safety says of a creator."""

    CLEAR = "clear"
    REVIEW = "review"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"  # too little to read, or a language that is not covered


class CheckState(StrEnum):
    """What a publication check found."""

    OK = "ok"  # live, right account, right content, disclosed
    FAULTY = "faulty"  # live, and something the creator can mend is wrong
    GONE = "gone"  # the platform says that it does not exist
    UNSURE = "unsure"  # live, and a person has to look
    UNKNOWN = "unknown"  # could not be checked; counts for nobody and against nobody
