"""When people are reminded of a payment: by how long it waits, and by when it has to be paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Nudges:
    """Time from the asking until each of them."""

    remind: timedelta
    hand_over: timedelta
    escalate: timedelta


def nudges(
    asked: datetime, pay_by: datetime, remind: timedelta, hand_over: timedelta, escalate: timedelta
) -> Nudges:
    """When to remind, to hand over and to escalate what was asked.

    The campaign's times hold, unless the pay-by date is so near that they would come too late:
    half of the time that is left is for the first reminder, and after three quarters of it somebody
    else sees it. What is overdue when it is asked is not hurried any more.

    >>> asked, day = datetime(2026, 3, 2), timedelta(days=1)
    >>> nudges(asked, asked + day, 2 * day, 3 * day, 5 * day).remind
    datetime.timedelta(seconds=43200)
    >>> nudges(asked, asked + 14 * day, 2 * day, 3 * day, 5 * day).escalate
    datetime.timedelta(days=5)
    """
    left = pay_by - asked
    if left <= timedelta(0):
        return Nudges(remind, hand_over, escalate)
    return Nudges(min(remind, left / 2), min(hand_over, left * 3 / 4), min(escalate, left * 3 / 4))
