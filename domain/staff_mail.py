"""When a member of staff gets a mail about what waits for them, and for which news."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

NEW = "new"
REMINDED = "reminded"
HANDED_OVER = "handed_over"
ESCALATED = "escalated"

DIGEST_GAP = timedelta(hours=1)
"""New items are told together: at most one mail in this time."""
URGENT_GAP = timedelta(minutes=10)
"""What was handed over or escalated, and reminders, do not wait for the digest; but when a whole
campaign is late at once, that is one mail and not a hundred."""


class Wish(StrEnum):
    """Whether a member of staff gets mails."""

    ON = "on"
    OFF = "off"
    BOUNCED = "bounced"  # their server said that there is no such mailbox


def news_of(*, reminded: int, handed_to_them: bool, escalated_to_them: bool) -> tuple[str, ...]:
    """Everything that can be told about an item that waits; each is told once.

    Args:
        reminded: how often the engine has reminded of it.
        handed_to_them: the person is the substitute and may decide it now.
        escalated_to_them: the person is a manager, and nobody has answered.
    """
    found = [NEW]
    if reminded:
        found.append(f"{REMINDED}:{reminded}")
    if handed_to_them:
        found.append(HANDED_OVER)
    if escalated_to_them:
        found.append(ESCALATED)
    return tuple(found)


def is_due(untold: Collection[str], last_mail: datetime | None, now: datetime) -> bool:
    """True if the news go out now; False if they wait for more to be told with them."""
    if not untold:
        return False
    gap = DIGEST_GAP if set(untold) == {NEW} else URGENT_GAP
    return last_mail is None or now - last_mail >= gap
