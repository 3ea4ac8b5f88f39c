"""Following up those who cannot be paid: when a creator is written to, and when no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

QUIET = timedelta(days=1)
"""At most so long after a mail that asks the same, none is sent."""

_SHORT = timedelta(days=1)
"""An account that works for less than this between two failures has not been mended."""


class Ask(StrEnum):
    """What a creator is written about."""

    LOST = "lost"  # their account could be paid, and cannot any more
    REMINDER = "reminder"


@dataclass(frozen=True)
class Standing:
    """How a creator's account was found."""

    ready: bool
    since: datetime
    """Of the last change, or of the first look after the signature."""
    reminded: int = 0
    """Reminders since it was last in order for long."""


@dataclass(frozen=True)
class Look:
    """What follows from a look at an account."""

    standing: Standing
    ask: Ask | None = None


def look(
    before: Standing | None,
    *,
    ready: bool,
    remind_after: tuple[timedelta, ...],
    asked_at: datetime | None,
    now: datetime,
) -> Look:
    """Decide whether a creator is written to now.

    There are never more reminders than the campaign has moments for them, also if an account comes
    and goes, and never two mails that ask the same within `QUIET` or the first of those moments.

    Args:
        before: how the account was found last; None at the first look.
        ready: it can be paid now.
        remind_after: the campaign's rhythm, counted from the signature or from the failure.
        asked_at: when the creator was last asked the same, in whatever mail.
        now: the time of this look.
    """
    if before is None:
        return Look(Standing(ready, now))
    if ready:
        return Look(before if before.ready else replace(before, ready=True, since=now))
    moments = sorted(remind_after)
    quiet = asked_at is not None and now - asked_at < min([QUIET, *moments])
    if before.ready:
        again = before.reminded > 0 and now - before.since < _SHORT
        standing = Standing(False, now, before.reminded if again else 0)
        return Look(standing, None if again or quiet else Ask.LOST)
    due = before.reminded < len(moments) and now - before.since >= moments[before.reminded]
    if not due or quiet:
        return Look(before)
    return Look(replace(before, reminded=before.reminded + 1), Ask.REMINDER)
