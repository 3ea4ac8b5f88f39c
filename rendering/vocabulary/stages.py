"""Where a collaboration and a campaign stand."""

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

STEPS = (
    ("offer", "Offer"),
    ("terms", "Terms"),
    ("draft", "Draft"),
    ("publish", "Publish"),
    ("live", "Stay live"),
    ("done", "Done"),
)
"""What a creator sees of the stages."""

STEP_OF = {
    "screening": 0, "inviting": 0, "negotiating": 0, "contracting": 1,
    "drafting": 2, "reviewing": 2, "publishing": 3, "retaining": 4, "closed": 5,
}  # fmt: skip
