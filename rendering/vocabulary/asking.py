"""What waits for somebody, whom it waits for, and what they did."""

from __future__ import annotations

from domain.standstill import HOLDS_ON, Standstill

KIND_TITLES = {
    "shortlist": "Shortlists to sign off",
    "contact": "Creators to write to by hand",
    "screening": "Creators to look at",
    "scandal": "Something new about a creator",
    "counter": "Counter-offers",
    "draft": "Drafts to review",
    "publication": "Posts to look at",
    "hearing": "Hearings",
    "kill_fee": "Kill fees to decide",
    "release": "Payments to release",
    "unpaid": "Payments that cannot be sent",
    "claim": "Money to be given back",
    "in_doubt": "Payments that nobody knows the end of yet",
    "on_hold": "Payments on hold",
    "bank_failed": "Sent back by a bank",
    "difference": "Books and payments that differ",
    "books": "Books that were changed",
    "events": "News from Stripe that could not be read",
    "bank_file": "Bank files to make",
    "bank_answer": "Bank files without an answer",
    "account": "Your account at Stripe",
    "attention": "Steps that failed",
    "standstill": "What nobody carries on",
}

STANDSTILLS = {
    "not_there": "Temporal has no workflow for it: none was begun, or it ended too long ago.",
    "failing": "Its workflow runs, but its next step fails, again and again.",
    "paused": "Somebody has paused its workflow in Temporal.",
    "terminated": "Somebody has terminated its workflow in Temporal.",
    "canceled": "Somebody has cancelled its workflow in Temporal.",
    "failed": "Its workflow has failed.",
    "timed_out": "Its workflow has run out of time.",
    "completed": "Its workflow came to its end, and the books do not say so.",
}
"""Why nobody carries something on, by `domain.standstill.Standstill`."""

MEANWHILE = {
    each.value: "What is decided about it is kept, and done once it goes on."
    if each in HOLDS_ON
    else "Until it goes on, nothing can be decided about it."
    for each in Standstill
}
"""What becomes of decisions about something that nobody carries on."""

WAITING = {
    "engine": "Troupe",
    "creator": "the creator",
    "reviewer": "a reviewer",
    "manager": "a manager",
    "finance": "finance",
    "nobody": "nobody",
}

DECIDED = {
    "release_payout": "released the payment",
    "hold_payout": "put the payment on hold",
    "resume_payout": "let the payment go on",
    "cancel_payout": "said that it is not to be paid",
    "retry_payout": "had it tried again",
    "settle_payout": "said that it was paid another way",
    "retry_step": "tried the step again",
    "grant_bonus": "granted it",
    "claim_back": "asked for it back",
    "decide_claim": "decided it",
    "waive_claim": "waived the rest",
    "book_repayment": "booked a repayment",
    "object": "wrote to you",
}
