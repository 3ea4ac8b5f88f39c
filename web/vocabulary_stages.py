"""Words for where a collaboration and a campaign stand."""

from __future__ import annotations

STAGES = {
    "screening": "Screening",
    "inviting": "Invited",
    "negotiating": "Negotiating",
    "contracting": "Terms offered",
    "drafting": "Drafting",
    "reviewing": "In review",
    "publishing": "Publishing",
    "retaining": "Live",
    "closed": "Closed",
}

OUTCOMES = {
    "completed": "Completed",
    "declined": "Declined",
    "unreachable": "Unreachable",
    "unsuitable": "Unsuitable",
    "waitlisted": "Waitlisted: budget used up",
    "withdrawn": "Withdrew",
    "rejected": "Draft rejected",
    "breached": "Breached",
    "cancelled": "Cancelled",
}

CAMPAIGN_STATUS = {
    "vetting": "Reading the roster",
    "shortlisted": "Shortlist waits for sign-off",
    "running": "Running",
    "paused": "Paused",
    "stopping": "Stopping",
    "completed": "Completed",
    "stopped": "Stopped",
}

CAME_BACK = {
    "netted": "kept back from a payment",
    "taken_back": "taken back from a payment",
    "repaid": "sent to the brand by you",
    "waived": "not asked for any more",
}
"""By what a claim became smaller, as the creator reads it."""
