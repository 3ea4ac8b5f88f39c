"""What somebody proves again who they are for, before it is recorded."""

from __future__ import annotations

from domain.decisions import DecisionKind

NEEDS_PROOF = frozenset(
    {
        DecisionKind.RELEASE_PAYOUT,
        DecisionKind.SETTLE_PAYOUT,
        DecisionKind.RETRY_PAYOUT,
        DecisionKind.RESUME_PAYOUT,
        DecisionKind.CANCEL_PAYOUT,
        DecisionKind.DECIDE_CLAIM,
        DecisionKind.BOOK_REPAYMENT,
        DecisionKind.WAIVE_CLAIM,
    }
)
"""Decisions by which money goes, is called owed or not owed, or is said to have come.

Stopping a payment is not among them: nothing may stand in its way. The same is asked before money
is handed to the bank or explained, and before payments go on that a refused key has stopped.
"""
