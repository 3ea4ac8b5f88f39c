"""Every workflow, update, signal and task queue by name; models are beside this file."""

from __future__ import annotations

from enum import StrEnum

CAMPAIGN_WORKFLOW = "CampaignWorkflow"
COLLABORATION_WORKFLOW = "CollaborationWorkflow"
PAYOUT_WORKFLOW = "PayoutWorkflow"
STRIPE_EVENT_WORKFLOW = "StripeEventWorkflow"
MAINTENANCE_WORKFLOW = "MaintenanceWorkflow"
ONBOARDING_WORKFLOW = "OnboardingWorkflow"
LOST_EVENTS_WORKFLOW = "LostEventsWorkflow"
BALANCE_WORKFLOW = "BalanceWorkflow"
STAFF_MAIL_WORKFLOW = "StaffMailWorkflow"
FOLLOW_UP_WORKFLOW = "FollowUpWorkflow"
BONUS_WORKFLOW = "BonusWorkflow"
CLAIM_BACK_WORKFLOW = "ClaimBackWorkflow"
CLAIM_WORKFLOW = "ClaimWorkflow"
RECONCILIATION_WORKFLOW = "ReconciliationWorkflow"
BOOK_CHECK_WORKFLOW = "BookCheckWorkflow"

DECIDE = "decide"  # update, on whatever people decide about: DecisionRef -> DecisionResult
COLLABORATION_NEWS = "collaboration_news"  # signal to the campaign: CollaborationNews
CAMPAIGN_STOPPED = "campaign_stopped"  # signal to a collaboration, no argument
SCANDAL = "scandal"  # signal to a collaboration: ScandalFound
PAUSE_CLOCK = "pause_clock"  # signal to a collaboration: PauseClock
COLLABORATION_SUSPENDED = "collaboration_suspended"  # signal to a payout: Suspension
BONUS_GRANTED = "bonus_granted"  # signal to a collaboration: BonusGranted
CLAIM_CHANGED = "claim_changed"  # signal to a claim: something of it was settled
ACCOUNT_LOST = "account_lost"  # signal to a payout: AccountLost
ACCOUNT_BACK = "account_back"  # signal to a payout: the creator has another account
TAKEN_ALONG = "taken_along"  # signal to a payout: another payment's transfer has paid it
RECIPIENT_CHANGED = "recipient_changed"  # signal to a payout: it is worth another try


class Queue(StrEnum):
    """Task queues: one per outside party, so that each has its own rate and its own secrets."""

    WORKFLOWS = "troupe-workflows"
    VETTING = "troupe-vetting"
    OUTREACH = "troupe-outreach"
    PUBLICATION = "troupe-publication"
    PAYOUTS = "troupe-payouts"
