"""Every workflow that the worker runs."""

from __future__ import annotations

from workflows.bonus import BonusWorkflow
from workflows.campaign import CampaignWorkflow
from workflows.claim import ClaimBackWorkflow, ClaimWorkflow
from workflows.collaboration import CollaborationWorkflow
from workflows.payout import PayoutWorkflow
from workflows.reconciliation import BookCheckWorkflow, ReconciliationWorkflow
from workflows.upkeep import (
    BalanceWorkflow,
    FollowUpWorkflow,
    LostEventsWorkflow,
    MaintenanceWorkflow,
    OnboardingWorkflow,
    StaffMailWorkflow,
    StripeEventWorkflow,
)

WORKFLOWS = [
    CampaignWorkflow,
    CollaborationWorkflow,
    PayoutWorkflow,
    StripeEventWorkflow,
    BonusWorkflow,
    ClaimBackWorkflow,
    ClaimWorkflow,
    OnboardingWorkflow,
    MaintenanceWorkflow,
    ReconciliationWorkflow,
    BookCheckWorkflow,
    LostEventsWorkflow,
    BalanceWorkflow,
    StaffMailWorkflow,
    FollowUpWorkflow,
]
