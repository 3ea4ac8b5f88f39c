"""How far a payment has come, counted in what is committed."""

from __future__ import annotations

from collections.abc import Collection

from domain.reconciliation import Booked
from local.proof.steps import Case, End, Step


def how_far(case: Case, row: Booked, other: Booked | None, booked: Collection[str]) -> int:
    """Count the steps of `Step` that a payment has behind it.

    Args:
        case: the payment.
        row: what our books have of it.
        other: the same of the payment that takes it along, if one does.
        booked: the payments for which Stripe has made a transfer.
    """
    if case.end is End.ALONG and other is not None:
        return _along(case, row, other, booked)
    if case.end is not End.SENT:
        return (Step.POSTED if row.status is case.status else Step.NOT_POSTED).progress or 0
    return sum(
        (
            any(each.sent_minor for each in row.posted),
            bool(row.attempts),
            row.payout_id in booked,
            any(each.transfer_id for each in row.attempts),
            any(each.settled_minor for each in row.posted),
        )
    )


def _along(case: Case, row: Booked, other: Booked, booked: Collection[str]) -> int:
    """It is bound, booked and written down with the other one, and then posted by itself.

    It was in transit before, and came back, when it was tried alone: that does not count.
    """
    settled = any(each.settled_minor for each in row.posted)
    return sum(
        (
            any(each.amount_minor == case.transfer_minor for each in other.attempts),
            other.payout_id in booked,
            any(each.transfer_id for each in row.along_with),
            settled or any(each.in_transit_minor for each in row.posted),
            settled,
        )
    )
